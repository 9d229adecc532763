"""Recurrent cells as one op: LSTMBlockCell, GRUBlockCell and BlockLSTM, with their gradients."""

from __future__ import annotations

from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.base.shapes import dimension_value
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.array.join import concat
from tfmagic.ops.declare import op

# The order of the gates in the columns of the weights.
_ICFO, _IFCO = "icfo", "ifco"


def _lstm_step(gates: Any, cs_prev: Any, peepholes: Any, forget_bias: float, clip: float,
               order: str) -> tuple[Any, ...]:
    """i, cs, f, o, ci, co, h of one step, from the gates before their activations."""
    gates = torch.chunk(gates, 4, 1)
    i, found, f, o = (gates[order.index(gate)] for gate in _ICFO)
    f = f + forget_bias
    if peepholes is not None:
        i, f = i + cs_prev * peepholes[0], f + cs_prev * peepholes[1]
    i, f, ci = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(found)
    cs = ci * i + cs_prev * f
    if clip > 0:
        cs = torch.clamp(cs, -clip, clip)
    if peepholes is not None:
        o = o + cs * peepholes[2]
    o, co = torch.sigmoid(o), torch.tanh(cs)
    return i, cs, f, o, ci, co, o * co


def _lstm_step_back(cs_prev: Any, peepholes: Any, step: Any, cs_grad: Any, h_grad: Any,
                    order: str) -> tuple[Any, ...]:
    """The gradients of the former cells, of the gates before their activations, and of the peepholes."""
    i, cs, f, o, ci, co = step
    of_sigmoid, of_tanh = torch.ops.aten.sigmoid_backward, torch.ops.aten.tanh_backward
    do = of_sigmoid(h_grad * co, o)
    dcs = of_tanh(h_grad * o, co) + cs_grad
    if peepholes is not None:
        dcs = dcs + do * peepholes[2]
    dc, df, di = of_tanh(dcs * i, ci), of_sigmoid(dcs * cs_prev, f), of_sigmoid(dcs * ci, i)
    gates = torch.cat([{"i": di, "c": dc, "f": df, "o": do}[gate] for gate in order], 1)
    former = dcs * f
    if peepholes is None:
        return (former, gates, *(torch.zeros_like(cs[0]),) * 3)
    former = former + di * peepholes[0] + df * peepholes[1]
    return former, gates, (di * cs_prev).sum(0), (df * cs_prev).sum(0), (do * cs).sum(0)


def _pairs(pairs: list[tuple[str, int, str, int]]) -> str | None:
    """TensorFlow's words for the first size that is not as another says."""
    return next((f"{name} != {wanted}: {found} vs. {right}" for name, found, wanted, right in pairs if found != right),
                None)


def _check_lstm(op: Any, x: Any, cs_prev: Any, h_prev: Any, w: Any, wci: Any, wcf: Any, wco: Any, b: Any,
                *rest: Any) -> str | None:
    depth, units = x[-1], cs_prev[1]
    return _pairs([("cs_prev.dims(0)", cs_prev[0], "batch_size", x[0]),
                   ("h_prev.dims(0)", h_prev[0], "batch_size", x[0]), ("h_prev.dims(1)", h_prev[1], "cell_size", units),
                   ("w.dim_size(0)", w[0], "input_size + cell_size", depth + units),
                   ("w.dim_size(1)", w[1], "cell_size * 4", 4 * units),
                   ("b.dim_size(0)", b[0], "cell_size * 4", 4 * units)])


def _check_gru(op: Any, x: Any, h_prev: Any, w_ru: Any, w_c: Any, b_ru: Any, b_c: Any, *rest: Any) -> str | None:
    depth, units = x[-1], h_prev[1]
    return _pairs([("h_prev.dims(0)", h_prev[0], "batch_size", x[0]),
                   ("w_ru.dim_size(0)", w_ru[0], "input_size + cell_size", depth + units),
                   ("w_ru.dim_size(1)", w_ru[1], "cell_size * 2", 2 * units),
                   ("w_c.dim_size(0)", w_c[0], "input_size + cell_size", depth + units),
                   ("w_c.dim_size(1)", w_c[1], "cell_size", units),
                   ("b_ru.dim_size(0)", b_ru[0], "cell_size * 2", 2 * units),
                   ("b_c.dim_size(0)", b_c[0], "cell_size", units)])


