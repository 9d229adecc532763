"""Parameters of cuDNN's nets as checkpoints have them: the kernels and biases of cells that compute the same."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw
from tfmagic.tf.saving.saveables import SaveableObject, SaveSpec
from tfmagic.tf.variable.scope import get_variable_scope

# TensorFlow has these conversions on GPUs only, and asks for one; here they run anywhere.
ON_GPU = "/gpu:0"
GATES = {"lstm": 4, "gru": 3, "rnn_relu": 1, "rnn_tanh": 1}


class CudnnParamsFormatConverter:
    """Turns a vector of parameters into those of cells, and back.

    Args:
      num_layers, num_units, input_size: the sizes of the net.
      num_proj: the size to which outputs are brought; not supported.
      input_mode, direction: as of the layers.
    """

    _rnn_mode: str

    def __init__(self, num_layers: int, num_units: int, input_size: int, num_proj: int | None = None,
                 input_mode: str = "linear_input", direction: str = "unidirectional"):
        if num_proj:
            raise NotImplementedError("Layers with num_proj have no cells that compute the same; leave num_proj out.")
        self._num_layers = num_layers
        self._num_units = num_units
        self._input_size = input_size
        self._input_mode = input_mode
        self._direction = direction
        self._directions = 2 if direction == "bidirectional" else 1

    def _attrs(self) -> dict[str, Any]:
        return {"rnn_mode": self._rnn_mode, "input_mode": self._input_mode, "direction": self._direction}

    def opaque_to_tf_canonical(self, opaque_param: Any) -> tuple[list[Tensor], list[Tensor]]:
        """The kernels and the biases of the cells, in the order of layers."""
        gates = GATES[self._rnn_mode]
        count = self._num_layers * self._directions * 2 * gates
        with get_default_graph().device(ON_GPU):
            found = raw.cudnn_rnn_params_to_canonical(self._num_layers, self._num_units, self._input_size,
                                                      opaque_param, num_params=count, **self._attrs())
        weights, biases = found[0], found[1]
        kernels: list[Tensor] = []
        added: list[Tensor] = []
        for place in range(self._num_layers * self._directions):
            own = slice(place * 2 * gates, (place + 1) * 2 * gates)
            kernels += self._kernels(list(weights[own]))
            added += self._biases(list(biases[own]))
        return kernels, added

    def tf_canonical_to_opaque(self, tf_canonicals: Any) -> Tensor:
        """The vector of the cells' kernels and biases, which come one after the other."""
        cells = self._num_layers * self._directions
        per_cell = len(tf_canonicals) // cells // 2
        half = per_cell * cells
        weights: list[Tensor] = []
        biases: list[Tensor] = []
        for place in range(cells):
            own = slice(place * per_cell, (place + 1) * per_cell)
            depth = self._input_size if place < self._directions else self._num_units * self._directions
            weights += self._parts(list(tf_canonicals[:half][own]), [depth, self._num_units])
            biases += self._halves(list(tf_canonicals[half:][own]))
        flat = [api.reshape(weight, [-1]) for weight in weights]
        with get_default_graph().device(ON_GPU):
            return raw.cudnn_rnn_canonical_to_params(self._num_layers, self._num_units, self._input_size, flat, biases,
                                                     **self._attrs())

    # of one cell

    def _kernels(self, weights: list[Tensor]) -> list[Tensor]:
        raise NotImplementedError

    def _biases(self, biases: list[Tensor]) -> list[Tensor]:
        raise NotImplementedError

    def _parts(self, kernels: list[Tensor], sizes: list[int]) -> list[Tensor]:
        raise NotImplementedError

    def _halves(self, biases: list[Tensor]) -> list[Tensor]:
        raise NotImplementedError


