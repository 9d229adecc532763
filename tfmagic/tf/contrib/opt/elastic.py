"""Elastic averaging: workers train by themselves, and are drawn to a common center from time to time."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant
from tfmagic.graph.keys import GraphKeys
from tfmagic.ops import api
from tfmagic.ops.control_flow.grouping import group
from tfmagic.tf.contrib.opt.replicated import CENTER, BeginHook, WorkerGetter, counted, is_time, local_step, updated
from tfmagic.tf.train.optimizer import Optimizer


@export("contrib.opt.ElasticAverageCustomGetter")
class ElasticAverageCustomGetter(WorkerGetter):
    """A custom getter: a variable has a center of all workers, and a copy of this at the worker.

    Args:
      worker_device: where the worker's variables are.
    """

    def __init__(self, worker_device: Any):
        super().__init__(worker_device)
        self._copies: dict[Any, Any] = {}

    def __call__(self, getter: Any, name: str, trainable: Any, collections: Any, *args: Any, **kwargs: Any) -> Any:
        if not trainable:
            return self._other(getter, name, trainable, collections, *args, **kwargs)
        own = self._own(getter, name, *args, **kwargs)
        center = getter(f"{CENTER}/{name}", *args, trainable=False, collections=[GraphKeys.GLOBAL_VARIABLES],
                        **kwargs)
        with api.device(self._worker_device):
            copy = getter(f"local_center_variable/{name}", *args, trainable=False,
                          collections=[GraphKeys.LOCAL_VARIABLES], **kwargs)
        self._centers[own], self._copies[own] = center, copy
        return own


@export("contrib.opt.ElasticAverageOptimizer")
class ElasticAverageOptimizer(Optimizer):
    """Trains the worker's variables by another optimizer; every few steps they and the center come closer.

    Args:
      opt: the optimizer.
      num_worker: the number of workers.
      ea_custom_getter: the getter that made the variables.
      communication_period: after how many steps workers and center meet.
      moving_rate: how far they then go; by default 0.9 / communication_period / num_worker.
      rho: the weight of the distance in the loss; by default moving_rate / the learning rate.
      use_locking: kept for the base class.
      synchronous: whether workers wait for each other before they begin.
    """

    BETA = 0.9

    def __init__(self, opt: Any, num_worker: int, ea_custom_getter: Any, communication_period: int = 10,
                 moving_rate: Any = None, rho: Any = None, use_locking: bool = True, synchronous: bool = False,
                 name: str = "ElasticAverageOptimizer"):
        super().__init__(use_locking, name)
        self._opt, self._num_worker, self._period = opt, num_worker, communication_period
        self._centers, self._copies = ea_custom_getter._centers, ea_custom_getter._copies
        self._synchronous = synchronous
        self._moving_rate = (self.BETA / communication_period / num_worker if moving_rate is None else moving_rate)
        self._rho = self._moving_rate / opt._learning_rate if rho is None else rho
        self._local_step = local_step()
        self._opt._prepare()

    def compute_gradients(self, loss: Any, var_list: Any = None, gate_gradients: Any = Optimizer.GATE_OP,
                          aggregation_method: Any = None, colocate_gradients_with_ops: bool = False,
                          grad_loss: Any = None) -> Any:
        """The gradients of the loss and of the distance to the center; see `tf.train.Optimizer`."""
        if not var_list:
            var_list = api.trainable_variables()
        differences = [api.subtract(variable, self._copies[variable]) for variable in var_list]
        distance = [api.nn.l2_loss(difference) for difference in differences]
        return self._opt.compute_gradients(loss + self._rho * api.add_n(distance), var_list, gate_gradients,
                                           aggregation_method, colocate_gradients_with_ops, grad_loss)

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Any:
        """The update of the worker's variables, and every few steps that of the center, when `global_step` counts.

        Raises:
          ValueError: there is no global step.
        """
        pairs = list(grads_and_vars)
        trained = [variable for _, variable in pairs]
        if global_step is None:
            raise ValueError("Global step is required")
        graph = get_default_graph()

        def meet() -> Any:
            copied = [self._copies[each].assign(self._centers[each]) for each in trained]
            with graph.control_dependencies(copied):
                differences = []
                for each in trained:
                    with api.device(each.device):
                        differences.append(api.subtract(each, self._copies[each]))
                moved = []
                for variables, move in ((trained, "assign_sub"), ([self._centers[each] for each in trained],
                                                                  "assign_add")):
                    for each, difference in zip(variables, differences):
                        with api.device(each.device):
                            moved.append(getattr(each, move)(api.multiply(self._moving_rate, difference)))
                moved.append(counted(global_step))
            return group(*moved)

        update = updated(self._opt, pairs)
        with graph.control_dependencies([update]):
            step = api.assign_add(self._local_step, 1, name="local_step_update").op
        with graph.control_dependencies([step]):
            return api.cond(is_time(self._local_step, self._period), meet, api.no_op)

    def get_init_op(self, task_index: int) -> Any:
        """The operation that lets the worker's variables begin where the center is.

        Args:
          task_index: the number of the worker.
        """
        begun = group(*[api.assign(each, center)
                        for own, center in self._centers.items() for each in (own, self._copies[own])])
        if not self._synchronous:
            return begun
        queues = [api.FIFOQueue(self._num_worker, [dtypes.bool_], shapes=[[]],
                                shared_name=f"variable_init_sync_queue{i}") for i in range(self._num_worker)]
        token, ready = constant(False), []
        with get_default_graph().control_dependencies([begun]):
            for i, queue in enumerate(queues):
                ready.append(api.no_op() if i == task_index else queue.enqueue(token))
        ready.append(queues[task_index].dequeue_many(len(queues) - 1))
        return group(*ready)

    def make_session_run_hook(self, is_chief: bool, task_index: int) -> Any:
        """A hook that lets the worker begin where the center is."""
        return BeginHook(self, is_chief, (task_index,))

    def swapping_saver(self, var_list: Any = None, name: str = "swapping_saver", **kwargs: Any) -> Any:
        """A `Saver` that writes the centers under the names of the worker's variables.

        Args:
          var_list: what to save; by default all that is trained.
          name: of the scope.
          **kwargs: the arguments of `tf.train.Saver`.
        """
        if var_list is None:
            var_list = api.trainable_variables()
        if not isinstance(var_list, dict):
            var_list = {variable.op.name: variable for variable in var_list}
        swapped = {key: self._centers.get(variable, variable) for key, variable in var_list.items()}
        return api.train.Saver(swapped, name=name, **kwargs)
