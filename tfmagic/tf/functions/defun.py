"""Defun: Python functions as functions of a graph's library (`tensorflow.python.framework.function`)."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base.dtypes import DType, as_dtype
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.function import Function
from tfmagic.graph.function_def import function_from_graph
from tfmagic.graph.function_graph import FunctionGraph
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.tf.variable.scope import get_variable_scope, scopes
from tfmagic.tf.variable.store import variable_store

_SHORT_TYPES = {"float16": "f16", "float32": "f32", "float64": "f64", "int32": "i32", "uint8": "i8", "uint16": "u16",
                "uint32": "u32", "uint64": "u64", "int16": "i16", "int8": "i8", "string": "s", "complex64": "c64",
                "complex128": "c128", "int64": "i64", "bool": "b", "qint8": "qi8", "quint8": "qu8", "qint16": "qi16",
                "quint16": "qu16", "qint32": "qi32", "bfloat16": "b16"}


class Defun:
    """Decorator: turns a Python function of tensors into a function of the graph's library.

    A call adds one node, whose op type is the function's name. What the code takes from outside becomes further
    arguments; variables that it asks for are made outside.

    Args:
      input_types: the types of the arguments. Without them the function is made anew for each combination of types.
      func_name: the name; by default that of the Python function, and a text that stands for the definition.
      grad_func: the function that is the gradient: of the arguments and the gradients of the results.
      python_grad_func: the same as `(operation, *gradients of results) -> gradients of the inputs`.
      out_names: names of the results.
      shape_func: `(operation) -> shapes of its outputs`; without it they are unknown.
      capture_by_value: whether to copy what the code takes from outside.
      whitelisted_stateful_ops: operations with state that may be copied so.
      capture_resource_var_by_value: whether `tf.get_variable` gives the value of a resource variable.
      noinline, compiled, separate_compiled_gradients, experimental_...: attrs of the definition.
    """

    def __init__(self, *input_types: Any, func_name: str | None = None, grad_func: Any = None,
                 python_grad_func: Callable[..., Any] | None = None, out_names: Sequence[str] | None = None,
                 **kwargs: Any):
        self._input_types = input_types
        self._options: dict[str, Any] = {"func_name": func_name, "grad_func": grad_func,
                                         "python_grad_func": python_grad_func, "out_names": out_names, **kwargs}

    def __call__(self, func: Callable[..., Any]) -> Any:
        if not callable(func):
            raise ValueError(f"function {func} must be callable")
        parameters = inspect.signature(func).parameters.values()
        defaults = tuple(p.default for p in parameters if p.default is not p.empty) or None
        keywords = next((p.name for p in parameters if p.kind is p.VAR_KEYWORD), None)
        if defaults or keywords:
            raise ValueError("function with argument defaults or keywords arguments are not supported. "
                             f"{func} has defaults {defaults} and keywords {keywords}.")
        names = [p.name for p in parameters if p.kind is not p.VAR_POSITIONAL]
        takes_more = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        if self._input_types:
            count = len(self._input_types)
            if count < len(names) or count > len(names) and not takes_more:
                raise ValueError("The function has fewer arguments than the number of specified input types.\n"
                                 f"It has {len(names)}, and {count} types are given.")
            return DefinedFunction(func, names, self._input_types, **self._options)
        if not names and not takes_more:
            return DefinedFunction(func, [], [], **self._options)
        return OverloadedFunction(func, names, **self._options)


class DefinedFunction:
    """A function with arguments of certain types; it is built when it is first asked for.

    Attributes:
      name: its name.
      definition: the `FunctionDef` proto.
      captured_inputs: the tensors of the outer graph that a call passes besides.
      stateful_ops: name and type of each operation in it that has a state.
    """

    def __init__(self, func: Callable[..., Any], argnames: Sequence[str], input_types: Sequence[Any],
                 func_name: str | None = None, grad_func: Any = None,
                 python_grad_func: Callable[..., Any] | None = None, out_names: Sequence[str] | None = None,
                 shape_func: Callable[[Operation], Any] | None = None, capture_by_value: bool = False,
                 whitelisted_stateful_ops: Any = None, capture_resource_var_by_value: bool = True, **kwargs: Any):
        self._func = func
        self._arg_names = argnames
        self._types = input_types
        self._func_name = func_name
        self._gradient = grad_func
        self._python_gradient = python_grad_func
        self._out_names = out_names or ()
        self._shape_func = shape_func
        self._by_value = capture_by_value
        self._may_copy = frozenset(whitelisted_stateful_ops or ())
        self._reads_resources = capture_resource_var_by_value
        self._attrs = kwargs
        devices = get_default_graph()._stacks.devices
        self._device = devices[-1] if devices else None
        self._function: Function | None = None
        self._graph: FunctionGraph | None = None
        self._building = False
        self._lock = threading.RLock()

    # --- what it is -------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self._func_name or self.function.name

    @property
    def definition(self) -> Any:
        return self.function.definition

    @property
    def declared_input_types(self) -> tuple[DType, ...]:
        return tuple(as_dtype(t) for t in self._types)

    @property
    def captured_inputs(self) -> list[Tensor]:
        return list(self._built().captures)

    @property
    def stateful_ops(self) -> list[tuple[str, str]]:
        return [(op.name, op.type) for op in self._built()._operations if op._op_def.is_stateful]

    @property
    def grad_func_name(self) -> str | None:
        """The name of the function that is its gradient, or None."""
        return self._gradient.name if self._gradient is not None else None

    @property
    def python_grad_func(self) -> Callable[..., Any] | None:
        """The Python function that makes the gradient of its calls, or None."""
        return self._python_gradient

    def set_grad_func(self, grad_func: Any) -> None:
        """Say which function is its gradient."""
        self._gradient = grad_func
        if self._function is not None:
            self._add_gradient()

    @property
    def function(self) -> Function:
        """The function as the graph knows it."""
        self._built()
        assert self._function is not None
        return self._function

    def add_to_graph(self, g: Graph) -> None:
        """Put it into a graph's library."""
        self.function.add_to_graph(g)

    # --- building ---------------------------------------------------------------------------------------------

    def _built(self) -> FunctionGraph:
        with self._lock:
            if self._graph is None:
                if self._building:
                    raise RecursionError("maximum recursion depth exceeded while calling a Python object\nThe function "
                                         f"{self._own_name()} calls itself while it is defined, without end. Use "
                                         "tf.while_loop instead.")
                self._building = True
                try:
                    self._build()
                finally:
                    self._building = False
            assert self._graph is not None
            return self._graph

    def _own_name(self) -> str:
        name = "__qualname__" if inspect.ismethod(self._func) else "__name__"
        return self._func_name or str(getattr(self._func, name, type(self._func).__name__))

    def _build(self) -> None:
        outer = get_default_graph()
        graph = FunctionGraph(outer, self._by_value, self._may_copy.__contains__)
        outer_scope = get_variable_scope()
        types = self.declared_input_types
        with graph.as_default(), graph.device(self._device):
            scopes().current.set_custom_getter(self._getter(graph, outer_scope))
            names = [*self._arg_names, *(f"arg{i}" for i in range(len(self._arg_names), len(types)))]
            inputs = [graph.create_op("Placeholder", [], name=name, attrs={"dtype": dtype,
                                                                              "shape": TensorShape(None)}).outputs[0]
                      for name, dtype in zip(names, types)]
            results = self._func(*inputs)
            results = [] if results is None else list(results) if isinstance(results, (list, tuple)) else [results]
            if any(result is None for result in results):
                raise ValueError(f"Function {self._own_name()} can not return None.")
            outputs = [graph.capture(convert_to_tensor(result)) for result in results]
        base = self._own_name()
        if self._gradient is not None and self._func_name is None:
            base += f"_{self._gradient.name}"
        function = function_from_graph(
            base, graph, [*inputs, *graph.captures.values()], outputs, self._out_names,
            {"_disable_call_shape_inference": True, **_attrs(self._attrs, self._own_name())},
            inspect.getdoc(self._func) or "", with_hash=self._func_name is None)
        function.python_gradient, function.tells_shapes = self._python_gradient, False
        self._function, self._graph = function, graph
        self._add_gradient()

    def _add_gradient(self) -> None:
        if self._gradient is None:
            return
        if self._python_gradient is not None:
            raise ValueError(f"Gradient defined twice for function {self.name}")
        assert self._function is not None and self._graph is not None
        self._function.gradient_name = self._gradient.name
        self._gradient.add_to_graph(self._graph)

    def _getter(self, graph: FunctionGraph, outer_scope: Any) -> Callable[..., Any]:
        """A getter that makes the variables of the body in the outer graph."""

        def outside(getter: Any, name: str, **arguments: Any) -> Any:
            with graph.outer_graph.as_default():
                variable = outer_scope.get_variable(variable_store(), name, **arguments)
                graph.variables.append(variable)
                if self._reads_resources and getattr(variable, "_should_act_as_resource_variable", False):
                    return variable.value()
                return variable

        return outside

    # --- calling ----------------------------------------------------------------------------------------------

    def __call__(self, *args: Any, name: str | None = None, **kwargs: Any) -> Any:
        """Add a node that calls it.

        Args:
          args: tensors, or what converts to them.
          name: the node's name; by default the function's.
          kwargs: attrs of the node, as `Defun` takes them.

        Returns:
          A tensor, a tuple of them, or the operation where it has no results.

        Raises:
          ValueError: the arguments are too many or too few, or of other types.
        """
        graph = get_default_graph()
        self.add_to_graph(graph)
        if len(args) != len(self._types):
            raise ValueError(f"Expected number of arguments: {len(self._types)}, received: {len(args)}")
        inputs = [convert_to_tensor(arg) for arg in args] + self.captured_inputs
        signature = self.function.op_def
        full_name = graph.unique_name(name or signature.name)
        for arg, tensor in zip(signature.inputs, inputs):
            if tensor.dtype.base_dtype is not arg.dtype:
                raise ValueError(f"Input '{arg.name}' passed {tensor.dtype.base_dtype.proto_name} expected "
                                 f"{arg.dtype.proto_name} while building NodeDef '{full_name}' using "  # type: ignore
                                 f"Op<name={signature.name}; signature={_signature_text(self.function)}>")
        attrs = {"_disable_call_shape_inference": True, **_attrs(kwargs, self._own_name())}
        op = graph.make(signature, full_name, tuple(inputs), attrs)
        if self._shape_func is not None:
            shapes = self._shape_func(op)
            if len(shapes) != len(op.outputs):
                raise ValueError(f"shape_func produced {len(shapes)} shapes for {len(op.outputs)} outputs")
            for tensor, shape in zip(op.outputs, shapes):
                tensor.set_shape(shape)
        return op if not op.outputs else op.outputs[0] if len(op.outputs) == 1 else tuple(op.outputs)


