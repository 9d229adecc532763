"""Layers of LSTM over a whole sequence, forward and backward: torch's fused kernel, or a loop with hoisted products.

Both are the functions that the plan's own loop computes turn by turn. The fused kernel (oneDNN's) takes 32-bit floats
on the CPU. It knows no lengths: beyond the end of a row, one more input with a huge weight closes the input gate and
opens the forget gate, so that the cell stays to the bit what it was, and the gradients are zero but for the cell's.
"""

from __future__ import annotations

import contextlib
import functools
from typing import Any, NamedTuple

from tfmagic.base.lazy import torch

# What closes a gate for good: its sigmoid is 0 or 1, whatever else is added.
_HUGE = 1e9
# torch's number of the LSTM among recurrent nets.
_LSTM = 2


class Layer(NamedTuple):
    """One layer.

    Attributes:
      units: how many.
      gates: where in the columns of the weights the input gate, the candidate, the forget and the output gate are.
      forget_bias: what is added to the forget gate.
    """

    units: int
    gates: tuple[int, int, int, int]
    forget_bias: float

    @property
    def order(self) -> tuple[int, int, int, int]:
        """The columns in torch's order: input, forget, candidate, output."""
        i, j, f, o = self.gates
        return i, f, j, o

    @property
    def back(self) -> tuple[int, ...]:
        """Torch's columns in the order that the weights have."""
        return tuple(self.order.index(gate) for gate in range(4))


@functools.cache
def _numbers(order: tuple[int, ...]) -> Any:
    with torch.inference_mode(False):  # a module with gradients reads it too
        return torch.tensor(order)  # made once: a list as an index is made into a tensor each time


class Kept(NamedTuple):
    """What one layer's forward computation keeps for its gradient."""

    fused: bool
    inputs: Any
    c: Any
    h: Any
    weights: Any
    beyond: Any
    lengths: Any
    found: Any


def forward(layers: list[Layer], inputs: Any, turns: Any, lengths: Any, states: list[tuple[Any, Any]],
            weights: list[tuple[Any, Any]], keep: bool, by_turns: bool = False,
            ) -> tuple[Any, list[tuple[Any, Any]], list[Kept]]:
    """The outputs [time, batch, units] of the last layer, the states after the last turn, and what gradients need.

    Args:
      inputs: [time, batch, depth].
      turns: how many steps to compute; the outputs of the others are zero. None: all.
      lengths: of each row; beyond it outputs are zero and states stay. None: all are as long as the sequence.
      states: `c` and `h` of each layer before the first turn.
      weights: kernel [depth + units, 4 units] and bias of each layer.
      keep: whether there will be gradients.
      by_turns: whether to do without the fused kernel; what is given may then be traced.
    """
    time = inputs.shape[0]
    turns = time if turns is None else min(time, int(turns))
    inputs = inputs.narrow(0, 0, turns)
    beyond = None
    if lengths is not None:
        lengths = lengths.to(inputs.device)
        beyond = torch.arange(turns, device=inputs.device).unsqueeze(1) >= lengths.unsqueeze(0)
        inputs = inputs.masked_fill(beyond.unsqueeze(2), 0)  # whatever lies there, NaN too, must not matter
    after, kept = [], []
    for layer, (c, h), (kernel, bias) in zip(layers, states, weights):
        step = _looped if by_turns or not _is_fusable(inputs, kernel) else _fused
        found, c, h, memory = step(layer, inputs, beyond, lengths, c, h, kernel, bias, keep)
        after.append((c, h))
        kept.append(memory)
        inputs = found
    if beyond is not None:
        inputs = inputs.masked_fill(beyond.unsqueeze(2), 0)
    return _padded(inputs, time), after, kept


def backward(layers: list[Layer], kept: list[Kept], time: int, d_outputs: Any, d_states: list[tuple[Any, Any]],
             wants_inputs: bool) -> tuple[Any, list[tuple[Any, Any]], list[tuple[Any, Any]]]:
    """The gradients of the inputs, of the first states, and of kernels and biases.

    Args:
      kept: what `forward` kept.
      time: how many steps the inputs had.
      d_outputs: the gradient of the outputs; None: they were not used.
      d_states: those of the states after the last turn.
      wants_inputs: whether the first is asked for.
    """
    beyond = kept[-1].beyond
    last = kept[-1]
    if d_outputs is not None:
        d_outputs = d_outputs.narrow(0, 0, last.inputs.shape[0])
        if beyond is not None:
            d_outputs = d_outputs.masked_fill(beyond.unsqueeze(2), 0)
    elif last.fused:
        d_outputs = last.inputs.new_zeros((*last.inputs.shape[:2], layers[-1].units))
    before: list[Any] = []
    d_weights: list[Any] = []
    for index in reversed(range(len(layers))):
        step = _fused_back if kept[index].fused else _looped_back
        d_outputs, d_c, d_h, d_kernel, d_bias = step(layers[index], kept[index], d_outputs, *d_states[index],
                                                     wants_inputs or index > 0)
        before.insert(0, (d_c, d_h))
        d_weights.insert(0, (d_kernel, d_bias))
    return (_padded(d_outputs, time) if wants_inputs else None), before, d_weights