@export("contrib.cudnn_rnn.CudnnParamsFormatConverterLSTM")
class CudnnParamsFormatConverterLSTM(CudnnParamsFormatConverter):
    """The parameters of `CudnnLSTM`: in cuDNN's order the forget gate is before the candidate, in cells' after it."""

    _rnn_mode = "lstm"

    def _kernels(self, weights: list[Tensor]) -> list[Tensor]:
        i, f, c, o = (api.concat([weights[gate], weights[gate + 4]], 1) for gate in range(4))
        return [api.transpose(api.concat([i, c, f, o], 0))]

    def _biases(self, biases: list[Tensor]) -> list[Tensor]:
        i, f, c, o = (biases[gate] + biases[gate + 4] for gate in range(4))
        return [api.concat([i, c, f, o], 0)]

    def _parts(self, kernels: list[Tensor], sizes: list[int]) -> list[Tensor]:
        gates = api.split(api.transpose(kernels[0]), 4, axis=0)
        (w_i, r_i), (w_c, r_c), (w_f, r_f), (w_o, r_o) = (api.split(gate, sizes, axis=1) for gate in gates)
        return [w_i, w_f, w_c, w_o, r_i, r_f, r_c, r_o]

    def _halves(self, biases: list[Tensor]) -> list[Tensor]:
        i, c, f, o = api.split(biases[0], 4, axis=0)
        halves = [each * 0.5 for each in (i, f, c, o)]
        return halves + halves


@export("contrib.cudnn_rnn.CudnnParamsFormatConverterGRU")
class CudnnParamsFormatConverterGRU(CudnnParamsFormatConverter):
    """The parameters of `CudnnGRU`: reset, update gate, candidate."""

    _rnn_mode = "gru"

    def _kernels(self, weights: list[Tensor]) -> list[Tensor]:
        gates = [api.concat([weights[gate], weights[gate + 3]], 1) for gate in range(2)]
        return [api.transpose(api.concat(gates, 0)), api.transpose(weights[2]), api.transpose(weights[5])]

    def _biases(self, biases: list[Tensor]) -> list[Tensor]:
        first, second = api.concat(biases[:2], 0), api.concat(biases[3:5], 0)
        return [first + second, biases[2], biases[5]]

    def _parts(self, kernels: list[Tensor], sizes: list[int]) -> list[Tensor]:
        gates, candidate, state = (api.transpose(kernel) for kernel in kernels)
        (w_r, r_r), (w_z, r_z) = (api.split(gate, sizes, axis=1) for gate in api.split(gates, 2, axis=0))
        return [w_r, w_z, candidate, r_r, r_z, state]

    def _halves(self, biases: list[Tensor]) -> list[Tensor]:
        halves = [biases[0] * 0.5, biases[0] * 0.5]
        (r, z), (r_again, z_again) = (api.split(half, 2, axis=0) for half in halves)
        return [r, z, biases[1], r_again, z_again, biases[2]]


class _Basic(CudnnParamsFormatConverter):
    """The parameters of nets without gates."""

    def _kernels(self, weights: list[Tensor]) -> list[Tensor]:
        return [api.transpose(api.concat(weights, 1))]

    def _biases(self, biases: list[Tensor]) -> list[Tensor]:
        return [biases[0] + biases[1]]

    def _parts(self, kernels: list[Tensor], sizes: list[int]) -> list[Tensor]:
        return list(api.split(api.transpose(kernels[0]), sizes, axis=1))

    def _halves(self, biases: list[Tensor]) -> list[Tensor]:
        return [biases[0] * 0.5, biases[0] * 0.5]


@export("contrib.cudnn_rnn.CudnnParamsFormatConverterTanh")
class CudnnParamsFormatConverterTanh(_Basic):
    """The parameters of `CudnnRNNTanh`."""

    _rnn_mode = "rnn_tanh"


@export("contrib.cudnn_rnn.CudnnParamsFormatConverterRelu")
class CudnnParamsFormatConverterRelu(_Basic):
    """The parameters of `CudnnRNNRelu`."""

    _rnn_mode = "rnn_relu"


