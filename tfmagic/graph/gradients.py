"""The algorithm of `tf.gradients`: walks the graph backwards from ys to xs and lets each op's rule add its nodes."""

from __future__ import annotations

import collections
import contextlib
import enum
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from tfmagic.base import dtypes, shapes
from tfmagic.base.export import export
from tfmagic.base.slots import Slot
from tfmagic.graph import opdefs, registry
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.function import called
from tfmagic.graph.graph import Graph
from tfmagic.graph.indexed_slices import IndexedSlices, as_tensor_or_slices, flatten_nested, unify_index_types
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.protos import Func
from tfmagic.graph.scopes import name_scope

_UNMARKED = contextlib.nullcontext()
_TRAINABLE = frozenset({dtypes.float16, dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.complex128,
                        dtypes.resource, dtypes.variant})


class Builders(Protocol):
    """The nodes that the algorithm itself adds; `ops.control_flow` offers them from above."""

    def ones_like(self, y: Tensor, name: str) -> Tensor: ...
    def identity(self, x: Any, name: str) -> Tensor: ...
    def symbolic_gradient(self, inputs: list[Tensor], count: int, f: Func) -> list[Tensor]: ...
    def add_n(self, tensors: Sequence[Any]) -> Tensor: ...
    def concat(self, tensors: Sequence[Tensor]) -> Tensor: ...
    def gather(self, params: Tensor, indices: Tensor) -> Tensor: ...
    def cast(self, x: Tensor, dtype: dtypes.DType) -> Tensor: ...
    def zeros(self, x: Tensor) -> Tensor: ...
    def zeros_like(self, x: Any) -> Tensor: ...
    def tuple(self, tensors: Sequence[Any]) -> list[Any]: ...
    def zeros_outside_loop(self, op: Operation, index: int) -> Tensor: ...
    def loop_state(self, between: list[Operation], between_set: set[Operation], colocate: bool) -> Any: ...
    def crosses_initial_value(self, op: Operation) -> bool: ...


builders: Builders = Slot("nodes of gradients")


@export("AggregationMethod")
class AggregationMethod:
    """How the gradients that reach one tensor on several paths are added up."""

    ADD_N = 0
    DEFAULT = ADD_N
    EXPERIMENTAL_TREE = 1
    EXPERIMENTAL_ACCUMULATE_N = 2


@export("UnconnectedGradients")
class UnconnectedGradients(enum.Enum):
    """What `tf.gradients` gives for an x on which no y depends: None or zeros."""

    NONE = "none"
    ZERO = "zero"


