"""Wrappers of cells: MultiRNNCell, DropoutWrapper, ResidualWrapper, DeviceWrapper."""

from __future__ import annotations

import hashlib
from typing import Any

from tfmagic.base import nest, tf_logging
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.tensor_array import TensorArray
from tfmagic.tf.recurrent.basic_cells import instead
from tfmagic.tf.recurrent.cell import RNNCell, assert_like_cell
from tfmagic.tf.recurrent.config import config_of_function, with_function
from tfmagic.tf.recurrent.lstm_cells import LSTMStateTuple
from tfmagic.tf.variable.scope import variable_scope


@export("nn.rnn_cell.MultiRNNCell")
class MultiRNNCell(RNNCell):
    """Cells one above the other: the output of each is the input of the next.

    Args:
      cells: a list of cells, the lowest first.
      state_is_tuple: whether the state is a tuple of theirs; else they stand side by side in one tensor.

    Raises:
      ValueError: there is no cell, or a state is a structure against `state_is_tuple`.
      TypeError: `cells` is no list.
    """

    @deprecated(None, instead("StackedRNNCells"), name="__init__", module="tensorflow.python.ops.rnn_cell_impl")
    def __init__(self, cells: Any, state_is_tuple: bool = True):
        super().__init__()
        if not cells:
            raise ValueError("Must specify at least one cell for MultiRNNCell.")
        if not nest.is_nested(cells):
            raise TypeError(f"cells must be a list or tuple, but saw: {cells}.")
        if len({id(cell) for cell in cells}) < len(cells):
            tf_logging.log_first_n(tf_logging.WARN, "At least two cells provided to MultiRNNCell are the same object "
                                   "and will share weights.", 1)
        self._cells = cells
        self._state_is_tuple = state_is_tuple
        if not state_is_tuple and any(nest.is_nested(cell.state_size) for cell in cells):
            raise ValueError("Some cells return tuples of states, but the flag state_is_tuple is not set.  State sizes "
                             f"are: {[cell.state_size for cell in cells]}")

    @property
    def state_size(self) -> Any:
        sizes = tuple(cell.state_size for cell in self._cells)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> Any:
        return self._cells[-1].output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        with name_scope(type(self).__name__ + "ZeroState", None, [batch_size]):
            if self._state_is_tuple:
                return tuple(cell.zero_state(batch_size, dtype) for cell in self._cells)
            return super().zero_state(batch_size, dtype)

    @property
    def trainable_weights(self) -> list[Any]:
        return self._of_cells("trainable_weights") if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Any]:
        fixed = self._of_cells("non_trainable_weights")
        return fixed if self.trainable else self._of_cells("trainable_weights") + fixed

    def _of_cells(self, what: str) -> list[Any]:
        return [weight for cell in self._cells if hasattr(cell, what) for weight in getattr(cell, what)]

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        position, states = 0, []
        for index, cell in enumerate(self._cells):
            with variable_scope(f"cell_{index}"):
                if self._state_is_tuple:
                    if not nest.is_nested(state):
                        raise ValueError(f"Expected state to be a tuple of length {len(self.state_size)}, but "
                                         f"received: {state}")
                    own = state[index]
                else:
                    own = raw.slice(state, [0, position], [-1, cell.state_size])
                    position += cell.state_size
                inputs, new = cell(inputs, own)
                states.append(new)
        return inputs, tuple(states) if self._state_is_tuple else api.concat(states, 1)


def _config_of(cell: Any) -> dict[str, Any]:
    return {"class_name": type(cell).__name__, "config": cell.get_config()}


