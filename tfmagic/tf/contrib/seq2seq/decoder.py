"""Decoder, BasicDecoder and dynamic_decode: a decoder in a while loop until all sequences are over."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from tfmagic.base import dtypes, nest
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api
from tfmagic.ops.control_flow.tensor_array import TensorArray
from tfmagic.ops.control_flow.while_loop import while_loop
from tfmagic.tf.contrib.seq2seq.helper import Helper
from tfmagic.tf.layers.base import Layer
from tfmagic.tf.recurrent.cell import assert_like_cell
from tfmagic.tf.recurrent.sizes import transpose_batch_time, zeros_like_sizes
from tfmagic.tf.variable.scope import variable_scope


@export("contrib.seq2seq.Decoder")
class Decoder:
    """Base of decoders: what `dynamic_decode` asks."""

    @property
    def batch_size(self) -> Any:
        """The batch size, an int32 scalar."""
        raise NotImplementedError

    @property
    def output_size(self) -> Any:
        """The size of a step's outputs, without the batch."""
        raise NotImplementedError

    @property
    def output_dtype(self) -> Any:
        """The types of a step's outputs."""
        raise NotImplementedError

    def initialize(self, name: str | None = None) -> Any:
        """`(finished, first inputs, first state)`."""
        raise NotImplementedError

    def step(self, time: Any, inputs: Any, state: Any, name: str | None = None) -> Any:
        """`(outputs, next state, next inputs, finished)`."""
        raise NotImplementedError

    def finalize(self, outputs: Any, final_state: Any, sequence_lengths: Any) -> Any:
        """What becomes of outputs and state after the last step."""
        raise NotImplementedError

    @property
    def tracks_own_finished(self) -> bool:
        """Whether a sequence that is over may go on (beams change places)."""
        return False


@export("contrib.seq2seq.BasicDecoderOutput")
class BasicDecoderOutput(namedtuple("BasicDecoderOutput", ("rnn_output", "sample_id"))):
    """The outputs of a `BasicDecoder`: those of the cell, and the samples."""


def check_output_layer(layer: Any) -> None:
    """Refuse an output layer that is none.

    Raises:
      TypeError: it is no layer.
    """
    if layer is not None and not isinstance(layer, Layer):
        raise TypeError(f"output_layer must be a Layer, received: {type(layer)}")


def output_size_of(cell: Any, layer: Any) -> Any:
    """The size of the outputs of a cell behind an optional layer."""
    size = cell.output_size
    if layer is None:
        return size
    given = nest.map_structure(lambda s: TensorShape([None]).concatenate(s), size)
    return nest.map_structure(lambda s: s[1:], layer.compute_output_shape(given))


@export("contrib.seq2seq.BasicDecoder")
class BasicDecoder(Decoder):
    """Decodes with a cell, and a helper that says what it reads.

    Args:
      cell: an `RNNCell`.
      helper: a `Helper`.
      initial_state: the cell's first state.
      output_layer: a layer behind the cell.

    Raises:
      TypeError: one of them is not what it should be.
    """

    def __init__(self, cell: Any, helper: Any, initial_state: Any, output_layer: Any = None):
        assert_like_cell("cell", cell)
        if not isinstance(helper, Helper):
            raise TypeError(f"helper must be a Helper, received: {type(helper)}")
        check_output_layer(output_layer)
        self._cell = cell
        self._helper = helper
        self._initial_state = initial_state
        self._output_layer = output_layer

    @property
    def batch_size(self) -> Any:
        return self._helper.batch_size

    @property
    def output_size(self) -> Any:
        return BasicDecoderOutput(rnn_output=output_size_of(self._cell, self._output_layer),
                                  sample_id=self._helper.sample_ids_shape)

    @property
    def output_dtype(self) -> Any:
        dtype = nest.flatten(self._initial_state)[0].dtype
        return BasicDecoderOutput(nest.map_structure(lambda _: dtype, output_size_of(self._cell, self._output_layer)),
                                  self._helper.sample_ids_dtype)

    def initialize(self, name: str | None = None) -> Any:
        return (*self._helper.initialize(), self._initial_state)

    def step(self, time: Any, inputs: Any, state: Any, name: str | None = None) -> Any:
        with name_scope(name, "BasicDecoderStep", flat_tensors((time, inputs, state))):
            outputs, cell_state = self._cell(inputs, state)
            if self._output_layer is not None:
                outputs = self._output_layer(outputs)
            sample_ids = self._helper.sample(time=time, outputs=outputs, state=cell_state)
            finished, following, next_state = self._helper.next_inputs(
                time=time, outputs=outputs, state=cell_state, sample_ids=sample_ids)
        return BasicDecoderOutput(outputs, sample_ids), next_state, following, finished


