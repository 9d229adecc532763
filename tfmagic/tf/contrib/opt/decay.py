"""Weight decay beside the gradient: AdamW, MomentumW, and any optimizer extended so."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.ops import api, raw
from tfmagic.ops.state.scatter import scatter_add
from tfmagic.tf.train.adam import AdamOptimizer
from tfmagic.tf.train.momentum import MomentumOptimizer
from tfmagic.tf.train.optimizer import Optimizer


@export("contrib.opt.DecoupledWeightDecayExtension")
class DecoupledWeightDecayExtension:
    """Beside an optimizer among the bases: before each update weights lose a part of themselves.

    Args:
      weight_decay: that part, a number or a tensor.
      **kwargs: the arguments of the optimizer.
    """

    _use_locking: bool

    def __init__(self, weight_decay: Any, **kwargs: Any):
        self._decay_var_list: Any = None
        self._weight_decay = weight_decay
        super().__init__(**kwargs)

    def minimize(self, loss: Any, global_step: Any = None, var_list: Any = None,
                 gate_gradients: int = Optimizer.GATE_OP, aggregation_method: Any = None,
                 colocate_gradients_with_ops: bool = False, name: str | None = None, grad_loss: Any = None,
                 decay_var_list: Any = None) -> Any:
        """`Optimizer.minimize`.

        Args:
          decay_var_list: has no effect, as in TensorFlow: all variables decay; `apply_gradients` heeds its own.
        """
        return super().minimize(  # type: ignore[misc]
            loss, global_step=global_step, var_list=var_list, gate_gradients=gate_gradients,
            aggregation_method=aggregation_method, colocate_gradients_with_ops=colocate_gradients_with_ops, name=name,
            grad_loss=grad_loss)

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None,
                        decay_var_list: Any = None) -> Any:
        """`Optimizer.apply_gradients`.

        Args:
          decay_var_list: which variables decay; by default all.
        """
        self._decay_var_list = decay_var_list
        return super().apply_gradients(grads_and_vars, global_step=global_step, name=name)  # type: ignore[misc]

    def _prepare(self) -> None:
        decay = self._weight_decay
        api.convert_to_tensor(decay() if callable(decay) else decay, name="weight_decay")
        super()._prepare()  # type: ignore[misc]

    def _decays(self, var: Any) -> bool:
        return not self._decay_var_list or any(var is each for each in self._decay_var_list)

    def _decayed(self, var: Any) -> Any:
        if self._decays(var):
            return var.assign_sub(self._weight_decay * var, self._use_locking)
        return api.no_op()

    def _rows_decayed(self, var: Any, indices: Any, resource: bool) -> Any:
        if not self._decays(var):
            return api.no_op()
        update = -self._weight_decay * api.gather(var, indices)
        if resource:
            with get_default_graph().control_dependencies([raw.resource_scatter_add(var.handle, indices, update)]):
                return var.value()
        return scatter_add(var, indices, update, self._use_locking)

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        with get_default_graph().control_dependencies([self._decayed(var)]):
            return super()._apply_dense(grad, var)  # type: ignore[misc]

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        with get_default_graph().control_dependencies([self._decayed(handle)]):
            return super()._resource_apply_dense(grad, handle)  # type: ignore[misc]

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        with get_default_graph().control_dependencies([self._rows_decayed(var, grad.indices, False)]):
            return super()._apply_sparse(grad, var)  # type: ignore[misc]

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        with get_default_graph().control_dependencies([self._rows_decayed(handle, indices, True)]):
            return super()._resource_apply_sparse(grad, handle, indices)  # type: ignore[misc]


@export("contrib.opt.extend_with_decoupled_weight_decay")
def extend_with_decoupled_weight_decay(base_optimizer: Any) -> Any:
    """A class like `base_optimizer` whose weights decay; its first argument is `weight_decay`."""

    class OptimizerWithDecoupledWeightDecay(DecoupledWeightDecayExtension, base_optimizer):
        """An optimizer whose weights decay."""

        def __init__(self, weight_decay: Any, *args: Any, **kwargs: Any):
            super().__init__(weight_decay, *args, **kwargs)

    return OptimizerWithDecoupledWeightDecay


@export("contrib.opt.MomentumWOptimizer")
class MomentumWOptimizer(DecoupledWeightDecayExtension, MomentumOptimizer):
    """Momentum with weight decay beside the gradient.

    Args:
      weight_decay: the part that weights lose with each update.
      learning_rate, momentum, use_locking, name, use_nesterov: as for `MomentumOptimizer`.
    """

    def __init__(self, weight_decay: Any, learning_rate: Any, momentum: Any, use_locking: bool = False,
                 name: str = "MomentumW", use_nesterov: bool = False):
        super().__init__(weight_decay, learning_rate=learning_rate, momentum=momentum, use_locking=use_locking,
                         name=name, use_nesterov=use_nesterov)


@export("contrib.opt.AdamWOptimizer")
class AdamWOptimizer(DecoupledWeightDecayExtension, AdamOptimizer):
    """Adam with weight decay beside the gradient.

    Args:
      weight_decay: the part that weights lose with each update.
      learning_rate, beta1, beta2, epsilon, use_locking, name: as for `AdamOptimizer`.
    """

    def __init__(self, weight_decay: Any, learning_rate: Any = 0.001, beta1: Any = 0.9, beta2: Any = 0.999,
                 epsilon: Any = 1e-8, use_locking: bool = False, name: str = "AdamW"):
        super().__init__(weight_decay, learning_rate=learning_rate, beta1=beta1, beta2=beta2, epsilon=epsilon,
                         use_locking=use_locking, name=name)
