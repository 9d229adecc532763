"""tf.contrib.graph_editor.transform: parts of graphs copied, with other inputs, into other scopes and graphs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.tf.contrib.graph_editor import lists, selection
from tfmagic.tf.contrib.graph_editor.lists import public
from tfmagic.tf.contrib.graph_editor.views import SubGraphView, make_view
from tfmagic.tf.framework.scopes import control_dependencies

_LOOPS = ("Enter", "RefEnter", "NextIteration", "RefNextIteration", "LoopCond", "Exit", "RefExit")


@public
def replace_t_with_placeholder_handler(info: Any, t: Tensor) -> Tensor:
    """A placeholder in the place of a tensor from outside."""
    with info.graph_.as_default():
        return lists.make_placeholder_from_tensor(t, scope=info.scope_)


@public
def keep_t_if_possible_handler(info: Any, t: Tensor) -> Tensor:
    """The tensor itself where the copy is in the same graph, else a placeholder."""
    return t if info.graph is info.graph_ else replace_t_with_placeholder_handler(info, t)


@public
def assign_renamed_collections_handler(info: Any, elem: Any, elem_: Any) -> None:
    """Put a copy into the collections in which the original is; those with names of their own are renamed."""
    known = lists.get_predefined_collection_names()
    for name, collection in info.collections.items():
        if elem in collection:
            info.graph_.add_to_collection(name if name in known else info.new_name(name), elem_)


@public
def transform_op_if_inside_handler(info: Any, op: Operation, keep_if_possible: bool = True) -> Operation | None:
    """The copy of an operation; of one outside itself where that can be, else None."""
    if op in info.sgv._ops:
        return info.transformed_ops.get(op)
    return op if keep_if_possible and info.graph is info.graph_ else None


@public
def copy_op_handler(info: Any, op: Operation, new_inputs: Any, copy_shape: bool = False,
                    nodedef_fn: Callable[[Any], Any] | None = None) -> tuple[Operation, tuple[Tensor, ...]]:
    """Copy an operation.

    Args:
      info: what is known of the transformation.
      op: the operation.
      new_inputs: what the copy reads.
      copy_shape: whether the copy's outputs have the original's static shapes.
      nodedef_fn: changes the copy's `NodeDef` before it is made.

    Returns:
      The copy and its outputs.
    """
    attrs, name, device = dict(op._attrs), info.graph_.unique_name(info.new_name(op.name)), op.device
    if nodedef_fn is not None:
        from tfmagic.graph.protos import plain_attr

        proto = nodedef_fn(op.node_def)
        attrs.update((key, plain_attr(value)) for key, value in proto.attr.items())
        device = proto.device
    with info.graph_.as_default(), control_dependencies(None):
        made = info.graph_.make(op._op_def, name, tuple(new_inputs), attrs, use_device_scopes=False)
    made._set_device(device)
    made._original_op = op
    if copy_shape:
        for t, t_ in zip(op.outputs, made.outputs):
            t_.set_shape(t.shape)
    return made, tuple(made.outputs)


@public
class TransformerInfo:
    """What became of what in a transformation."""

    def __init__(self, info: Any):
        self._graph, self._scope = info.graph, info.scope
        self._graph_, self._scope_ = info.graph_, info.scope_
        self._transformed_ops, self._transformed_ts = info.transformed_ops, info.transformed_ts

    def _mapped(self, top: Any, ops: dict[Any, Any], ts: dict[Any, Any],
                missing_fn: Callable[[Any], Any] | None) -> Any:
        def one(thing: Any) -> Any:
            if not isinstance(thing, (Operation, Tensor)):
                raise TypeError(f"Expected a tf.Tensor or a tf.Operation, got a {type(thing)}")
            held = ops if isinstance(thing, Operation) else ts
            if thing in held:
                return held[thing]
            return None if missing_fn is None else missing_fn(thing)

        return lists.transform_tree(top, one)

    def transformed(self, original: Any, missing_fn: Callable[[Any], Any] | None = None) -> Any:
        """The copies of operations or tensors, in the same tree; of those without, None or what `missing_fn` says."""
        return self._mapped(original, self._transformed_ops, self._transformed_ts, missing_fn)

    def original(self, transformed: Any, missing_fn: Callable[[Any], Any] | None = None) -> Any:
        """The originals of copies."""
        return self._mapped(transformed, {new: old for old, new in self._transformed_ops.items()},
                            {new: old for old, new in self._transformed_ts.items()}, missing_fn)

    def __str__(self) -> str:
        within = " IN-PLACE" if self._graph is self._graph_ else ""
        lines = ["Transform result info:"]
        if within:
            lines.append(f"  Within graph[{id(self._graph)}]{within}")
        else:
            lines.append(f"  From graph[{id(self._graph)}] to graph[{id(self._graph_)}]")
        if self._scope:
            lines.append(f"  Relative to source scope: {self._scope}")
        if self._scope_:
            lines.append(f"  Scope destination: {self._scope_}")
        lines.append("Operations mapping:")
        lines.extend(f"  {old.name} => {new.name}" for old, new in self._transformed_ops.items())
        return "\n".join(lines) + "\n"


class _Info:
    """What the handlers of one transformation know: names without `_` are of the source, with it of the destination."""

    def __init__(self, sgv: SubGraphView, dst_graph: Graph, dst_scope: str, src_scope: str):
        self.sgv, self.graph, self.scope = sgv, sgv.graph, src_scope
        self.graph_, self.scope_ = dst_graph, dst_scope
        self.transformed_ops: dict[Operation, Operation] = {}
        self.transformed_ts: dict[Tensor, Tensor] = {}
        self.collections = {key: sgv.graph.get_collection(key)  # type: ignore[union-attr]
                            for key in sgv.graph.get_all_collection_keys()}  # type: ignore[union-attr]

    def new_name(self, name: str) -> str:
        """The name of a copy.

        Raises:
          ValueError: the original is not in the source's scope.
        """
        if not name.startswith(self.scope):
            raise ValueError(f"{name} does not belong to source scope: {self.scope}.")
        return self.scope_ + name[len(self.scope):]


@public
class Transformer:
    """Copies parts of graphs; its handlers say how each part is done.

    Attributes:
      transform_op_handler: `(info, op, new_inputs) -> (op_, outputs_)`.
      assign_collections_handler: `(info, elem, elem_)`.
      transform_external_input_handler: `(info, t) -> t_` for tensors from outside.
      transform_external_hidden_input_handler: the same for those that no input of the view is.
      transform_original_op_handler: `(info, op) -> op_` for the operation from which one was made.
      transform_control_input_handler: `(info, op) -> op_ or None`.
    """

    def __init__(self) -> None:
        self.transform_op_handler: Any = copy_op_handler
        self.transform_control_input_handler: Any = transform_op_if_inside_handler
        self.assign_collections_handler: Any = assign_renamed_collections_handler
        self.transform_external_input_handler: Any = replace_t_with_placeholder_handler
        self.transform_external_hidden_input_handler: Any = keep_t_if_possible_handler
        self.transform_original_op_handler: Any = partial(transform_op_if_inside_handler, keep_if_possible=False)

    def __call__(self, sgv: Any, dst_graph: Graph, dst_scope: str, src_scope: str = "",
                 reuse_dst_scope: bool = False) -> tuple[SubGraphView, TransformerInfo]:
        """Copy a view.

        Args:
          sgv: the view, or what makes one.
          dst_graph: the graph of the copy.
          dst_scope: its scope.
          src_scope: the scope that is cut off the originals' names.
          reuse_dst_scope: whether the scope may be in use already; else its name is made unique.

        Returns:
          The view of the copy, and what became of what.

        Raises:
          TypeError: the destination is no graph.
          ValueError: the view holds a loop, or something outside of the source's scope.
        """
        sgv = make_view(sgv)
        if not isinstance(dst_graph, Graph):
            raise TypeError(f"Expected a tf.Graph, got: {type(dst_graph)}")
        src_scope, dst_scope = lists.scope_finalize(src_scope), lists.scope_finalize(dst_scope)
        if dst_scope and not reuse_dst_scope:
            dst_scope = lists.scope_finalize(dst_graph.unique_name(dst_scope[:-1]))
        info = _Info(sgv, dst_graph, dst_scope, src_scope)
        self._copy(info)
        return self._view(info), TransformerInfo(info)

    def _copy(self, info: _Info) -> None:
        inside = set(info.sgv._ops)
        inputs = set(info.sgv._input_ts)
        for op in sorted(inside, key=lambda op: op._id):
            if op.type in _LOOPS:
                raise ValueError(f"{op.name} ({op.type}) is a part of a loop, and loops cannot be copied by the graph "
                                 "editor here. Import the whole GraphDef (tf.import_graph_def) instead.")
            new = []
            for t in op.inputs:
                if t.op in inside:
                    new.append(info.transformed_ts[t])
                elif t in inputs:
                    new.append(self.transform_external_input_handler(info, t))
                else:
                    new.append(self.transform_external_hidden_input_handler(info, t))
            made, outputs = self.transform_op_handler(info, op, new)
            if op is made:
                raise ValueError("In-place transformation not allowed.")
            info.transformed_ops[op] = made
            self.assign_collections_handler(info, op, made)
            for t, t_ in zip(op.outputs, outputs):
                info.transformed_ts[t] = t_
                self.assign_collections_handler(info, t, t_)
        for op, made in info.transformed_ops.items():
            found = [self.transform_control_input_handler(info, before) for before in op.control_inputs]
            made._add_control_inputs([before for before in found if before is not None])

    def _view(self, info: _Info) -> SubGraphView:
        view = SubGraphView(list(info.transformed_ops.values()))
        # As in TensorFlow, what stands in for tensors from outside is no input of the copy's view.
        view._input_ts = [info.transformed_ts[t] for t in info.sgv._input_ts if t in info.transformed_ts]
        view._output_ts = [info.transformed_ts[t] for t in info.sgv._output_ts if t in info.transformed_ts]
        return view


@public
def copy(sgv: Any, dst_graph: Graph | None = None, dst_scope: str = "", src_scope: str = "",
         reuse_dst_scope: bool = False) -> tuple[SubGraphView, TransformerInfo]:
    """Copy a part of a graph; what it reads from outside becomes placeholders.

    Args:
      sgv: the view, or what makes one.
      dst_graph: the graph of the copy, by default the same.
      dst_scope: its scope.
      src_scope: the scope that is cut off the originals' names.
      reuse_dst_scope: whether the scope may be in use already.

    Returns:
      The view of the copy, and what became of what.
    """
    sgv = make_view(sgv)
    return Transformer()(sgv, _graph(dst_graph, sgv), dst_scope, src_scope, reuse_dst_scope=reuse_dst_scope)


def _graph(dst_graph: Graph | None, sgv: SubGraphView) -> Graph:
    graph = sgv.graph if dst_graph is None else dst_graph
    if not isinstance(graph, Graph):
        raise TypeError(f"Expected a tf.Graph, got: {type(graph)}")
    return graph


@public
def copy_with_input_replacements(sgv: Any, replacement_ts: dict[Tensor, Tensor], dst_graph: Graph | None = None,
                                 dst_scope: str = "", src_scope: str = "",
                                 reuse_dst_scope: bool = False) -> tuple[SubGraphView, TransformerInfo]:
    """Copy a part of a graph with other tensors in the place of some that it reads.

    Args:
      sgv: the view, or what makes one.
      replacement_ts: what is read in the place of what.
      dst_graph, dst_scope, src_scope, reuse_dst_scope: as in `copy`.

    Returns:
      The view of the copy, and what became of what.
    """
    sgv = make_view(sgv)
    copier = Transformer()

    def replaced(info: Any, t: Tensor) -> Tensor:
        return replacement_ts[t] if t in replacement_ts else keep_t_if_possible_handler(info, t)

    copier.transform_external_input_handler = replaced
    return copier(sgv, _graph(dst_graph, sgv), dst_scope, src_scope, reuse_dst_scope=reuse_dst_scope)


@public
def graph_replace(target_ts: Any, replacement_ts: dict[Tensor, Tensor], dst_scope: str = "", src_scope: str = "",
                  reuse_dst_scope: bool = False) -> Any:
    """Tensors as they would be if others stood in the place of some: copies of all that lies between.

    Args:
      target_ts: a tensor, or a tree of them.
      replacement_ts: what stands in the place of what.
      dst_scope, src_scope, reuse_dst_scope: as in `copy`.

    Returns:
      The copies, in the same tree; tensors that depend on nothing replaced as they are.

    Raises:
      ValueError: no target depends on what is replaced.
    """
    flat = lists.flatten_tree(target_ts)
    graph = lists.get_unique_graph(flat, check_types=Tensor)
    control_ios = lists.ControlOutputs(graph)
    ops = selection.get_walks_intersection_ops(list(replacement_ts), flat, control_ios=control_ios)
    if not ops:
        raise ValueError("Targets and replacements are not connected!")
    _, info = copy_with_input_replacements(ops, replacement_ts, None, dst_scope, src_scope, reuse_dst_scope)
    return info.transformed(target_ts, lambda t: t)
