"""AttentionWrapper: a cell whose inputs and outputs are joined with what it attends to."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from tfmagic.base import dtypes, nest
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.tensor_array import TensorArray
from tfmagic.tf.contrib.seq2seq.attention import AttentionMechanism
from tfmagic.tf.layers.core import Dense
from tfmagic.tf.recurrent.cell import RNNCell, assert_like_cell
from tfmagic.tf.recurrent.sizes import zeros_like_sizes


@export("contrib.seq2seq.AttentionWrapperState")
class AttentionWrapperState(namedtuple("AttentionWrapperState", (
        "cell_state", "attention", "time", "alignments", "alignment_history", "attention_state"))):
    """The state of an `AttentionWrapper`."""

    def clone(self, **kwargs: Any) -> AttentionWrapperState:
        """The same state with some parts replaced, each checked to have the shape of the one that it replaces."""

        def checked(old: Any, new: Any) -> Any:
            return _with_same_shape(old, new) if isinstance(old, Tensor) and isinstance(new, Tensor) else new

        return nest.map_structure(checked, self, super()._replace(**kwargs))


def _with_same_shape(old: Tensor, new: Tensor) -> Tensor:
    """`new`, checked to have the shape of `old`: now where both are known, else when the graph runs.

    Raises:
      ValueError: it has another.
    """
    with name_scope(f"{new.op.name}/", None, [old, new]):
        known, given = old.get_shape(), new.get_shape()
        static = known.is_fully_defined()
        wanted = known.as_list() if static else api.shape(old, name="expected_shape")
        if static and given.is_fully_defined():
            if known != given:
                sizes = " ".join(map(str, known.as_list()))
                raise ValueError(f"Invalid shape for tensor {new.name}, expected [{sizes}], got {given}.")
            return new
        with name_scope("assert_shape") as scope:
            found = api.shape(new, name="actual")
            message = (f"Wrong shape for {new.name}, expected {wanted}, actual." if static else
                       f"Wrong shape for {new.name} [expected] [actual].")
            shown = [message, found] if static else [message, wanted, found]
            check = api.Assert(_is_shape(wanted, new, found), shown, name=scope)
        with get_default_graph().control_dependencies([check]):
            result = raw.identity(new)
        if static:
            result.set_shape(known)
        return result


def _is_shape(wanted: Any, tensor: Tensor, found: Tensor) -> Tensor:
    """Whether a tensor has a shape, -1 standing for any size."""
    with name_scope("is_shape") as scope:
        rank = api.size(wanted)
        with name_scope("is_rank") as inner:
            same_rank = api.equal(rank, api.rank(tensor, name="actual"), name=inner)
        with name_scope("shape_tensor_equal") as inner:
            fits = api.logical_or(api.equal(wanted, -1), api.equal(wanted, found, "equal"),
                                  name="exclude_partial_shape")
            fits = api.reduce_all(fits, name=inner)
        return api.logical_and(same_rank, fits, name=scope)


def _compute_attention(attention_mechanism: Any, cell_output: Any, attention_state: Any,
                       attention_layer: Any) -> Any:
    """What is attended to, how it is aligned, and the mechanism's next state."""
    alignments, next_state = attention_mechanism(cell_output, state=attention_state)
    context = api.squeeze(api.matmul(api.expand_dims(alignments, 1), attention_mechanism.values), [1])
    if attention_layer is not None:
        return attention_layer(api.concat([cell_output, context], 1)), alignments, next_state
    return context, alignments, next_state


_TILE = ("You may need to tile your memory input via the tf.contrib.seq2seq.tile_batch function with argument "
         "multiple=beam_width.")


