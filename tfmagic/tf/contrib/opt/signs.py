"""Optimizers of another kind of step: by the agreement of signs, by layers' norms, without new slots."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tfmagic.base.export import export
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.grouping import group
from tfmagic.ops.state.assign import assign
from tfmagic.ops.state.scatter import scatter_sub
from tfmagic.tf.train.adagrad import AdagradOptimizer
from tfmagic.tf.train.optimizer import Optimizer, like


class _BySigns(Optimizer):
    """Steps that are larger where gradient and momentum agree in sign."""

    def __init__(self, learning_rate: Any, beta: Any, sign_decay_fn: Callable[[Any], Any] | None, use_locking: bool,
                 name: str):
        super().__init__(use_locking, name)
        self._lr = learning_rate
        self._beta = beta
        self._sign_decay_fn = sign_decay_fn
        self._lr_t: Any = None
        self._beta_t: Any = None
        self._sign_decay_t: Any = None

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Any:
        """See `Optimizer.apply_gradients`; the decay of signs is a function of `global_step`."""
        if self._sign_decay_fn is not None:
            self._sign_decay_t = api.convert_to_tensor(self._sign_decay_fn(global_step), name="sign_decay")
        return super().apply_gradients(grads_and_vars, global_step=global_step, name=name)

    def _create_slots(self, var_list: list[Any]) -> None:
        for var in var_list:
            self._zeros_slot(var, "m", self._name)

    def _plain_sign_decay(self) -> None:
        if self._sign_decay_fn is None:
            self._sign_decay_t = api.convert_to_tensor(1.0, name="sign_decay")

    def _scalars(self) -> tuple[Any, ...]:
        raise NotImplementedError

    def _settings(self, like_what: Any) -> list[Any]:
        return [like(t, like_what) for t in self._scalars()]

    def _agreement(self, grad: Any, var: Any, beta: Any) -> tuple[Any, Any]:
        """The new momentum, and whether its signs are those of the gradient, for rows."""
        m = self.get_slot(var, "m")
        m_t = assign(m, (m * beta) + (grad * (1 - beta)), use_locking=self._use_locking)
        sign = api.sign(grad.values)
        return m_t, api.gather(api.sign(m_t), grad.indices) * sign

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        raise NotImplementedError


@export("contrib.opt.AddSignOptimizer")
class AddSignOptimizer(_BySigns):
    """Steps of (alpha + decay * agreement of signs) * gradient.

    Args:
      learning_rate, alpha, beta: numbers or tensors; beta is the decay of the momentum.
      sign_decay_fn: a function of the global step that gives the decay; by default 1.
    """

    def __init__(self, learning_rate: Any = 0.1, alpha: Any = 1.0, beta: Any = 0.9, sign_decay_fn: Any = None,
                 use_locking: bool = False, name: str = "AddSignOptimizer"):
        super().__init__(learning_rate, beta, sign_decay_fn, use_locking, name)
        self._alpha = alpha
        self._alpha_t: Any = None

    def _prepare(self) -> None:
        self._lr_t = self._hyper(self._lr, "learning_rate")
        self._beta_t = self._hyper(self._beta, "beta")
        self._alpha_t = self._hyper(self._alpha, "alpha")
        self._plain_sign_decay()

    def _scalars(self) -> tuple[Any, ...]:
        return self._lr_t, self._alpha_t, self._sign_decay_t, self._beta_t

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return raw.apply_add_sign(var, self.get_slot(var, "m"), *self._settings(var), grad,
                                  use_locking=self._use_locking).op

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        return raw.resource_apply_add_sign(handle.handle, self.get_slot(handle, "m").handle, *self._settings(handle),
                                           grad, use_locking=self._use_locking)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        lr, alpha, decay, beta = self._settings(var)
        m_t, agreement = self._agreement(grad, var, beta)
        update = scatter_sub(var, grad.indices, lr * (alpha + decay * agreement) * grad.values,
                             use_locking=self._use_locking)
        return group(update, m_t)


@export("contrib.opt.PowerSignOptimizer")
class PowerSignOptimizer(_BySigns):
    """Steps of base ^ (decay * agreement of signs) * gradient.

    Args:
      learning_rate, base, beta: numbers; beta is the decay of the momentum.
      sign_decay_fn: a function of the global step that gives the decay; by default 1.
    """

    def __init__(self, learning_rate: Any = 0.1, base: float = math.e, beta: Any = 0.9, sign_decay_fn: Any = None,
                 use_locking: bool = False, name: str = "PowerSignOptimizer"):
        super().__init__(learning_rate, beta, sign_decay_fn, use_locking, name)
        self._base = base
        self._logbase = math.log(base)
        self._logbase_t: Any = None

    def _prepare(self) -> None:
        self._lr_t = self._hyper(self._lr, "learning_rate")
        self._beta_t = self._hyper(self._beta, "beta")
        self._logbase_t = self._hyper(self._logbase, "logbase")
        self._plain_sign_decay()

    def _scalars(self) -> tuple[Any, ...]:
        return self._lr_t, self._logbase_t, self._sign_decay_t, self._beta_t

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return raw.apply_power_sign(var, self.get_slot(var, "m"), *self._settings(var), grad,
                                    use_locking=self._use_locking).op

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        return raw.resource_apply_power_sign(handle.handle, self.get_slot(handle, "m").handle,
                                             *self._settings(handle), grad, use_locking=self._use_locking)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        lr, logbase, decay, beta = self._settings(var)
        base = like(math.e, var)  # `logbase` carries the base
        m_t, agreement = self._agreement(grad, var, beta)
        update = scatter_sub(var, grad.indices, lr * api.pow(base, logbase * decay * agreement) * grad.values,
                             use_locking=self._use_locking)
        return group(update, m_t)


@export("contrib.opt.LARSOptimizer")
class LARSOptimizer(Optimizer):
    """Momentum whose steps are in proportion to the norm of the weights of each variable.

    Args:
      learning_rate: a number or a tensor.
      momentum: the decay of the momentum.
      weight_decay: the factor of the weights in the gradient.
      eeta: the size of a step in the weights' norms.
      epsilon: what is added to the denominator.
      skip_list: parts of names: such variables are updated as by Momentum.
      use_nesterov: whether Nesterov's momentum is used.

    Raises:
      ValueError: the momentum is negative.
    """

    def __init__(self, learning_rate: Any, momentum: float = 0.9, weight_decay: float = 0.0001, eeta: float = 0.001,
                 epsilon: float = 0.0, name: str = "LARSOptimizer", skip_list: Any = None,
                 use_nesterov: bool = False):
        if momentum < 0.0:
            raise ValueError(f"momentum should be positive: {momentum}")
        if weight_decay < 0.0:
            raise ValueError(f"weight_decay should be positive: {weight_decay}")
        super().__init__(use_locking=False, name=name)
        self._learning_rate = learning_rate
        self._momentum = momentum
        self._weight_decay = weight_decay
        self._eeta = eeta
        self._epsilon = epsilon
        self._skip_list = skip_list
        self._use_nesterov = use_nesterov

    def _create_slots(self, var_list: list[Any]) -> None:
        for var in var_list:
            self._zeros_slot(var, "momentum", self._name)

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._hyper(self._learning_rate, "learning_rate")
        self._momentum_tensor = self._hyper(self._momentum, "momentum")

    def compute_lr(self, grad: Any, var: Any) -> tuple[Any, Any]:
        """The learning rate of a variable, and its gradient with weight decay."""
        rate = self._learning_rate
        if self._skip_list is None or not any(part in var.name for part in self._skip_list):
            weights = api.norm(var, ord=2)
            gradient = api.norm(grad, ord=2)
            trust = api.where(
                api.greater(weights, 0),
                api.where(api.greater(gradient, 0),
                          self._eeta * weights / (gradient + self._weight_decay * weights + self._epsilon), 1.0), 1.0)
            rate = self._learning_rate * trust
            grad = grad + self._weight_decay * var
        return rate, grad

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        rate, grad = self.compute_lr(grad, var)
        return raw.apply_momentum(var, self.get_slot(var, "momentum"), api.cast(1.0, var.dtype.base_dtype),
                                  grad * rate, self._momentum, use_locking=False, use_nesterov=self._use_nesterov)

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        rate, grad = self.compute_lr(grad, handle)
        return raw.resource_apply_momentum(
            handle.handle, self.get_slot(handle, "momentum").handle, api.cast(1.0, handle.dtype.base_dtype),
            grad * rate, self._momentum, use_locking=False, use_nesterov=self._use_nesterov)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return raw.sparse_apply_momentum(
            var, self.get_slot(var, "momentum"), like(self._learning_rate_tensor, var), grad.values, grad.indices,
            like(self._momentum_tensor, var), use_locking=False, use_nesterov=self._use_nesterov).op

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        return raw.resource_sparse_apply_momentum(
            handle.handle, self.get_slot(handle, "momentum").handle, like(self._learning_rate_tensor, grad), grad,
            indices, like(self._momentum_tensor, grad), use_locking=False, use_nesterov=self._use_nesterov)


@export("contrib.opt.RegAdagradOptimizer")
class RegAdagradOptimizer(AdagradOptimizer):
    """Adagrad that can leave its sums of squares alone, for the gradients of a regularizer.

    Args:
      learning_rate, initial_accumulator_value, use_locking, name: as for `AdagradOptimizer`.
    """

    def __init__(self, learning_rate: Any, initial_accumulator_value: float = 0.1, use_locking: bool = False,
                 name: str = "RegAdagrad"):
        super().__init__(learning_rate, initial_accumulator_value=initial_accumulator_value, use_locking=use_locking,
                         name=name)
        self._should_update_slots = True

    @contextmanager
    def avoid_updating_slots(self) -> Iterator[None]:
        """A context in which `apply_gradients` makes updates that leave the sums alone."""
        before, self._should_update_slots = self._should_update_slots, False
        try:
            yield
        finally:
            self._should_update_slots = before

    def _options(self) -> dict[str, bool]:
        return {"use_locking": self._use_locking, "update_slots": self._should_update_slots}

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return raw.apply_adagrad(var, self.get_slot(var, "accumulator"), like(self._learning_rate_tensor, var), grad,
                                 **self._options())

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        return raw.resource_apply_adagrad(handle.handle, self.get_slot(handle, "accumulator").handle,
                                          like(self._learning_rate_tensor, grad), grad, **self._options())

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return raw.sparse_apply_adagrad(var, self.get_slot(var, "accumulator"), like(self._learning_rate_tensor, var),
                                        grad.values, grad.indices, **self._options())

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        return raw.resource_sparse_apply_adagrad(handle.handle, self.get_slot(handle, "accumulator").handle,
                                                 like(self._learning_rate_tensor, grad), grad, indices,
                                                 **self._options())