def _check_block(op: Any, length: Any, x: Any, cs_prev: Any, h_prev: Any, w: Any, wci: Any, wcf: Any, wco: Any, b: Any,
                 *rest: Any) -> str | None:
    for name, dims, rank in (("x", x, 3), ("cs_prev", cs_prev, 2), ("h_prev", h_prev, 2), ("w", w, 2), ("b", b, 1)):
        if len(dims) != rank:
            return f"{name} must be {rank}D"
    units = cs_prev[1]
    if rest and w[0] != x[2] + units:
        return f"w matrix rows don't match: {x[2] + units} vs. {w[0]}"
    return _pairs([("cs_prev.dims(0)", cs_prev[0], "batch_size", x[1]),
                   ("h_prev.dims(0)", h_prev[0], "batch_size", x[1]), ("h_prev.dims(1)", h_prev[1], "cell_size", units),
                   ("w.dim_size(0)", w[0], "input_size + cell_size", x[2] + units),
                   ("w.dim_size(1)", w[1], "cell_size * 4", 4 * units),
                   ("b.dim_size(0)", b[0], "cell_size * 4", 4 * units)])


def _cell_dims(x: Any, cs_prev: Any) -> Any:
    x, cs_prev = shape_rules.with_rank(x, 2), shape_rules.with_rank(cs_prev, 2)
    return None if x is None and cs_prev is None else (
        None if x is None else x[0], None if cs_prev is None else cs_prev[1])


@op("LSTMBlockCell", check=_check_lstm)
class LSTMBlockCell:
    """One step of an LSTM: [batch, n] and two states [batch, units] -> seven of [batch, units]."""

    def shape(op, x, cs_prev, h_prev, w, wci, wcf, wco, b):
        return [_cell_dims(x, cs_prev)] * 7

    def kernel(op, x, cs_prev, h_prev, w, wci, wcf, wco, b):
        gates = torch.cat([x, h_prev], 1) @ w + b
        return _lstm_step(gates, cs_prev, (wci, wcf, wco) if op.use_peephole else None, op.forget_bias, op.cell_clip,
                          _ICFO)

    def gradient(op, di, dcs, df, do, dci, dco, dh):
        x, cs_prev, h_prev, w, wci, wcf, wco, b = op.op._inputs
        i, cs, f, o, ci, co, _ = op.op._outputs
        batch = dimension_value(x.shape[0])
        batch = -1 if batch is None else batch
        depth, units = dimension_value(x.shape[1]), dimension_value(cs_prev.shape[1])
        if depth is None:
            raise ValueError("input_size from `x` must not be None.")
        if units is None:
            raise ValueError("cell_size from `cs_prev` must not be None.")
        d_cs_prev, gates, d_wci, d_wcf, d_wco = raw.lstm_block_cell_grad(
            x, cs_prev, h_prev, w, wci, wcf, wco, b, i, cs, f, o, ci, co, dcs, dh, use_peephole=op.use_peephole)
        both = raw.mat_mul(gates, w, transpose_b=True)
        d_x = raw.slice(both, (0, 0), (batch, depth))
        d_h_prev = raw.slice(both, (0, depth), (batch, units))
        d_w = raw.mat_mul(concat([x, h_prev], 1), gates, transpose_a=True)
        return d_x, d_cs_prev, d_h_prev, d_w, d_wci, d_wcf, d_wco, raw.bias_add_grad(gates)


@op("LSTMBlockCellGrad", check=_check_lstm)
class LSTMBlockCellGrad:
    """The gradients of one step of an LSTM."""

    def shape(op, x, cs_prev, h_prev, w, wci, wcf, wco, b, i, cs, f, o, ci, co, cs_grad, h_grad):
        whole = _cell_dims(x, cs_prev)
        units = None if whole is None else whole[1]
        line = None if whole is None else (units,)
        return [whole, None if whole is None else (whole[0], None if units is None else 4 * units), line, line, line]

    def kernel(op, x, cs_prev, h_prev, w, wci, wcf, wco, b, i, cs, f, o, ci, co, cs_grad, h_grad):
        return _lstm_step_back(cs_prev, (wci, wcf, wco) if op.use_peephole else None, (i, cs, f, o, ci, co), cs_grad,
                               h_grad, _ICFO)


