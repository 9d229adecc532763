"""cuDNN's recurrent nets: CudnnRNN with its gradient, and their parameters as one vector and as matrices.

TensorFlow 1.15 runs these ops on GPUs only. Here torch computes the same functions on any device. The vector has all
matrices in canonical order, then all biases, which is cuDNN's own layout.
"""

from __future__ import annotations

import itertools
import math
from typing import Any, NamedTuple

from tfmagic.base.errors import UnimplementedError, invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.declare import op, register
from tfmagic.ops.random import distributions
from tfmagic.ops.random.philox import PhiloxState

_GATES = {"lstm": 4, "gru": 3, "rnn_relu": 1, "rnn_tanh": 1}


class _Net(NamedTuple):
    """The sizes of a net.

    Attributes:
      directions: 1 or 2.
      projected: the size to which outputs are brought; 0: as large as a layer.
    """

    mode: str
    layers: int
    units: int
    inputs: int
    directions: int
    projected: int = 0

    @property
    def outputs(self) -> int:
        """The size of one direction's outputs."""
        return self.projected or self.units

    def weights(self) -> list[tuple[int, int]]:
        """The shapes of the matrices: of each layer and direction those of the inputs, those of the state."""
        found: list[tuple[int, int]] = []
        for layer in range(self.layers):
            depth = self.outputs * self.directions if layer else self.inputs
            own = [(self.units, depth)] * _GATES[self.mode] + [(self.units, self.outputs)] * _GATES[self.mode]
            if self.projected:
                own.append((self.projected, self.units))
            found += own * self.directions
        return found

    def biases(self) -> list[tuple[int]]:
        """The shapes of the biases, two for each gate."""
        return [(self.units,)] * (2 * _GATES[self.mode] * self.layers * self.directions)

    def size(self) -> int:
        """How many parameters there are."""
        return sum(math.prod(shape) for shape in [*self.weights(), *self.biases()])

    def parts(self, params: Any) -> tuple[list[Any], list[Any]]:
        """The matrices and the biases in a vector."""
        shapes = [*self.weights(), *self.biases()]
        ends = list(itertools.accumulate(math.prod(shape) for shape in shapes))
        found = [params[start:end].reshape(shape) for start, end, shape in zip([0, *ends], ends, shapes)]
        count = len(self.weights())
        return found[:count], found[count:]


def _net(op: Any, layers: Any, units: Any, inputs: Any) -> _Net:
    if op.input_mode == "skip_input" or (op.input_mode == "auto_select" and inputs == units):
        raise UnimplementedError(None, None, f"input_mode {op.input_mode} is not supported; use linear_input.")
    mode = op.rnn_mode
    return _Net(mode.decode() if isinstance(mode, bytes) else mode, int(layers), int(units), int(inputs),
                2 if op.direction == "bidirectional" else 1, getattr(op, "num_proj", 0) or 0)


# --- parameters -----------------------------------------------------------------------------------------------------


_SIZES = ("num_layers", "num_units", "input_size")


@op("CudnnRNNParamsSize", host=_SIZES)
class CudnnRNNParamsSize:
    """How many parameters a net has: -> [1]."""

    def shape(op, num_layers, num_units, input_size):
        for dims in (num_layers, num_units, input_size):
            shape_rules.with_rank(dims, 0)
        return (1,)

    def kernel(op, num_layers, num_units, input_size):
        net = _net(op, num_layers, num_units, input_size)
        return torch.tensor([net.size()], dtype=torch.int64 if op.S.name == "int64" else torch.int32)


def _to_params(op: Any, num_layers: Any, num_units: Any, input_size: Any, weights: Any, biases: Any) -> Any:
    net = _net(op, num_layers, num_units, input_size)
    for given, wanted in ((weights, net.weights()), (biases, net.biases())):
        if len(given) != len(wanted):
            raise invalid(f"{len(given)} parameters do not fit a net that takes {len(wanted)}: "
                          f"{[list(shape) for shape in wanted]}")
    return torch.cat([part.reshape(-1) for part in [*weights, *biases]])


def _to_canonical(op: Any, num_layers: Any, num_units: Any, input_size: Any, params: Any) -> Any:
    weights, biases = _net(op, num_layers, num_units, input_size).parts(params)
    return list(weights), list(biases)


def _canonical_shapes(op: Any, *dims: Dims) -> tuple[list[Dims], list[Dims]]:
    shape_rules.with_rank(dims[3], 1)
    if op.op.type == "CudnnRNNParamsToCanonical":
        return [(None, None)] * op.num_params, [(None,)] * op.num_params
    return [(None, None)] * op.num_params_weights, [(None,)] * op.num_params_biases


for _version in ("", "V2"):
    register(f"CudnnRNNCanonicalToParams{_version}", lambda op, *dims: (None,), _to_params, host=_SIZES,
             doc="Matrices and biases -> one vector.")
    register(f"CudnnRNNParamsToCanonical{_version}", _canonical_shapes, _to_canonical, host=_SIZES,
             doc="One vector -> matrices and biases.")


# --- the net --------------------------------------------------------------------------------------------------------