class OverloadedFunction:
    """A function that is made anew for each combination of its arguments' types."""

    def __init__(self, func: Callable[..., Any], argnames: Sequence[str], func_name: str | None = None,
                 grad_func: Any = None, python_grad_func: Callable[..., Any] | None = None,
                 out_names: Sequence[str] | None = None, **kwargs: Any):
        self._func, self._arg_names, self._func_name = func, argnames, func_name
        self._gradient = grad_func
        self._options: dict[str, Any] = {"python_grad_func": python_grad_func, "out_names": out_names, **kwargs}
        self._made: dict[str, DefinedFunction] = {}

    def instantiate(self, input_types: Sequence[Any]) -> DefinedFunction:
        """The function for arguments of these types."""
        types = [as_dtype(t) for t in input_types]
        key = "".join(_SHORT_TYPES.get(dtype.name, dtype.name) for dtype in types)
        made = self._made.get(key)
        if made is None:
            name = None if self._func_name is None else f"{self._func_name}_{key}"
            made = self._made[key] = DefinedFunction(self._func, self._arg_names, types, name, **self._options)
            if self._gradient is not None:
                results = [tensor.dtype for tensor in made.function.own.outputs]  # type: ignore[union-attr]
                made.set_grad_func(self._gradient.instantiate([*types, *results]))
        return made

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Add a node that calls it; see `DefinedFunction`."""
        inputs = [convert_to_tensor(arg) for arg in args]
        return self.instantiate([tensor.dtype.base_dtype for tensor in inputs])(*inputs, **kwargs)


def _attrs(given: dict[str, Any], name: str) -> dict[str, Any]:
    """The attrs that stand for the keyword arguments of a function or a call of one.

    Raises:
      ValueError: one is unknown or has no value that an attr can have.
    """
    attrs: dict[str, Any] = {}
    rest = dict(given)
    if "noinline" in rest:
        attrs["_noinline"] = bool(rest.pop("noinline"))
    separate = bool(rest.pop("separate_compiled_gradients", False))
    if "compiled" in rest:
        attrs.update(_XlaCompile=bool(rest.pop("compiled")), _XlaSeparateCompiledGradients=separate,
                     _XlaScope=f"function_{name}")
    for key in [key for key in rest if key.startswith("experimental_")]:
        value = attrs[key] = rest.pop(key)
        if not isinstance(value, (bool, int, float, str, bytes)):
            raise ValueError(f"Unsupported attribute type for {key} with type {type(value)}")
    if rest:
        raise ValueError(f"Unknown keyword arguments: {list(rest)}")
    return attrs


def _signature_text(function: Function) -> str:
    """A signature as TensorFlow writes it: `x:float, y:float -> sum:float`."""
    sides = [", ".join(f"{arg.name}:{arg.dtype.proto_name}" for arg in args)  # type: ignore[union-attr]
             for args in (function.op_def.inputs, function.op_def.outputs)]
    return f"{sides[0]} -> {sides[1]}"


def get_extra_vars() -> list[Any]:
    """The variables that the function being built has asked for."""
    graph = get_default_graph()
    return list(graph.variables) if isinstance(graph, FunctionGraph) else []


def get_extra_inputs() -> list[Tensor]:
    """The tensors that the function being built has captured."""
    graph = get_default_graph()
    return list(graph.captures) if isinstance(graph, FunctionGraph) else []


def get_extra_args() -> list[Tensor]:
    """What stands inside of the function being built for the tensors that it has captured."""
    graph = get_default_graph()
    return list(graph.captures.values()) if isinstance(graph, FunctionGraph) else []