@op("GRUBlockCell", check=_check_gru)
class GRUBlockCell:
    """One step of a GRU: [batch, n] and a state [batch, units] -> four of [batch, units]."""

    def shape(op, x, h_prev, w_ru, w_c, b_ru, b_c):
        return [_cell_dims(x, h_prev)] * 4

    def kernel(op, x, h_prev, w_ru, w_c, b_ru, b_c):
        r, u = torch.chunk(torch.sigmoid(torch.cat([x, h_prev], 1) @ w_ru + b_ru), 2, 1)
        c = torch.tanh(torch.cat([x, h_prev * r], 1) @ w_c + b_c)
        return r, u, c, u * h_prev + (1 - u) * c

    def gradient(op, dr, du, dc, dh):
        x, h_prev, w_ru, w_c, b_ru, b_c = op.op._inputs
        r, u, c, _ = op.op._outputs
        d_x, d_h_prev, d_c_bar, d_gates = raw.gru_block_cell_grad(x, h_prev, w_ru, w_c, b_ru, b_c, r, u, c, dh)
        d_w_ru = raw.mat_mul(concat([x, h_prev], 1), d_gates, transpose_a=True)
        d_b_ru = raw.bias_add_grad(d_gates)
        d_w_c = raw.mat_mul(concat([x, h_prev * r], 1), d_c_bar, transpose_a=True)
        return d_x, d_h_prev, d_w_ru, d_w_c, d_b_ru, raw.bias_add_grad(d_c_bar)


@op("GRUBlockCellGrad", check=_check_gru)
class GRUBlockCellGrad:
    """The gradients of one step of a GRU."""

    def shape(op, x, h_prev, w_ru, w_c, b_ru, b_c, r, u, c, d_h):
        whole = _cell_dims(x, h_prev)
        units = None if whole is None else whole[1]
        gates = None if whole is None else (whole[0], None if units is None else 2 * units)
        return [shape_rules.with_rank(x, 2), whole, whole, gates]

    def kernel(op, x, h_prev, w_ru, w_c, b_ru, b_c, r, u, c, d_h):
        depth = x.shape[1]
        d_c_bar = (1 - c * c) * (d_h * (1 - u))
        d_u_bar = u * (1 - u) * (d_h * (h_prev - c))
        of_candidate = d_c_bar @ w_c.mT
        d_used = of_candidate[:, depth:]
        d_gates = torch.cat([d_used * h_prev * r * (1 - r), d_u_bar], 1)
        of_gates = d_gates @ w_ru.mT
        d_h_prev = of_gates[:, depth:] + d_used * r + d_h * u
        return of_candidate[:, :depth] + of_gates[:, :depth], d_h_prev, d_c_bar, d_gates


