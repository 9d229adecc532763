"""The update rules of training: one formula each, for dense and sparse gradients, references and resources."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims, brackets
from tfmagic.graph import opdefs
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import register
from tfmagic.ops.state.rows import RowRule, in_turn
from tfmagic.ops.state.variables import dims_behind

_GRADIENTS = ("grad", "delta")


def _update_shape(op: Any, *dims: Dims) -> Dims:
    """The shape that variable, slots and gradient have in common; every other input is a scalar."""
    given = dict(zip((arg.name for arg in op.op._op_def.inputs), dims))
    slots = [arg.name for arg in op.op._op_def.inputs if arg.is_ref or _is_handle(arg)]
    for arg in op.op._op_def.inputs:
        if _is_handle(arg):
            given[arg.name] = dims_behind(getattr(op, arg.name))
    result = given["var"]
    for name in slots:
        result = shape_rules.merge(result, given[name])
    for name, item in given.items():
        if name in _GRADIENTS and "indices" in given:
            rows = shape_rules.with_rank(given["indices"], 1)
            grad = shape_rules.with_rank_at_least(item, 1)
            if grad is not None:
                shape_rules.merge_dim(rows[0], grad[0])
                if result is not None:
                    shape_rules.merge(result, (None, *grad[1:]))
        elif name in _GRADIENTS:
            result = shape_rules.merge(result, item)
        elif name not in slots and name != "indices":
            shape_rules.with_rank(item, 0)
    return result


def _is_handle(arg: Any) -> bool:
    return arg.dtype is not None and arg.dtype.name == "resource"


# What TensorFlow's kernels call their scalars, by the end of the op's name.
_STRICT = ("Ftrl", "FtrlV2", "ProximalAdagrad")
_SPACED = ("ApplyAdaMax", "ApplyAdam", "ApplyAdamWithAmsgrad", "ApplyCenteredRMSProp", "ApplyRMSProp",
           "SparseApplyMomentum", "SparseApplyKerasMomentum")


def _scalar_words(op_type: str, name: str) -> str | None:
    """What a kernel says of an input that must be a scalar; None: it does not look."""
    strict = op_type.endswith(tuple("Apply" + update for update in _STRICT))
    if name == "sign_decay":
        return None
    if name in ("l1", "l2", "l2_shrinkage"):
        kind = "non-negative scalar" if strict else "scalar"
        return f"{name.replace('_', ' ')} regularization strength is not a {kind}: "
    if name == "lr_power":
        return "lr_power is not a non-positive scalar: "
    if name == "alpha" and "SparseApply" in op_type:
        name = "lr"
    if name == "lr" and strict:
        return "lr is not a positive scalar: "
    if name == "lr" and op_type.endswith(_SPACED) and ("Momentum" in op_type or "Sparse" not in op_type):
        return "lr is not a scalar : "
    return f"{name} is not a scalar: "


def _refused(op: Any, *dims: Dims) -> str | None:
    """TensorFlow's words for shapes that do not fit together."""
    definition = op.op._op_def
    given = dict(zip((arg.name for arg in definition.inputs), dims))
    slots = [arg.name for arg in definition.inputs if arg.is_ref or _is_handle(arg)]
    var = given["var"]
    for name in slots:
        if var is not None and given[name] is not None and given[name] != var:
            return f"var and {name} do not have the same shape{brackets(var)} {brackets(given[name])}"
    for name, known in given.items():
        if name in slots or name in _GRADIENTS or name == "indices" or not known:
            continue
        words = _scalar_words(definition.name, name)
        if words is not None:
            return words + brackets(known)
    grad = next(given[name] for name in _GRADIENTS if name in given)
    if "indices" not in given:
        if var is not None and grad is not None and grad != var:
            name = next(name for name in _GRADIENTS if name in given)
            return f"var and {name} do not have the same shape{brackets(var)} {brackets(grad)}"
        return None
    indices = given["indices"]
    if indices is not None and len(indices) != 1:
        return "indices must be one-dimensional"
    if var is not None and grad is not None:
        for axis in range(1, len(var)):
            if axis >= len(grad) or grad[axis] != var[axis]:
                return f"var and grad must match in dimension {axis}"
    if indices is not None and grad is not None and grad[:1] != indices:
        return "grad must be the same size as indices in the first dimension."
    return ""


def _require(op: Any, name: str, value: Any, fits: Callable[[float], bool]) -> None:
    """Refuse a scalar, where its value is known when the plan is made."""
    if isinstance(value, torch.Tensor) and value.numel() == 1 and not fits(float(value)):
        words = f"{_scalar_words(op.op.type, name)}{brackets(tuple(value.shape))}"
        raise errors.InvalidArgumentError(None, op.op, words)


