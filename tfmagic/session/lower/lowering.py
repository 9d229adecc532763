"""Lowering: calls kernels in order and keeps, per tensor, the torch value (or constant, or variable) behind it.

Values of tensors while a plan is made:
- a `fx.Proxy`: known when the plan runs;
- a torch tensor, or a NumPy object array of bytes: known now. Kernels called with such values alone are thereby folded;
- a `VariableRef`: the tensor names a variable (a reference or a resource handle);
Variables are in single-assignment form: `state` holds the value that each has at this point of the plan.

In TensorFlow the Identity by which a reference variable is read hands on the variable's own memory. A node that is
ordered after an assignment therefore sees the new value, even through an Identity from before (`with
control_dependencies([update]): y = v * 2`). `aliases` knows these outputs, and those of assignments: as inputs they
stand for the variable's present value; fetched they show its value at the end of the run, as TensorFlow's do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import fx
from torch.fx.proxy import Proxy

from tfmagic.base import dtypes, errors, shapes
from tfmagic.graph import registry
from tfmagic.graph.function_calls import calls
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.registry import Node, OpDeclaration
from tfmagic.ops import shape_rules, unsigned
from tfmagic.ops.control_flow import elements
from tfmagic.ops.control_flow.contents import Log
from tfmagic.ops.state.assign import asks_for_shape
from tfmagic.ops.torch_types import torch_dtype
from tfmagic.session import run_errors
from tfmagic.session.lower import meta
from tfmagic.session.lower.abilities import VARIABLE_OPS, refused
from tfmagic.session.lower.tracer import PlanTracer, device_of
from tfmagic.session.plan.plan_graph import Update
from tfmagic.session.plan.run_time import (
    Assumption,
    Check,
    RunTimeKernel,
    Untraceable,
    output_dims,
    settled,
    tensor_type,
)
from tfmagic.session.resources.keys import key_of, shown

# An op is folded only when its outputs are known to stay below this many elements.
_FOLD_LIMIT = 1 << 16
# Of a list they give one whose elements are as large.
_AS_LARGE = frozenset({"Identity", "ZerosLike"})


@dataclass(frozen=True)
class VariableRef:
    """Stands for a tensor that names a variable: `root` is its VariableV2 or VarHandleOp node."""

    root: Operation

    @property
    def key(self) -> str:
        return key_of(self.root)


@dataclass(frozen=True)
class Path:
    """The calls of functions in which something is lowered.

    Attributes:
      call: the innermost.
      name: the function that it calls.
      outer: the path of the call itself; None at the top.
    """

    call: Operation
    name: str
    outer: Path | None

    def calls(self) -> list[Path]:
        """All of them, the innermost first."""
        found: list[Path] = []
        path: Path | None = self
        while path is not None:
            found.append(path)
            path = path.outer
        return found


class _Recorded(Node):
    """An operation whose kernel is being traced: functions of ours that it calls are called by the plan."""

    __slots__ = ("_tracer", "_log")

    def __init__(self, op: Operation, tracer: PlanTracer, named: Any, log: Log | None):
        super().__init__(op)
        self._tracer, self._log = tracer, log
        self.named = named
        self.device = None if tracer.device == "cpu" else tracer.device

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        return self._tracer.create_proxy("call_function", function, args, {})

    def constant(self, value: Any) -> Any:
        return self._tracer.proxy(self._tracer.constant(value))

    def holds(self, handle: Any, made: Callable[[Log], Any] | None = None) -> Any:
        if self._log is None or not isinstance(handle, Proxy):
            return None
        if made is not None:
            handle.node.meta["holds"] = made(self._log)
        return handle.node.meta.get("holds")

    def like(self, value: Any, meta: Any) -> Any:
        if isinstance(value, Proxy) and meta is not None:
            value.node.meta["val"] = meta
        return value

    def known(self, value: Any) -> Any:
        return meta.known(value)


class Lowering:
    """Lowers operations into one fx graph.

    A body of a loop or branch is lowered by a `Lowering` of its own, see `child`.

    Args:
      place: the torch device of an operation.
      resources: the session's `ResourceStore` (kernels with state take their objects from it at run time).
      call: lowers an operation that calls functions: `(lowering, operation) -> what is to be lowered next`.

    Attributes:
      depth: how many bodies of loops and branches are around it.
      roots: by the key of a variable, the node that stands for it.
      log: what was learnt of stacks and TensorArrays.
      stepwise: whether every node is to be seen by itself: no pass runs, and plans keep their `values`.
      assumed: shapes that tensors are taken to have, which nothing else tells.
    """

    def __init__(self, place: Callable[[Operation], str], resources: Any, call: Callable[..., Any]):
        self.place = place
        self.resources = resources
        self.call = call
        self.depth = 0
        self.roots: dict[str, Operation] = {}
        self.tracer = PlanTracer()
        self.values: dict[Tensor, Any] = {}
        self.state: dict[Operation, Any] = {}
        self.written: dict[Operation, None] = {}
        self.read: dict[Operation, Operation] = {}
        self.state_inputs: dict[Operation, Proxy] = {}
        self.updates: list[Update] = []
        self.aliases: dict[Tensor, Operation] = {}
        self.replaced: dict[Operation, None] = {}
        self.is_body = False
        self._stays: frozenset[int] = frozenset()  # see `_device`
        self.stepwise = False
        self.assumed: Mapping[Tensor, tuple[int, ...]] = {}
        self.log = Log()

    def child(self) -> Lowering:
        """A lowering for the body of a loop or branch: an fx graph of its own."""
        body = Lowering(self.place, self.resources, self.call)
        body.is_body, body.stepwise = True, self.stepwise
        body.path, body.depth, body.roots, body.log = self.path, self.depth + 1, self.roots, self.log
        return body

    @property
    def path(self) -> Path | None:
        """The calls of functions in which it is."""
        return self.tracer.path

    @path.setter
    def path(self, path: Path | None) -> None:
        self.tracer.path = path

    # --- values -----------------------------------------------------------------------------------------------

    def feed(self, tensor: Tensor, shape: Any = None) -> Proxy:
        """Make `tensor` a parameter of the plan, always of the given shape where one is given."""
        name = tensor.op.name if tensor.value_index == 0 else f"{tensor.op.name}_{tensor.value_index}"
        proxy = self.tracer.input(name)
        proxy.node.meta.update(source=tensor, device="cpu")
        if shape is not None:
            _is_of_shape(proxy, tensor, tuple(shape))
        self.values[tensor] = proxy
        return proxy

    def value(self, tensor: Tensor) -> Any:
        """The value of a tensor as an op reads it now: for a reference, the variable's present value."""
        value = self.current(tensor)
        return self.variable(value.root) if type(value) is VariableRef else value

    def current(self, tensor: Tensor) -> Any:
        """What stands for a tensor here and now: the value kept for it, or the present one of a variable it aliases."""
        root = self.aliases.get(tensor)
        return self.state[root] if root is not None and root in self.written else self.values[tensor]

    def variable(self, root: Operation) -> Any:
        """The present value of a variable."""
        if root not in self.state:
            tensor_type = _variable_type(root)
            proxy = self.tracer.input(root.name, settled(root._attrs["shape"]._dims), tensor_type)
            proxy.node.meta.update(source=root, device=self.place(root))
            # Parameters come first in an fx graph, whenever they turn up.
            self.state_inputs[root] = proxy
            self.state[root] = proxy
        return self.state[root]

    def write(self, root: Operation, value: Any) -> None:
        """Give a variable a new value from here on."""
        self.state[root] = value
        self.written[root] = None

    def replace(self, root: Operation) -> None:
        """Let what is a variable's memory keep what it holds: the variable is given memory of another size."""
        self.replaced[root] = None
        for tensor in [tensor for tensor, known in self.aliases.items()
                       if known is root and not tensor._dtype._is_ref_dtype]:
            self.values[tensor] = self.current(tensor)
            del self.aliases[tensor]

    def require_initialized(self, op: Operation, root: Operation) -> None:
        """Note that `op` reads variable `root`, which must have a value then."""
        if root in self.written:
            return
        if not self.is_body:
            self.read.setdefault(root, op)
            return
        self.tracer.op = op
        self.tracer.create_proxy("call_function", _checker(root, op, self.resources), (self.variable(root),), {})

    # --- operations -------------------------------------------------------------------------------------------

    def root(self, op: Operation) -> Operation:
        """The one node that stands for the variable that `op` names: in functions, several nodes name the same."""
        return self.roots.setdefault(key_of(op), op)

    def lower(self, op: Operation) -> Any:
        """Lower one operation: afterwards its outputs have values.

        Returns:
          What is to be lowered for that right now, or None (see `schedule.lower_all`).

        Raises:
          UnimplementedError: the op has no kernel.
        """
        if op.type in VARIABLE_OPS:
            dims = op._attrs["shape"]._dims
            if op.type != "VarHandleOp" and dims is not None and None in dims:
                raise run_errors.error(errors.InvalidArgumentError, op,
                                       f"Shape {shapes.brackets(dims)} is not fully defined")
            self.values[op._outputs[0]] = VariableRef(self.root(op))
            return None
        if self.aliases and self.path is not None:  # from another call of the same function
            for tensor in op._outputs:
                self.aliases.pop(tensor, None)
        declaration = registry.lookup(op.type)
        if not op._outputs and op.type == "NoOp":
            return None
        if declaration is not None and declaration.functions:
            return self.call(self, op)
        if declaration is None or declaration.kernel is None:
            if calls(op):
                return self.call(self, op)
            raise refused(op)
        self.tracer.op = op
        self.tracer.device, self._stays = self._device(op, declaration)
        if op._inputs and type(self.values.get(op._inputs[0])) is VariableRef and op.type in _FORWARDS_REFS \
                and op._outputs[0]._dtype._is_ref_dtype:
            self.values[op._outputs[0]] = self.values[op._inputs[0]]
            return None
        if op.type == "DestroyResourceOp" and not self._names_variable(op._inputs[0]):
            self.tracer.on_objects = "writes"
            self.tracer.create_proxy("call_function", self.resources.named.forget, (self.current(op._inputs[0]),), {})
            self.tracer.on_objects = None
            return None
        written = registry.written_inputs(op)
        roots = self._roots(op, (*written, *declaration.reads))
        arguments = self._arguments(op, written)
        self.tracer.inputs = arguments
        shown = list(map(meta.known, arguments))
        try:
            run_errors.refuse_shapes(op, shown)
            result = self._call(op, declaration, arguments)
        except Exception as exception:
            explained = run_errors.translate(exception, op, shown)
            if not self.is_body and not _asserted(op):
                raise explained from (None if explained is exception else exception)
            result = self.tracer.create_proxy("call_function", _failing(explained), (), {})  # where the body is run
        if written:
            result = self._store(op, written, roots, result)
            names = registry.input_names(op)
            self.updates.append(Update(op, {name: roots[name] for name in written}, dict(zip(names, arguments)),
                                       tuple(self.state[roots[name]] for name in written)))
        outputs = self._outputs(op, result)
        if declaration.settles is not None and isinstance(result, Proxy):
            told = declaration.settles(Node(op), *registry.grouped(op._op_def.inputs, op._attrs, shown))
            outputs = [value if known is None else known for value, known in zip(outputs, told)]
        if any(isinstance(value, Proxy) and "val" not in value.node.meta for value in outputs):
            known = list(map(meta.known, arguments))
            for value, tensor, dims in zip(outputs, op._outputs, output_dims(op, known)):
                if isinstance(value, Proxy) and (dims := settled(dims)) is not None:
                    _is_of_shape(value, tensor, dims)
        for tensor, value in zip(op._outputs, outputs):
            if isinstance(value, Proxy):
                if tensor._dtype.kind == "O":
                    value.node.meta["device"] = "cpu"  # strings and handles, wherever the op is
                if not self.is_body and self.path is None and meta.known(value) is None and _has_shape(tensor):
                    self._assume(tensor, value)
            self.values[tensor] = value
        if op.type == "Identity" and type(self.values[op._inputs[0]]) is VariableRef:
            self.aliases[op._outputs[0]] = self.values[op._inputs[0]].root
        return None

    def _assume(self, tensor: Tensor, value: Proxy) -> None:
        """Take a value whose shape only a run tells to be of the shape that is assumed; else say what it is of."""
        shape = self.assumed.get(tensor)
        if shape is None:
            value.node.meta["opens"] = (tensor,)
            return
        self.tracer.create_proxy("call_function", Assumption(tensor, shape), (value,), {})
        _is_of_shape(value, tensor, shape)

    def _names_variable(self, tensor: Tensor) -> bool:
        return type(self.values[tensor]) is VariableRef or tensor in self.aliases

    def _roots(self, op: Operation, names: Sequence[str]) -> dict[str, Operation]:
        """The variables that the named inputs of `op` stand for."""
        roots: dict[str, Operation] = {}
        if not names:
            return roots
        for name, tensor in zip(registry.input_names(op), op._inputs):
            if name in names:
                value = self.values[tensor]
                root = value.root if type(value) is VariableRef else self.aliases.get(tensor)
                if root is None:
                    raise run_errors.error(
                        errors.InvalidArgumentError, op,
                        f"Input '{name}' of {op.name} must name a variable, but its value was fed or computed.")
                roots[name] = root
        return roots

    def _arguments(self, op: Operation, written: Sequence[str]) -> list[Any]:
        """The inputs' values on the op's device; handles of variables as the variables' values."""
        arguments: list[Any] = []
        unchecked = "allows_uninitialized_input" in op._op_def.flags or op.type in _MAY_BE_UNINITIALIZED \
            or op._attrs.get("ignore_lookup_error", False)
        for at, tensor in enumerate(op._inputs):
            value, root = self.current(tensor), None
            if type(value) is VariableRef:
                root = value.root
                if not unchecked:
                    self.require_initialized(op, root)
                if unchecked and op.type in _OVERWRITES and root not in self.state and not asks_for_shape(op):
                    arguments.append(None)  # its old value does not matter: no need to make it a parameter
                    continue
                value = self.variable(root)
            arguments.append(value if at in self._stays else self.on_device(value, tensor, root))
        return arguments

    def _device(self, op: Operation, declaration: OpDeclaration) -> tuple[str, frozenset[int]]:
        """Where an operation is computed, and which of its inputs stay on the host if that is on a GPU.

        What makes a number of numbers on the host is computed there. Torch takes a number from the host where it
        meets a tensor of the GPU element by element; nowhere else, and not where it names a row.
        """
        device = self.place(op)
        if device == "cpu" or not op._inputs:
            return device, frozenset()
        numbers = [at for at, tensor in enumerate(op._inputs) if self._is_number_on_host(tensor)]
        alone = len(numbers) == len(op._inputs)
        if alone and all(tensor._dims == () for tensor in op._outputs):
            return "cpu", frozenset()
        places = registry.grouped(op._op_def.inputs, op._attrs, range(len(op._inputs)))
        stays = {at for arg, place in zip(op._op_def.inputs, places) if arg.name in declaration.host
                 for at in (place if isinstance(place, list) else [place])}
        if not alone and (declaration.writes or declaration.shape is shape_rules.broadcast):
            names = registry.input_names(op)
            stays.update(at for at in numbers if names[at] != "indices")
        return device, frozenset(stays)

    def _is_number_on_host(self, tensor: Tensor) -> bool:
        value = self.values.get(tensor)
        if type(value) is VariableRef:
            return value.root._attrs["shape"]._dims == () and self.place(value.root) == "cpu"
        return tensor._dims == () and device_of(value) == "cpu"

    def on_device(self, value: Any, tensor: Tensor, root: Operation | None = None) -> Any:
        """`value` on the device of the current op; host objects as they are.

        Args:
          tensor: the input.
          root: the variable whose value that is, where the input is its handle.
        """
        dtype = tensor._dtype if root is None else root._attrs["dtype"]
        if not isinstance(value, Proxy) or dtype.kind == "O":
            return value
        return self.tracer.moved(value, self.tracer.device)

    def _call(self, op: Operation, declaration: OpDeclaration, arguments: list[Any]) -> Any:
        """Fold the op, trace its kernel, or have it called at run time, as its declaration says."""
        args = registry.grouped(op._op_def.inputs, op._attrs, arguments)
        for index, arg in enumerate(op._op_def.inputs):
            if arg.name in declaration.host and isinstance(args[index], torch.Tensor):
                args[index] = args[index].tolist()
        if declaration.open_numbers is not None:
            args = self._with_open_numbers(op, declaration, args)
        traced = any(isinstance(a, Proxy) for a in arguments)
        at_run_time = self._runs_late(op, declaration, arguments, args)
        if not traced and declaration.effect == "none" and (op._inputs or not at_run_time) and self._is_small(op):
            return RunTimeKernel(op, declaration, None)(*arguments) if at_run_time \
                else declaration.kernel(Node(op), *args)  # type: ignore[misc]
        if at_run_time:
            return self._at_run_time(RunTimeKernel, op, declaration, arguments)
        if not traced and not declaration.objects:  # large, or with an effect: recorded rather than run now
            args = [self._as_proxy(a) for a in args]
        mark = self._mark()
        try:
            if declaration.objects:
                return self._on_objects(op, declaration, args)
            return declaration.kernel(self._recorded(op), *args)  # type: ignore[misc]
        except errors.OpError:
            raise
        except Exception as failure:  # the run has the right result, or the right error
            self._erase(mark)
            call = self._at_run_time(Untraceable, op, declaration, arguments)
            call.node.target.failure = failure  # type: ignore[union-attr]
            return call

    def _with_open_numbers(self, op: Operation, declaration: OpDeclaration, args: list[Any]) -> list[Any]:
        """The arguments with lists for host inputs whose single numbers are a run's, if the kernel takes those."""
        opened = [index for index, arg in enumerate(op._op_def.inputs)
                  if arg.name in declaration.host and isinstance(args[index], Proxy)]
        if not opened:
            return args
        found, mark = list(args), self._mark()
        for index, arg in enumerate(args):
            if index in opened:
                found[index] = self.tracer.numbers_of(arg)
            elif isinstance(arg, torch.Tensor):  # be it a single number: the kernel makes more like it
                found[index] = self.tracer.proxy(self.tracer.constant(arg, self.tracer.device))
        known = all(isinstance(arg.node.meta.get("val"), torch.Tensor) for arg in args if isinstance(arg, Proxy))
        if known and all(arg is not None for arg in found) and declaration.open_numbers(Node(op), *found):  # type: ignore[misc]
            return found
        self._erase(mark)
        return args

    def _recorded(self, op: Operation) -> Node:
        return _Recorded(op, self.tracer, self.resources.named, None if self.stepwise else self.log)

    def _on_objects(self, op: Operation, declaration: OpDeclaration, args: list[Any]) -> Any:
        """Trace a kernel that calls on objects; what these give is on the op's device then."""
        tracer = self.tracer
        tracer.on_objects = declaration.effect
        try:
            result = declaration.kernel(self._recorded(op), *args)  # type: ignore[misc]
        finally:
            tracer.on_objects = None
        if tracer.device == "cpu":
            return result
        outputs = []
        for tensor, value in zip(op._outputs, self._outputs(op, result)):
            if isinstance(value, Proxy) and value.node.meta.get("op") is op and tensor._dtype.kind != "O":
                value = tracer.create_proxy("call_method", "to", (value, tracer.device), {})
            outputs.append(value)
        return tuple(outputs)

    def _runs_late(self, op: Operation, declaration: OpDeclaration, arguments: list[Any], args: list[Any]) -> bool:
        """Whether the kernel needs what only a run can tell."""
        traced = declaration.traced(Node(op)) if callable(declaration.traced) else declaration.traced
        if traced is False or unsigned.concerns(op):
            return True
        if any(arg.name in declaration.host and isinstance(args[index], Proxy)
               for index, arg in enumerate(op._op_def.inputs)):
            return True
        proxies = [(tensor, a) for tensor, a in zip(op._inputs, arguments) if isinstance(a, Proxy)]
        if declaration.from_shapes and all("strings" in a.node.meta for _, a in proxies):
            return False
        if traced == "shapes" and any(not isinstance(a.node.meta.get("val"), torch.Tensor) for _, a in proxies):
            return True
        return bool(proxies) and not declaration.objects and any(  # strings known already are no less strings
            tensor._dtype.kind == "O" and type(self.values.get(tensor)) is not VariableRef for tensor in op._inputs)

    def _at_run_time(self, kind: type[RunTimeKernel], op: Operation, declaration: OpDeclaration,
                     arguments: list[Any]) -> Proxy:
        resources = self.resources if declaration.needs_session else None
        if self.tracer.device != "cpu":
            arguments = [self._constant_on("cpu" if at in self._stays else self.tracer.device, a)
                         if isinstance(a, torch.Tensor) else a for at, a in enumerate(arguments)]
        checks: tuple[int, ...] = ()
        if declaration.check is not None or not declaration.from_shapes:  # which takes any shape
            checks = tuple([at for at, a in enumerate(arguments) if isinstance(a, Proxy) and meta.known(a) is None])
        function = kind(op, declaration, resources, self.tracer.device, checks,
                        op if self.path is None else (op, *(path.call for path in self.path.calls())))
        call = self.tracer.create_proxy("call_function", function, tuple(arguments), {})
        if op.type in _AS_LARGE and isinstance(arguments[0], Proxy):
            known = elements.of(arguments[0].node.meta.get("holds"))
            if known is not None:
                call.node.meta["holds"] = known
        return call

    def _is_small(self, op: Operation) -> bool:
        """Whether a plan may hold the values of an operation's outputs as constants."""
        for tensor in op._outputs:
            if tensor._dtype.base_dtype in _OBJECTS:
                return False
            count = tensor.shape.num_elements()
            if count is not None and count > _FOLD_LIMIT:
                return False
        return True

    def _as_proxy(self, value: Any) -> Any:
        if isinstance(value, list) and any(isinstance(v, (torch.Tensor, np.ndarray)) for v in value):
            return [self._as_proxy(v) for v in value]
        if isinstance(value, (torch.Tensor, np.ndarray)):
            device = "cpu" if value.ndim == 0 else self.tracer.device
            return self.tracer.proxy(self.tracer.constant(value, device))
        return value

    def _mark(self) -> fx.Node | None:
        return next(iter(reversed(self.tracer.graph.nodes)), None)

    def _erase(self, mark: fx.Node | None) -> None:
        """Take back the nodes made since `mark`."""
        for node in reversed(list(self.tracer.graph.nodes)):
            if node is mark:
                return
            self.tracer.graph.erase_node(node)

    def _store(self, op: Operation, written: Sequence[str], roots: dict[str, Operation], result: Any) -> Any:
        """Take a writer's new values into the state; give its outputs."""
        extra = sum(1 for arg in op._op_def.outputs if not arg.is_ref)
        count = len(written) + extra
        if isinstance(result, Proxy) and count > 1:
            result = tuple(result[i] for i in range(count))  # type: ignore[index]  # fx records it
        parts = result if isinstance(result, (tuple, list)) else (result,)
        for name, value in zip(written, parts):
            root = roots[name]
            if op.type == "Assign" and not op._attrs["validate_shape"]:
                self.replace(root)
            self.write(root, self._fitted(root, value))
        outputs: list[Any] = list(parts[len(written):])
        if not extra:
            outputs = [self.state[roots[name]] for name in written][:len(op._outputs)]
        for tensor, name in zip(op._outputs, written):
            if tensor._dtype._is_ref_dtype:
                self.aliases[tensor] = roots[name]
        return tuple(outputs) if len(op._outputs) > 1 else (outputs[0] if outputs else ())

    def _fitted(self, root: Operation, value: Any) -> Any:
        """A variable's new value on the variable's device; host objects as they are."""
        device = self.place(root)
        if root._attrs["dtype"].kind == "O":
            return value
        if isinstance(value, Proxy):
            return self.tracer.moved(value, device)
        return self._constant_on(device, value) if device != "cpu" and isinstance(value, torch.Tensor) else value

    def _constant_on(self, device: str, value: torch.Tensor) -> Proxy:
        return self.tracer.proxy(self.tracer.constant(value, device))

    def _outputs(self, op: Operation, result: Any) -> Sequence[Any]:
        """One value per output tensor."""
        count = len(op._outputs)
        if count == 0:
            return ()
        if isinstance(result, Proxy):
            single = len(op._op_def.outputs) == 1 and not op._op_def.outputs[0].is_list
            return (result,) if single else [result[i] for i in range(count)]  # type: ignore[index]
        if isinstance(result, (tuple, list)):
            flat: list[Any] = []
            for item in result:
                flat.extend(item if isinstance(item, (tuple, list)) else (item,))
            return flat
        return (result,)