def _block_dims(x: Any, b: Any) -> Any:
    x, b = shape_rules.with_rank(x, 3), shape_rules.with_rank(b, 1)
    if b[0] is not None and b[0] % 4:
        raise ValueError(f"Dimension size must be evenly divisible by 4 but is {b[0]}")
    return (x[0], x[1], None if b[0] is None else b[0] // 4)


def _block(op: Any, length: Any, x: Any, cs: Any, h: Any, w: Any, wci: Any, wcf: Any, wco: Any, b: Any,
           forget_bias: float, order: str) -> list[Any]:
    """All steps; those beyond `length` are zero."""
    (_, batch, depth), steps = x.shape, int(length)
    units = b.shape[0] // 4
    results = [x.new_zeros((x.shape[0], x.shape[1], units)) for _ in range(7)]
    peepholes = (wci, wcf, wco) if op.use_peephole else None
    of_inputs = torch.addmm(b, x[:steps].reshape(steps * batch, depth), w[:depth]).reshape(steps, batch, 4 * units)
    of_states = w[depth:]
    for time in range(steps):
        found = _lstm_step(torch.addmm(of_inputs[time], h, of_states), cs, peepholes, forget_bias, op.cell_clip, order)
        cs, h = found[1], found[6]
        for result, value in zip(results, found):
            result[time] = value
    return results


def _block_back(op: Any, length: Any, x: Any, cs_prev: Any, h_prev: Any, w: Any, wci: Any, wcf: Any, wco: Any, b: Any,
                i: Any, cs: Any, f: Any, o: Any, ci: Any, co: Any, h: Any, cs_grad: Any, h_grad: Any,
                order: str) -> tuple[Any, ...]:
    """The gradients of all steps, from the last to the first."""
    (_, batch, depth), steps = x.shape, int(length)
    peepholes = (wci, wcf, wco) if op.use_peephole else None
    d_x = torch.zeros_like(x)
    d_peepholes = [torch.zeros_like(wci), torch.zeros_like(wcf), torch.zeros_like(wco)]
    d_cs, d_h = torch.zeros_like(cs_prev), torch.zeros_like(h_prev)
    d_gates = x.new_zeros((steps, batch, b.shape[0]))
    back = w[depth:].mT
    for time in range(steps - 1, -1, -1):
        before = cs[time - 1] if time else cs_prev
        step = [part[time] for part in (i, cs, f, o, ci, co)]
        d_cs, gates, *found = _lstm_step_back(before, peepholes, step, cs_grad[time] + d_cs, h_grad[time] + d_h, order)
        d_gates[time] = gates
        d_h = gates @ back
        d_peepholes = [total + part for total, part in zip(d_peepholes, found)]
    d_x[:steps] = d_gates @ w[:depth].mT
    states = torch.cat([h_prev.unsqueeze(0), h])[:steps]
    flat = d_gates.reshape(steps * batch, b.shape[0])
    d_w = torch.cat([x[:steps], states], 2).reshape(steps * batch, w.shape[0]).mT @ flat
    return (d_x, d_cs, d_h, d_w, *d_peepholes, flat.sum(0))


def _block_gradient(op: Any, grads: Any, function: Any) -> list[Any]:
    return [None, *function(*op.op._inputs, *op.op._outputs, grads[1], grads[6], use_peephole=op.use_peephole)]


_LOOP = {"traced": False, "because": "it loops over as many steps as a value says", "check": _check_block}


@op("BlockLSTM", **_LOOP)
class BlockLSTM:
    """An LSTM over time: [time, batch, n] -> seven of [time, batch, units]."""

    def shape(op, length, x, cs_prev, h_prev, w, wci, wcf, wco, b):
        return [_block_dims(x, b)] * 7

    def kernel(op, *values):
        return _block(op, *values, forget_bias=op.forget_bias, order=_ICFO)

    def gradient(op, *grads):
        return _block_gradient(op, grads, raw.block_lstm_grad)


@op("BlockLSTMV2", **_LOOP)
class BlockLSTMV2:
    """An LSTM over time, with the forget gate second."""

    def shape(op, length, x, cs_prev, h_prev, w, wci, wcf, wco, b):
        return [_block_dims(x, b)] * 7

    def kernel(op, *values):
        return _block(op, *values, forget_bias=0.0, order=_IFCO)

    def gradient(op, *grads):
        return _block_gradient(op, grads, raw.block_lstm_grad)  # 1.15 takes this one for either order of gates


def _block_grad_dims(op: Any, length: Any, x: Any, cs_prev: Any, h_prev: Any, w: Any, wci: Any, wcf: Any, wco: Any,
                     b: Any, *rest: Any) -> list[Any]:
    return [shape_rules.with_rank(x, 3), shape_rules.with_rank(cs_prev, 2), shape_rules.with_rank(h_prev, 2),
            shape_rules.with_rank(w, 2),
            *(shape_rules.with_rank(part, 1) for part in (wci, wcf, wco, b))]


@op("BlockLSTMGrad", **_LOOP)
class BlockLSTMGrad:
    """The gradients of `BlockLSTM`."""

    shape = _block_grad_dims

    def kernel(op, *values):
        return _block_back(op, *values, order=_ICFO)


@op("BlockLSTMGradV2", **_LOOP)
class BlockLSTMGradV2:
    """The gradients of `BlockLSTMV2`."""

    shape = _block_grad_dims

    def kernel(op, *values):
        return _block_back(op, *values, order=_IFCO)
