"""RNNCell: a layer that takes inputs and a state, and gives an output and the next state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes, nest
from tfmagic.base.export import export
from tfmagic.base.shapes import as_shape, dimension_value
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api
from tfmagic.tf.layers.base import Layer
from tfmagic.tf.recurrent.sizes import zeros_like_sizes
from tfmagic.tf.variable.lists import trainable_variables
from tfmagic.tf.variable.scope import get_variable_scope, variable_scope


@export("nn.rnn_cell.RNNCell")
class RNNCell(Layer):
    """Base of all cells: `cell(inputs, state)` is one step in time.

    Subclasses say `state_size` and `output_size`, and define `call(inputs, state)`. Variables that `call` makes by
    `tf.get_variable` belong to the cell.
    """

    def __init__(self, trainable: bool = True, name: Any = None, dtype: Any = None, **kwargs: Any):
        super().__init__(trainable=trainable, name=name, dtype=dtype, **kwargs)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """One step.

        Args:
          inputs: [batch, n] (or what the cell takes).
          state: what `state_size` says, with a batch in front.
          scope: a variable scope to make the variables in; by default one of the class's name.

        Returns:
          The output, and the next state.
        """
        if scope is not None:
            with variable_scope(scope, custom_getter=self._note_variable) as own:
                return super().__call__(inputs, state, scope=own)
        if self.__dict__.get("_cell_scope") is None:
            self._cell_scope = variable_scope(get_variable_scope(), custom_getter=self._note_variable)
        with self._cell_scope:
            return super().__call__(inputs, state)

    def _note_variable(self, getter: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """A custom getter: what is made within the cell is the cell's."""
        variable = getter(*args, **kwargs)
        trained = any(variable is other for other in trainable_variables())
        own = self._trainable_weights if trained else self._non_trainable_weights
        if all(variable is not other for other in own):
            own.append(variable)
        return variable

    @property
    def state_size(self) -> Any:
        """The size of the state: an int, a shape, or a structure of them."""
        raise NotImplementedError("Abstract method")

    @property
    def output_size(self) -> Any:
        """The size of the output: an int, a shape, or a structure of them."""
        raise NotImplementedError("Abstract method")

    def build(self, _: Any) -> None:
        """Nothing to make before `call`."""

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "trainable": self.trainable, "dtype": self._dtype}

    def get_initial_state(self, inputs: Any = None, batch_size: Any = None, dtype: Any = None) -> Any:
        """The state of zeros for a batch of inputs, or for a batch size and a type.

        Raises:
          ValueError: they contradict each other, or say too little.
        """
        if inputs is not None:
            inputs = convert_to_tensor(inputs, name="inputs")
            if batch_size is not None:
                size = constant_value(batch_size) if isinstance(batch_size, Tensor) else batch_size
                if inputs.shape.dims[0].value != size:
                    raise ValueError("batch size from input tensor is different from the input param. Input tensor "
                                     f"batch: {inputs.shape.dims[0].value}, batch_size: {batch_size}")
            if dtype is not None and inputs.dtype != dtype:
                raise ValueError("dtype from input tensor is different from the input param. Input tensor dtype: "
                                 f"{inputs.dtype}, dtype: {dtype}")
            batch_size = inputs.shape.dims[0].value or api.shape(inputs)[0]
            dtype = inputs.dtype
        if batch_size is None or dtype is None:
            raise ValueError("batch_size and dtype cannot be None while constructing initial state: "
                             f"batch_size={batch_size}, dtype={dtype}")
        return self.zero_state(batch_size, dtype)

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """The state of zeros.

        Args:
          batch_size: an int, or an int scalar tensor.
          dtype: the type of the state.

        Returns:
          Zeros in the structure of `state_size`, each [batch, ...].
        """
        with name_scope(type(self).__name__ + "ZeroState", None, [batch_size]):
            return zeros_like_sizes(self.state_size, batch_size, dtype)


@export("contrib.rnn.LayerRNNCell")
class LayerRNNCell(RNNCell):
    """Base of cells that make their variables in `build` by `add_weight`."""

    def __call__(self, inputs: Any, state: Any, scope: Any = None, *args: Any, **kwargs: Any) -> Any:
        """One step (see `RNNCell`)."""
        return Layer.__call__(self, inputs, state, *args, scope=scope, **kwargs)


def check_dtype(dtype: Any) -> None:
    """Refuse types in which nothing can be learned.

    Raises:
      ValueError: `dtype` is neither floating nor complex.
    """
    if dtype is None:
        return
    dtype = dtypes.as_dtype(dtype)
    if not (dtype.is_floating or dtype.is_complex):
        raise ValueError(f"RNN cell only supports floating point inputs, but saw dtype: {dtype}")


def check_step(inputs: Any, state: Any) -> None:
    """Refuse inputs and states in which nothing can be learned.

    Raises:
      AttributeError: one of them is None.
      ValueError: one is neither floating nor complex.
    """
    for tensor in nest.flatten([inputs, state]):
        check_dtype(tensor.dtype)


def input_depth(input_shape: Any) -> int:
    """The size of the last axis of the inputs.

    Raises:
      ValueError: it is not known.
    """
    depth = dimension_value(as_shape(input_shape)[-1])
    if depth is None:
        raise ValueError(f"Expected inputs.shape[-1] to be known, saw shape: "
                         f"{tuple(as_shape(input_shape).as_list())}")
    return depth


def assert_like_cell(cell_name: str, cell: Any) -> None:
    """Check that an argument has what a cell has.

    Raises:
      TypeError: it has not.
    """
    missing = [problem for problem, fine in (
        ("'output_size' property is missing", hasattr(cell, "output_size")),
        ("'state_size' property is missing", hasattr(cell, "state_size")),
        ("either 'zero_state' or 'get_initial_state' method is required",
         hasattr(cell, "zero_state") or hasattr(cell, "get_initial_state")),
        ("is not callable", callable(cell))) if not fine]
    if missing:
        raise TypeError(f"The argument {cell_name!r} ({cell}) is not an RNNCell: {', '.join(missing)}.")