@export("gradients")
def gradients(ys: Any, xs: Any, grad_ys: Any = None, name: str = "gradients",
              colocate_gradients_with_ops: bool = False, gate_gradients: bool = False, aggregation_method: Any = None,
              stop_gradients: Any = None,
              unconnected_gradients: UnconnectedGradients = UnconnectedGradients.NONE) -> list[Any]:
    """Add nodes that compute the derivative of sum(ys) with respect to each x.

    Args:
      ys: a tensor or list of tensors.
      xs: a tensor or variable, or a list of them.
      grad_ys: the incoming gradient of each y, of the shape of y (None: ones).
      name: the name scope of the new nodes.
      colocate_gradients_with_ops: whether gradients ask for the device of the operation they belong to.
      gate_gradients: whether all gradients of one operation are ready before any of them is used.
      aggregation_method: one of the constants of `tf.AggregationMethod`.
      stop_gradients: tensors through which no gradient flows.
      unconnected_gradients: what to give where no path leads from an x to a y.

    Returns:
      One tensor, `tf.IndexedSlices` or None for each x.

    Raises:
      AttributeError: a y or an x is None.
      LookupError: an operation on the way has no gradient.
      TypeError: a y is complex without `grad_ys`, or a `grad_ys` has the wrong kind of type.
      ValueError: the lengths of ys and grad_ys differ, or a gradient function returned something unfit.
    """
    graph = get_default_graph()
    graph._check_not_finalized()
    try:
        unconnected_gradients = UnconnectedGradients(unconnected_gradients)
    except ValueError:
        raise ValueError(f"Unknown value for unconnected_gradients: {unconnected_gradients!r}") from None
    if aggregation_method is None:
        aggregation_method = AggregationMethod.DEFAULT
    if aggregation_method not in (0, 1, 2):
        raise ValueError(f"Invalid aggregation_method specified {aggregation_method}.")
    ys, xs, stops = _as_list(ys), _as_list(xs), _as_list([] if stop_gradients is None else stop_gradients)
    grad_ys = [None] * len(ys) if grad_ys is None else _as_list(grad_ys)
    if len(grad_ys) != len(ys):
        raise ValueError(f"Passed {len(grad_ys)} grad_ys for {len(ys)} ys")
    if any(value is None for value in (*ys, *xs, *stops)):
        raise AttributeError("'NoneType' object has no attribute 'op'\nOne of the ys, xs or stop_gradients is None, "
                             "as the gradients of what does not depend on an x are.")
    with name_scope(name, "gradients", [*ys, *xs, *stops, *grad_ys]):
        uid = get_default_graph().unique_name("uid")
        ys = [as_tensor_or_slices(y, f"y_{i}") for i, y in enumerate(ys)]
        xs = [_differentiable_form(x, f"x_{i}") for i, x in enumerate(xs)]
        # As in TensorFlow a variable is the node that holds it here, not what reads it.
        grad_ys = [None if g is None else as_tensor_or_slices(g, f"grad_y_{i}") for i, g in enumerate(grad_ys)]
        walk = _Walk(get_default_graph(), ys, xs, [one.op for one in stops], colocate_gradients_with_ops,
                     gate_gradients, aggregation_method, uid)
        walk.run(grad_ys)
    walk.finish()
    return [walk.result(x, unconnected_gradients) for x in xs]


def is_trainable(tensor: Any) -> bool:
    """Whether gradients flow through tensors of this type; a list's is that of its elements, where that is known."""
    dtype = tensor.dtype.base_dtype
    if dtype is dtypes.variant and tensor._handle_data is not None:
        dtype = tensor._handle_data[1] or dtype
    return dtype in _TRAINABLE


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _differentiable_form(x: Any, name: str) -> Any:
    """What stands for an x in the graph: a resource variable's handle, a variable's reference, a tensor."""
    if getattr(x, "_should_act_as_resource_variable", False):
        return x.handle
    return as_tensor_or_slices(x, name, as_ref=True)


def gradient_function(op: Operation, unwanted: frozenset[int] = frozenset()) -> Any:
    """The function `(operation, *output gradients)` for an operation, or None when it stops gradients on purpose.

    Args:
      op: the operation.
      unwanted: numbers of the inputs whose gradients nobody asks for; a rule may leave them out.

    Raises:
      LookupError: nobody declared or registered one.
    """
    if not op._inputs:
        return None
    if op._gradient_function is not None:
        return op._gradient_function
    call = called(op)
    if call is not None:
        return _given_gradient(op) or (lambda operation, *grads: _symbolic_gradient(operation, call.name, grads))
    try:
        return gradient_named(op._attrs.get("_gradient_op_type", op.type), unwanted)
    except LookupError:
        raise no_gradient(op) from None


def gradient_named(key: str, unwanted: frozenset[int] = frozenset()) -> Any:
    """The function that is registered under a name, of an op or of a program's own; None where gradients stop.

    Raises:
      LookupError: there is none.
    """
    found, function = registry.user_gradient(key)
    if found:
        return function
    definition, declared = opdefs.get(key), registry.lookup(key)
    if definition is not None and definition.stops_gradients:
        return None
    rule = None if declared is None or definition is None or not definition.has_gradient else declared.gradient
    if rule is None:
        raise LookupError(f"gradient registry has no entry for: {key}")
    return lambda operation, *grads: rule(registry.Node(operation, unwanted), *grads)