def flat_tensors(structure: Any) -> list[Tensor]:
    """The tensors of a structure (arrays are none)."""
    return [part for part in nest.flatten(structure) if isinstance(part, Tensor)]


@export("contrib.seq2seq.dynamic_decode")
def dynamic_decode(decoder: Any, output_time_major: bool = False, impute_finished: bool = False,
                   maximum_iterations: Any = None, parallel_iterations: int = 32, swap_memory: bool = False,
                   scope: Any = None, **kwargs: Any) -> tuple[Any, Any, Any]:
    """Runs a decoder until all sequences are over.

    Args:
      decoder: a `Decoder`.
      output_time_major: whether the outputs are [time, batch, ...].
      impute_finished: whether sequences that are over give zeros and keep their state.
      maximum_iterations: int32 scalar, the largest number of steps.
      parallel_iterations, swap_memory: as for `tf.while_loop`.
      scope: the variable scope, "decoder" by default.

    Returns:
      The outputs, the last state, and the lengths of the sequences.

    Raises:
      TypeError: `decoder` is no decoder.
      ValueError: `maximum_iterations` is no scalar.
    """
    if not isinstance(decoder, Decoder):
        raise TypeError(f"Expected decoder to be type Decoder, but saw: {type(decoder)}")
    with variable_scope(scope, "decoder") as own:
        context = get_default_graph()._stacks.control_flow
        if own.caching_device is None and (context is None or context.while_context() is None):
            own.set_caching_device(lambda op: op.device)
        if maximum_iterations is not None:
            maximum_iterations = convert_to_tensor(maximum_iterations, dtype=dtypes.int32, name="maximum_iterations")
            if maximum_iterations.get_shape().ndims != 0:
                raise ValueError("maximum_iterations must be a scalar")
        finished, inputs, state = decoder.initialize()
        zero_outputs = nest.map_structure(lambda size, dtype: zeros_like_sizes(size, decoder.batch_size, dtype),
                                          decoder.output_size, decoder.output_dtype)
        if maximum_iterations is not None:
            finished = api.logical_or(finished, maximum_iterations <= 0)
        lengths = api.zeros_like(finished, dtype=dtypes.int32)
        time = constant(0, dtype=dtypes.int32)

        def array(size: Any, dtype: Any) -> TensorArray:
            return TensorArray(dtype=dtype, size=0, dynamic_size=True,
                               element_shape=_element_shape(decoder.batch_size, size))

        arrays = nest.map_structure(array, decoder.output_size, decoder.output_dtype)

        def body(time: Tensor, arrays: Any, state: Any, inputs: Any, finished: Tensor, lengths: Tensor) -> Any:
            outputs, new_state, following, now = decoder.step(time, inputs, state)
            over = now if decoder.tracks_own_finished else api.logical_or(now, finished)
            new_lengths = api.where(api.logical_not(finished), api.fill(api.shape(lengths), time + 1), lengths)
            nest.assert_same_structure(state, new_state)
            nest.assert_same_structure(arrays, outputs)
            nest.assert_same_structure(inputs, following)
            emitted = outputs
            if impute_finished:
                emitted = nest.map_structure(lambda out, zero: api.where(finished, zero, out), outputs, zero_outputs)
                new_state = nest.map_structure(lambda new, old: _kept(finished, new, old), new_state, state)
            arrays = nest.map_structure(lambda ta, out: ta.write(time, out), arrays, emitted)
            return time + 1, arrays, new_state, following, over, new_lengths

        _, arrays, state, _, _, lengths = while_loop(
            lambda time, arrays, state, inputs, finished, lengths: api.logical_not(api.reduce_all(finished)), body,
            loop_vars=(time, arrays, state, inputs, finished, lengths), parallel_iterations=parallel_iterations,
            maximum_iterations=maximum_iterations, swap_memory=swap_memory)
        outputs = nest.map_structure(lambda ta: ta.stack(), arrays)
        if type(decoder).finalize is not Decoder.finalize:
            outputs, state = decoder.finalize(outputs, state, lengths)
        if not output_time_major:
            outputs = nest.map_structure(transpose_batch_time, outputs)
    return outputs, state, lengths


def _kept(finished: Tensor, new: Any, old: Any) -> Any:
    """The old state where a sequence is over."""
    if isinstance(old, TensorArray):
        return new
    new.set_shape(old.shape)
    return new if new.shape.ndims == 0 else api.where(finished, old, new)


def _element_shape(batch_size: Any, size: Any) -> TensorShape:
    if not isinstance(size, TensorShape) or size.ndims == 0:
        return TensorShape(None)
    known = constant_value(convert_to_tensor(batch_size, name="batch_size"))
    return TensorShape([None if known is None else int(known)]).concatenate(size)