# Types whose values are Python objects.
_OBJECTS = frozenset({dtypes.resource, dtypes.variant})
# Ops that hand a reference on.
_FORWARDS_REFS = frozenset({"RefIdentity", "RefEnter", "RefExit", "RefNextIteration"})
_MAY_BE_UNINITIALIZED = frozenset({"IsVariableInitialized", "VarIsInitializedOp", "AssignVariableOp", "Assign",
                                   "VariableShape"})
_OVERWRITES = frozenset({"AssignVariableOp", "Assign"})


def _variable_type(root: Operation) -> torch.dtype | None:
    dtype = root._attrs["dtype"]
    return None if dtype.kind == "O" else torch_dtype(dtype)


def _checker(root: Operation, op: Operation, resources: Any) -> Check:
    def require(value: Any) -> None:
        if value is None:
            raise uninitialized(root, op, bool(resources.variables.values))

    return Check("require_initialized", require)


def _has_shape(tensor: Tensor) -> bool:
    """Whether a tensor's values are tensors of numbers or arrays of strings, rather than what a handle stands for."""
    return tensor._dtype.kind != "O" or tensor._dtype.name == "string"


def _is_of_shape(value: Proxy, tensor: Tensor, dims: tuple[int, ...]) -> None:
    """Note the shape of a value, where nothing else has told it."""
    kind = tensor_type(tensor)
    if kind is not None:
        value.node.meta.setdefault("val", torch.empty(dims, dtype=kind, device="meta"))
    elif tensor._dtype.name == "string":
        value.node.meta["strings"] = dims


