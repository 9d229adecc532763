"""Accumulated gradients: workers train by themselves, and hand the mean of their gradients on from time to time."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.ops import api
from tfmagic.ops.control_flow.grouping import group
from tfmagic.tf.contrib.opt.replicated import CENTER, BeginHook, WorkerGetter, counted, is_time, local_step, updated
from tfmagic.tf.train.optimizer import Optimizer


@export("contrib.opt.AGNCustomGetter")
class AGNCustomGetter(WorkerGetter):
    """A custom getter: a variable has a center of all workers, and a sum of gradients at the worker.

    Args:
      worker_device: where the worker's variables are.
    """

    def __init__(self, worker_device: Any):
        super().__init__(worker_device)
        self._sums: dict[Any, Any] = {}

    def __call__(self, getter: Any, name: str, trainable: Any, collections: Any, *args: Any, **kwargs: Any) -> Any:
        if not trainable:
            return getter(name, *args, trainable=trainable, collections=collections, **kwargs)
        own = self._own(getter, name, *args, **kwargs)
        self._centers[own] = getter(f"{CENTER}/{name}", *args, trainable=False,
                                    collections=[GraphKeys.GLOBAL_VARIABLES], **kwargs)
        with api.device(self._worker_device):
            self._sums[own] = getter(f"grad_variable/{name}", *args, trainable=False,
                                     collections=[GraphKeys.LOCAL_VARIABLES], **kwargs)
        return own


@export("contrib.opt.AGNOptimizer")
class AGNOptimizer(Optimizer):
    """Trains the worker's variables by another optimizer, which every few steps also gets the mean of their gradients
    for the center; the worker then goes on from there.

    Args:
      optimizer: the optimizer.
      num_worker: the number of workers.
      custom_getter: the getter that made the variables.
      communication_period: after how many steps workers and center meet.
      use_locking: kept for the base class.
    """

    def __init__(self, optimizer: Any, num_worker: int, custom_getter: Any, communication_period: int = 10,
                 use_locking: bool = True, name: str = "AGNOptimizer"):
        super().__init__(use_locking, name)
        self._opt, self._num_worker, self._period = optimizer, num_worker, communication_period
        self._centers, self._sums = custom_getter._centers, custom_getter._sums
        self._local_step = local_step()
        self._opt._prepare()

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Any:
        """The update of the worker's variables, and every few steps that of the center, when `global_step` counts."""
        pairs = list(grads_and_vars)
        trained = [variable for _, variable in pairs]
        graph = get_default_graph()

        def meet() -> Any:
            means = [api.assign(self._sums[each], api.divide(self._sums[each], self._period)) for each in trained]
            with graph.control_dependencies(means):
                moved = self._opt.apply_gradients([(self._sums[each], self._centers[each]) for each in trained])
            with graph.control_dependencies([moved]):
                done = [] if global_step is None else [counted(global_step)]
                done += [api.assign(each, self._centers[each].read_value()) for each in trained]
                done += [api.assign(self._sums[each], api.zeros_like(self._sums[each])) for each in trained]
                return group(*done)

        updates = [updated(self._opt, pairs)]
        updates += [api.assign_add(self._sums[variable], gradient) for gradient, variable in pairs]
        step = api.assign_add(self._local_step, 1, name="local_step_update").op
        with graph.control_dependencies([step]):
            condition = is_time(self._local_step, self._period)
        with graph.control_dependencies(updates):
            return api.cond(condition, meet, api.no_op)

    def get_init_op(self, task_index: int) -> Any:
        """The operation that lets the worker's variables begin where the center is, with sums of zero."""
        begun = [api.assign(own, center) for own, center in self._centers.items()]
        return group(*begun, *[api.assign(each, api.zeros_like(each)) for each in self._sums.values()])

    def make_session_run_hook(self, is_chief: bool, task_index: int) -> Any:
        """A hook that lets the worker begin where the center is."""
        return BeginHook(self, is_chief, (task_index,))
