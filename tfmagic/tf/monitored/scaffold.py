"""`tf.train.Scaffold`: the operations that a training needs around it, those missing made by default."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import tf_logging
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.ops import api
from tfmagic.ops.array.join import concat
from tfmagic.ops.control_flow.grouping import group
from tfmagic.tf.saving.saver import Saver
from tfmagic.tf.variable import resources
from tfmagic.tf.variable.initialization import (
    global_variables_initializer,
    local_variables_initializer,
    report_uninitialized_variables,
)
from tfmagic.tf.variable.lists import global_variables

_PARTS = ("init_op", "init_feed_dict", "ready_op", "ready_for_local_init_op", "local_init_op", "summary_op", "saver")


def _not_ready(variables: Any, of: Any) -> Any:
    return concat([report_uninitialized_variables(variables), resources.report_uninitialized_resources(of)], 0)


@export("train.Scaffold")
class Scaffold:
    """What initialises a model, tells whether it is ready, sums it up and saves it.

    Args:
      init_op: initialises the model.
      init_feed_dict: what to feed it.
      init_fn: called after `init_op` with the scaffold and the session.
      ready_op: a tensor of the names of what is not initialised.
      ready_for_local_init_op: the same, before `local_init_op`.
      local_init_op: initialises what each worker has for itself.
      summary_op: all summaries.
      saver: the `Saver`.
      copy_from_scaffold: a scaffold that has what is not given.

    Raises:
      TypeError: `copy_from_scaffold` is no scaffold.
    """

    def __init__(self, init_op: Any = None, init_feed_dict: Any = None, init_fn: Callable[..., Any] | None = None,
                 ready_op: Any = None, ready_for_local_init_op: Any = None, local_init_op: Any = None,
                 summary_op: Any = None, saver: Any = None, copy_from_scaffold: Any = None):
        if copy_from_scaffold is not None and not isinstance(copy_from_scaffold, Scaffold):
            raise TypeError("copy_from_scaffold is not a Scaffold instance.")
        given = {"init_op": init_op, "init_feed_dict": init_feed_dict, "ready_op": ready_op,
                 "ready_for_local_init_op": ready_for_local_init_op, "local_init_op": local_init_op,
                 "summary_op": summary_op, "saver": saver}
        self._parts: dict[str, Any] = {
            part: getattr(copy_from_scaffold, part, None) if given[part] is None else given[part] for part in _PARTS}
        self._user_init_fn = init_fn
        if init_fn is None and copy_from_scaffold is not None:
            self._user_init_fn = copy_from_scaffold._user_init_fn

    @property
    def init_fn(self) -> Callable[[Any], Any] | None:
        """A function of the session that runs after `init_op`."""
        function = self._user_init_fn
        return None if function is None else lambda session: function(self, session)

    @property
    def init_op(self) -> Any:
        """Initialises the model."""
        return self._parts["init_op"]

    @property
    def init_feed_dict(self) -> Any:
        """What to feed `init_op`."""
        return self._parts["init_feed_dict"]

    @property
    def ready_op(self) -> Any:
        """A tensor of the names of what is not initialised."""
        return self._parts["ready_op"]

    @property
    def ready_for_local_init_op(self) -> Any:
        """A tensor of the names of what is not initialised before `local_init_op`."""
        return self._parts["ready_for_local_init_op"]

    @property
    def local_init_op(self) -> Any:
        """Initialises what each worker has for itself."""
        return self._parts["local_init_op"]

    @property
    def summary_op(self) -> Any:
        """All summaries."""
        return self._parts["summary_op"]

    @property
    def saver(self) -> Any:
        """The `Saver`."""
        return self._parts["saver"]

    def finalize(self) -> Any:
        """Make what is missing, and finalize the graph."""
        makers: list[tuple[str, str, Callable[[], Any]]] = [
            ("init_op", GraphKeys.INIT_OP, lambda: group(
                global_variables_initializer(), resources.initialize_resources(resources.shared_resources()))),
            ("ready_op", GraphKeys.READY_OP, lambda: _not_ready(None, None)),
            ("ready_for_local_init_op", GraphKeys.READY_FOR_LOCAL_INIT_OP,
             lambda: _not_ready(global_variables(), resources.shared_resources())),
            ("local_init_op", GraphKeys.LOCAL_INIT_OP, Scaffold.default_local_init_op),
            ("summary_op", GraphKeys.SUMMARY_OP, api.summary.merge_all),
        ]
        for part, key, make in makers:
            if self._parts[part] is None:
                self._parts[part] = Scaffold.get_or_default(part, key, make)
        saver = saver_or_default() if self._parts["saver"] is None else self._parts["saver"]
        self._parts["saver"] = saver
        saver.build()
        tf_logging.info("Graph was finalized.")
        get_default_graph().finalize()
        return self

    @staticmethod
    def get_or_default(arg_name: str, collection_key: str, default_constructor: Callable[[], Any]) -> Any:
        """What a collection of the default graph holds, or what a function makes, which then stands in it.

        Args:
          arg_name: the part of the scaffold.
          collection_key: the collection.
          default_constructor: makes what is missing; None stays out of the collection.

        Raises:
          RuntimeError: the collection holds several things.
        """
        graph = get_default_graph()
        found = graph.get_collection(collection_key)
        if len(found) > 1:
            raise RuntimeError(f'More than one item in the collection "{collection_key}". Please indicate which one to '
                               f"use by passing it to the tf.Scaffold constructor as:  tf.Scaffold({arg_name}=item to "
                               "use)")
        if found:
            return found[0]
        made = default_constructor()
        if made is not None:
            graph.add_to_collection(collection_key, made)
        return made

    @staticmethod
    def default_local_init_op() -> Any:
        """An operation that initialises local variables, tables and local resources."""
        return group(local_variables_initializer(), resources.tables_initializer(),
                     resources.initialize_resources(resources.local_resources()))


def saver_or_default() -> Any:
    """The saver of the default graph; a sharded one of all its variables is made where there is none.

    Raises:
      RuntimeError: there are several.
    """
    graph = get_default_graph()
    found = graph.get_collection(GraphKeys.SAVERS)
    if len(found) > 1:
        raise RuntimeError(f"More than one item in collection {GraphKeys.SAVERS}. Please indicate which one to use by "
                           "passing it to the constructor.")
    if found:
        return found[0]
    saver = Saver(sharded=True, allow_empty=True)
    graph.add_to_collection(GraphKeys.SAVERS, saver)
    return saver
