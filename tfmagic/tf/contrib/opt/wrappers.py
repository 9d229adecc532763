"""Optimizers around others: with moving averages of what they train, with norms that are kept small."""

from __future__ import annotations

from typing import Any

from tfmagic.base import tf_logging
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.ops.control_flow.grouping import group
from tfmagic.tf.train.moving_averages import ExponentialMovingAverage
from tfmagic.tf.train.optimizer import Optimizer


@export("contrib.opt.MovingAverageOptimizer")
class MovingAverageOptimizer(Optimizer):
    """Keeps a moving average of each variable that another optimizer trains.

    Args:
      opt: the optimizer.
      average_decay: the decay of the averages.
      num_updates: the number of the step, so that the decay is smaller at the beginning.
      sequential_update: whether averages wait for the update.
    """

    def __init__(self, opt: Any, average_decay: Any = 0.9999, num_updates: Any = None,
                 sequential_update: bool = True):
        super().__init__(False, "MovingAverageOptimizer")
        self._optimizer = opt
        self._ema = ExponentialMovingAverage(average_decay, num_updates=num_updates)
        self._swapped: dict[str, str] | None = None
        self._sequential_update = sequential_update

    def compute_gradients(self, *args: Any, **kwargs: Any) -> Any:
        """The gradients, by the optimizer."""
        return self._optimizer.compute_gradients(*args, **kwargs)

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Any:
        """The updates of the optimizer and of the averages."""
        train = self._optimizer.apply_gradients(grads_and_vars, global_step=global_step, name=name)
        trained = [variable for gradient, variable in grads_and_vars if gradient is not None]
        if self._sequential_update:
            with get_default_graph().control_dependencies([train]):
                averages = self._ema.apply(trained)
        else:
            averages = self._ema.apply(trained)
        self._swapped = {}
        for variable in trained:
            average = self._ema.average(variable)
            self._swapped[variable.op.name] = average.op.name
            self._swapped[average.op.name] = variable.op.name
        return group(train, averages, name="train_with_avg")

    def swapping_saver(self, var_list: Any = None, name: str = "swapping_saver", **kwargs: Any) -> Any:
        """A `Saver` that writes the averages under the names of the variables, and the other way round.

        Args:
          var_list: what to save; by default all.
          name: of the scope.
          **kwargs: the arguments of `tf.train.Saver`.

        Raises:
          RuntimeError: it is called before `apply_gradients`.
          ValueError: a partner of a variable is not to be saved.
        """
        if self._swapped is None:
            raise RuntimeError("Must call apply_gradients or minimize before creating the swapping_saver")
        if var_list is None:
            var_list = api.global_variables()
        if not isinstance(var_list, dict):
            var_list = {variable.op.name: variable for variable in var_list}
        by_name = {variable.op.name: variable for variable in var_list.values()}
        swapped = {}
        for key, variable in var_list.items():
            partner = self._swapped.get(variable.op.name)
            if partner is not None and partner not in by_name:
                raise ValueError(f"Variable to swap {partner} is not in variables to save.")
            swapped[key] = variable if partner is None else by_name[partner]
        return api.train.Saver(swapped, name=name, **kwargs)


@export("contrib.opt.VariableClippingOptimizer")
class VariableClippingOptimizer(Optimizer):
    """Clips the norms of variables after each update by another optimizer.

    Args:
      opt: the optimizer.
      vars_to_clip_dims: over which axes the norm of a variable is taken, by variable.
      max_norm: the largest norm.
      use_locking: whether updates lock.
      colocate_clip_ops_with_vars: whether the norm is computed where the variable is.
    """

    def __init__(self, opt: Any, vars_to_clip_dims: dict[Any, list[int]], max_norm: Any, use_locking: bool = False,
                 colocate_clip_ops_with_vars: bool = False, name: str = "VariableClipping"):
        super().__init__(use_locking, name)
        self._opt = opt
        self._dims = {variable.op.name: dims for variable, dims in vars_to_clip_dims.items()}
        self._max_norm = max_norm
        self._colocate = colocate_clip_ops_with_vars

    def compute_gradients(self, *args: Any, **kwargs: Any) -> Any:
        """The gradients, by the optimizer."""
        return self._opt.compute_gradients(*args, **kwargs)

    def get_slot(self, *args: Any, **kwargs: Any) -> Any:
        """A slot of the optimizer."""
        return self._opt.get_slot(*args, **kwargs)

    def get_slot_names(self, *args: Any, **kwargs: Any) -> Any:
        """The names of the optimizer's slots."""
        return self._opt.get_slot_names(*args, **kwargs)

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Any:
        """The updates of the optimizer, and then the clipping."""
        with name_scope(name, self._name) as scope:
            update = self._opt.apply_gradients(grads_and_vars, global_step=global_step)
            clips = []
            with get_default_graph().control_dependencies([update]):
                for gradient, variable in grads_and_vars:
                    if gradient is None or variable.op.name not in self._dims:
                        continue
                    with name_scope("clip_" + variable.op.name):
                        clips.append(self._clip_dense(variable) if isinstance(gradient, Tensor)
                                     else self._clip_sparse(gradient, variable))
            return group(update, *clips, name=scope)

    def _clipped(self, values: Any, variable: Any) -> Any:
        return api.clip_by_norm(values, self._max_norm, self._dims[variable.op.name])

    def _clip_dense(self, variable: Any) -> Any:
        graph = get_default_graph()
        if self._colocate:
            with graph.colocate_with(variable.op):
                values = variable.read_value()
                surplus = values - self._clipped(values, variable)
        else:
            values = variable.read_value()
            surplus = values - self._clipped(values, variable)
        with graph.colocate_with(variable.op):
            return variable.assign_sub(surplus, use_locking=self._use_locking)

    def _clip_sparse(self, gradient: Any, variable: Any) -> Any:
        dims = self._dims[variable.op.name]
        if 0 in dims:
            tf_logging.warning("Clipping norm across dims %s for %s is inefficient when including sparse dimension 0.",
                               dims, variable.op.name)
            return self._clip_dense(variable)
        graph = get_default_graph()
        with graph.colocate_with(variable.op):
            rows = api.gather(variable, gradient.indices)
        if self._colocate:
            with graph.colocate_with(variable.op):
                surplus = rows - self._clipped(rows, variable)
        else:
            surplus = rows - self._clipped(rows, variable)
        with graph.colocate_with(variable.op):
            return variable.scatter_sub(api.IndexedSlices(surplus, gradient.indices, gradient.dense_shape),
                                        use_locking=self._use_locking)
