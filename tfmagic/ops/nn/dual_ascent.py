"""Stochastic dual coordinate ascent: ops that fit linear models example by example, in the dual."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfmagic.base import shapes
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops.array.rules import as_array
from tfmagic.ops.declare import op

_STEPS = 50         # of Newton's method, at most
_LARGEST = 700.0    # of which a float64 has an exponential


@dataclass(frozen=True)
class _Example:
    """What the dual of an example is computed from.

    Attributes:
      label, weight: the example's.
      dual: its dual before.
      wx: what the model predicts now.
      curve: how fast the prediction grows with the dual: the example's squared norm over the regularisation, times its
        weight and the number of partitions.
    """

    label: float
    weight: float
    dual: float
    wx: float
    curve: float


def _over(x: float, y: float) -> float:
    """A quotient, as numbers of the machine have it."""
    return float(np.float64(x) / np.float64(y))


def _squared(e: _Example) -> float:
    return e.dual + _over(e.label - e.dual - e.wx, 1 + e.curve)


def _clipped(label: float, dual: float) -> float:
    return 0.0 if label * dual < 0 else label if label * dual > 1 else dual


def _hinge(e: _Example) -> float:
    return _clipped(e.label, e.dual + _over(e.label - e.wx, e.curve))


def _smooth_hinge(e: _Example) -> float:
    return _clipped(e.label, e.dual + _over(e.label - e.wx - e.dual, 1 + e.curve))


def _root(function: Callable[[float], tuple[float, float]], start: float) -> float:
    """Where a rising function is zero, by Newton's method from its convex side."""
    x = start
    for _ in range(_STEPS):
        value, slope = function(x)
        step = value / slope
        x -= step
        if abs(step) <= 1e-12 * max(1.0, abs(x)):
            break
    return x


def _logistic(e: _Example) -> float:
    """The dual is (1 + tanh x) / 2 in the label's direction, so that it stays between 0 and 1."""
    def rising(x: float) -> tuple[float, float]:
        tanh = math.tanh(x)
        return (2 * x + e.label * e.wx + e.curve * (0.5 * (1 + tanh) - e.label * e.dual),
                2 + 0.5 * e.curve * (1 - tanh * tanh))

    return 0.5 * (1 + math.tanh(_root(rising, 0.0))) * e.label


def _poisson(e: _Example) -> float:
    """The dual is the label without exp x, so that it stays below the label."""
    def rising(x: float) -> tuple[float, float]:
        power = math.exp(min(x, _LARGEST))
        return x - e.wx - e.curve * (e.label - e.dual - power), 1 + e.curve * power

    start = max(e.wx, math.log(max(e.label - e.dual, 1e-9)))
    return e.label - math.exp(min(_root(rising, start), _LARGEST))


def _logistic_primal(label: float, wx: float) -> float:
    margin = label * wx
    return math.log1p(math.exp(-abs(margin))) + max(-margin, 0.0)


def _logistic_dual(label: float, dual: float) -> float:
    share = dual * label
    return sum(part * math.log(part) if part > 0 else 0.0 for part in (share, 1 - share))


def _smooth_primal(label: float, wx: float) -> float:
    margin = label * wx
    return 0.0 if margin >= 1 else 0.5 - margin if margin <= 0 else 0.5 * (1 - margin) ** 2


def _within(label: float, dual: float, loss: float) -> float:
    return loss if 0 <= label * dual <= 1 else math.inf


def _poisson_dual(label: float, dual: float) -> float:
    rest = label - dual
    return rest * (math.log(rest) - 1) if rest > 0 else 0.0


@dataclass(frozen=True)
class _Loss:
    """A loss: how it updates a dual, its value and that of its dual, its derivative by the prediction."""

    update: Callable[[_Example], float]
    primal: Callable[[float, float], float]
    dual: Callable[[float, float], float]
    slope: Callable[[float, float], float]
    is_binary: bool = False
    is_counted: bool = False


