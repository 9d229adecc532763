"""Variables of workers and of all workers together: what the optimizers that average over workers are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.graph.context import get_default_graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.ops import api
from tfmagic.tf.monitored.hook import SessionRunHook
from tfmagic.tf.variable.scope import get_variable

CENTER = "global_center_variable"


class WorkerGetter:
    """Base of custom getters: trainable variables are the worker's own, and have partners elsewhere.

    Args:
      worker_device: where the worker's variables are.
    """

    def __init__(self, worker_device: Any):
        self._worker_device = worker_device
        self._centers: dict[Any, Any] = {}

    def _own(self, getter: Callable[..., Any], name: str, *args: Any, **kwargs: Any) -> Any:
        """The worker's variable, which is trained."""
        with api.device(self._worker_device):
            return getter(name, *args, trainable=True, collections=[GraphKeys.LOCAL_VARIABLES], **kwargs)

    def _other(self, getter: Callable[..., Any], name: str, trainable: Any, collections: Any, *args: Any,
               **kwargs: Any) -> Any:
        """A variable that is not trained: the worker's own where it is a local one."""
        if GraphKeys.LOCAL_VARIABLES in collections:
            with api.device(self._worker_device):
                return getter(name, *args, trainable=trainable, collections=collections, **kwargs)
        return getter(name, *args, trainable=trainable, collections=collections, **kwargs)


def local_step() -> Any:
    """The variable that counts a worker's own steps."""
    return get_variable(initializer=0, trainable=False, collections=[GraphKeys.LOCAL_VARIABLES], name="local_step")


def updated(optimizer: Any, grads_and_vars: Any) -> Any:
    """The update by an optimizer whose own variables are the worker's."""
    graph = get_default_graph()
    collection = graph.get_collection_ref(GraphKeys.GLOBAL_VARIABLES)
    before = len(collection)
    update = optimizer.apply_gradients(grads_and_vars)
    graph.get_collection_ref(GraphKeys.LOCAL_VARIABLES).extend(collection[before:])
    del collection[before:]
    return update


def is_time(counter: Any, period: int) -> Any:
    """Whether a count divides by `period`."""
    return api.equal(api.mod(counter, period), 0)


def counted(step: Any) -> Any:
    """The operation that counts one step, beside the counter."""
    with get_default_graph().colocate_with(step):
        return api.assign_add(step, 1)


class BeginHook(SessionRunHook):
    """Gives a worker's variables their first values from those of all.

    Args:
      optimizer: the optimizer, which has `get_init_op`.
      is_chief: whether the worker also gives those of all their first values.
      arguments: for `get_init_op`.
      at_once: whether it is done here when the session begins, not by its creator.
    """

    def __init__(self, optimizer: Any, is_chief: bool, arguments: tuple[Any, ...] = (), at_once: bool = True):
        self._optimizer, self._is_chief = optimizer, is_chief
        self._arguments, self._at_once = arguments, at_once

    def begin(self) -> None:
        self._local_init_op = api.local_variables_initializer()
        self._global_init_op = api.global_variables_initializer() if self._is_chief else None
        self._variable_init_op = self._optimizer.get_init_op(*self._arguments)

    def after_create_session(self, session: Any, coord: Any) -> None:
        if self._at_once:
            session.run(self._variable_init_op)
