"""tf.function: a Python function that becomes a function of the graph's library for each kind of its arguments."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tfmagic.base import nest
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph import conversion
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.function import Function
from tfmagic.graph.function_def import function_from_graph
from tfmagic.graph.function_effects import order_effects
from tfmagic.graph.function_graph import FunctionGraph
from tfmagic.graph.graph import Graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.protos import Func
from tfmagic.graph.type_spec import TensorSpec
from tfmagic.ops import raw
from tfmagic.tf.autograph.api import converted_for_graph
from tfmagic.tf.autograph.features import check_features
from tfmagic.tf.functions.body import BodyGraph
from tfmagic.tf.functions.graph_functions import GraphFunction, numbers
from tfmagic.tf.functions.signatures import Bound, Signature, key_of

_VARIABLES = frozenset({"VarHandleOp", "VariableV2", "Variable"})


class _Body(BodyGraph):
    """The body of a tf.function, which has no variables of its own."""

    def make(self, op_def: Any, name: str, inputs: Any, attrs: Any, use_device_scopes: bool = True) -> Operation:
        if op_def.name in _VARIABLES:
            raise NotImplementedError(f"A tf.function cannot make variables here, and makes '{name}'. Make it before, "
                                      "outside of the function, and use it inside.")
        return super().make(op_def, name, inputs, attrs, use_device_scopes)


class ConcreteFunction:
    """A tf.function traced for one kind of arguments.

    Attributes:
      graph: the body.
      inputs: the placeholders in it: arguments, then what it captures.
      outputs: the results, flat.
      structured_input_signature: the arguments, tensors as `tf.TensorSpec`.
      structured_outputs: the results as the Python function nests them.
      captured_inputs: the tensors around it that calls pass on.
      name: the function's name in the library.
    """

    _body: type[BodyGraph] = _Body
    # Whether operations with a state run in the order of the program, before results of their own.
    _orders_effects = True

    def __init__(self, function: Callable[..., Any], name: str, names: list[str], arguments: Bound):
        graph = self._body(get_default_graph())
        graph.orders_effects = self._orders_effects
        self._placeholders: list[Tensor] = []
        with graph.as_default():
            args = tuple(self._argument(graph, value, names[place] if place < len(names) else
                                        f"args_{place - len(names)}") for place, value in enumerate(arguments[0]))
            kwargs = {key: self._argument(graph, arguments[1][key], key) for key in sorted(arguments[1])}
            results = nest.map_structure(lambda value: self._result(function, value), function(*args, **kwargs),
                                         expand_composites=True)
        self.structured_input_signature = nest.map_structure(
            lambda value: TensorSpec.from_tensor(value) if isinstance(value, Tensor) else value, (args, kwargs),
            expand_composites=True)
        self._finish(graph, name, results)

    def _finish(self, graph: BodyGraph, name: str, results: Any) -> None:
        """Make the function of its body, whose placeholders are known."""
        self.graph = graph
        self.structured_outputs = results
        self.outputs = [value for value in nest.flatten(results, expand_composites=True) if value is not None]
        effects = order_effects(graph, [tensor.op for tensor in self.outputs]) if self._orders_effects else []
        self._calls = GraphFunction(name, graph, self._placeholders, self.outputs, effects)

    @property
    def inputs(self) -> list[Tensor]:
        return self._calls.inputs

    @property
    def function(self) -> Function:
        """The function as the graph knows it."""
        return self._calls.function

    @property
    def name(self) -> str:
        return self.function.name

    @property
    def captured_inputs(self) -> list[Tensor]:
        return list(self.graph.captures)

    @property
    def output_dtypes(self) -> Any:
        return nest.map_structure(lambda tensor: None if tensor is None else tensor.dtype, self.structured_outputs)

    @property
    def output_shapes(self) -> Any:
        return nest.map_structure(lambda tensor: None if tensor is None else tensor.shape, self.structured_outputs)

    def add_to_graph(self, g: Graph | None = None) -> None:
        """Put it into a graph's library."""
        self.function.add_to_graph(g or get_default_graph())

    def _argument(self, graph: Graph, value: Any, name: str) -> Any:
        """An argument as the body sees it: placeholders in place of tensors."""

        def placeholder(part: Any) -> Any:
            if not isinstance(part, Tensor | TensorSpec):
                return part
            own = part.name if isinstance(part, TensorSpec) and part.name else name
            made = graph.create_op("Placeholder", [], name=own, attrs={
                "dtype": part.dtype.base_dtype, "shape": TensorShape(part.shape),
                "_user_specified_name": own}).outputs[0]
            made._handle_data = getattr(part, "_handle_data", None)
            self._placeholders.append(made)
            return made

        return nest.map_structure(placeholder, value, expand_composites=True)

    def _result(self, function: Callable[..., Any], value: Any) -> Tensor | None:
        if value is None or isinstance(value, Operation):
            return None  # it runs by itself: what has an effect does
        try:
            return raw.identity(convert_to_tensor(value))
        except (ValueError, TypeError):
            raise TypeError("To be compatible with tf.contrib.eager.defun, Python functions must return zero or more "
                            f"Tensors; in compilation of {getattr(function, '__wrapped__', function)}, found return "
                            f"value of type {type(value)}, which is not a Tensor.") from None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Add a node that calls it; arguments are tensors, in the order of `inputs`."""
        given = [*args, *(kwargs[tensor.op.name] for tensor in self._placeholders[len(args):]
                          if tensor.op.name in kwargs)]
        tensors = nest.flatten(given, expand_composites=True)
        if len(tensors) != len(self._placeholders):
            raise TypeError(f"Expected {len(self._placeholders)} tensors, got {len(tensors)}: "
                            f"{[tensor.op.name for tensor in self._placeholders]}")
        return self.call([convert_to_tensor(value, dtype=wanted.dtype.base_dtype)
                          for value, wanted in zip(tensors, self._placeholders)])

    def call(self, tensors: list[Tensor]) -> Any:
        """Add a node that calls it with these tensors.

        Returns:
          The results as the Python function nests them; the operation where there are none.
        """
        made = self._calls.call([*tensors, *self.captured_inputs])
        if not self.outputs:
            return made
        results = iter(made.outputs)
        flat = [None if value is None else next(results)
                for value in nest.flatten(self.structured_outputs, expand_composites=True)]
        return nest.pack_sequence_as(self.structured_outputs, flat, expand_composites=True)


class TracedFunction:
    """What `tf.function` makes of a Python function.

    Attributes:
      python_function: the Python function.
    """

    # Whether what is traced before the first call is traced anew for calls, since that call may make variables.
    _begins_anew = True

    def __init__(self, python_function: Callable[..., Any], name: str, input_signature: Any = None,
                 autograph: bool = True, bound_to: Any = None):
        self.python_function = python_function
        self._name = name
        self._autograph = autograph
        self._input_signature = input_signature
        self._own = () if bound_to is None else (bound_to,)
        parameters = python_function if bound_to is None else functools.partial(python_function, bound_to)
        self._signature = Signature(parameters, input_signature)
        self._traces: dict[Any, ConcreteFunction] = {}
        self._kept: list[Any] = []  # what keys know by its id
        self._was_called = False
        self._methods: dict[int, TracedFunction] = {}
        functools.update_wrapper(self, python_function, updated=())

    @property
    def input_signature(self) -> Any:
        return self._signature.specs

    def __get__(self, instance: Any, owner: Any = None) -> TracedFunction:
        if instance is None:
            return self
        bound = self._methods.get(id(instance))
        if bound is None:
            bound = self._methods[id(instance)] = type(self)(self.python_function, self._name,
                                                                 self._input_signature, self._autograph, instance)
        return bound

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Add a node that calls the function for these arguments; it is traced when they are of a new kind."""
        bound = self._signature.bind(args, kwargs)
        self._was_called = True
        tensors = [part for part in nest.flatten([bound[0], [bound[1][key] for key in sorted(bound[1])]],
                                                 expand_composites=True) if isinstance(part, Tensor)]
        return self._trace(bound).call(tensors)

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> ConcreteFunction:
        """The trace for one kind of arguments.

        Args:
          args, kwargs: arguments, tensors also as `tf.TensorSpec`; none where there is an input signature.
        """
        if not self._traces and self._begins_anew:
            _initialize_variables()
        if self._signature.specs is not None and not args and not kwargs:
            return self._trace((self._signature.specs, {}))
        return self._trace(self._signature.bind(args, kwargs))

    def _trace(self, bound: Bound) -> ConcreteFunction:
        specs = self._signature.specs
        arguments = bound if specs is None else (specs, {})
        graph = get_default_graph()
        while isinstance(graph, FunctionGraph):
            graph = graph.outer_graph
        key = (id(graph), self._was_called, key_of(arguments))
        made = self._traces.get(key)
        if made is None:
            made = self._traces[key] = self._new_trace(arguments)
            self._kept.append((graph, arguments))
        return made

    def _new_trace(self, arguments: Bound) -> ConcreteFunction:
        """A trace; the first may make variables, which a second must find made.

        Raises:
          ValueError: every call would make some.
        """
        for allowed in (not self._traces, False):
            before = _variables()
            made = ConcreteFunction(self._traced(allowed), self._name, self._signature.names, arguments)
            if _variables() == before:
                break
        return made

    def _traced(self, may_make_variables: bool) -> Callable[..., Any]:
        """What a trace calls.

        Raises (when it is called):
          ValueError: it makes variables and may not.
        """
        function = functools.partial(self.python_function, *self._own) if self._own else self.python_function
        outer = get_default_graph()

        def check(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            before = _variables(outer)
            result = function(*args, **kwargs)
            if not may_make_variables and _variables(outer) != before:
                raise ValueError("tf.function-decorated function tried to create variables on non-first call.\nMake "
                                 "them once, before the function is called, and use them inside.")
            return result

        if self._autograph:
            made = converted_for_graph(function, check)
        else:
            def made(*args: Any, **kwargs: Any) -> Any:
                with conversion.converted(False):
                    return check(function, *args, **kwargs)
        made.__wrapped__ = self.python_function  # type: ignore[attr-defined]
        return made


class DefunFunction(TracedFunction):
    """What `tf.contrib.eager.defun` makes of a Python function."""

    _begins_anew = False


def _variables(graph: Graph | None = None) -> int:
    """How many variables there are."""
    graph = graph or get_default_graph()
    return sum(len(graph.get_collection_ref(key)) for key in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES))