_LOSSES = {
    "squared_loss": _Loss(_squared, lambda y, wx: 0.5 * (wx - y) ** 2, lambda y, a: a * (0.5 * a - y),
                          lambda y, wx: wx - y),
    "logistic_loss": _Loss(_logistic, _logistic_primal, _logistic_dual,
                           lambda y, wx: -y / (1 + math.exp(min(y * wx, _LARGEST))), is_binary=True),
    "hinge_loss": _Loss(_hinge, lambda y, wx: max(0.0, 1 - y * wx), lambda y, a: _within(y, a, -y * a),
                        lambda y, wx: -y if y * wx < 1 else 0.0, is_binary=True),
    "smooth_hinge_loss": _Loss(_smooth_hinge, _smooth_primal, lambda y, a: _within(y, a, -y * a + 0.5 * a * a),
                               lambda y, wx: 0.0 if y * wx >= 1 else -y if y * wx <= 0 else wx - y, is_binary=True),
    "poisson_loss": _Loss(_poisson, lambda y, wx: math.exp(min(wx, _LARGEST)) - wx * y, _poisson_dual,
                          lambda y, wx: math.exp(min(wx, _LARGEST)) - y, is_counted=True),
}


def _label(loss: _Loss, given: float) -> float:
    """A label as its loss takes it.

    Raises:
      InvalidArgumentError: the loss cannot take it.
    """
    if loss.is_binary:
        if given not in (0.0, 1.0):
            raise invalid(f"Only labels of 0.0 or 1.0 are supported right now. Found example with label: {given:g}")
        return 2 * given - 1
    if loss.is_counted and given < 0:
        raise invalid("Only non-negative labels can be used with the Poisson log loss. Found example with label: "
                      f"{given:g}")
    return given


class _Model:
    """The weights of a linear model, flat, with their changes, and the examples as rows of numbers at weights."""

    def __init__(self, sparse: list[tuple[Any, ...]], dense: list[tuple[Any, Any]], count: int, shrink: float):
        self.shrink = shrink
        self.rows: list[list[tuple[Any, Any]]] = [[] for _ in range(count)]
        weights, start = [], 0
        for examples, features, values, indices, given in sparse:
            self._add_sparse(examples, features, values, indices, start)
            weights.append(given.ravel())
            start += given.size
        for columns, given in dense:
            for row, numbers in zip(self.rows, columns):
                row.append((np.arange(start, start + len(numbers)), numbers.astype(np.float64)))
            weights.append(given.ravel())
            start += given.size
        self.weights = np.concatenate([np.zeros(0), *weights]).astype(np.float64)
        self.deltas = np.zeros_like(self.weights)
        self.norms = [sum(float(numbers @ numbers) for _, numbers in row) for row in self.rows]
        self.before = self._shrunk(self.weights)

    def _add_sparse(self, examples: Any, features: Any, values: Any, indices: Any, start: int) -> None:
        """Take the features of a sparse column.

        Raises:
          InvalidArgumentError: an example has a feature twice, or a feature has no weight.
        """
        order = np.argsort(indices, kind="stable")
        places = np.searchsorted(indices[order], features)
        known = places < len(indices)
        known[known] = indices[order][places[known]] == features[known]
        for example, row in enumerate(self.rows):
            chosen = np.flatnonzero(examples == example)
            own = features[chosen]
            if len(np.unique(own)) < len(own):
                raise invalid("Duplicate index in sparse vector.")
            if not known[chosen].all():
                raise invalid("Found sparse feature indices out of valid range: "
                              f"{own[~known[chosen]][0]}")
            row.append((start + order[places[chosen]],
                        np.ones(len(chosen)) if values is None else values[chosen].astype(np.float64)))

    def _shrunk(self, weights: Any) -> Any:
        return np.sign(weights) * np.maximum(np.abs(weights) - self.shrink, 0) if self.shrink else weights

    def predict(self, example: int, weights: Any) -> float:
        """What weights, shrunk already, predict."""
        return sum(float(weights[places] @ numbers) for places, numbers in self.rows[example])

    def predict_now(self, example: int, partitions: int) -> float:
        """What the model predicts with its changes, as all partitions make them."""
        return sum(float(self._shrunk(self.weights[places] + self.deltas[places] * partitions) @ numbers)
                   for places, numbers in self.rows[example])

    def change(self, example: int, factor: float) -> None:
        """Change the weights in the direction of an example."""
        for places, numbers in self.rows[example]:
            self.deltas[places] += factor * numbers


