"""tf.contrib.graph_editor.util: lists of operations and tensors, trees of them, scopes, placeholders."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.graph import Graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops.array.constants import placeholder

_PREFIX = "geph"


def public(function: Any) -> Any:
    return export(f"contrib.graph_editor.{function.__name__}")(function)


def util(function: Any) -> Any:
    return export(f"contrib.graph_editor.util.{function.__name__}")(function)


@util
def concatenate_unique(la: list[Any], lb: Iterable[Any]) -> list[Any]:
    """Add to the first list what it does not hold yet of the second."""
    held = set(la)
    for item in lb:
        if item not in held:
            la.append(item)
            held.add(item)
    return la


@util
class ListView:
    """A list that cannot be changed."""

    def __init__(self, list_: list[Any]):
        if not isinstance(list_, list):
            raise TypeError(f"Expected a list, got: {type(list_)}.")
        self._list = list_

    def __iter__(self) -> Iterator[Any]:
        return iter(self._list)

    def __len__(self) -> int:
        return len(self._list)

    def __bool__(self) -> bool:
        return bool(self._list)

    def __getitem__(self, i: Any) -> Any:
        return self._list[i]

    def __add__(self, other: Any) -> list[Any]:
        return list(self) + (other if isinstance(other, list) else list(other))


@util
def is_iterable(obj: Any) -> bool:
    """Whether a thing can be gone through."""
    return hasattr(obj, "__iter__")


@util
def flatten_tree(tree: Any, leaves: list[Any] | None = None) -> list[Any]:
    """The leaves of a tree of dicts, lists and tuples."""
    leaves = [] if leaves is None else leaves
    if isinstance(tree, dict):
        for value in tree.values():
            flatten_tree(value, leaves)
    elif is_iterable(tree) and not isinstance(tree, (str, bytes, Tensor)):
        for value in tree:
            flatten_tree(value, leaves)
    else:
        leaves.append(tree)
    return leaves


@util
def transform_tree(tree: Any, fn: Callable[[Any], Any], iterable_type: type = tuple) -> Any:
    """A tree of the same form with other leaves."""
    if isinstance(tree, dict):
        return type(tree)((key, transform_tree(value, fn)) for key, value in tree.items())
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(transform_tree(value, fn) for value in tree))
    if isinstance(tree, (list, tuple)):
        return type(tree)(transform_tree(value, fn) for value in tree)
    if is_iterable(tree) and not isinstance(tree, (str, bytes, Tensor)):
        return iterable_type(transform_tree(value, fn) for value in tree)
    return fn(tree)


@util
def check_graphs(*args: Any) -> None:
    """See that all arguments belong to one graph.

    Raises:
      ValueError: they do not.
    """
    graph = None
    for index, thing in enumerate(args):
        if graph is None and thing.graph is not None:
            graph = thing.graph
        elif thing.graph is not None and thing.graph is not graph:
            raise ValueError(f"Argument[{index}]: Wrong graph!")


def _names_of(types: tuple[type, ...]) -> str:
    return ", ".join(str(kind) for kind in types)


@util
def get_unique_graph(tops: Any, check_types: Any = None, none_if_empty: bool = False) -> Graph | None:
    """The graph to which all operations and tensors of a list belong.

    Raises:
      TypeError: there is something else in the list.
      ValueError: the list is empty, or they belong to several graphs.
    """
    if isinstance(tops, Graph):
        return tops
    if not is_iterable(tops):
        raise TypeError(f"{type(tops)} is not iterable")
    types = (Operation, Tensor) if check_types is None else (
        tuple(check_types) if isinstance(check_types, (list, tuple)) else (check_types,))
    graph = None
    for thing in tops:
        if not isinstance(thing, types):
            raise TypeError(f"Expected a type in ({_names_of(types)}), got: {type(thing)}")
        if graph is None:
            graph = thing.graph
        elif graph is not thing.graph:
            raise ValueError(f"Operation {thing} does not belong to given graph")
    if graph is None and not none_if_empty:
        raise ValueError("Can't find the unique graph of an empty list")
    return graph


@public
def make_list_of_op(ops: Any, check_graph: bool = True, allow_graph: bool = True, ignore_ts: bool = False) -> list[Any]:
    """A list of operations of one, of many, or of a graph.

    Raises:
      TypeError: there is something else.
    """
    if isinstance(ops, Graph):
        if allow_graph:
            return ops.get_operations()
        raise TypeError("allow_graph is False: cannot convert a tf.Graph.")
    ops = list(ops) if is_iterable(ops) and not isinstance(ops, Tensor) else [ops]
    if not ops:
        return []
    if check_graph:
        get_unique_graph(ops, check_types=None if ignore_ts else Operation)
    return [op for op in ops if isinstance(op, Operation)]


@public
def make_list_of_t(ts: Any, check_graph: bool = True, allow_graph: bool = True,
                   ignore_ops: bool = False) -> list[Tensor]:
    """A list of tensors of one, of many, or of a graph.

    Raises:
      TypeError: there is something else.
    """
    if isinstance(ts, Graph):
        if allow_graph:
            return get_tensors(ts)
        raise TypeError("allow_graph is False: cannot convert a tf.Graph.")
    ts = list(ts) if is_iterable(ts) and not isinstance(ts, Tensor) else [ts]
    if not ts:
        return []
    if check_graph:
        get_unique_graph(ts, check_types=None if ignore_ops else Tensor)
    return [t for t in ts if isinstance(t, Tensor)]


@public
def get_tensors(graph: Graph) -> list[Tensor]:
    """All tensors of a graph.

    Raises:
      TypeError: it is no graph.
    """
    if not isinstance(graph, Graph):
        raise TypeError(f"Expected a graph, got: {type(graph)}")
    return [t for op in graph.get_operations() for t in op.outputs]


@public
def get_generating_ops(ts: Any) -> list[Operation]:
    """The operations that make tensors."""
    return [t.op for t in make_list_of_t(ts, allow_graph=False)]


@public
def get_consuming_ops(ts: Any) -> list[Operation]:
    """The operations that read tensors."""
    ops: list[Operation] = []
    for t in make_list_of_t(ts, allow_graph=False):
        concatenate_unique(ops, t.consumers())
    return ops


@public
class ControlOutputs:
    """Which operations of a graph wait for each."""

    def __init__(self, graph: Graph):
        if not isinstance(graph, Graph):
            raise TypeError(f"Expected a tf.Graph, got: {type(graph)}")
        self._control_outputs: dict[Operation, list[Operation]] = {}
        self._graph = graph
        self._seen = 0
        self._build()

    def update(self) -> ControlOutputs:
        """Look again, where the graph has grown."""
        if self._seen != len(self._graph.get_operations()):
            self._build()
        return self

    def _build(self) -> None:
        self._control_outputs.clear()
        operations = self._graph.get_operations()
        self._seen = len(operations)
        for op in operations:
            for before in op.control_inputs:
                waiting = self._control_outputs.setdefault(before, [])
                if op not in waiting:
                    waiting.append(op)

    def get_all(self) -> Any:
        """Each operation for which others wait, with these."""
        return self._control_outputs.items()

    def get(self, op: Operation) -> Any:
        """The operations that wait for one."""
        return self._control_outputs.get(op, ())

    @property
    def graph(self) -> Graph:
        """The graph."""
        return self._graph


@util
def scope_finalize(scope: str) -> str:
    """A scope with a slash at its end."""
    return scope + "/" if scope and scope[-1] != "/" else scope


@util
def scope_dirname(scope: str) -> str:
    """The scope around a name, with its slash."""
    return scope[:scope.rfind("/") + 1]


@util
def scope_basename(scope: str) -> str:
    """The last part of a name."""
    return scope[scope.rfind("/") + 1:]


@public
def placeholder_name(t: Tensor | None = None, scope: str | None = None, prefix: str = _PREFIX) -> str:
    """A name for the placeholder that stands in for a tensor.

    Raises:
      TypeError: it is no tensor.
    """
    if scope is not None:
        scope = scope_finalize(scope)
    if t is None:
        return (scope or "") + prefix
    if not isinstance(t, Tensor):
        raise TypeError(f"Expected a tf.Tenfor, got: {type(t)}")
    around = scope_dirname(t.op.name) if scope is None else scope
    own = scope_basename(t.op.name)
    return around + (own if own.startswith(f"{prefix}__") else f"{prefix}__{own}_{t.value_index}")


@public
def make_placeholder_from_tensor(t: Tensor, scope: str | None = None, prefix: str = _PREFIX) -> Tensor:
    """A placeholder of a tensor's type and shape."""
    return placeholder(t.dtype, t.shape, name=placeholder_name(t, scope=scope, prefix=prefix))