def _padded(values: Any, time: int) -> Any:
    missing = time - values.shape[0]
    return torch.cat([values, values.new_zeros((missing, *values.shape[1:]))]) if missing else values


# --- torch's kernel ---------------------------------------------------------------------------------------------------


def _is_fusable(inputs: Any, kernel: Any) -> bool:
    return (kernel.dtype is torch.float32 and kernel.device.type == "cpu" and inputs.numel() > 0
            and torch.backends.mkldnn.is_available() and torch._C._get_mkldnn_enabled())


def _fused(layer: Layer, inputs: Any, beyond: Any, lengths: Any, c: Any, h: Any, kernel: Any, bias: Any,
           keep: bool) -> tuple[Any, Any, Any, Kept]:
    units, depth = layer.units, inputs.shape[2]
    order = _numbers(layer.order)
    rows = kernel.reshape(-1, 4, units).index_select(1, order).reshape(-1, 4 * units).t()
    of_inputs, of_states = rows[:, :depth], rows[:, depth:].contiguous()
    added = torch.zeros(4, units) if bias is None else bias.reshape(4, units).index_select(0, order)
    added[1] += layer.forget_bias
    inputs = inputs.contiguous()
    given = inputs
    if beyond is not None:
        closing = torch.zeros(4, units)
        closing[0], closing[1] = -_HUGE, _HUGE
        of_inputs = torch.cat([of_inputs, closing.reshape(-1, 1)], 1)
        given = torch.cat([inputs, beyond.unsqueeze(2).to(inputs.dtype)], 2)
    added = added.reshape(-1)
    weights = (of_inputs.contiguous(), of_states, added, torch.zeros_like(added))
    c, h = c.contiguous(), h.contiguous()
    with contextlib.ExitStack() as modes:
        if keep:  # torch keeps what its gradient needs only in this mode
            modes.enter_context(torch.inference_mode(False))
            modes.enter_context(torch.enable_grad())
        outputs, last, after, workspace = torch.ops.aten.mkldnn_rnn_layer(
            given, *weights, h, c, False, [], _LSTM, units, 1, True, False, False, keep or torch.is_grad_enabled())
    memory = Kept(True, given, c, h, weights, beyond, lengths, (outputs, last, after, workspace))
    if lengths is not None:
        last = torch.where((lengths > 0).unsqueeze(1), outputs[_ends(lengths, outputs), _rows(outputs)], h)
    return outputs, after, last, memory


def _fused_back(layer: Layer, kept: Kept, d_outputs: Any, d_c: Any, d_h: Any,
                wants_inputs: bool) -> tuple[Any, Any, Any, Any, Any]:
    units, lengths = layer.units, kept.lengths
    outputs, last, after, workspace = kept.found
    unused = None
    if lengths is not None:  # the last output of a row is its last state
        started = (lengths > 0).unsqueeze(1)
        unused = torch.where(started, 0, d_h)
        d_outputs = d_outputs.clone()
        d_outputs[_ends(lengths, outputs), _rows(outputs)] += torch.where(started, d_h, 0)
        d_h = torch.zeros_like(d_h)
    d_inputs, of_inputs, of_states, d_bias, _, d_h, d_c = torch.ops.aten.mkldnn_rnn_layer_backward(
        kept.inputs, *kept.weights, kept.h, kept.c, outputs, last, after, d_outputs.contiguous(), d_h.contiguous(),
        d_c.contiguous(), False, _LSTM, units, 1, True, True, False, [], False, workspace)
    if kept.beyond is not None:
        d_inputs, of_inputs = d_inputs[:, :, :-1], of_inputs[:, :-1]
    back = _numbers(layer.back)
    d_kernel = torch.cat([of_inputs.t(), of_states.t()]).reshape(-1, 4, units).index_select(1, back)
    d_kernel, d_bias = d_kernel.reshape(-1, 4 * units), d_bias.reshape(4, units).index_select(0, back).reshape(-1)
    return d_inputs, d_c, d_h if unused is None else d_h + unused, d_kernel, d_bias