class CudnnOpaqueParamsSaveable(SaveableObject):
    """Saves a vector of parameters as those of the cells that compute the same, and restores it from them.

    Args:
      opaque_params: the variable with the vector.
      num_layers, num_units, input_size, input_mode, direction: as of the layer.
      scope: the variable scope in which the cells' variables are.
      name: the name of the object.
    """

    _converter: type[CudnnParamsFormatConverter]
    _cell: str
    _kernel_names: tuple[str, ...] = ("kernel",)
    _bias_names: tuple[str, ...] = ("bias",)

    def __init__(self, opaque_params: Any, num_layers: int, num_units: int, input_size: int,
                 input_mode: str = "linear_input", direction: str = "unidirectional", scope: Any = None,
                 name: str = "cudnn_rnn_saveable"):
        self._variables = opaque_params
        self.format_converter = self._converter(num_layers, num_units, input_size, input_mode=input_mode,
                                                direction=direction)
        kernels, biases = self.format_converter.opaque_to_tf_canonical(opaque_params)
        scope = get_variable_scope() if scope is None else scope
        prefix = scope if isinstance(scope, str) else scope.name
        cells = []
        for layer in range(num_layers):
            if direction == "unidirectional":
                cells.append(f"rnn/multi_rnn_cell/cell_{layer}/{self._cell}")
            else:
                cells += [f"stack_bidirectional_rnn/cell_{layer}/bidirectional_rnn/{way}/{self._cell}"
                          for way in ("fw", "bw")]
        names = [f"{cell}/{each}" for own in (self._kernel_names, self._bias_names) for cell in cells for each in own]
        specs = [SaveSpec(tensor, "", f"{prefix}/{each}" if prefix else each, tensor.dtype)
                 for tensor, each in zip([*kernels, *biases], names)]
        super().__init__(api.identity(opaque_params), specs, name)

    def restore(self, restored_tensors: list[Tensor], restored_shapes: list[Any] | None) -> Any:
        """The operation that gives the variable the restored parameters."""
        params = self.format_converter.tf_canonical_to_opaque(restored_tensors)
        with get_default_graph().colocate_with(self._variables.op):
            return api.assign(self._variables, params, validate_shape=False)


@export("contrib.cudnn_rnn.CudnnLSTMSaveable")
class CudnnLSTMSaveable(CudnnOpaqueParamsSaveable):
    """Saves the parameters of `CudnnLSTM` as those of `CudnnCompatibleLSTMCell`s."""

    _converter = CudnnParamsFormatConverterLSTM
    _cell = "cudnn_compatible_lstm_cell"


@export("contrib.cudnn_rnn.CudnnGRUSaveable")
class CudnnGRUSaveable(CudnnOpaqueParamsSaveable):
    """Saves the parameters of `CudnnGRU` as those of `CudnnCompatibleGRUCell`s."""

    _converter = CudnnParamsFormatConverterGRU
    _cell = "cudnn_compatible_gru_cell"
    _kernel_names = ("gates/kernel", "candidate/input_projection/kernel", "candidate/hidden_projection/kernel")
    _bias_names = ("gates/bias", "candidate/input_projection/bias", "candidate/hidden_projection/bias")


@export("contrib.cudnn_rnn.CudnnRNNTanhSaveable")
class CudnnRNNTanhSaveable(CudnnOpaqueParamsSaveable):
    """Saves the parameters of `CudnnRNNTanh` as those of `BasicRNNCell`s."""

    _converter = CudnnParamsFormatConverterTanh
    _cell = "basic_rnn_cell"


@export("contrib.cudnn_rnn.CudnnRNNReluSaveable")
class CudnnRNNReluSaveable(CudnnOpaqueParamsSaveable):
    """Saves the parameters of `CudnnRNNRelu` as those of `BasicRNNCell`s."""

    _converter = CudnnParamsFormatConverterRelu
    _cell = "basic_rnn_cell"
