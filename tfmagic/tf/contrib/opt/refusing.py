"""Optimizers that leave updates out: of gradients that are too old, and of those that are zero throughout."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.ops import api, raw
from tfmagic.tf.train.optimizer import Optimizer


@export("contrib.opt.DropStaleGradientOptimizer")
class DropStaleGradientOptimizer(Optimizer):
    """Applies gradients only while the global step is not far ahead of the one for which they were computed.

    Args:
      opt: the optimizer that applies them.
      staleness: by how many steps a gradient may be late.
    """

    def __init__(self, opt: Any, staleness: Any, use_locking: bool = False, name: str = "DropStaleGradient"):
        super().__init__(use_locking, name)
        self._opt = opt
        self._staleness = staleness
        self._local_step: Any = None

    def compute_gradients(self, loss: Any, *args: Any, **kwargs: Any) -> Any:
        """The gradients, by the optimizer, of the loss after the global step was noted."""
        graph = get_default_graph()
        with graph.colocate_with(loss.op):
            self._local_step = api.train.get_global_step() + 0
        with graph.control_dependencies([self._local_step]):
            loss = raw.identity(loss)
            return self._opt.compute_gradients(loss, *args, **kwargs)

    def get_slot(self, *args: Any, **kwargs: Any) -> Any:
        """A slot of the optimizer."""
        return self._opt.get_slot(*args, **kwargs)

    def get_slot_names(self, *args: Any, **kwargs: Any) -> Any:
        """The names of the optimizer's slots."""
        return self._opt.get_slot_names(*args, **kwargs)

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Any:
        """The update where gradients are fresh enough; a count of those left out.

        Returns:
          A scalar float32 tensor: how many updates were left out so far.

        Raises:
          ValueError: there is no global step.
        """
        graph = get_default_graph()
        gradients = [gradient for gradient, _ in grads_and_vars if gradient is not None]
        with graph.colocate_with(getattr(global_step, "op", global_step)):
            counter = api.get_variable("stale_counter", [], initializer=api.zeros_initializer(), trainable=False)
        with graph.control_dependencies([getattr(gradient, "values", gradient) for gradient in gradients]), \
                graph.colocate_with(global_step.op):
            staleness = api.reshape(global_step - self._local_step, shape=())

        def accepted() -> Any:
            with graph.control_dependencies([
                    self._opt.apply_gradients(grads_and_vars, global_step=global_step, name=name)]):
                return raw.identity(0.0)

        late = api.cond(api.less_equal(staleness, self._staleness), accepted, lambda: raw.identity(1.0))
        left_out = counter.assign_add(late)
        api.summary.scalar("Gradient_staleness_percentage", counter / api.cast(global_step + 1, dtypes.float32))
        return left_out


def _all_zeros(gradient: Any) -> Any:
    return api.equal(api.count_nonzero(gradient), 0)


def _unless_zero(apply: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(apply)
    def applied(gradient: Any, *args: Any, **kwargs: Any) -> Any:
        def update() -> Any:
            with get_default_graph().control_dependencies([apply(gradient, *args, **kwargs)]):
                return api.no_op()

        return api.cond(_all_zeros(gradient), api.no_op, update)

    return applied


@export("contrib.opt.MultitaskOptimizerWrapper")
class MultitaskOptimizerWrapper:
    """An optimizer that leaves a variable and its slots alone while its gradient is zero throughout.

    So a task whose loss is masked does not move the means and momenta of what it shares with others. All that the
    optimizer has can be asked of the wrapper; the optimizer itself is changed.

    Args:
      opt: a `tf.train.Optimizer`.

    Raises:
      TypeError: `opt` is no optimizer.
    """

    def __init__(self, opt: Any):
        if not isinstance(opt, Optimizer):
            raise TypeError("Supplied optimizer must be an instance of tf.train.Optimizer")
        self._opt = opt
        for name in ("_apply_dense", "_resource_apply_dense", "_apply_sparse", "_resource_apply_sparse"):
            setattr(opt, name, _unless_zero(getattr(opt, name)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opt, name)


@export("contrib.opt.clip_gradients_by_global_norm")
def clip_gradients_by_global_norm(gradients_variables: Any, clip_norm: Any = 20.0) -> Any:
    """Clips gradients by their common norm, in which those that are zero throughout count as one zero.

    Args:
      gradients_variables: (gradient, variable) pairs.
      clip_norm: the largest norm.

    Returns:
      The pairs with clipped gradients, and the norm before, a scalar.
    """
    gradients, variables = zip(*gradients_variables)

    def counted(gradient: Any) -> Any:
        if gradient is None:
            return None
        return api.cond(_all_zeros(gradient), lambda: api.zeros([], dtype=dtypes.float32), lambda: gradient)

    norm = api.global_norm([counted(gradient) for gradient in gradients])
    clipped, _ = api.clip_by_global_norm(gradients, clip_norm, use_norm=norm)
    return list(zip(clipped, variables)), norm
