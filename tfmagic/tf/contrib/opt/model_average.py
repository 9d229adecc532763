"""Averages of models: workers train by themselves, and take the mean of their variables from time to time."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.ops.control_flow.grouping import group
from tfmagic.tf.contrib.opt.replicated import CENTER, BeginHook, WorkerGetter, is_time, local_step
from tfmagic.tf.train.optimizer import Optimizer


@export("contrib.opt.ModelAverageCustomGetter")
class ModelAverageCustomGetter(WorkerGetter):
    """A custom getter: a variable has a center of all workers, which begins where it does.

    Args:
      worker_device: where the worker's variables are.
    """

    def __call__(self, getter: Any, name: str, trainable: Any, collections: Any, *args: Any, **kwargs: Any) -> Any:
        if not trainable:
            return self._other(getter, name, trainable, collections, *args, **kwargs)
        own = self._own(getter, name, *args, **kwargs)
        self._centers[own] = api.Variable(own.initialized_value(), name=f"{CENTER}/{name}", trainable=False,
                                          collections=[GraphKeys.GLOBAL_VARIABLES])
        return own


@export("contrib.opt.ModelAverageOptimizer")
class ModelAverageOptimizer(Optimizer):
    """Trains the worker's variables by another optimizer; every few steps all workers take the mean of theirs.

    Args:
      opt: the optimizer.
      num_worker: the number of workers.
      is_chief: whether this worker makes the mean, for which the others wait.
      ma_custom_getter: the getter that made the variables.
      interval_steps: after how many steps they do so.
      use_locking: kept for the base class.
    """

    def __init__(self, opt: Any, num_worker: int, is_chief: bool, ma_custom_getter: Any, interval_steps: int = 100,
                 use_locking: bool = True, name: str = "ModelAverageOptimizer"):
        super().__init__(use_locking, name)
        self._opt, self._num_worker, self._is_chief = opt, num_worker, is_chief
        self._centers, self._interval = ma_custom_getter._centers, interval_steps
        self._accumulators: list[tuple[Any, Any]] = []
        self._chief_init_op: Any = None
        self._local_step = local_step()
        self._opt._prepare()

    def compute_gradients(self, *args: Any, **kwargs: Any) -> Any:
        """The gradients, by the optimizer."""
        return self._opt.compute_gradients(*args, **kwargs)

    def _local_vars_update(self, var_list: Any) -> Any:
        """The operation that takes the centers for the worker's variables.

        Raises:
          ValueError: there are none.
        """
        if not var_list:
            raise ValueError("The list of local_variables should not be empty")
        return group(*self._taken(var_list))

    def _taken(self, variables: Any) -> list[Any]:
        taken = []
        for each in variables:
            with api.device(each.device):
                taken.append(api.assign(each, self._centers[each].read_value()))
        return taken

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Any:
        """The update of the worker's variables, and every few steps that by the mean, when `global_step` counts.

        Raises:
          ValueError: there is no global step.
        """
        pairs = list(grads_and_vars)
        trained = [variable for _, variable in pairs]
        if global_step is None:
            raise ValueError("Global step is required")
        graph = get_default_graph()

        def meet() -> Any:
            with graph.colocate_with(global_step):
                queue = api.FIFOQueue(-1, [dtypes.bool_], shapes=[[]], shared_name="sync_queue")
            with name_scope(self._name + "/global"):
                given, means = self._gathered(trained, global_step)
            if self._is_chief:
                waited = self._handed_out(trained, given, means, queue, global_step)
            else:
                with graph.control_dependencies(given), api.device(global_step.device):
                    waited = queue.dequeue()
            with graph.control_dependencies([waited]):
                return group(*self._taken(trained))

        update = self._opt.apply_gradients(pairs)
        with graph.control_dependencies([update]):
            step = api.assign_add(self._local_step, 1, name="local_step_update").op
        with graph.control_dependencies([step]):
            result = api.cond(is_time(self._local_step, self._interval), meet, api.no_op)
        begun = []
        for accumulator, place in self._accumulators:
            with api.device(place):
                begun.append(accumulator.set_global_step(global_step, name="SetGlobalStep"))
        self._chief_init_op = group(*begun)
        return result

    def _gathered(self, variables: Any, global_step: Any) -> tuple[list[Any], list[Any]]:
        """What gives this worker's variables to accumulators of all workers, and the means that these then have."""
        given, means = [], []
        for each in variables:
            center = self._centers[each]
            with api.device(center.device):
                accumulator = api.ConditionalAccumulator(center.dtype, shape=each.get_shape(),
                                                         shared_name=center.name + "/var_accum")
                given.append(accumulator.apply_grad(each._ref(), local_step=global_step))
                means.append(accumulator.take_grad(self._num_worker))
                self._accumulators.append((accumulator, center.device))
        return given, means

    def _handed_out(self, variables: Any, given: list[Any], means: list[Any], queue: Any, global_step: Any) -> Any:
        """What sets the centers to the means, counts, and lets the other workers go on."""
        updates = []
        with get_default_graph().control_dependencies(given):
            for each, mean in zip(variables, means):
                with api.device(self._centers[each].device):
                    updates.append(api.assign(self._centers[each], mean))
            with api.device(global_step.device):
                updates.append(api.assign_add(global_step, 1))
        with get_default_graph().control_dependencies(updates), api.device(global_step.device):
            return queue.enqueue_many(api.fill([self._num_worker - 1], constant(False)))

    def get_init_op(self) -> Any:
        """The operation that lets the worker's variables begin where the center is."""
        return group(*self._taken(list(self._centers)))

    def make_session_run_hook(self) -> Any:
        """A hook that lets the worker begin where the center is."""
        return ModelAverageHook(self, self._is_chief, at_once=False)


class ModelAverageHook(BeginHook):
    """The hook of a `ModelAverageOptimizer`: what gives the first values is made, for the session's creator to run."""

    def begin(self) -> None:
        super().begin()
        self._chief_init_op = self._optimizer._chief_init_op if self._is_chief else None