def _computed(net: _Net, x: Any, h: Any, c: Any, params: Any, lengths: Any, masks: list[Any]) -> tuple[Any, Any, Any]:
    """The outputs [time, batch, outputs], and the last states of all layers.

    Args:
      masks: what the outputs of each layer but the last are multiplied by; empty: nothing.
    """
    weights, biases = net.parts(params)
    per_weights, per_biases = len(weights) // (net.layers * net.directions), 2 * _GATES[net.mode]
    gates = _GATES[net.mode]
    last_h, last_c = [], []
    for layer in range(net.layers):
        own: list[Any] = []
        for place in range(layer * net.directions, (layer + 1) * net.directions):
            matrices = weights[place * per_weights:(place + 1) * per_weights]
            offsets = biases[place * per_biases:(place + 1) * per_biases]
            own += [torch.cat(matrices[:gates]), torch.cat(matrices[gates:2 * gates]), torch.cat(offsets[:gates]),
                    torch.cat(offsets[gates:]), *matrices[2 * gates:]]
        where = slice(layer * net.directions, (layer + 1) * net.directions)
        x, after = _layer(net, x, h[where], None if c is None else c[where], own, lengths)
        last_h.append(after[0])
        last_c.append(after[-1])
        if masks and layer + 1 < net.layers:
            x = x * masks[layer]
    return x, torch.cat(last_h), torch.cat(last_c)


def _layer(net: _Net, x: Any, h: Any, c: Any, weights: list[Any], lengths: Any) -> tuple[Any, tuple[Any, ...]]:
    function = getattr(torch._VF, {"lstm": "lstm", "gru": "gru"}.get(net.mode, net.mode))
    both = net.directions == 2
    if lengths is None:
        state: Any = (h.contiguous(), c.contiguous()) if net.mode == "lstm" else h.contiguous()
        found, *after = function(x.contiguous(), state, weights, True, 1, 0.0, False, both, False)
        return found, tuple(after)
    utils = torch.nn.utils.rnn
    packed = utils.pack_padded_sequence(x, lengths.cpu(), enforce_sorted=False)
    order, back = packed.sorted_indices, packed.unsorted_indices
    states = [part.index_select(1, order).contiguous() for part in ((h, c) if net.mode == "lstm" else (h,))]
    data, *after = function(packed.data, packed.batch_sizes, tuple(states) if net.mode == "lstm" else states[0],
                            weights, True, 1, 0.0, False, both)
    rest = utils.PackedSequence(data, packed.batch_sizes, order, back)
    found, _ = utils.pad_packed_sequence(rest, total_length=x.shape[0])
    return found, tuple(part.index_select(1, back) for part in after)


class _Prepared(NamedTuple):
    """A call's values as the net takes them."""

    net: _Net
    x: Any
    h: Any
    c: Any
    lengths: Any
    turned: bool