def _order(loss: _Loss, model: _Model, labels: list[float], weights: Any, state: Any, l2: float,
           adaptive: bool) -> Any:
    """The examples of one pass, at random; if `adaptive`, those oftener whose duals are far from what they will be."""
    count = len(labels)
    if adaptive:
        gaps = np.array([abs(state[place, 0] + loss.slope(label, model.predict(place, model.before)))
                         for place, label in enumerate(labels)])
        chances = gaps * weights * np.sqrt(np.array(model.norms) / l2 * weights + 1)
        total = chances.sum()
        if count and np.isfinite(total) and total > 0:
            return np.random.choice(count, count, p=chances / total)
    return np.random.permutation(count)


def _check_state(state: Any, count: int) -> None:
    if tuple(state.shape) != (count, 4):
        raise invalid(f"Expected shape {shapes.brackets((count, 4))} for example_state_data, got "
                      f"{shapes.brackets(tuple(state.shape))}")


def _fit(node: Any, examples: Any, features: Any, values: Any, dense: Any, example_weights: Any, labels: Any,
         indices: Any, sparse_weights: Any, dense_weights: Any, state: Any, adaptive: bool) -> Any:
    """One pass over the examples."""
    count = example_weights.numel()
    _check_state(state, count)
    loss = _LOSSES[node.loss_type if isinstance(node.loss_type, str) else node.loss_type.decode()]
    l2, partitions = float(np.float32(node.l2)), node.num_loss_partitions
    arrays = [[as_array(value) for value in group]
              for group in (examples, features, values, indices, sparse_weights, dense, dense_weights)]
    numbers = [*arrays[2], *[None] * (len(examples) - len(values))]
    with np.errstate(all="ignore"):
        model = _Model(list(zip(arrays[0], arrays[1], numbers, arrays[3], arrays[4])), list(zip(arrays[5], arrays[6])),
                       count, float(np.float64(np.float32(node.l1)) / np.float64(l2)))
        told = as_array(state).astype(np.float32).copy()
        weights = as_array(example_weights).astype(np.float64).ravel()
        wanted = [_label(loss, float(label)) for label in as_array(labels).ravel()]
        for place in _order(loss, model, wanted, weights, told, l2, adaptive):
            label, weight, before = wanted[place], weights[place], float(told[place, 0])
            seen = model.predict(place, model.before)
            curve = partitions * float(np.float64(model.norms[place]) / np.float64(l2)) * weight
            dual = loss.update(_Example(label, weight, before, model.predict_now(place, partitions), curve))
            model.change(place, float((dual - before) * weight / np.float64(l2)))
            told[place] = dual, loss.primal(label, seen) * weight, loss.dual(label, before) * weight, weight
    deltas, results = torch.from_numpy(model.deltas.astype(np.float32)), []
    start = 0
    for given in (*sparse_weights, *dense_weights):
        results.append(deltas[start:start + given.numel()].reshape(given.shape))
        start += given.numel()
    return torch.from_numpy(told), *results


def _shapes(node: Any, examples: Any, features: Any, values: Any, dense: Any, example_weights: Dims, labels: Dims,
            indices: Any, sparse_weights: list[Dims], dense_weights: list[Dims], state: Dims) -> Any:
    return [(None, 4), list(sparse_weights), list(dense_weights)]


_AT_RUN_TIME: dict[str, Any] = {"traced": False, "because": "examples are visited one by one, in an order of the run",
                                "effect": "reads"}


@op("SdcaOptimizerV2", **_AT_RUN_TIME)
class SdcaOptimizerV2:
    """One pass over examples: what becomes of their state [n, 4] (dual, losses, weight), and changes of the weights."""

    shape = _shapes

    def kernel(node, *inputs):
        return _fit(node, *inputs, adaptive=node.adaptive)


@op("SdcaOptimizer", **_AT_RUN_TIME)
class SdcaOptimizer:
    """The same, with its attr in the older spelling."""

    shape = _shapes

    def kernel(node, *inputs):
        return _fit(node, *inputs, adaptive=node.adaptative)


@op("SdcaShrinkL1", writes="weights")
class SdcaShrinkL1:
    """Weights nearer to zero by l1 / l2, or zero."""

    def shape(node, weights):
        return ()

    def kernel(node, weights):
        with np.errstate(all="ignore"):
            shrink = float(np.float32(node.l1) / np.float32(node.l2))
        return tuple(torch.sign(value) * torch.clamp(torch.abs(value) - shrink, min=0) for value in weights)
