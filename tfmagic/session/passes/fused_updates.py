"""Fused updates: an optimiser's steps on all its variables as one call of torch's kernels, in place.

1. `ApplyAdam` steps (without Nesterov) that share type, device, hyper-parameters and powers become one
   `torch._fused_adam_`, and after some runs one call of machine code. TensorFlow's epsilon stands outside the
   bias correction, torch's inside: the correction is folded into the learning rate, and torch is given a step count
   for which its own is 1. Steps of other kinds, of which machine code can be made (RMSProp, Adadelta, AdaMax, ...),
   become one such call too; before they are computed by torch, variable by variable.
2. `ApplyGradientDescent` steps that share type, device and learning rate become one `torch._foreach_add_`; a large
   gradient that is a product of matrices is added to its variable by `addmm_`, and never stored.
3. `ApplyMomentum` steps likewise become one `torch._fused_sgd_`, which reads and writes each number once.
4. `ApplyAdagrad` steps that update their slots likewise become one `torch._fused_adagrad_`.
5. A step qualifies when nothing else in the plan reads the new values and no other step writes the same variables.
   Changes of rows are fused by `row_steps`.
   Fetched old values are copied out before updates are carried out, so they stay what they were.
6. The calls are only prepared here (as partials): the run carries them out at its end, all or none. A gradient that
   lies in the memory of a variable that changes then is copied before.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import torch
from torch import fx
from torch.fx.proxy import Proxy

from tfmagic.graph import opdefs, registry
from tfmagic.graph.opdefs import python_name
from tfmagic.graph.operation import Operation
from tfmagic.session.passes import one_pass, row_steps, row_updates
from tfmagic.session.passes.ownership import lenders
from tfmagic.session.passes.prepared import Prepared, apart, take_in_place
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import PlanCall

# How many numbers machine code computes in the microsecond that it saves: where torch makes one pass, too, and for each
# pass where it makes one for every operation, and stores what comes of it.
_SAVES, _OF_PASSES = 6000, 2000
# Numbers of a gradient that are better not stored at all.
_LARGE = 1 << 16
# 1 - beta ** step is 1 in every float type.
_NO_CORRECTION = 1e9


def run(plan: PlanGraph) -> bool:
    """Fuse what can be fused; say whether there was anything."""
    groups: dict[Any, list[Any]] = {}
    rules = {update.op: _rule(update) for update in plan.updates}
    if not any(rules.values()):
        return False
    made_by: dict[Any, set[fx.Node]] = {}
    for node in plan.graph.nodes:
        made_by.setdefault(node.meta.get("op"), set()).add(node)
    writers = Counter(root for update in plan.updates for root in set(update.roots.values()))
    results, states = set(plan.results[0]), set(plan.results[1])
    for update in plan.updates:
        rule = rules[update.op]
        if rule is not None and all(writers[root] == 1 for root in update.roots.values()) \
                and all(isinstance(value, Proxy) and value.node in states and value.node not in results
                        for value in update.values) and _stands_alone(plan, update, made_by[update.op]):
            shared = [_key(update.arguments[name]) for name in rule[1]]
            key = (update.op.type.removeprefix("Resource"), _dtype_device(update), *shared,
                   *one_pass.exponents(update.arguments), *one_pass.flags(update.op), update.op._attrs.get("Tindices"))
            groups.setdefault(key, []).append(update)
    roots = {root for updates in groups.values() for update in updates for root in update.roots.values()}
    changing = [node for node in plan.graph.nodes
                if node.op == "placeholder" and (node.meta["source"] in roots or row_updates.is_large(node))]
    for updates in groups.values():
        rules[updates[0].op][0](plan, updates, changing)  # type: ignore[index]
    return bool(groups)


def _rule(update: Any) -> tuple[Any, tuple[str, ...]] | None:
    """How updates of a kind are fused, and the inputs that they must share; None where they are not."""
    known = _RULES.get(update.op.type)
    if known is not None and known[0] is _adam and update.op._attrs.get("use_nesterov"):
        known = None
    if known is not None:
        return known
    if "indices" in update.arguments:
        return row_steps.rule(update)
    formula = _formula(update) if "grad" in update.arguments else None
    return None if formula is None or not formula.fits else (_by_formula, formula.numbers)


def _formula(update: Any) -> one_pass.Formula | None:
    """What an update changes its variables by, where it is a function of numbers that stand at the same place."""
    op = update.op
    declaration = registry.lookup(op.type)
    if declaration is None or declaration.kernel is None or not declaration.writes:
        return None
    return _formula_of(op.type, declaration.kernel, tuple(declaration.writes), one_pass.flags(op),
                       one_pass.exponents(update.arguments))


@functools.cache
def _formula_of(op_type: str, kernel: Callable[..., Any], written: tuple[str, ...],
                attrs: tuple[tuple[str, bool], ...],
                exponents: tuple[tuple[str, float], ...]) -> one_pass.Formula | None:
    names = [arg.name for arg in opdefs.get(op_type).inputs]  # type: ignore[union-attr]
    if any(name not in names for name in (*written, "grad")) or "indices" in names:
        return None
    own, fixed = SimpleNamespace(**dict(attrs)), dict(exponents)
    numbers = [name for name in names if name not in written and name != "grad"]
    return one_pass.Formula(lambda **given: kernel(own, *({**given, **fixed}[name] for name in names)),
                            (*written, "grad"), numbers, len(written))


def _stands_alone(plan: PlanGraph, update: Any, own_nodes: set[fx.Node]) -> bool:
    """Whether nobody reads the new values, and the old ones are the variables' (`own_nodes`: those of the kernel)."""
    output = plan.output_node
    if not update.op._attrs.get("update_slots", True):
        return False
    roots = list(update.roots.values())
    for root, value in zip(roots, update.values):
        if any(user is not output and user not in own_nodes for user in value.node.users):
            return False
        before = update.arguments[next(name for name, r in update.roots.items() if r is root)]
        if not isinstance(before, Proxy) or before.node.meta.get("source") is not root:
            return False
    if "indices" in update.arguments:  # then its rule has looked at the types
        return True
    floats = ("float32", "float64")
    grad = update.arguments.get("grad", update.arguments.get("delta"))
    return isinstance(grad, Proxy) and update.op._attrs["T"].base_dtype.name in floats