def _prepared(op: Any, x: Any, h: Any, c: Any, params: Any, lengths: Any) -> _Prepared:
    turned = not getattr(op, "time_major", True)
    if turned:  # [batch, time, depth], and states with the batch first
        x, h = x.transpose(0, 1), h.transpose(0, 1)
        c = c.transpose(0, 1) if c.dim() == 3 else c
    directions = 2 if op.direction == "bidirectional" else 1
    units = c.shape[2] if op.rnn_mode == "lstm" else h.shape[2]
    net = _net(op, h.shape[0] // directions, units, x.shape[2])
    if params.numel() != net.size():
        raise invalid(f"The net takes {net.size()} parameters, but there are {params.numel()}")
    if lengths is not None:
        if bool((lengths < 1).any()) or bool((lengths > x.shape[0]).any()):
            raise invalid(f"sequence_lengths must be from 1 to {x.shape[0]}, but are {lengths.tolist()}")
        lengths = None if bool((lengths == x.shape[0]).all()) else lengths.long()
    return _Prepared(net, x, h, c if net.mode == "lstm" else None, lengths, turned)


def _masks(net: _Net, x: Any, kept: Any) -> list[Any]:
    """The masks of dropout that a forward computation kept."""
    if not kept.numel():
        return []
    shape = (net.layers - 1, *x.shape[:2], net.outputs * net.directions)
    return list(kept.reshape(shape).unbind())


def _forward(op: Any, state: PhiloxState, x: Any, h: Any, c: Any, params: Any, lengths: Any = None) -> list[Any]:
    call = _prepared(op, x, h, c, params, lengths)
    net, kind = call.net, x.dtype
    kept = params.new_zeros((0,))
    if op.is_training and op.dropout > 0 and net.layers > 1:
        shape = (net.layers - 1, *call.x.shape[:2], net.outputs * net.directions)
        drawn = distributions.uniform(state.reserve_outputs(math.prod(shape)), shape, torch.float32)
        kept = ((drawn >= op.dropout).to(kind) / (1 - op.dropout)).to(params.device).reshape(-1)
    wide_x, wide_h, wide_c, wide = (None if part is None else part.float() if kind is torch.float16 else part
                                    for part in (call.x, call.h, call.c, params))
    found, last_h, last_c = _computed(net, wide_x, wide_h, wide_c, wide, call.lengths, _masks(net, call.x, kept))
    if call.turned:
        found, last_h, last_c = (part.transpose(0, 1) for part in (found, last_h, last_c))
    c_after = last_c.to(kind) if net.mode == "lstm" else x.new_zeros(())
    outputs = [found.to(kind), last_h.to(kind), c_after, kept]
    return outputs if op.op.type == "CudnnRNN" else [*outputs, torch.zeros((0,), dtype=torch.int8)]


def _backward(op: Any, x: Any, h: Any, c: Any, params: Any, lengths: Any, grads: Any, kept: Any) -> list[Any]:
    call = _prepared(op, x, h, c, params, lengths)
    net, kind = call.net, x.dtype
    d_found, d_h, d_c = grads
    if call.turned:
        d_found, d_h = d_found.transpose(0, 1), d_h.transpose(0, 1)
        d_c = d_c.transpose(0, 1) if d_c.dim() == 3 else d_c
    with torch.inference_mode(False), torch.enable_grad():
        values = [None if part is None else (part.float() if kind is torch.float16 else part).detach().clone()
                  .requires_grad_() for part in (call.x, call.h, call.c, params)]
        masks = [mask.clone() for mask in _masks(net, call.x, kept)]
        found, last_h, last_c = _computed(net, values[0], values[1], values[2], values[3], call.lengths, masks)
        results, given = [found, last_h], [d_found, d_h]
        if net.mode == "lstm":
            results, given = [*results, last_c], [*given, d_c]
        leaves = [value for value in values if value is not None]
        made = list(torch.autograd.grad(results, leaves, [part.to(found.dtype).clone() for part in given]))
    if net.mode != "lstm":
        made.insert(2, torch.zeros_like(c))
    if call.turned:
        made[0], made[1] = made[0].transpose(0, 1), made[1].transpose(0, 1)
        made[2] = made[2].transpose(0, 1) if made[2].dim() == 3 else made[2]
    return [part.to(kind) for part in made]


def _shapes(op: Any, x: Dims, h: Dims, c: Dims, params: Dims, lengths: Dims = None) -> list[Dims]:
    time, batch, _ = shape_rules.with_rank(x, 3)
    states = shape_rules.with_rank(h, 3)
    shape_rules.with_rank(params, 1)
    directions = 2 if op.direction == "bidirectional" else 1
    width = None if states[2] is None else states[2] * directions
    with_cells = () if op.rnn_mode != "lstm" else states if not getattr(op, "num_proj", 0) else \
        shape_rules.with_rank(c, 3)
    found = [(time, batch, width), states, with_cells, None]
    return found if op.op.type == "CudnnRNN" else [*found, None]


_ATTRS = ("rnn_mode", "input_mode", "direction", "dropout", "seed", "seed2")


def _gradient(backprop: Any, *more: str) -> Any:
    def gradient(op: Any, *grads: Any) -> list[Any]:
        node = op.op
        if not op.is_training:
            raise ValueError(f"To use {node.type} in gradients, is_training must be set to True.")
        inputs, outputs = list(node._inputs), list(node._outputs)
        attrs = {name: getattr(op, name) for name in (*_ATTRS, *more)}
        made = backprop()(*inputs, *outputs[:3], *grads[:3], *outputs[3:], **attrs)
        return [*made, *([None] * (len(inputs) - 4))]

    return gradient


_OPTIONS: dict[str, Any] = {"traced": False, "because": "it loops over as many steps as a value says"}

for _version, _of, _more in (("", lambda: raw.cudnn_rnn_backprop, ()),
                             ("V2", lambda: raw.cudnn_rnn_backprop_v2, ()),
                             ("V3", lambda: raw.cudnn_rnn_backprop_v3, ("num_proj", "time_major"))):
    register(f"CudnnRNN{_version}", _shapes, _forward, _gradient(_of, *_more),
             state=lambda op: PhiloxState(op.seed, op.seed2), doc="A recurrent net over a sequence.", **_OPTIONS)


def _back_shapes(op: Any, x: Dims, h: Dims, c: Dims, params: Dims, *rest: Dims) -> list[Dims]:
    return [x, h, c, params]


def _back(op: Any, x: Any, h: Any, c: Any, params: Any, *rest: Any) -> list[Any]:
    return _backward(op, x, h, c, params, None, rest[3:6], rest[6])


def _back_of_lengths(op: Any, x: Any, h: Any, c: Any, params: Any, lengths: Any, *rest: Any) -> list[Any]:
    return _backward(op, x, h, c, params, lengths, rest[3:6], rest[6])


register("CudnnRNNBackprop", _back_shapes, _back, doc="The gradients of `CudnnRNN`.", **_OPTIONS)
register("CudnnRNNBackpropV2", _back_shapes, _back, doc="The gradients of `CudnnRNNV2`.", **_OPTIONS)
register("CudnnRNNBackpropV3", _back_shapes, _back_of_lengths, doc="The gradients of `CudnnRNNV3`.", **_OPTIONS)
