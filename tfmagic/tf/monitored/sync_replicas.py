"""SyncReplicasOptimizer: gradients of several replicas are summed up before an optimizer applies them."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes, tf_logging
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.grouping import group
from tfmagic.tf.monitored.hook import SessionRunHook
from tfmagic.tf.monitored.manager import tells_ready
from tfmagic.tf.queues.accumulators import ConditionalAccumulator, SparseConditionalAccumulator
from tfmagic.tf.queues.queue import FIFOQueue
from tfmagic.tf.queues.runner import QueueRunner
from tfmagic.tf.train.optimizer import Optimizer
from tfmagic.tf.variable.initialization import report_uninitialized_variables
from tfmagic.tf.variable.lists import global_variables
from tfmagic.tf.variable.variables import Variable


@export("train.SyncReplicasOptimizer")
class SyncReplicasOptimizer(Optimizer):
    """Lets an optimizer apply the mean of the gradients of several replicas, each of the same step.

    Each replica adds its gradients to accumulators and waits for a token of the next step; a thread of the chief takes
    the means when there are enough, applies them and hands out tokens. Gradients of a step that is over are dropped.

    Args:
      opt: the optimizer.
      replicas_to_aggregate: how many gradients make a step.
      total_num_replicas: how many replicas there are; by default as many.
      variable_averages: an `ExponentialMovingAverage` to be kept up after each step.
      variables_to_average: the variables that it averages.
      use_locking: kept for TensorFlow's signature.
      name: the scope of the accumulators.
    """

    @deprecated(None, "The `SyncReplicaOptimizer` class is deprecated. For synchrononous training, please use "
                      "[Distribution Strategies](https://github.com/tensorflow/tensorflow/tree/master/tensorflow/"
                      "contrib/distribute).")
    def __init__(self, opt: Optimizer, replicas_to_aggregate: int, total_num_replicas: int | None = None,
                 variable_averages: Any = None, variables_to_average: Any = None, use_locking: bool = False,
                 name: str = "sync_replicas"):
        super().__init__(use_locking, name)
        self._opt = opt
        self._replicas_to_aggregate = replicas_to_aggregate
        self._total_num_replicas = replicas_to_aggregate if total_num_replicas is None else total_num_replicas
        self._tokens_per_step = max(self._total_num_replicas, replicas_to_aggregate)
        tf_logging.info("SyncReplicasV2: replicas_to_aggregate=%s; total_num_replicas=%s", replicas_to_aggregate,
                        self._total_num_replicas)
        self._variable_averages = variable_averages
        self._variables_to_average = variables_to_average
        self._gradients_applied = False
        self._global_step: Any = None
        self._sync_token_queue: Any = None
        self._chief_queue_runner: Any = None

    def compute_gradients(self, *args: Any, **kwargs: Any) -> list[tuple[Any, Any]]:
        """The gradients, as the optimizer computes them."""
        return self._opt.compute_gradients(*args, **kwargs)

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Any:
        """The operation of a replica: it adds its gradients and waits for the next step.

        Args:
          grads_and_vars: (gradient, variable) pairs.
          global_step: the variable that counts steps.
          name: not used.

        Raises:
          ValueError: there are no pairs, or no global step.
        """
        if not grads_and_vars:
            raise ValueError("Must supply at least one variable")
        if global_step is None:
            raise ValueError("Global step is required to check staleness")
        graph = get_default_graph()
        self._global_step = global_step
        anchor = raw.no_op()
        with graph.colocate_with(anchor):
            local_step = Variable(0, trainable=False, collections=[GraphKeys.LOCAL_VARIABLES],
                                  dtype=global_step.dtype.base_dtype, name="sync_rep_local_step")
        self.local_step_init_op = api.assign(local_step, global_step)
        self.ready_for_local_init_op = report_uninitialized_variables(global_variables())
        with name_scope(None, self._name):
            accumulators: list[Any] = []
            adding: list[Operation] = []
            means: list[tuple[Any, Any]] = []
            for gradient, variable in grads_and_vars:
                with graph.device(variable.device):
                    means.append((self._mean(gradient, variable, local_step, accumulators, adding), variable))
            with graph.device(global_step.device), name_scope(""):
                update = self._opt.apply_gradients(means, global_step)
            with graph.device(global_step.device), name_scope(""):
                tokens = FIFOQueue(-1, global_step.dtype.base_dtype, shapes=(), name="sync_token_q",
                                   shared_name="sync_token_q")
                self._sync_token_queue = tokens
                dummy = FIFOQueue(1, dtypes.int32, shapes=(), name="dummy_queue", shared_name="dummy_queue")
            with graph.device(global_step.device), name_scope(""):
                with graph.control_dependencies(adding):
                    token = tokens.dequeue()
                train = api.assign(local_step, token)
                with graph.control_dependencies([update]):
                    step = tokens.enqueue_many((api.fill([self._tokens_per_step], global_step),))
                if self._variable_averages is not None:
                    with graph.control_dependencies([step]), name_scope(""):
                        step = self._variable_averages.apply(self._variables_to_average)
                self._chief_queue_runner = QueueRunner(dummy, [step])
            setting = []
            for accumulator, device in accumulators:
                with graph.device(device):
                    setting.append(accumulator.set_global_step(global_step, name="SetGlobalStep"))
            self.chief_init_op = group(self.local_step_init_op, *setting)
            self._gradients_applied = True
            return train

    def _mean(self, gradient: Any, variable: Any, local_step: Any, accumulators: list[Any],
              adding: list[Operation]) -> Any:
        """The mean of the replicas' gradients of a variable.

        Raises:
          ValueError: the gradient is neither a tensor nor slices.
        """
        if gradient is None:
            return None
        shared = f"{variable.name}/grad_accum"
        accumulator: Any
        if isinstance(gradient, Tensor):
            accumulator = ConditionalAccumulator(gradient.dtype, shape=variable.shape, shared_name=shared)
            adding.append(accumulator.apply_grad(gradient, local_step=local_step))
            mean = accumulator.take_grad(self._replicas_to_aggregate)
        elif isinstance(gradient, IndexedSlices):
            accumulator = SparseConditionalAccumulator(gradient.dtype, shape=(), shared_name=shared)
            adding.append(accumulator.apply_indexed_slices_grad(gradient, local_step=local_step))
            mean = accumulator.take_indexed_slices_grad(self._replicas_to_aggregate)
        else:
            raise ValueError("Unknown grad type!")
        accumulators.append((accumulator, variable.device))
        return mean

    def get_chief_queue_runner(self) -> QueueRunner:
        """The runner whose thread applies the means; only the chief starts it.

        Raises:
          ValueError: `apply_gradients` has not been called.
        """
        if not self._gradients_applied:
            raise ValueError("Should be called after apply_gradients().")
        return self._chief_queue_runner

    def get_slot(self, *args: Any, **kwargs: Any) -> Any:
        """A slot of the optimizer."""
        return self._opt.get_slot(*args, **kwargs)

    def variables(self) -> list[Any]:
        """The variables of the optimizer."""
        return self._opt.variables()

    def get_slot_names(self, *args: Any, **kwargs: Any) -> list[str]:
        """The names of the optimizer's slots."""
        return self._opt.get_slot_names(*args, **kwargs)

    def get_init_tokens_op(self, num_tokens: int = -1) -> Operation:
        """The operation that hands out the first tokens; only the chief runs it, once.

        Args:
          num_tokens: how many; -1 for as many as gradients make a step.

        Raises:
          ValueError: `apply_gradients` has not been called, or the tokens are too few for the first step.
        """
        if not self._gradients_applied:
            raise ValueError("get_init_tokens_op() should be called after apply_gradients().")
        needed = self._replicas_to_aggregate - self._total_num_replicas
        if num_tokens == -1:
            num_tokens = self._replicas_to_aggregate
        elif num_tokens < needed:
            raise ValueError(f"Too few tokens to finish the first step: {num_tokens} (given) vs {needed} (needed)")
        if num_tokens <= 0:
            return raw.no_op(name="no_init_tokens")
        with get_default_graph().device(self._global_step.device), name_scope(""):
            return self._sync_token_queue.enqueue_many((api.fill([num_tokens], self._global_step),))

    def make_session_run_hook(self, is_chief: bool, num_tokens: int = -1) -> SessionRunHook:
        """The hook that prepares a monitored session for this optimizer.

        Args:
          is_chief: whether this replica is the chief.
          num_tokens: see `get_init_tokens_op`.
        """
        return _SyncReplicasOptimizerHook(self, is_chief, num_tokens)