def _given_gradient(op: Operation) -> Any:
    """The gradient function that somebody gave for an operation that calls a function, or None."""
    call = called(op)
    function = None if call is None else op.graph._functions.get(call.name)
    return op._gradient_function or (None if function is None else function.python_gradient)


def no_gradient(op: Operation) -> LookupError:
    """The error that an operation has no gradient."""
    where = f"It was made at {op.source}: {op.source.text}. " if op.source is not None else ""
    return LookupError(f"No gradient defined for operation '{op.name}' (op type: {op.type})\n{where}If the result does "
                       "not have to be differentiated, put tf.stop_gradient around it; or register a gradient with "
                       "tf.RegisterGradient.")


def _symbolic_gradient(op: Operation, name: str, grads: Sequence[Tensor]) -> list[Tensor]:
    """The gradients of a call's inputs, from the gradient of its function."""
    return builders.symbolic_gradient([*op._inputs, *grads], len(op._inputs), Func(name, dict(op._attrs)))


class _Closure:
    """The way from operations to each other through what functions capture: a placeholder is the tensor itself.

    Args:
      graph: the graph in which gradients are taken.
      xs: what they are taken with respect to; the way ends there.
    """

    def __init__(self, graph: Graph, xs: list[Any]):
        self._outside: dict[Tensor, Tensor] = {}
        self._inside: dict[Tensor, list[Tensor]] = {}
        while graph.building_function:
            for outside, inside in graph.captures.items():  # type: ignore[attr-defined]
                if inside not in xs:
                    self._outside[inside] = outside
                self._inside.setdefault(outside, []).append(inside)
            graph = graph.outer_graph

    def inputs(self, op: Operation) -> tuple[Tensor, ...]:
        """What an operation reads."""
        if not self._outside:
            return op._inputs
        return tuple(self._outer(tensor) for tensor in op._inputs)

    def _outer(self, tensor: Tensor) -> Tensor:
        while tensor in self._outside:
            tensor = self._outside[tensor]
        return tensor

    def consumers(self, tensor: Tensor) -> list[Operation]:
        """The operations that read a tensor."""
        if not self._inside:
            return tensor._consumers
        found, waiting = [], [tensor]
        while waiting:
            current = waiting.pop()
            found += current._consumers
            waiting += self._inside.get(current, ())
        return found