class Wrapper(RNNCell):
    """A cell around another, which it calls for its work."""

    def __init__(self, cell: Any, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        assert_like_cell("cell", cell)
        self.cell = cell

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """One step (see `RNNCell`)."""
        return self._step(inputs, state, **({} if scope is None else {"scope": scope}))

    def _step(self, inputs: Any, state: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    @property
    def state_size(self) -> Any:
        return self.cell.state_size

    @property
    def output_size(self) -> Any:
        return self.cell.output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        with name_scope(type(self).__name__ + "ZeroState", None, [batch_size]):
            return self.cell.zero_state(batch_size, dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "cell": _config_of(self.cell)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """A cell from what `get_config` gave, in which the wrapped cell itself must stand as "cell".

        Raises:
          ValueError: "cell" is still the configuration of the wrapped cell.
        """
        config = dict(config)
        cell = config.pop("cell")
        if not isinstance(cell, RNNCell):
            raise ValueError("RNNCellWrapper cannot reconstruct the wrapped cell. Please overwrite the cell in the "
                             "config with a RNNCell instance.")
        return cls(cell, **config)


def _all_but_lstm_cells(substate: Any) -> Any:
    """What of a state is dropped by default: not the cells of an LSTM, nor a `TensorArray`."""
    if isinstance(substate, LSTMStateTuple):
        return LSTMStateTuple(c=False, h=True)
    return not isinstance(substate, TensorArray)


def _chosen(choose: Any, structure: Any) -> Any:
    """What `choose` says of each part of a structure, from above; it descends where it hears True."""
    answer = choose(structure)
    if nest.is_nested(answer) or not answer or not nest.is_nested(structure):
        return answer
    parts = {id(part): _chosen(choose, part) for part in _parts(structure)}
    return _like(structure, [parts[id(part)] for part in _parts(structure)])


def _parts(structure: Any) -> list[Any]:
    return [structure[key] for key in sorted(structure)] if isinstance(structure, dict) else list(structure)


def _like(structure: Any, parts: list[Any]) -> Any:
    if isinstance(structure, dict):
        return type(structure)(zip(sorted(structure), parts))
    return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)


def _map_up_to(shallow: Any, function: Any, *structures: Any) -> Any:
    """`function(number, ...)` of each leaf of `shallow` and of what the structures have in its place."""
    numbers = iter(range(len(nest.flatten(shallow))))

    def walk(shape: Any, *values: Any) -> Any:
        if not nest.is_nested(shape):
            return function(next(numbers), *values)
        return _like(shape, [walk(*row) for row in zip(_parts(shape), *map(_parts, values))])

    return walk(shallow, *structures)


class _Dropout(Wrapper):
    def __init__(self, cell: Any, input_keep_prob: Any = 1.0, output_keep_prob: Any = 1.0, state_keep_prob: Any = 1.0,
                 variational_recurrent: bool = False, input_size: Any = None, dtype: Any = None,
                 seed: int | None = None, dropout_state_filter_visitor: Any = None, **kwargs: Any):
        super().__init__(cell, dtype=dtype, **kwargs)
        if dropout_state_filter_visitor is not None and not callable(dropout_state_filter_visitor):
            raise TypeError("dropout_state_filter_visitor must be callable")
        self._filter = dropout_state_filter_visitor or _all_but_lstm_cells
        with name_scope("DropoutWrapperInit"):
            self._input_keep_prob = _probability("input_keep_prob", input_keep_prob)
            self._state_keep_prob = _probability("state_keep_prob", state_keep_prob)
            self._output_keep_prob = _probability("output_keep_prob", output_keep_prob)
        self._variational_recurrent = variational_recurrent
        self._input_size = input_size
        self._seed = seed
        self._noise: dict[str, Any] = {}
        if variational_recurrent:
            if dtype is None:
                raise ValueError("When variational_recurrent=True, dtype must be provided")
            if _drops(self._input_keep_prob):
                if input_size is None:
                    raise ValueError("When variational_recurrent=True and input_keep_prob < 1.0 or is unknown, "
                                     "input_size must be provided")
                self._make_noise("input", input_size, dtype)
            self._make_noise("state", cell.state_size, dtype)
            self._make_noise("output", cell.output_size, dtype)

    @property
    def wrapped_cell(self) -> Any:
        """The cell within."""
        return self.cell

    def _make_noise(self, what: str, sizes: Any, dtype: Any) -> None:
        """One mask for all steps, the same for the whole batch up to broadcasting."""
        self._noise[what] = _map_up_to(sizes, lambda number, size: api.random.uniform(
            api.concat(([1], TensorShape(size).as_list()), 0), seed=self._seed_of(what, number), dtype=dtype), sizes)

    def _seed_of(self, what: str, number: int) -> int | None:
        """A seed of its own for each tensor that is dropped from."""
        if self._seed is None:
            return None
        digest = hashlib.md5(f"{self._seed}{what}_{number}".encode(), usedforsecurity=False).hexdigest()
        return int(digest[:8], 16) & 0x7FFFFFFF

    def _dropped(self, what: str, values: Any, keep_prob: Any, chosen: Any = None) -> Any:
        chosen = values if chosen is None else chosen

        def once(number: int, drop: Any, value: Any) -> Any:
            if isinstance(drop, bool) and not drop:
                return value
            return api.nn.dropout(value, rate=1.0 - keep_prob, seed=self._seed_of(what, number))

        def with_noise(number: int, drop: Any, value: Any, noise: Any) -> Any:
            if isinstance(drop, bool) and not drop:
                return value
            mask = api.floor(keep_prob + noise)
            result = api.div(value, keep_prob) * mask
            result.set_shape(value.get_shape())
            return result

        if self._variational_recurrent:
            return _map_up_to(chosen, with_noise, chosen, values, self._noise[what])
        return _map_up_to(chosen, once, chosen, values)

    def _step(self, inputs: Any, state: Any, **kwargs: Any) -> Any:
        if _drops(self._input_keep_prob):
            inputs = self._dropped("input", inputs, self._input_keep_prob)
        output, new_state = self.cell(inputs, state, **kwargs)
        if _drops(self._state_keep_prob):
            new_state = self._dropped("state", new_state, self._state_keep_prob, _chosen(self._filter, new_state))
        if _drops(self._output_keep_prob):
            output = self._dropped("output", output, self._output_keep_prob)
        return output, new_state

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "input_keep_prob": self._input_keep_prob,
                "output_keep_prob": self._output_keep_prob, "state_keep_prob": self._state_keep_prob,
                "variational_recurrent": self._variational_recurrent, "input_size": self._input_size,
                "seed": self._seed,
                **config_of_function("dropout_fn", "dropout_fn",
                                     None if self._filter is _all_but_lstm_cells else self._filter)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """A cell from what `get_config` gave."""
        return super().from_config(
            with_function(config, "dropout_fn", "dropout_fn", "dropout_state_filter_visitor", custom_objects),
            custom_objects)


def _probability(name: str, given: Any) -> Any:
    """A probability as a float where it is known, else as a tensor."""
    tensor = convert_to_tensor(given)
    known = constant_value(tensor)
    if known is None:
        return tensor
    if known < 0 or known > 1:
        raise ValueError(f"Parameter {name} must be between 0 and 1: {int(known)}")
    return float(known)


def _drops(keep_prob: Any) -> bool:
    return not isinstance(keep_prob, float) or keep_prob < 1


@export("nn.rnn_cell.DropoutWrapper")
class DropoutWrapper(_Dropout):
    """Dropout at the inputs, the outputs and the state of a cell.

    Args:
      cell: the cell.
      input_keep_prob, output_keep_prob, state_keep_prob: how probable it is that an element is kept.
      variational_recurrent: whether all steps of a run use the same mask.
      input_size: the size of the inputs (with `variational_recurrent`).
      dtype: the type of the masks (with `variational_recurrent`).
      seed: of the random numbers.
      dropout_state_filter_visitor: a function of a part of the state that says whether it is dropped from; by default
        all but the cells of LSTMs.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)


class _Residual(Wrapper):
    def __init__(self, cell: Any, residual_fn: Any = None, **kwargs: Any):
        super().__init__(cell, **kwargs)
        self._residual_fn = residual_fn

    def _step(self, inputs: Any, state: Any, **kwargs: Any) -> Any:
        outputs, new_state = self.cell(inputs, state, **kwargs)
        return (self._residual_fn or _sum_of)(inputs, outputs), new_state

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **config_of_function("residual_fn", "residule_fn", self._residual_fn)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """A cell from what `get_config` gave."""
        return super().from_config(
            with_function(config, "residual_fn", "residule_fn", "residual_fn", custom_objects), custom_objects)


def _sum_of(inputs: Any, outputs: Any) -> Any:
    nest.assert_same_structure(inputs, outputs)
    for a, b in zip(nest.flatten(inputs), nest.flatten(outputs)):
        a.get_shape().assert_is_compatible_with(b.get_shape())
    return nest.map_structure(lambda a, b: a + b, inputs, outputs)


@export("nn.rnn_cell.ResidualWrapper")
class ResidualWrapper(_Residual):
    """Adds the inputs of a cell to its outputs.

    Args:
      cell: the cell.
      residual_fn: a function of inputs and outputs; by default their sum.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)


class _Device(Wrapper):
    def __init__(self, cell: Any, device: Any, **kwargs: Any):
        super().__init__(cell, **kwargs)
        self._device = device

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        with name_scope(type(self).__name__ + "ZeroState", None, [batch_size]), \
                get_default_graph().device(self._device):
            return self.cell.zero_state(batch_size, dtype)

    def _step(self, inputs: Any, state: Any, **kwargs: Any) -> Any:
        with get_default_graph().device(self._device):
            return self.cell(inputs, state, **kwargs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "device": self._device}


@export("nn.rnn_cell.DeviceWrapper")
class DeviceWrapper(_Device):
    """Runs a cell on a device.

    Args:
      cell: the cell.
      device: a device, as for `tf.device`.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