def _dtype_device(update: Any) -> tuple[str, str]:
    attrs = update.op._attrs
    dtype = attrs["T"] if "T" in attrs else attrs["dtype"]
    return dtype.base_dtype.name, update.values[0].node.meta.get("device", "cpu")


def _key(value: Any) -> Any:
    if isinstance(value, Proxy):
        node = value.node
        # Every variable has a conversion of its own of the powers to its type.
        return (node.target, node.args) if node.target == "to" and not node.kwargs else node
    return ("constant", value.item()) if isinstance(value, torch.Tensor) and value.ndim == 0 else id(value)


def _number(value: Any) -> float | None:
    return value.item() if isinstance(value, torch.Tensor) and value.ndim == 0 else None


def _finish(plan: PlanGraph, updates: list[Any], call: fx.Node, changed: tuple[str, ...]) -> None:
    """Take the fused variables out of the plan's new values and add the prepared call.

    Args:
      changed: the updates' inputs whose variables the call changes, in the order of `Prepared.changed`.
    """
    news = [dict(zip(update.roots, update.values)) for update in updates]
    take_in_place(plan, [of_one[name].node for name in changed for of_one in news], call)


def _list(updates: list[Any], name: str) -> list[fx.Node]:
    return [update.arguments[name].node for update in updates]


def _adam(plan: PlanGraph, updates: list[Any], changing: Sequence[fx.Node]) -> None:
    hyper: list[Any] = [_number(updates[0].arguments[name]) for name in ("beta1", "beta2", "epsilon")]
    if None not in hyper:
        _by_formula(plan, updates, changing, functools.partial(_fused_adam, *hyper))


def _by_formula(plan: PlanGraph, updates: list[Any], changing: Sequence[fx.Node],
                early: Callable[..., Prepared] | None = None) -> None:
    formula = _formula(updates[0])
    assert formula is not None
    graph, given = plan.graph, updates[0].arguments
    *tensors, gradients = [_list(updates, name) for name in formula.tensors]
    with graph.inserting_before(plan.output_node):
        gradients, numbers = apart(
            graph, [gradients, [plan.node_of(given[name]) for name in formula.numbers]], changing)
        call = graph.call_function(FusedSteps(updates[0].op, formula, early), ([*tensors, gradients], numbers))
    call.meta.update(op=updates[0].op, effect="none")  # it only prepares the step
    _finish(plan, updates, call, formula.tensors[:formula.written])


def _gradient_descent(plan: PlanGraph, updates: list[Any], changing: Sequence[fx.Node]) -> None:
    graph, alpha = plan.graph, plan.node_of(updates[0].arguments["alpha"])
    products = [update for update in updates if _is_large_product(update, changing)]
    others = [update for update in updates if update not in products]
    factors: list[Any] = [node.args for node in _list(products, "delta")]
    with graph.inserting_before(plan.output_node):
        calls: tuple[Any, ...] = ((others, fused_gradient_descent, apart(graph, [_list(others, "delta")], changing)),
                                  (products, fused_products, [[a for a, _ in factors], [b for _, b in factors]]))
        for chosen, function, given in calls:
            if chosen:
                call = graph.call_function(function, (_list(chosen, "var"), *given, alpha))
                call.meta.update(op=chosen[0].op, effect="none")  # it only prepares the step
                _finish(plan, chosen, call, ("var",))
    if products:
        call.meta["work"] = max(2 * a.meta["val"].numel() * b.meta["val"].shape[-1] for a, b in factors)