def _strict(kernel: Callable[..., Any], names: list[str]) -> Callable[..., Any]:
    """The kernel of an update that is strict with its scalars."""

    @functools.wraps(kernel)
    def checked(op: Any, *values: Any) -> Any:
        for name, value in zip(names, values):
            if name in ("lr", "lr_power", "l1", "l2", "l2_shrinkage"):
                _require(op, name, value, (lambda v: v > 0) if name == "lr" else
                         (lambda v: v <= 0) if name == "lr_power" else (lambda v: v >= 0))
        return kernel(op, *values)

    return checked


def _sparse(rule: Callable[..., Any], names: list[str], slots: tuple[str, ...],
            options: dict[str, Any]) -> Callable[..., Any]:
    """The rule applied to the rows that `indices` names, one after the other where a row is named twice.

    Args:
      options: what the rule is told of rows, beside the op's inputs.
    """
    gradient = "delta" if "delta" in rule.__code__.co_varnames[:rule.__code__.co_argcount] else "grad"
    count = len(slots)

    def step(attrs: Any, grad: Any, **given: Any) -> tuple[Any, ...]:
        new = rule(attrs, **{gradient: grad}, **given, **options)
        return new if count > 1 else (new,)

    def on_rows(*rows: Any, attrs: dict[str, bool], **given: Any) -> tuple[Any, ...]:
        return step(SimpleNamespace(**attrs), **dict(zip((*slots, "grad"), rows)), **given)

    change = in_turn(f"sparse{rule.__name__}", on_rows)

    def kernel(op: Any, *values: Any) -> Any:
        given = dict(zip(names, values))
        indices, grad = given.pop("indices"), given.pop("grad")
        attrs = {name: value for name, value in op.op._attrs.items() if isinstance(value, bool)}
        new = change(tuple(given.pop(name) for name in slots), indices, grad, attrs=attrs, **given)
        return new if count > 1 else new[0]

    kernel.of_rows = RowRule(step, slots, "grad")  # type: ignore[attr-defined]
    return kernel


def _explain_sparse(op: Any, var: Any, *values: Any) -> str | None:
    """The words for shapes that do not fit, or for an index that names no row."""
    refused = _refused(op, *(tuple(value.shape) for value in (var, *values)))
    if refused:
        return refused
    indices = values[[arg.name for arg in op.op._op_def.inputs].index("indices") - 1]
    bad = ((indices < 0) | (indices >= var.shape[0])).nonzero()
    return f"Index {int(indices[bad[0]])} at offset {int(bad[0])} in indices is out of range" if len(bad) else None


def _declare(update: str, rule: Callable[..., Any], *slots: str, **options: Any) -> None:
    """Declare every op of an update rule that TensorFlow has.

    Args:
      *slots: what it changes beside the variable.
      **options: what it is told where it is applied to rows.
    """
    changed = ("var", *slots)
    for form in ("Apply", "ResourceApply", "SparseApply", "ResourceSparseApply"):
        definition = opdefs.get(form + update)
        if definition is None:
            continue
        sparse = "Sparse" in form
        names = [arg.name for arg in definition.inputs]
        kernel = _sparse(rule, names, changed, options) if sparse else rule
        kernel = _strict(kernel, names) if update in _STRICT else kernel
        register(form + update, shape=_update_shape, kernel=kernel, check=_refused, writes=changed, doc=rule.__doc__,
                 explain=_explain_sparse if sparse else None)


def _gradient_descent(op: Any, var: Any, alpha: Any, delta: Any) -> Any:
    """var - alpha * delta."""
    return var - alpha * delta


def _momentum(op: Any, var: Any, accum: Any, lr: Any, grad: Any, momentum: Any) -> Any:
    """Momentum: accum = accum * momentum + grad; var - lr * accum, or Nesterov's look-ahead."""
    accum = accum * momentum + grad
    if op.use_nesterov:
        return var - (grad * lr + accum * momentum * lr), accum
    return var - accum * lr, accum


def _keras_momentum(op: Any, var: Any, accum: Any, lr: Any, grad: Any, momentum: Any) -> Any:
    """Momentum with the learning rate inside: accum = accum * momentum - lr * grad; var + accum."""
    accum = accum * momentum - grad * lr
    if op.use_nesterov:
        return var + (accum * momentum - grad * lr), accum
    return var + accum, accum