def _ends(lengths: Any, outputs: Any) -> Any:
    """The last step of each row."""
    return lengths.clamp(1, outputs.shape[0]).long() - 1


def _rows(outputs: Any) -> Any:
    return torch.arange(outputs.shape[1], device=outputs.device)


# --- a loop -----------------------------------------------------------------------------------------------------------


def _looped(layer: Layer, inputs: Any, beyond: Any, lengths: Any, c: Any, h: Any, kernel: Any, bias: Any,
            keep: bool) -> tuple[Any, Any, Any, Kept]:
    time, batch, depth = inputs.shape
    of_inputs, of_states = kernel.narrow(0, 0, depth), kernel.narrow(0, depth, layer.units)
    flat = inputs.reshape(time * batch, depth)
    hoisted = torch.matmul(flat, of_inputs) if bias is None else torch.addmm(bias, flat, of_inputs)
    outputs, memory = [], []
    first = (c, h)
    hoisted = hoisted.reshape(time, batch, 4 * layer.units)
    for turn in range(time):
        parts = torch.split(torch.addmm(hoisted.select(0, turn), h, of_states), layer.units, 1)
        i, j, f, o = (parts[gate] for gate in layer.gates)
        i, j, f, o = torch.sigmoid(i), torch.tanh(j), torch.sigmoid(f + layer.forget_bias), torch.sigmoid(o)
        fresh = c * f + i * j
        active = torch.tanh(fresh)
        output = active * o
        memory.append((i, j, f, o, c, h, active))
        outputs.append(output)
        if beyond is None:
            c, h = fresh, output
        else:
            ended = beyond[turn].unsqueeze(1)
            c, h = torch.where(ended, c, fresh), torch.where(ended, h, output)
    found = torch.cat(outputs, 0).reshape(time, batch, layer.units) if outputs else \
        hoisted.new_zeros((0, batch, layer.units))
    return found, c, h, Kept(False, inputs, *first, (of_inputs, of_states), beyond, lengths, memory if keep else ())


def _looped_back(layer: Layer, kept: Kept, d_outputs: Any, d_c: Any, d_h: Any,
                 wants_inputs: bool) -> tuple[Any, Any, Any, Any, Any]:
    of_inputs, of_states = kept.weights
    back = of_states.t()
    slots: list[Any] = [None] * 4
    collected: list[Any] = []
    for turn in reversed(range(kept.inputs.shape[0])):
        i, j, f, o, c, _, active = kept.found[turn]
        passed: tuple[Any, Any] | None = None
        if kept.beyond is not None:
            ended = kept.beyond[turn].unsqueeze(1)
            passed = torch.where(ended, d_c, 0), torch.where(ended, d_h, 0)
            d_c, d_h = torch.where(ended, 0, d_c), torch.where(ended, 0, d_h)
        d_output = d_h if d_outputs is None else d_h + d_outputs.select(0, turn)
        if kept.beyond is not None:
            d_output = torch.where(ended, 0, d_output)
        d_cell = d_c + torch.ops.aten.tanh_backward(d_output * o, active)
        for gate, value in zip(layer.gates, (
                torch.ops.aten.sigmoid_backward(d_cell * j, i), torch.ops.aten.tanh_backward(d_cell * i, j),
                torch.ops.aten.sigmoid_backward(d_cell * c, f), torch.ops.aten.sigmoid_backward(d_output * active, o))):
            slots[gate] = value
        d_gates = torch.cat(slots, 1)
        collected.append(d_gates)
        d_c, d_h = d_cell * f, torch.matmul(d_gates, back)
        if passed is not None:
            d_c, d_h = d_c + passed[0], d_h + passed[1]
    collected.reverse()
    time, batch, depth = kept.inputs.shape
    flat = torch.cat(collected, 0) if collected else of_states.new_zeros((0, 4 * layer.units))
    states = torch.cat([step[5] for step in kept.found], 0) if collected else of_states.new_zeros((0, layer.units))
    inputs = kept.inputs.reshape(time * batch, depth)
    d_kernel = torch.cat([torch.matmul(inputs.t(), flat), torch.matmul(states.t(), flat)], 0)
    d_inputs = torch.matmul(flat, of_inputs.t()).reshape(time, batch, depth) if wants_inputs else None
    return d_inputs, d_c, d_h, d_kernel, torch.sum(flat, [0])
