"""Open rows: what takes, sums or tells apart rows whose number only a run tells is the call that it would be else.

Such kernels are called at run time, because torch's words of a value's shape are not there. Here the number of rows is
a symbol, the rows' own count, and the other sizes are known. All this is for plans that assume shapes, on the CPU:
where shapes do not fit, such a call fails, and another plan says in TensorFlow's words what is wrong.

1. Rows of a tensor at numbers (`Gather`, `GatherV2`, `ResourceGather`) are `index_select`.
2. The different ones of whole numbers (`Unique`) are `distinct_numbers`; those of distinct numbers are these.
3. Sums and means of segments, and their gradients, are the functions that their kernels call. As many segments as
   something has rows are as many as it has when it runs.
4. A sum of segments that has one row for each, in order, is the rows.
5. A `Reshape` to the sizes that a value has already is the value.
6. Elements of a sparse matrix of known size, and one in each row without, are `with_every_row`; of a sparse tensor of
   known size in another shape they have `coordinates`, in the same shape those that they had.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import fx

from tfmagic.base import errors
from tfmagic.ops.array.select import distinct_numbers, true_places
from tfmagic.ops.math.segment import gathered, of_gathered, unsorted_sum
from tfmagic.ops.sparse.layout import coordinates, inferred, with_every_row
from tfmagic.ops.torch_types import torch_dtype
from tfmagic.session.devices.transfers import is_on_gpu
from tfmagic.session.passes import dead_code
from tfmagic.session.plan.plan_graph import PlanGraph, replace
from tfmagic.session.plan.run_time import Assumption, RunTimeKernel


class _Unknown:
    """A size of which nothing is known, but that it is the same where it is the same object."""


# A size: a number, or the node that has so many rows.
_Size = int | fx.Node | _Unknown
_WHOLE = (torch.int32, torch.int64)
_KINDS = {"Sum": "sum", "Mean": "mean", "SqrtN": "sqrt_n"}
# Numbers of a constant that may be sizes.
_FEW = 8


def run(plan: PlanGraph) -> bool:
    """Write such calls anew; say whether there were any."""
    nodes = list(plan.graph.nodes)
    if not any(isinstance(node.target, Assumption) for node in nodes) or not _Rows(plan).run(nodes):
        return False
    dead_code.run(plan)  # what only told sizes
    return True


class _Rows:
    """What is known of open sizes while the nodes of a plan are gone through in their order."""

    def __init__(self, plan: PlanGraph):
        self._plan = plan
        self._dims: dict[fx.Node, tuple[_Size, ...]] = {}
        self._sizes: dict[fx.Node, _Size | list[_Size]] = {}  # whole numbers that are sizes, one or a vector of them
        self._distinct: set[fx.Node] = set()
        self._in_order: set[fx.Node] = set()  # 0, 1, 2, ... to the last
        self._changed = False

    def run(self, nodes: list[fx.Node]) -> bool:
        for node in nodes:
            if node.op in ("call_function", "call_method") and not is_on_gpu(node):
                self._read(node)
        return self._changed

    def _read(self, node: fx.Node) -> None:
        if type(node.target) is RunTimeKernel:
            op = node.target.op
            rule = _RULES.get(op.type)
            if len(op._outputs) == 1:
                self._as_the_graph_says(node, op._outputs[0])
            if rule is not None:
                rule(self, node, op)
        elif node.target is operator.getitem:
            self._part(node)
        elif node.target in (torch.cat, torch.stack):
            self._joined(node)
        elif node.target is true_places:
            dims = self._of(node.args[0])
            self._dims[node] = (node, _Unknown() if dims is None else len(dims))
        elif node.target is torch.narrow and node.args[1] == 0:
            start, count = node.args[2:]
            self._taken(node, node.args[0], range(start, start + count))  # type: ignore[operator,arg-type]
        elif node.target is torch.prod and node.args[1:3] == (0, False):
            sizes = self._numbers(node.args[0])
            if _all_known(sizes):
                self._sizes[node] = math.prod(sizes)
        elif node.op == "call_method":
            self._method(node)

    def _as_the_graph_says(self, node: fx.Node, tensor: Any) -> None:
        """The sizes of a tensor as far as its graph tells them; the first is that of the node."""
        if tensor._dims:
            self._dims[node] = (node, *(_Unknown() if size is None else size for size in tensor._dims[1:]))

    def _of(self, value: Any) -> tuple[_Size, ...] | None:
        """The sizes of a value, or None."""
        known = value.meta.get("val") if isinstance(value, fx.Node) else None
        return tuple(known.shape) if isinstance(known, torch.Tensor) else self._dims.get(value)

    def _numbers(self, value: Any) -> Any:
        """The sizes that a value consists of: one, or a list; None where it is something else."""
        if isinstance(value, (int, list)):
            return value
        if isinstance(value, fx.Node) and value.op == "get_attr":
            constant = self._plan.constants.get(str(value.target))
            if not isinstance(constant, torch.Tensor) or constant.dtype not in _WHOLE or constant.dim() > 1 \
                    or constant.numel() > _FEW:
                return None
            return constant.tolist()
        return self._sizes.get(value)

    # --- what only hands sizes on ---

    def _part(self, node: fx.Node) -> None:
        source, key = node.args
        if not isinstance(source, fx.Node):
            return
        if source.target is distinct_numbers:
            numbers, once = source.args[0], source.args[0] in self._distinct
            if key == 0 and once:
                self._put(node, numbers)
                return
            dims = (node,) if key == 0 else self._of(numbers)
            if dims is not None:
                self._dims[node] = dims
            if key == 0:
                self._distinct.add(node)
            elif once:
                self._in_order.add(node)
            return
        if type(source.target) is RunTimeKernel and isinstance(key, int) and key < len(source.target.op._outputs):
            self._as_the_graph_says(node, source.target.op._outputs[key])
        sizes = self._numbers(source)
        if isinstance(sizes, list) and isinstance(key, tuple) and len(key) == 2 and key[1] is Ellipsis and (
                isinstance(key[0], slice) or isinstance(key[0], int) and -len(sizes) <= key[0] < len(sizes)):
            self._sizes[node] = sizes[key[0]]

    def _taken(self, node: fx.Node, source: Any, places: Any) -> None:
        """Sizes at places in a vector of sizes."""
        sizes = self._numbers(source)
        if isinstance(sizes, list) and all(0 <= place < len(sizes) for place in places):
            self._sizes[node] = [sizes[place] for place in places]

    def _joined(self, node: fx.Node) -> None:
        parts = node.args[0] if node.args[1:] in ((), (0,)) and not node.kwargs else None
        found: list[Any] = [self._numbers(part) for part in parts] if isinstance(parts, (list, tuple)) else [None]
        if node.target is torch.stack and all(isinstance(part, (int, fx.Node)) for part in found):
            self._sizes[node] = found
        elif node.target is torch.cat and all(isinstance(part, list) for part in found):
            self._sizes[node] = [size for part in found for size in part]

    def _method(self, node: fx.Node) -> None:
        source, dims, sizes = node.args[0], self._of(node.args[0]), self._numbers(node.args[0])
        if node.target in ("to", "contiguous", "clone"):
            if dims is not None:
                self._dims[node] = dims
            if sizes is not None and node.args[1:] in tuple((kind,) for kind in _WHOLE):
                self._sizes[node] = sizes
        elif node.target == "unsqueeze" and node.args[1:] == (0,) and isinstance(sizes, (int, fx.Node)):
            self._sizes[node] = [sizes]
        elif node.target == "reshape" and node.args[1:] == ((),) and isinstance(sizes, list) and len(sizes) == 1:
            self._sizes[node] = sizes[0]
        elif node.target == "reshape" and node.args[1:] == ((-1,),):
            self._dims[node] = dims[:1] if dims and all(size == 1 for size in dims[1:]) else (node,)
        elif node.target == "index_select" and node.args[1] == 0:
            if dims and (rows := self._of(node.args[2])):
                self._dims[node] = (*rows, *dims[1:])
            if _all_known(places := self._numbers(node.args[2])):
                self._taken(node, source, places)

    # --- kernels ---

    def _shape(self, node: fx.Node, op: Any) -> None:
        dims = self._of(node.args[0])
        if dims is not None:
            self._sizes[node] = list(dims)

    def _size(self, node: fx.Node, op: Any) -> None:
        dims = self._of(node.args[0])
        if dims is not None and len(dims) == 1:
            self._sizes[node] = dims[0]

    def _reshape(self, node: fx.Node, op: Any) -> None:
        """Rule 5."""
        dims = self._of(node.args[0])
        if dims is not None and self._numbers(node.args[1]) == list(dims):
            self._put(node, node.args[0])

    def _gather(self, node: fx.Node, op: Any) -> None:
        """Rule 1."""
        source, rows = node.args[:2]
        dims, places = self._of(source), self._of(rows)
        kind = op._attrs.get("Tparams") or op._attrs["dtype"]
        if dims and places is not None and len(places) == 1 and not op._attrs.get("batch_dims") and kind.kind != "O" \
                and all(self._numbers(axis) == 0 for axis in node.args[2:]):
            made = self._call(node, "call_method", "index_select", (source, 0, rows))
            self._dims[made] = (*places, *dims[1:])

    def _unique(self, node: fx.Node, op: Any) -> None:
        """Rule 2."""
        numbers = node.args[0]
        dims = self._of(numbers)
        if dims is not None and len(dims) == 1 and torch_dtype(op._attrs["T"]) in _WHOLE:
            self._call(node, "call_function", distinct_numbers, (numbers, torch_dtype(op._attrs["out_idx"])))

    def _unsorted_sum(self, node: fx.Node, op: Any) -> None:
        """Rules 3 and 4."""
        rows, ids, count = node.args
        dims, places, size = self._of(rows), self._of(ids), self._numbers(count)
        if not dims or places is None or len(places) != 1 or not isinstance(size, (int, fx.Node)):
            return
        if ids in self._in_order and places[0] == dims[0] == size:
            self._put(node, rows)
        else:
            made = self._call(node, "call_function", unsorted_sum, (rows, ids, self._count(node, size)))
            self._dims[made] = (size, *dims[1:])

    def _gathered(self, node: fx.Node, op: Any) -> None:
        """Rule 3."""
        rows, at, ids = node.args
        dims, places = self._of(rows), self._of(at)
        if dims and places is not None and places == self._of(ids) and len(places) == 1:
            kind = _KINDS[op.type.removeprefix("SparseSegment")]
            made = self._call(node, "call_function", gathered, (rows, at, ids, None, kind))
            self._dims[made] = (made, *dims[1:])

    def _of_gathered(self, node: fx.Node, op: Any) -> None:
        """Rule 3."""
        grad, at, ids, count = node.args
        dims, places, size = self._of(grad), self._of(at), self._numbers(count)
        if dims and places is not None and places == self._of(ids) and len(places) == 1 \
                and isinstance(size, (int, fx.Node)):
            kind = _KINDS[op.type.removeprefix("SparseSegment").removesuffix("Grad")]
            made = self._call(node, "call_function", of_gathered, (grad, at, ids, self._count(node, size), kind))
            self._dims[made] = (size, *dims[1:])

    def _fill(self, node: fx.Node, op: Any) -> None:
        """Rule 6."""
        indices, values, sizes, default = node.args
        given, numbers, whole = self._of(indices), self._of(values), self._numbers(sizes)
        if given is not None and numbers is not None and len(given) == 2 and len(numbers) == 1 \
                and isinstance(whole, list) and whole and type(whole[0]) is int and whole[0] > 0:
            self._call(node, "call_function", with_every_row, (indices, values, whole[0], default))

    def _sparse_reshape(self, node: fx.Node, op: Any) -> None:
        """Rule 6."""
        indices, given, wanted = node.args[0], self._numbers(node.args[1]), self._numbers(node.args[2])
        dims = self._of(indices)
        if dims is None or len(dims) != 2 or not _all_known(given) or not _all_known(wanted) or dims[1] != len(given):
            return
        try:
            sizes = inferred(given, wanted)
        except errors.InvalidArgumentError:  # as the run will say
            return
        for part in list(node.users):
            if part.target is not operator.getitem:
                continue
            if part.args[1] == 1:
                self._put(part, self._plan.constant_for(part, torch.tensor(sizes, dtype=torch.int64)))
            elif sizes == given:
                self._put(part, indices)
            else:
                made = self._call(part, "call_function", coordinates, (indices, given, sizes))
                self._dims[made] = (dims[0], len(sizes))

    # --- nodes ---

    def _count(self, before: fx.Node, size: int | fx.Node) -> Any:
        """What gives a size when the plan runs."""
        if isinstance(size, int):
            return size
        with self._plan.graph.inserting_before(before):
            made = self._plan.graph.call_method("size", (size, 0))
        made.meta = {name: before.meta[name] for name in ("op", "path", "device") if name in before.meta}
        made.meta.update(effect="none", inputs=[])
        return made

    def _call(self, node: fx.Node, kind: str, target: Any, args: Any) -> fx.Node:
        """A call in the place of another."""
        with self._plan.graph.inserting_before(node):
            made = self._plan.graph.create_node(kind, target, args)
        made.meta = {**node.meta, "effect": "none"}
        self._put(node, made)
        return made

    def _put(self, node: fx.Node, other: Any) -> None:
        replace(node, other)
        self._changed = True


def _all_known(sizes: Any) -> bool:
    return isinstance(sizes, list) and all(isinstance(size, int) for size in sizes)


_RULES: dict[str, Callable[[_Rows, fx.Node, Any], None]] = {
    "Shape": _Rows._shape, "Size": _Rows._size, "Reshape": _Rows._reshape, "Unique": _Rows._unique,
    **dict.fromkeys(("Gather", "GatherV2", "ResourceGather"), _Rows._gather),
    "UnsortedSegmentSum": _Rows._unsorted_sum,
    "SparseFillEmptyRows": _Rows._fill, "SparseReshape": _Rows._sparse_reshape,
    **{f"SparseSegment{kind}": _Rows._gathered for kind in _KINDS},
    **{f"SparseSegment{kind}Grad": _Rows._of_gathered for kind in ("Mean", "SqrtN")},
}
