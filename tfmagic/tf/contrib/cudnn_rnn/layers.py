"""CudnnLSTM, CudnnGRU, CudnnRNNTanh, CudnnRNNRelu: layers of cuDNN's nets, which run without cuDNN too."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import as_shape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw
from tfmagic.ops.random.seeds import get_seed
from tfmagic.tf.contrib.cudnn_rnn.formats import (
    GATES,
    ON_GPU,
    CudnnGRUSaveable,
    CudnnLSTMSaveable,
    CudnnOpaqueParamsSaveable,
    CudnnRNNReluSaveable,
    CudnnRNNTanhSaveable,
)
from tfmagic.tf.layers.base import Layer
from tfmagic.tf.layers.input_spec import InputSpec
from tfmagic.tf.variable.scope import get_variable, get_variable_scope, variable_scope

_DIRECTIONS = ("unidirectional", "bidirectional")
_INPUT_MODES = ("linear_input", "skip_input", "auto_select")


class CudnnRNN(Layer):
    """A net of cuDNN: all its parameters are one variable, which is saved as those of cells that compute the same.

    Args:
      num_layers: how many layers.
      num_units: the size of a layer.
      input_mode: "linear_input"; the others build, but do not run.
      direction: "unidirectional" or "bidirectional".
      dropout: the part of the outputs between layers that is set to zero while training.
      seed: of the dropout and of the initializers.
      dtype: float16, float32 or float64.
      kernel_initializer, bias_initializer: of the matrices and the biases; by default Glorot's and zeros.
      name: the name of the layer.

    Attributes:
      rnn_mode: "lstm", "gru", "rnn_tanh" or "rnn_relu".
      saveable: what saves the parameters, once the layer is built.
    """

    _rnn_mode: str
    _saveable_cls: type[CudnnOpaqueParamsSaveable]

    def __init__(self, num_layers: int, num_units: int, input_mode: str = "linear_input",
                 direction: str = "unidirectional", dropout: float = 0.0, seed: int | None = None,
                 dtype: Any = dtypes.float32, kernel_initializer: Any = None, bias_initializer: Any = None,
                 name: str | None = None):
        if direction not in _DIRECTIONS:
            raise ValueError(f"Invalid direction: {direction}, expecting unidirectional or bidirectional")
        if input_mode not in _INPUT_MODES:
            raise ValueError(f"Invalid input_mode: {input_mode}, expect one of (linear_input, skip_input, auto_select)")
        if dtypes.as_dtype(dtype) not in (dtypes.float16, dtypes.float32, dtypes.float64):
            raise ValueError(f"Only support float16, float32, float64, provided {dtype}")
        super().__init__(dtype=dtype, name=name)
        self._num_layers = num_layers
        self._num_units = num_units
        self._input_mode = input_mode
        self._direction = direction
        self._dropout = dropout
        self._seed = seed
        self._kernel_initializer = kernel_initializer
        self._bias_initializer = bias_initializer
        self._input_size: int | None = None
        self._saveable: CudnnOpaqueParamsSaveable | None = None

    @property
    def num_layers(self) -> int:
        """How many layers."""
        return self._num_layers

    @property
    def num_units(self) -> int:
        """The size of a layer."""
        return self._num_units

    @property
    def input_mode(self) -> str:
        """How the inputs come into the first layer."""
        return self._input_mode

    @property
    def input_size(self) -> int:
        """The size of the inputs.

        Raises:
          ValueError: the layer is not built.
        """
        if not self._input_size:
            raise ValueError("'input_size' is unknown since layer has not been built.")
        return self._input_size

    @property
    def rnn_mode(self) -> str:
        """The kind of net."""
        return self._rnn_mode

    @property
    def direction(self) -> str:
        """Whether the net goes one way or both."""
        return self._direction

    @property
    def num_dirs(self) -> int:
        """How many ways it goes."""
        return 2 if self._direction == "bidirectional" else 1

    @property
    def saveable(self) -> CudnnOpaqueParamsSaveable | None:
        """What saves the parameters, once the layer is built."""
        return self._saveable

    @property
    def canonical_weight_shapes(self) -> list[tuple[int, int]]:
        """The shapes of all matrices.

        Raises:
          RuntimeError: the size of the inputs is not known.
        """
        if not self._input_size:
            raise RuntimeError(f"{type(self).__name__}.canonical_weight_shapes invoked before input shape is known")
        shapes = []
        for layer in range(self._num_layers):
            depth = self._num_units * self.num_dirs if layer else self._input_size
            gates = GATES[self._rnn_mode]
            own = [(self._num_units, depth)] * gates + [(self._num_units, self._num_units)] * gates
            shapes += own * self.num_dirs
        return shapes

    @property
    def canonical_bias_shapes(self) -> list[list[int]]:
        """The shapes of all biases."""
        return [[self._num_units]] * (self._num_layers * self.num_dirs * 2 * GATES[self._rnn_mode])

    def state_shape(self, batch_size: int) -> tuple[list[int], ...]:
        """The shapes of the state for a batch."""
        shape = [self._num_layers * self.num_dirs, batch_size, self._num_units]
        return (shape, shape) if self._rnn_mode == "lstm" else (shape,)

    def build(self, input_shape: Any) -> None:
        """Make the variable.

        Raises:
          ValueError: the inputs have not three axes, or the size of the last is unknown.
        """
        shape = as_shape(input_shape)
        if shape.ndims != 3:
            raise ValueError(f"Expecting input_shape with 3 dims, got {shape.ndims}")
        if shape[-1].value is None:
            raise ValueError("The last dimension of the inputs to `CudnnRNN` should be defined. Found `None`.")
        self._input_size = shape[-1].value
        self.input_spec = InputSpec(ndim=3, axes={-1: self._input_size})
        self._set_scope()
        with variable_scope(self._scope, reuse=self.built):
            kernels = self._kernel_initializer
            if kernels is None:
                kernels = api.glorot_uniform_initializer(seed=self._seed, dtype=self.dtype)
            biases = self._bias_initializer
            if biases is None:
                biases = api.constant_initializer(0.0, dtype=self.dtype)
            dtype = dtypes.as_dtype(self.dtype)
            weights = [kernels(each, dtype=dtype) for each in self.canonical_weight_shapes]
            added = [biases(each, dtype=dtype) for each in self.canonical_bias_shapes]
            with get_default_graph().device(ON_GPU):
                begin = raw.cudnn_rnn_canonical_to_params(self._num_layers, self._num_units, self._input_size, weights,
                                                          added, **self._attrs())
            self.kernel = get_variable("opaque_kernel", dtype=dtype, initializer=begin, validate_shape=False)
        self._trainable_weights.append(self.kernel)
        self._saveable = self._saveable_cls(
            self.kernel, self._num_layers, self._num_units, self._input_size, self._input_mode, self._direction,
            get_variable_scope(), f"{self.kernel.op.name}_saveable")
        self.kernel[0]  # TensorFlow makes this node to see where the variable is
        get_default_graph().add_to_collection(GraphKeys.SAVEABLE_OBJECTS, self._saveable)
        self.built = True

    def call(self, inputs: Any, initial_state: Any = None, sequence_lengths: Any = None,  # type: ignore[override]
             time_major: bool = True, training: bool = True) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The outputs of the last layer for all steps, and the states of all layers after the last.

        Args:
          inputs: [time, batch, depth].
          initial_state: a tuple of `h` and, of an LSTM, `c`: [layers * directions, batch, units]; None: zeros.
          sequence_lengths: of each example; None: all are as long as the sequence.
          time_major: whether time is the first axis, else it is the second.
          training: whether there is dropout, and whether gradients can be taken.

        Raises:
          TypeError: the state is no tuple.
        """
        if initial_state is not None and not isinstance(initial_state, tuple):
            raise TypeError(f"Invalid initial_state type: {initial_state}, expecting tuple.")
        dtype = dtypes.as_dtype(self.dtype)
        inputs = convert_to_tensor(inputs, dtype=dtype)
        batch = api.shape(inputs)[1]
        if initial_state is None:
            initial_state = tuple(api.zeros(each, dtype=dtype) for each in self.state_shape(batch))
        if self._rnn_mode == "lstm":
            h, c = initial_state
            h, c = convert_to_tensor(h, dtype=dtype), convert_to_tensor(c, dtype=dtype)
        else:
            (h,) = initial_state
            h, c = convert_to_tensor(h, dtype=dtype), None
        outputs, h, c = self._run(inputs, h, c, sequence_lengths, time_major, training)
        return outputs, ((h, c) if self._rnn_mode == "lstm" else (h,))

    def _attrs(self) -> dict[str, Any]:
        """The attrs of the next node."""
        seed, seed2 = get_seed(self._seed)
        return {"rnn_mode": self._rnn_mode, "input_mode": self._input_mode, "direction": self._direction,
                "dropout": self._dropout, "seed": seed or 0, "seed2": seed2 or 0}

    def _run(self, inputs: Any, h: Any, c: Any, lengths: Any, time_major: bool, training: bool) -> Any:
        attrs = {**self._attrs(), "is_training": training}
        if c is None:
            c = api.constant([], dtype=h.dtype)
        if lengths is None and not time_major:
            lengths = api.fill([api.shape(inputs)[0]], api.shape(inputs)[1])
        if lengths is None:
            return raw.cudnn_rnn(inputs, h, c, self.kernel, **attrs)[:3]
        return raw.cudnn_rnnv3(inputs, h, c, self.kernel, lengths, time_major=time_major, **attrs)[:3]


@export("contrib.cudnn_rnn.CudnnLSTM")
class CudnnLSTM(CudnnRNN):
    """Layers of LSTM."""

    _rnn_mode = "lstm"
    _saveable_cls = CudnnLSTMSaveable


@export("contrib.cudnn_rnn.CudnnGRU")
class CudnnGRU(CudnnRNN):
    """Layers of GRU."""

    _rnn_mode = "gru"
    _saveable_cls = CudnnGRUSaveable


@export("contrib.cudnn_rnn.CudnnRNNTanh")
class CudnnRNNTanh(CudnnRNN):
    """Layers without gates, of tanh."""

    _rnn_mode = "rnn_tanh"
    _saveable_cls = CudnnRNNTanhSaveable


@export("contrib.cudnn_rnn.CudnnRNNRelu")
class CudnnRNNRelu(CudnnRNN):
    """Layers without gates, of relu."""

    _rnn_mode = "rnn_relu"
    _saveable_cls = CudnnRNNReluSaveable