def _is_large_product(update: Any, changing: Sequence[fx.Node]) -> bool:
    """Whether a gradient is a product of matrices, for nobody else, that is better added to the variable at once."""
    node = update.arguments["delta"].node
    values: list[Any] = [value.meta.get("val") for value in (node, *node.all_input_nodes)]
    return node.target is torch.matmul and not node.kwargs and len(values) == 3 \
        and all(isinstance(value, torch.Tensor) and value.dim() == 2 for value in values) \
        and values[0].numel() >= _LARGE and node.meta.get("device", "cpu") == "cpu" \
        and all(user.meta.get("op") is update.op for user in node.users) \
        and not any(lenders(factor, changing) for factor in node.all_input_nodes)  # read while variables change


def _momentum(plan: PlanGraph, updates: list[Any], changing: Sequence[fx.Node]) -> None:
    graph = plan.graph
    given = updates[0].arguments
    for nesterov in (False, True):
        alike = [update for update in updates if bool(update.op._attrs.get("use_nesterov")) is nesterov]
        if not alike:
            continue
        with graph.inserting_before(plan.output_node):
            call = graph.call_function(fused_momentum, (
                _list(alike, "var"), _list(alike, "accum"), *apart(graph, [_list(alike, "grad")], changing),
                plan.node_of(given["lr"]), plan.node_of(given["momentum"]), nesterov))
        call.meta.update(op=alike[0].op, effect="none")  # it only prepares the step
        _finish(plan, alike, call, ("var", "accum"))


def _adagrad(plan: PlanGraph, updates: list[Any], changing: Sequence[fx.Node]) -> None:
    graph = plan.graph
    with graph.inserting_before(plan.output_node):
        call = graph.call_function(fused_adagrad, (
            _list(updates, "var"), _list(updates, "accum"), *apart(graph, [_list(updates, "grad")], changing),
            plan.node_of(updates[0].arguments["lr"])))
    call.meta.update(op=updates[0].op, effect="none")  # it only prepares the step
    _finish(plan, updates, call, ("var", "accum"))


_SHARED_BY_ADAM = ("beta1_power", "beta2_power", "lr", "beta1", "beta2", "epsilon")
_RULES: dict[str, tuple[Any, tuple[str, ...]]] = {}
for _prefix in ("", "Resource"):
    _RULES[_prefix + "ApplyAdam"] = (_adam, _SHARED_BY_ADAM)
    _RULES[_prefix + "ApplyGradientDescent"] = (_gradient_descent, ("alpha",))
    _RULES[_prefix + "ApplyMomentum"] = (_momentum, ("lr", "momentum"))
    _RULES[_prefix + "ApplyAdagrad"] = (_adagrad, ("lr",))


# --- called by plans --------------------------------------------------------------------------------------------


@functools.cache
def _steps(count: int, device: torch.device) -> list[torch.Tensor]:
    return [torch.tensor(_NO_CORRECTION, device=device) for _ in range(count)]


def _gradients(variables: list[Any], gradients: list[Any]) -> list[torch.Tensor]:
    """The gradients laid out as the variables, which the fused kernels take for granted."""
    result = []
    for variable, gradient in zip(variables, gradients):
        if variable.shape != gradient.shape:
            raise ValueError(f"var and grad do not have the same shape: {list(variable.shape)} {list(gradient.shape)}")
        result.append(gradient.contiguous())
    return result