@export("contrib.seq2seq.AttentionWrapper")
class AttentionWrapper(RNNCell):
    """A cell that attends to a memory.

    Args:
      cell: the cell.
      attention_mechanism: an `AttentionMechanism`, or a list of them.
      attention_layer_size: the size of the attention, by a layer; None: the attention is what was found.
      alignment_history: whether the state keeps the alignments of all steps.
      cell_input_fn: a function of inputs and attention that gives the cell's inputs; by default they are joined.
      output_attention: whether the output is the attention (else that of the cell).
      initial_cell_state: the state of the cell in `zero_state`.
      name: the name of the variable scope.
      attention_layer: a layer (or list of them) in place of `attention_layer_size`.
      attention_fn: a function that computes the attention.
      dtype: the type of the variables.

    Raises:
      TypeError, ValueError: an argument is not what it should be.
    """

    def __init__(self, cell: Any, attention_mechanism: Any, attention_layer_size: Any = None,
                 alignment_history: bool = False, cell_input_fn: Any = None, output_attention: bool = True,
                 initial_cell_state: Any = None, name: Any = None, attention_layer: Any = None,
                 attention_fn: Any = None, dtype: Any = None):
        super().__init__(name=name, dtype=dtype)
        assert_like_cell("cell", cell)
        self._is_multi = isinstance(attention_mechanism, (list, tuple))
        mechanisms = tuple(attention_mechanism) if self._is_multi else (attention_mechanism,)
        for mechanism in mechanisms:
            if not isinstance(mechanism, AttentionMechanism):
                wanted = ("attention_mechanism must contain only instances of AttentionMechanism" if self._is_multi else
                          "attention_mechanism must be an AttentionMechanism or list of multiple AttentionMechanism "
                          "instances")
                raise TypeError(f"{wanted}, saw type: {type(mechanism).__name__}")
        if cell_input_fn is None:
            cell_input_fn = lambda inputs, attention: api.concat([inputs, attention], -1)  # noqa: E731  # as TensorFlow's
        elif not callable(cell_input_fn):
            raise TypeError(f"cell_input_fn must be callable, saw type: {type(cell_input_fn).__name__}")
        self._attention_layers, self._attention_layer_size = _layers(
            cell, mechanisms, attention_layer_size, attention_layer)
        self._attention_fn = attention_fn or _compute_attention
        self._cell = cell
        self._attention_mechanisms = mechanisms
        self._cell_input_fn = cell_input_fn
        self._output_attention = output_attention
        self._alignment_history = alignment_history
        with name_scope(name, "AttentionWrapperInit"):
            self._initial_cell_state = None
            if initial_cell_state is not None:
                last = nest.flatten(initial_cell_state)[-1]
                batch_size = last.shape.dims[0].value or api.shape(last)[0]
                checks = self._batch_size_checks(batch_size, (
                    f"When constructing AttentionWrapper {self._base_name}: Non-matching batch sizes between the "
                    "memory (encoder output) and initial_cell_state.  Are you using the BeamSearchDecoder?  You may "
                    "need to tile your initial state via the tf.contrib.seq2seq.tile_batch function with argument "
                    "multiple=beam_width."))
                with get_default_graph().control_dependencies(checks):
                    self._initial_cell_state = nest.map_structure(
                        lambda s: raw.identity(s, name="check_initial_cell_state"), initial_cell_state)

    def _batch_size_checks(self, batch_size: Any, message: str) -> list[Any]:
        return [api.debugging.assert_equal(batch_size, mechanism.batch_size, message=message)
                for mechanism in self._attention_mechanisms]

    def _packed(self, items: Any) -> Any:
        """A tuple where there are several mechanisms, else the one item."""
        items = tuple(items)
        return items if self._is_multi else items[0]

    @property
    def output_size(self) -> Any:
        return self._attention_layer_size if self._output_attention else self._cell.output_size

    @property
    def state_size(self) -> Any:
        mechanisms = self._attention_mechanisms
        return AttentionWrapperState(
            cell_state=self._cell.state_size, time=TensorShape([]), attention=self._attention_layer_size,
            alignments=self._packed(a.alignments_size for a in mechanisms),
            attention_state=self._packed(a.state_size for a in mechanisms),
            alignment_history=self._packed(a.alignments_size if self._alignment_history else () for a in mechanisms))

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        with name_scope(type(self).__name__ + "ZeroState", None, [batch_size]):
            cell_state = self._initial_cell_state
            if cell_state is None:
                cell_state = self._cell.zero_state(batch_size, dtype)
            checks = self._batch_size_checks(batch_size, (
                f"When calling zero_state of AttentionWrapper {self._base_name}: Non-matching batch sizes between the "
                "memory (encoder output) and the requested batch size.  Are you using the BeamSearchDecoder?  If so, "
                "make sure your encoder output has been tiled to beam_width via tf.contrib.seq2seq.tile_batch, and the "
                "batch_size= argument passed to zero_state is batch_size * beam_width."))
            with get_default_graph().control_dependencies(checks):
                cell_state = nest.map_structure(lambda s: raw.identity(s, name="checked_cell_state"), cell_state)
            mechanisms = self._attention_mechanisms
            alignments = [mechanism.initial_alignments(batch_size, dtype) for mechanism in mechanisms]
            return AttentionWrapperState(
                cell_state=cell_state, time=api.zeros([], dtype=dtypes.int32),
                attention=zeros_like_sizes(self._attention_layer_size, batch_size, dtype),
                alignments=self._packed(alignments),
                attention_state=self._packed(mechanism.initial_state(batch_size, dtype) for mechanism in mechanisms),
                alignment_history=self._packed(
                    TensorArray(dtype, size=0, dynamic_size=True, element_shape=alignment.shape)
                    if self._alignment_history else () for alignment in alignments))

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        if not isinstance(state, AttentionWrapperState):
            raise TypeError(f"Expected state to be instance of AttentionWrapperState. Received type {type(state)} "
                            "instead.")
        output, cell_state = self._cell(self._cell_input_fn(inputs, state.attention), state.cell_state)
        batch_size = output.shape.dims[0].value or api.shape(output)[0]
        checks = self._batch_size_checks(batch_size, (
            f"When applying AttentionWrapper {self.name}: Non-matching batch sizes between the memory (encoder output) "
            f"and the query (decoder output).  Are you using the BeamSearchDecoder?  {_TILE}"))
        with get_default_graph().control_dependencies(checks):
            output = raw.identity(output, name="checked_cell_output")
        states = state.attention_state if self._is_multi else [state.attention_state]
        histories = state.alignment_history if self._is_multi else [state.alignment_history]
        found: list[list[Any]] = [[], [], [], []]
        for index, mechanism in enumerate(self._attention_mechanisms):
            layer = None if self._attention_layers is None else self._attention_layers[index]
            attention, alignments, next_state = self._attention_fn(mechanism, output, states[index], layer)
            history = histories[index].write(state.time, alignments) if self._alignment_history else ()
            for items, item in zip(found, (attention, alignments, next_state, history)):
                items.append(item)
        attention = api.concat(found[0], 1)
        following = AttentionWrapperState(
            time=state.time + 1, cell_state=cell_state, attention=attention,
            attention_state=self._packed(found[2]), alignments=self._packed(found[1]),
            alignment_history=self._packed(found[3]))
        return (attention if self._output_attention else output), following