def _adam(op: Any, var: Any, m: Any, v: Any, beta1_power: Any, beta2_power: Any, lr: Any, beta1: Any, beta2: Any,
          epsilon: Any, grad: Any) -> Any:
    """Adam, with epsilon outside the bias correction."""
    alpha = lr * torch.sqrt(1 - beta2_power) / (1 - beta1_power)
    m = m + (grad - m) * (1 - beta1)
    v = v + (grad * grad - v) * (1 - beta2)
    if op.use_nesterov:
        return var - (grad * (1 - beta1) + beta1 * m) * alpha / (torch.sqrt(v) + epsilon), m, v
    return var - m * alpha / (torch.sqrt(v) + epsilon), m, v


def _amsgrad(op: Any, var: Any, m: Any, v: Any, vhat: Any, beta1_power: Any, beta2_power: Any, lr: Any, beta1: Any,
             beta2: Any, epsilon: Any, grad: Any) -> Any:
    """Adam with the largest second moment so far (AMSGrad)."""
    alpha = lr * torch.sqrt(1 - beta2_power) / (1 - beta1_power)
    m = m + (grad - m) * (1 - beta1)
    v = v + (grad * grad - v) * (1 - beta2)
    vhat = torch.maximum(vhat, v)
    return var - m * alpha / (torch.sqrt(vhat) + epsilon), m, v, vhat


def _adamax(op: Any, var: Any, m: Any, v: Any, beta1_power: Any, lr: Any, beta1: Any, beta2: Any, epsilon: Any,
            grad: Any) -> Any:
    """AdaMax: Adam with the infinity norm as second moment."""
    m = m + (grad - m) * (1 - beta1)
    v = torch.maximum(beta2 * v, torch.abs(grad))
    return var - lr / (1 - beta1_power) * (m / (v + epsilon)), m, v


def _adagrad(op: Any, var: Any, accum: Any, lr: Any, grad: Any) -> Any:
    """Adagrad: var - lr * grad / sqrt(sum of squared gradients)."""
    if op.update_slots:
        accum = accum + grad * grad
    return var - grad * lr * torch.rsqrt(accum), accum


def _adagrad_v2(op: Any, var: Any, accum: Any, lr: Any, epsilon: Any, grad: Any) -> Any:
    """Adagrad with an epsilon beside the root."""
    if op.update_slots:
        accum = accum + grad * grad
    return var - grad * lr / (torch.sqrt(accum) + epsilon), accum


def _adagrad_da(op: Any, var: Any, gradient_accumulator: Any, gradient_squared_accumulator: Any, grad: Any, lr: Any,
                l1: Any, l2: Any, global_step: Any) -> Any:
    """Adagrad with dual averaging: the variable follows from the sums of gradients alone."""
    total = gradient_accumulator + grad
    squares = gradient_squared_accumulator + grad * grad
    steps = global_step.to(var.dtype)
    shrunk = torch.sign(total) * torch.clamp_min(torch.abs(total) - l1 * steps, 0)
    return -lr * shrunk / (l2 * steps * lr + torch.sqrt(squares)), total, squares


def _adadelta(op: Any, var: Any, accum: Any, accum_update: Any, lr: Any, rho: Any, epsilon: Any, grad: Any) -> Any:
    """Adadelta: steps scaled by the root mean squares of gradients and of former steps."""
    accum = accum * rho + grad * grad * (1 - rho)
    update = torch.sqrt(accum_update + epsilon) * torch.rsqrt(accum + epsilon) * grad
    return var - update * lr, accum, accum_update * rho + update * update * (1 - rho)


def _rms_prop(op: Any, var: Any, ms: Any, mom: Any, lr: Any, rho: Any, momentum: Any, epsilon: Any, grad: Any) -> Any:
    """RMSProp: momentum on gradients scaled by their root mean square."""
    ms = ms + (grad * grad - ms) * (1 - rho)
    mom = mom * momentum + grad * lr / torch.sqrt(ms + epsilon)
    return var - mom, ms, mom


def _centered_rms_prop(op: Any, var: Any, mg: Any, ms: Any, mom: Any, lr: Any, rho: Any, momentum: Any, epsilon: Any,
                       grad: Any) -> Any:
    """RMSProp with the gradients' variance instead of their mean square."""
    ms = ms + (grad * grad - ms) * (1 - rho)
    mg = mg + (grad - mg) * (1 - rho)
    mom = mom * momentum + grad * lr / torch.sqrt(ms - mg * mg + epsilon)
    return var - mom, mg, ms, mom