class _SyncReplicasOptimizerHook(SessionRunHook):
    """Initialises the steps of a replica; the chief's also hands out tokens and starts the thread that applies means.

    Args:
      sync_optimizer: the optimizer.
      is_chief: whether this replica is the chief.
      num_tokens: how many tokens there are at first.
    """

    __module__ = "tensorflow.python.training.sync_replicas_optimizer"

    def __init__(self, sync_optimizer: SyncReplicasOptimizer, is_chief: bool, num_tokens: int):
        self._sync_optimizer = sync_optimizer
        self._is_chief = is_chief
        self._num_tokens = num_tokens

    def begin(self) -> None:
        """Make what the session will need.

        Raises:
          ValueError: `apply_gradients` has not been called.
        """
        optimizer = self._sync_optimizer
        if not optimizer._gradients_applied:
            raise ValueError("SyncReplicasOptimizer.apply_gradient should be called before using the hook.")
        self._ready_for_local_init_op = optimizer.ready_for_local_init_op
        self._local_init_op = optimizer.chief_init_op if self._is_chief else optimizer.local_step_init_op
        self._q_runner = optimizer.get_chief_queue_runner() if self._is_chief else None
        self._init_tokens_op = optimizer.get_init_tokens_op(self._num_tokens) if self._is_chief else None

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Set the steps, hand out tokens and start the thread.

        Raises:
          RuntimeError: variables have no values.
        """
        ready, why = tells_ready(self._ready_for_local_init_op, session,
                                 "Model is not ready for SyncReplicasOptimizer local init.")
        if not ready:
            raise RuntimeError("Init operations did not make model ready for SyncReplicasOptimizer local_init. Init "
                               f"op: {self._local_init_op.name}, error: {why}")
        session.run(self._local_init_op)
        if self._init_tokens_op is not None:
            session.run(self._init_tokens_op)
        if self._q_runner is not None:
            self._q_runner.create_threads(session, coord=coord, daemon=True, start=True)
