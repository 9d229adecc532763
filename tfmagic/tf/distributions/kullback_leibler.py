"""Divergences of pairs of distributions: a table by their classes, and what asks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.distributions.moving import moved

_DIVERGENCES: dict[tuple[type, type], Callable[..., Tensor]] = {}


def _registered(class_a: type, class_b: type) -> Callable[..., Tensor] | None:
    """The divergence of the nearest pair of base classes, those of the first class nearer."""
    pairs = [(near_a + near_b, near_a, function)
             for near_a, base_a in enumerate(class_a.__mro__) for near_b, base_b in enumerate(class_b.__mro__)
             if (function := _DIVERGENCES.get((base_a, base_b))) is not None]
    return min(pairs, key=lambda pair: pair[:2])[2] if pairs else None


@export("distributions.kl_divergence")
@moved("kullback_leibler", None)
def kl_divergence(distribution_a: Any, distribution_b: Any, allow_nan_stats: bool = True,
                  name: str | None = None) -> Tensor:
    """The Kullback-Leibler divergence of two distributions.

    Args:
      distribution_a: whose samples are averaged over.
      distribution_b: the other.
      allow_nan_stats: whether it may be NaN; else that is an error of the run.
      name: of the scope.

    Returns:
      A tensor of the batch shape.

    Raises:
      NotImplementedError: no divergence of the two classes is registered.
    """
    found = _registered(type(distribution_a), type(distribution_b))
    if found is None:
        raise NotImplementedError("No KL(distribution_a || distribution_b) registered for distribution_a type "
                                  f"{type(distribution_a).__name__} and distribution_b type "
                                  f"{type(distribution_b).__name__}")
    with name_scope("KullbackLeibler"):
        divergence = found(distribution_a, distribution_b, name=name)
        if allow_nan_stats:
            return divergence
        divergence = api.identity(divergence, name="kl")
        check = api.debugging.Assert(api.logical_not(api.reduce_any(api.is_nan(divergence))), [
            f"KL calculation between {distribution_a.name} and {distribution_b.name} returned NaN values (and was "
            "called with allow_nan_stats=False). Values:", divergence])
        with get_default_graph().control_dependencies([check]):
            return api.identity(divergence, name="checked_kl")


@moved("kullback_leibler", None)
def cross_entropy(ref: Any, other: Any, allow_nan_stats: bool = True, name: str | None = None) -> Tensor:
    """Shannon's cross entropy: the entropy of `ref` and its divergence from `other`."""
    with name_scope(name, "cross_entropy"):
        return ref.entropy() + kl_divergence(ref, other, allow_nan_stats=allow_nan_stats)


@export("distributions.RegisterKL")
class RegisterKL:
    """Decorator of a function `(a, b, name=None)` that gives the divergence of two distributions.

    Args:
      dist_cls_a: the class of the first.
      dist_cls_b: the class of the second.
    """

    @moved("kullback_leibler")
    def __init__(self, dist_cls_a: type, dist_cls_b: type):
        self._key = (dist_cls_a, dist_cls_b)

    def __call__(self, kl_fn: Callable[..., Tensor]) -> Callable[..., Tensor]:
        if not callable(kl_fn):
            raise TypeError(f"kl_fn must be callable, received: {kl_fn}")
        if self._key in _DIVERGENCES:
            a, b = self._key
            raise ValueError(f"KL({a.__name__} || {b.__name__}) has already been registered to: "
                             f"{_DIVERGENCES[self._key]}")
        _DIVERGENCES[self._key] = kl_fn
        return kl_fn


def divergence(class_a: type, class_b: type) -> Callable[[Callable[..., Tensor]], Callable[..., Tensor]]:
    """`RegisterKL` for the house, without its warning."""

    def register(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        _DIVERGENCES[class_a, class_b] = function
        return function

    return register