class _Walk:
    """One call of `gradients`: which operations lie between, what each still waits for, and the gradients so far.

    Attributes:
      grads: per operation and output, the list of gradients that arrived; a single value once they are added up.
      pending: per operation, how many of its consumers have not delivered yet.
      loops: follows `while_loop`s, None when there are none on the way.
    """

    def __init__(self, graph: Graph, ys: list[Any], xs: list[Any], stops: list[Operation], colocate: bool,
                 gate: bool, aggregation: int, uid: str = ""):
        self.graph = graph
        self._uid = uid
        self.ys, self.xs = ys, xs
        self.colocate, self.gate, self.aggregation = colocate, gate, aggregation
        self.grads: dict[Operation, list[Any]] = {}
        self.queue: collections.deque[Operation] = collections.deque()
        self.from_ops = [x.op for x in xs]
        self.to_ops = [y.op for y in ys]
        self.stops = stops
        self.pending: collections.defaultdict[Operation, int] = collections.defaultdict(int)
        self.loops: Any = None
        self.reachable: set[Operation] = set()
        self.closure = _Closure(graph, xs)

    def run(self, grad_ys: list[Any]) -> None:
        """Add the nodes, given the incoming gradients."""
        grad_ys = [self._default_grad_y(i, y, g) for i, (y, g) in enumerate(zip(self.ys, grad_ys))]
        self._count_pending()
        for y, grad in zip(self.ys, grad_ys):
            self._set(y, grad)
        started: set[Operation] = set()
        for op in self.to_ops:
            if self.pending[op] == 0 and op not in started and op in self.reachable:
                started.add(op)
                self.queue.append(op)
        if self.loops is not None:
            for y in self.loops.unused_exits(self.pending, started):
                if is_trainable(y):
                    self._set(y, self.loops.zeros_like_for_exit(y))
                    self.queue.append(y.op)
        stop_ops = self._stop_ops()
        while self.queue:
            op = self.queue.popleft()
            with self._beside(op):
                self._differentiate(op, op in stop_ops)
            self._deliver(op)

    def finish(self) -> None:
        """Complete the loops of gradients; TensorFlow does this outside the name scope of the call."""
        if self.loops is not None:
            self.loops.finish()

    # --- before the walk --------------------------------------------------------------------------------------

    def _default_grad_y(self, index: int, y: Any, grad: Any) -> Any:
        """The incoming gradient of a y: ones, or a copy of the given one under the name of this call."""
        name = f"grad_ys_{index}"
        with self._beside(y.op):
            if grad is None:
                if y.dtype.is_complex:
                    raise TypeError(f"Gradients of complex tensors must set grad_ys (y.dtype = {y.dtype!r})")
                return builders.ones_like(y, name)
            given, wanted = grad.dtype.base_dtype, y.dtype.base_dtype
            if wanted.is_floating or wanted.is_integer:
                if not (given.is_floating or given.is_integer):
                    raise TypeError(f"Gradient type {given.name} generated for real or integer-valued tensor {y} with "
                                    f"type {wanted.name} must be real or integer")
            elif wanted.is_complex:
                if not given.is_complex:
                    raise TypeError(f"Gradient type {given.name} generated for complex-valued tensor {y} with type "
                                    f"{wanted.name} must be real")
            elif wanted is not dtypes.variant and wanted is not dtypes.resource:
                raise TypeError(f"Tensor {y} with type {wanted.name} must be numeric to obtain a default gradient")
            elif given is not wanted and wanted is dtypes.variant:
                raise TypeError(f"Gradient type {given.name} generated for variant tensor {y} with type "
                                f"{wanted.name} must be variant")
            if isinstance(grad, IndexedSlices):
                parts = [part if not isinstance(part, Tensor) else builders.identity(part, f"{name}_{suffix}")
                         for part, suffix in ((grad.indices, "indices"), (grad.values, "values"),
                                              (grad.dense_shape, "shape"))]
                return IndexedSlices(indices=parts[0], values=parts[1], dense_shape=parts[2])
            return builders.identity(grad, name)

    def _count_pending(self) -> None:
        """Find the operations on the ways from xs to ys, and count each one's consumers among them."""
        reached: set[Operation] = set()
        queue = collections.deque(self.from_ops)
        while queue:
            op = queue.popleft()
            if op not in reached:
                reached.add(op)
                for output in op._outputs:
                    if is_trainable(output) or output._dtype.base_dtype is dtypes.bfloat16:
                        queue.extend(self.closure.consumers(output))
        self.reachable = {op for op in self.to_ops if op in reached}
        between: list[Operation] = []
        between_set: set[Operation] = set()
        queue = collections.deque(self.to_ops)
        while queue:
            op = queue.popleft()
            if op in reached:
                between_set.add(op)
                between.append(op)
                reached.remove(op)
                queue.extend(tensor.op for tensor in self.closure.inputs(op))
        self.loops = builders.loop_state(between, between_set, self.colocate)
        for op in between:
            for tensor in self.closure.inputs(op):
                if tensor.op in between_set:
                    self.pending[tensor.op] += 1

    def _stop_ops(self) -> set[Operation]:
        """The xs that depend on no other x, and what the caller asked to stop at."""
        found = {op for op in self.from_ops if not any(self.pending[t.op] > 0 for t in self.closure.inputs(op))}
        found.update(self.stops)
        return found

    # --- the walk ---------------------------------------------------------------------------------------------

    def _differentiate(self, op: Operation, stop: bool) -> None:
        """Add up what arrived at an operation's outputs and pass its gradients on to its inputs."""
        loops = self.loops
        if loops is not None:
            loops.enter(op, before=True)
        out_grads = self._aggregate(op)
        if loops is not None:
            loops.exit(op, before=True)
        has_grads = any(grad is not None and not (isinstance(grad, list) and not grad) for grad in out_grads)
        function = gradient_function(op) if has_grads and not stop else None
        if loops is not None:
            loops.enter(op, before=False)
        if builders.crosses_initial_value(op):
            self._refuse_initial_value(op)
        if function is not None:
            symbolic = called(op) is not None and _given_gradient(op) is None
            for index, grad in enumerate(out_grads):
                absent = grad is None or (isinstance(grad, list) and not grad)
                if absent and (is_trainable(op._outputs[index]) or symbolic):
                    zeros = loops.zeros_like if loops is not None else builders.zeros_outside_loop
                    out_grads[index] = zeros(op, index)
            with name_scope(op.name + "_grad"), self._marks(op) if op._attrs.get("_XlaCompile") else _UNMARKED:
                in_grads = self._checked(op, function(op, *out_grads))
            for tensor, grad in zip(self.closure.inputs(op), in_grads):
                if grad is not None:
                    self._set_input(op, tensor, grad)
        if loops is not None:
            loops.exit(op, before=False)

    def _checked(self, op: Operation, grads: Any) -> list[Any]:
        """What a gradient function returned, as one gradient per input."""
        in_grads = _as_list(grads)
        if len(in_grads) != len(op._inputs):
            raise ValueError(f"Num gradients {len(in_grads)} generated for op {op.node_def} do not match num "
                             f"inputs {len(op._inputs)}")
        if self.gate and sum(grad is not None for grad in in_grads) > 1:
            graph = self.graph
            with graph.device(None), graph.colocate_with(None, ignore_existing=True):
                return builders.tuple(in_grads)
        return in_grads

    def _set_input(self, op: Operation, tensor: Tensor, grad: Any) -> None:
        if isinstance(grad, Tensor) and tensor._dtype is not dtypes.resource:
            try:
                grad.set_shape(tensor.shape)
            except ValueError:
                index = self.closure.inputs(op).index(tensor)
                raise ValueError("Incompatible shapes between op input and calculated input gradient.  Forward "
                                 f"operation: {op.name}.  Input index: {index}. Original input shape: "
                                 f"{shapes.text(tensor._dims)}.  Calculated input gradient shape: "
                                 f"{shapes.text(grad._dims)}") from None
        elif not isinstance(grad, (Tensor, IndexedSlices)):
            raise TypeError(f"The gradient of '{op.name}' (op type: {op.type}) with respect to {tensor.name} is "
                            f"{grad!r}: a gradient is a tensor, tf.IndexedSlices or None.")
        self._set(tensor, grad)

    def _deliver(self, op: Operation) -> None:
        """Note that `op` has passed on its gradients: what waits for nothing else is next."""
        for tensor in self.closure.inputs(op):
            source = tensor.op
            self.pending[source] -= 1
            ready = self.pending[source] == 0
            if self.loops is not None and not ready:
                ready = self.pending[source] > 0 and self.loops.is_loop_switch(source)
            if not ready:
                continue
            if self.loops is not None and self.loops.is_exit(source):
                for exit_tensor, zero in self.loops.exit_ready(tensor, self._has_grads):
                    if zero and is_trainable(exit_tensor):
                        self._set(exit_tensor, self.loops.zeros_like_for_exit(exit_tensor))
                    self.queue.append(exit_tensor.op)
            else:
                self.queue.append(source)

    def _has_grads(self, op: Operation) -> bool:
        """Whether a gradient that is not None has arrived at any output."""
        return any(grad is not None and (not isinstance(grad, list) or any(g is not None for g in grad))
                   for grad in self.grads.get(op, ()))

    def _marks(self, op: Operation) -> contextlib.AbstractContextManager[None]:
        """A scope whose operations are marked for TensorFlow's compiler as `op` is."""
        attrs = op._attrs
        scope = attrs["_XlaScope"]
        if attrs.get("_XlaSeparateCompiledGradients"):
            scope = scope + b"_grad_" + self._uid.rpartition("/")[0].encode()
        return self.graph._marked({"_XlaCompile": True, "_XlaScope": scope})

    def _refuse_initial_value(self, op: Operation) -> None:
        target = next((x for x in self.from_ops if x in {t.op for t in op._inputs}), None)
        name = target.name if target is not None else self.from_ops[0].name
        raise ValueError(f"Cannot compute gradient inside while loop with respect to op '{name}'. We do not support "
                         "taking the gradient wrt or through the initial value of a loop variable. Gradients can be "
                         "computed through loop invariants or wrt the input parameters to the loop body.")

    # --- gradients by tensor ----------------------------------------------------------------------------------

    def _set(self, tensor: Any, grad: Any) -> None:
        op = tensor.op
        op_grads = self.grads.get(op)
        if op_grads is None:
            op_grads = self.grads[op] = [[] for _ in op._outputs]
        index = getattr(tensor, "value_index", None)
        index = tensor.values.value_index if index is None else index
        if isinstance(op_grads[index], list):
            op_grads[index].append(grad)
        else:  # the Switch of a loop, which is met twice
            op_grads[index] = grad

    def _aggregate(self, op: Operation) -> list[Any]:
        """Add up the gradients of each output in place; None where none arrived."""
        out_grads = self.grads.get(op)
        if out_grads is None:
            return [[] for _ in op._outputs]
        for index, arrived in enumerate(out_grads):
            if not isinstance(arrived, list):  # the Switch of a loop, added up before
                continue
            if not arrived:
                out_grads[index] = None
            elif len(arrived) == 1:
                out_grads[index] = arrived[0]
            elif all(isinstance(grad, Tensor) for grad in arrived if grad is not None):
                out_grads[index] = self._sum([grad for grad in arrived if grad is not None], op)
            else:
                out_grads[index] = sum_of_slices([grad for grad in arrived if grad is not None])
        return out_grads

    def _sum(self, grads: list[Tensor], op: Operation) -> Tensor | None:
        if len(grads) < 2:
            return grads[0] if grads else None
        if self.aggregation != AggregationMethod.ADD_N:
            with name_scope(op.name + "_gradient_sum"):
                total = grads[0]
                for grad in grads[1:]:
                    total = builders.add_n([total, grad])
                return total
        by_device: dict[str, list[Tensor]] = {}
        for grad in grads:
            by_device.setdefault(grad.device, []).append(grad)
        sums = []
        for device in sorted(by_device):
            here = by_device[device]
            with self.graph.colocate_with(here[0].op, ignore_existing=True):
                sums.append(builders.add_n(here))
        return builders.add_n(sums)

    def result(self, x: Any, unconnected: UnconnectedGradients) -> Any:
        """The gradient of an x."""
        op_grads = self.grads.get(x.op)
        grad = None
        if op_grads is not None:
            grad = op_grads[x.value_index if isinstance(x, Tensor) else x.values.value_index]
            if isinstance(grad, list):
                grad = None
        if grad is None and unconnected is UnconnectedGradients.ZERO:
            return builders.zeros_like(x)
        return grad

    @contextlib.contextmanager
    def _beside(self, op: Operation) -> Iterator[None]:
        """Ask for the device of `op` when the caller wants gradients colocated."""
        if not self.colocate:
            yield
            return
        with self.graph.colocate_with(op):
            yield


def sum_of_slices(grads: list[Any]) -> Any:
    """Add up gradients of which some are `IndexedSlices`: the rows one after another, or a dense sum."""
    if any(isinstance(grad, Tensor) for grad in grads):
        return builders.add_n(grads)
    if len(grads) == 1:
        return grads[0]
    grads = unify_index_types(grads, builders.cast)
    grads = [flatten_nested(grad, builders.gather) for grad in grads]
    return IndexedSlices(builders.concat([grad.values for grad in grads]),
                         builders.concat([grad.indices for grad in grads]), grads[0].dense_shape)