def _asserted(op: Operation) -> bool:
    """Whether an assertion comes before `op`, which may have more to say of what is wrong."""
    seen, waiting = {op}, [op]
    while waiting:
        at = waiting.pop()
        if at.type == "Assert":
            return True
        for before in (*(tensor.op for tensor in at._inputs), *at._control_inputs):
            if before not in seen:
                seen.add(before)
                waiting.append(before)
    return False


def _failing(error: BaseException) -> Check:
    def fail() -> None:
        raise error

    return Check("fail", fail)


def uninitialized(root: Operation, op: Operation, others: bool) -> errors.OpError:
    """The error of reading a variable without a value.

    Args:
      root: the variable's node.
      op: what reads it.
      others: whether any variable of the session has a value.
    """
    advice = "\nRun tf.global_variables_initializer() in this session first."
    if root.type != "VarHandleOp":
        return run_errors.error(errors.FailedPreconditionError, op,
                                f"Attempting to use uninitialized value {root.name}{advice}")
    if "Apply" in op.type:
        return run_errors.error(errors.InternalError, op, f"Invalid variable reference.{advice}")
    container, name = shown(key_of(root))
    if op.type == "DestroyResourceOp":
        return run_errors.error(errors.NotFoundError, op, f"Resource {container}/{name}/<unknown> does not exist."
                                if others else f"Container {container} does not exist.")
    lacking = (f"Resource {container}/{name}/N10tensorflow3VarE does not exist." if others else
               f"Container {container} does not exist. (Could not find resource: {container}/{name})")
    if op.type == "ReadVariableOp":
        return run_errors.error(
            errors.FailedPreconditionError, op, f"Error while reading resource variable {name} from Container: "
            f"{container}. This could mean that the variable was uninitialized. Not found: {lacking}{advice}")
    return run_errors.error(errors.NotFoundError, op, lacking + advice)