class FusedSteps(PlanCall, shown_under="tfmagic.session"):
    """Prepares the steps of one kind on all variables: torch's, and after some calls machine code.

    Args:
      op: an operation of the kind.
      formula: what a step computes.
      early: prepares them before, from what a call gets; by default the formula does.
    """

    effect = "none"

    def __init__(self, op: Operation, formula: one_pass.Formula, early: Callable[..., Prepared] | None = None):
        name = python_name(op.type.removeprefix("Resource"))
        self.__name__ = self.__qualname__ = name.replace("apply_", "fused_")
        self._formula = formula
        self._early = early or functools.partial(_steps_of, formula)
        self._one_pass = early is not None
        self._stepper: one_pass.Stepper | None = None

    def bind(self, *bodies: Callable[..., Any]) -> Callable[..., Prepared]:
        """The function of a plan's callable; all callables of a plan count together."""
        written, early, formula = self._formula.written, self._early, self._formula

        def fused(tensors: list[list[Any]], numbers: list[Any]) -> Prepared:
            stepper = self._stepper
            tensors = [*tensors[:-1], _gradients(tensors[0], tensors[-1])]
            if stepper is None:
                first, count = tensors[0][0], sum(map(torch.numel, tensors[0]))
                saves = _SAVES if self._one_pass else max(1, _OF_PASSES // max(1, formula.operations))
                stepper = self._stepper = one_pass.Stepper(formula, first.dtype, count, saves, first.device)
            if not stepper.ready():
                return early(tensors, numbers)
            step = stepper.call
            return Prepared(lambda: (step(numbers, tensors),), tuple(tensors[:written]))

        return fused


def _steps_of(formula: one_pass.Formula, tensors: list[list[Any]], numbers: list[Any]) -> Prepared:
    """Steps by the formula, as torch computes it: new values, which take the places of the old ones."""
    new = list(zip(*(formula.new_values(given, numbers) for given in zip(*tensors))))
    changed = tuple(tensors[:formula.written])
    return Prepared(lambda: [functools.partial(torch._foreach_copy_, old, list(values))
                             for old, values in zip(changed, new)], changed)


def _fused_adam(beta1: float, beta2: float, epsilon: float, tensors: list[list[Any]], numbers: list[Any]) -> Prepared:
    """Adam's steps by torch's kernel."""
    variables, m, v, gradients = tensors
    beta1_power, beta2_power, lr = numbers[:3]
    alpha = lr * torch.sqrt(1 - beta2_power) / (1 - beta1_power)
    steps = _steps(len(variables), variables[0].device)
    step = functools.partial(
        torch._fused_adam_, variables, gradients, m, v, [], steps,
        lr=alpha.to(torch.float64).item() if variables[0].device.type == "cpu" else alpha, beta1=beta1, beta2=beta2,
        weight_decay=0.0, eps=epsilon, amsgrad=False, maximize=False)
    return Prepared(lambda: (step,), (variables, m, v))


def fused_gradient_descent(variables: list[Any], gradients: list[Any], alpha: Any) -> Prepared:
    """Prepare a gradient descent step on all variables."""
    gradients = _gradients(variables, gradients)
    if alpha.is_cuda:  # nobody waits for it
        step = functools.partial(torch._foreach_add_, variables, list(torch._foreach_mul(gradients, -alpha)))
    else:
        step = functools.partial(torch._foreach_add_, variables, gradients, alpha=-alpha.item())
    return Prepared(lambda: (step,), (variables,))


def fused_products(variables: list[Any], firsts: list[Any], seconds: list[Any], alpha: Any) -> Prepared:
    """Prepare a gradient descent step on variables whose gradients are products of matrices, which are never stored."""
    add, rate = torch.Tensor.addmm_, -alpha.item()
    return Prepared(lambda: [functools.partial(add, variable, a, b, alpha=rate)
                             for variable, a, b in zip(variables, firsts, seconds)], (variables,))


def fused_momentum(variables: list[Any], accums: list[Any], gradients: list[Any], lr: Any, momentum: Any,
                   nesterov: bool) -> Prepared:
    """Prepare a momentum step on all variables."""
    gradients = _gradients(variables, gradients)
    rate = momentum.item()
    if not rate:  # then torch keeps no accumulators
        steps = (functools.partial(torch._foreach_copy_, accums, gradients),
                 functools.partial(torch._foreach_add_, variables, gradients, alpha=-lr.item()))
        return Prepared(lambda: steps, (variables, accums))
    step = functools.partial(
        torch._fused_sgd_, variables, gradients, accums, weight_decay=0.0, momentum=rate, dampening=0.0,
        lr=lr if lr.is_cuda and lr.dtype is torch.float32 else lr.item(),  # torch takes no other from a GPU
        nesterov=nesterov, maximize=False, is_first_step=False)
    return Prepared(lambda: (step,), (variables, accums))


def fused_adagrad(variables: list[Any], accums: list[Any], gradients: list[Any], lr: Any) -> Prepared:
    """Prepare an Adagrad step on all variables."""
    gradients = _gradients(variables, gradients)
    if variables[0].is_cuda:  # where older versions of torch have no kernel, and the rate is not waited for
        sums = list(torch._foreach_addcmul(accums, gradients, gradients, 1.0))
        changes = list(torch._foreach_div(gradients, list(torch._foreach_sqrt(sums))))
        torch._foreach_mul_(changes, -lr if lr.is_cuda else -lr.item())
        calls = (functools.partial(torch._foreach_copy_, accums, sums),
                 functools.partial(torch._foreach_add_, variables, changes))
        return Prepared(lambda: calls, (variables, accums))
    step = functools.partial(
        torch._fused_adagrad_, variables, gradients, accums,
        _steps(len(variables), variables[0].device), lr=lr.item(), lr_decay=0.0, weight_decay=0.0, eps=0.0,
        maximize=False)
    return Prepared(lambda: (step,), (variables, accums))