def _initialize_variables() -> None:
    """The call that TensorFlow adds to initialise variables of a function: it has none."""
    function = function_from_graph(f"__inference_initialize_variables_{next(numbers)}", Graph(), [], [])
    graph = get_default_graph()
    function.add_to_graph(graph)
    graph.create_op("PartitionedCall", [], name="PartitionedFunctionCall", attrs={
        "Tin": [], "Tout": [], "f": Func(function.name)})


@export("function")
def function(func: Any = None, input_signature: Any = None, autograph: bool = True,
             experimental_autograph_options: Any = None, experimental_relax_shapes: bool = False,
             experimental_compile: bool | None = None) -> Any:
    """Decorator: make a function of the graph's library of a Python function; calls of it are one node each.

    Args:
      func: the Python function.
      input_signature: `tf.TensorSpec`s of its arguments; else it is traced for each kind of arguments.
      autograph: whether `if` and loops on tensors become nodes.
      experimental_autograph_options: optional features of AutoGraph; tfmagic has none.
      experimental_relax_shapes: kept for old programs: shapes are told apart all the same.
      experimental_compile: kept for old programs: a run compiles nothing.

    Raises:
      TypeError: `func` is no function.
    """
    def decorated(inner: Any) -> TracedFunction:
        if not callable(inner):
            raise TypeError(f"{inner!r} is not a Python function")
        check_features(experimental_autograph_options)
        return TracedFunction(inner, getattr(inner, "__name__", "function"), input_signature, autograph)

    return decorated if func is None else decorated(func)


@export("contrib.eager.defun")
def defun(func: Any = None, input_signature: Any = None, autograph: bool = True,
          experimental_autograph_options: Any = None, experimental_relax_shapes: bool = False) -> Any:
    """The older form of `tf.function`, which has its arguments."""
    def decorated(inner: Any) -> TracedFunction:
        if not callable(inner):
            raise TypeError(f"{inner!r} is not a Python function")
        check_features(experimental_autograph_options)
        return DefunFunction(inner, getattr(inner, "__name__", "function"), input_signature, autograph)

    return decorated if func is None else decorated(func)