@public
def make_placeholder_from_dtype_and_shape(dtype: Any, shape: Any = None, scope: str | None = None,
                                          prefix: str = _PREFIX) -> Tensor:
    """A placeholder of a type and a shape."""
    return placeholder(dtype, shape, name=placeholder_name(scope=scope, prefix=prefix))


@util
def get_predefined_collection_names() -> list[str]:
    """The names of the collections that `tf.GraphKeys` knows."""
    return [getattr(GraphKeys, key) for key in sorted(dir(GraphKeys)) if re.fullmatch("[A-Z_]*[A-Z]", key)]


@util
def find_corresponding_elem(target: Any, dst_graph: Graph, dst_scope: str = "", src_scope: str = "") -> Any:
    """The operation or tensor of another graph, or scope, that has the name of one here.

    Raises:
      ValueError: the one here is not in the scope it should be in.
    """
    name = target.name
    src_scope = scope_finalize(src_scope)
    if not name.startswith(src_scope):
        raise ValueError(f"{name} does not start with {src_scope}")
    wanted = scope_finalize(dst_scope) + name[len(src_scope):]
    return (dst_graph.get_tensor_by_name(wanted) if isinstance(target, Tensor)
            else dst_graph.get_operation_by_name(wanted))


@util
def find_corresponding(targets: Any, dst_graph: Graph, dst_scope: str = "", src_scope: str = "") -> Any:
    """The same for each of a tree."""
    return transform_tree(targets, lambda one: find_corresponding_elem(one, dst_graph, dst_scope, src_scope), list)