def _ftrl_v2(op: Any, var: Any, accum: Any, linear: Any, grad: Any, lr: Any, l1: Any, l2: Any, l2_shrinkage: Any,
             lr_power: Any, *, keeps_nan: bool = False) -> Any:
    """FTRL-proximal with an L2 penalty on the gradient."""
    return _follow_leader(var, accum, linear, grad, grad + 2 * l2_shrinkage * var, lr, l1, l2, lr_power, keeps_nan)


def _ftrl(op: Any, var: Any, accum: Any, linear: Any, grad: Any, lr: Any, l1: Any, l2: Any, lr_power: Any, *,
          keeps_nan: bool = False) -> Any:
    """FTRL-proximal: follow the regularised leader, with L1 and L2 penalties."""
    return _follow_leader(var, accum, linear, grad, grad, lr, l1, l2, lr_power, keeps_nan)


def _follow_leader(var: Any, accum: Any, linear: Any, grad: Any, shrunk_grad: Any, lr: Any, l1: Any, l2: Any,
                   lr_power: Any, keeps_nan: bool) -> Any:
    total = accum + grad * grad
    power = torch.pow(total, -lr_power)
    linear = linear + shrunk_grad - (power - torch.pow(accum, -lr_power)) / lr * var
    leader = (l1 * torch.sign(linear) - linear) / (power / lr + 2 * l2)
    if keeps_nan:
        return torch.where(torch.abs(linear) <= l1, 0.0, leader), total, linear
    return torch.where(torch.abs(linear) > l1, leader, 0.0), total, linear


def _shrink(value: Any, rate: Any, l1: Any, l2: Any) -> Any:
    """The proximal step of L1 and L2 penalties."""
    return torch.sign(value) * torch.clamp_min(torch.abs(value) - rate * torch.clamp_min(l1, 0), 0) / (1 + l2 * rate)


def _proximal_adagrad(op: Any, var: Any, accum: Any, lr: Any, l1: Any, l2: Any, grad: Any) -> Any:
    """Adagrad with a proximal step for L1 and L2 penalties."""
    accum = accum + grad * grad
    rate = lr * torch.rsqrt(accum)
    return _shrink(var - grad * rate, rate, l1, l2), accum


def _proximal_gradient_descent(op: Any, var: Any, alpha: Any, l1: Any, l2: Any, delta: Any) -> Any:
    """Gradient descent with a proximal step for L1 and L2 penalties."""
    return _shrink(var - alpha * delta, alpha, l1, l2)


def _add_sign(op: Any, var: Any, m: Any, lr: Any, alpha: Any, sign_decay: Any, beta: Any, grad: Any) -> Any:
    """AddSign: larger steps where gradient and momentum agree in sign."""
    m = m * beta + grad * (1 - beta)
    return var - lr * (alpha + sign_decay * torch.sign(grad) * torch.sign(m)) * grad, m


def _power_sign(op: Any, var: Any, m: Any, lr: Any, logbase: Any, sign_decay: Any, beta: Any, grad: Any) -> Any:
    """PowerSign: exponentially larger steps where gradient and momentum agree in sign."""
    m = m * beta + grad * (1 - beta)
    return var - lr * torch.exp(logbase * sign_decay * torch.sign(grad) * torch.sign(m)) * grad, m


_declare("GradientDescent", _gradient_descent)
_declare("Momentum", _momentum, "accum")
_declare("KerasMomentum", _keras_momentum, "accum")
_declare("Adam", _adam, "m", "v")
_declare("AdamWithAmsgrad", _amsgrad, "m", "v", "vhat")
_declare("AdaMax", _adamax, "m", "v")
_declare("Adagrad", _adagrad, "accum")
_declare("AdagradV2", _adagrad_v2, "accum")
_declare("AdagradDA", _adagrad_da, "gradient_accumulator", "gradient_squared_accumulator")
_declare("Adadelta", _adadelta, "accum", "accum_update")
_declare("RMSProp", _rms_prop, "ms", "mom")
_declare("CenteredRMSProp", _centered_rms_prop, "mg", "ms", "mom")
_declare("Ftrl", _ftrl, "accum", "linear", keeps_nan=True)
_declare("FtrlV2", _ftrl_v2, "accum", "linear", keeps_nan=True)
_declare("ProximalAdagrad", _proximal_adagrad, "accum")
_declare("ProximalGradientDescent", _proximal_gradient_descent)
_declare("AddSign", _add_sign, "m")
_declare("PowerSign", _power_sign, "m")