def _layers(cell: Any, mechanisms: Any, sizes: Any, layers: Any) -> tuple[Any, Any]:
    """The layers behind the mechanisms, and the size of the whole attention."""
    if sizes is not None and layers is not None:
        raise ValueError("Only one of attention_layer_size and attention_layer should be set")
    if sizes is not None:
        sizes = tuple(sizes if isinstance(sizes, (list, tuple)) else (sizes,))
        if len(sizes) != len(mechanisms):
            raise ValueError("If provided, attention_layer_size must contain exactly one integer per "
                             f"attention_mechanism, saw: {len(sizes)} vs {len(mechanisms)}")
        return tuple(Dense(size, name="attention_layer", use_bias=False, dtype=mechanism.dtype)
                     for size, mechanism in zip(sizes, mechanisms)), sum(sizes)
    if layers is not None:
        layers = tuple(layers if isinstance(layers, (list, tuple)) else (layers,))
        if len(layers) != len(mechanisms):
            raise ValueError("If provided, attention_layer must contain exactly one layer per attention_mechanism, "
                             f"saw: {len(layers)} vs {len(mechanisms)}")
        return layers, sum(layer.compute_output_shape(
            [None, cell.output_size + mechanism.values.shape.dims[-1].value])[-1].value
            for layer, mechanism in zip(layers, mechanisms))
    return None, sum(mechanism.values.get_shape()[-1].value for mechanism in mechanisms)
