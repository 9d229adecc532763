"""PyFunc: Python functions as nodes, called with NumPy arrays; `tf.py_function`, whose function may use tf itself."""

from __future__ import annotations

import itertools
import traceback
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors
from tfmagic.base.deprecation import deprecated
from tfmagic.base.dtypes import DType
from tfmagic.base.export import export
from tfmagic.base.shapes import Dims
from tfmagic.base.slots import Slot
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops import raw
from tfmagic.ops.declare import register
from tfmagic.ops.torch_types import as_torch

_numbers = itertools.count()
# The graph that has the node keeps the function; a graph imported from it finds the function here.
_functions: weakref.WeakValueDictionary[str, PyFunction] = weakref.WeakValueDictionary()

_ERRORS: tuple[tuple[type[BaseException], type[errors.OpError]], ...] = (
    (NotImplementedError, errors.UnimplementedError), (MemoryError, errors.ResourceExhaustedError),
    (StopIteration, errors.OutOfRangeError), (TypeError, errors.InvalidArgumentError),
    (ValueError, errors.InvalidArgumentError), (Exception, errors.UnknownError))


class PyFunction:
    """A Python function that nodes call.

    Attributes:
      token: what nodes name it by.
    """

    def __init__(self, function: Callable[..., Any], token: str):
        self.function = function
        self.token = token

    def call(self, values: list[Any], types: list[str]) -> list[Any]:
        """Call it from a run.

        Args:
          values: values of a run: torch tensors, arrays of strings.
          types: the names of the types that its results must have.
        """
        wanted = [dtypes.as_dtype(name) for name in types]
        results = self._called([_handed_over(value) for value in values], wanted)
        return [as_torch(array, dtype) for array, dtype in zip(results, wanted)]

    def _called(self, arguments: list[np.ndarray], types: list[DType]) -> list[np.ndarray]:
        token = self.token
        try:
            result = self.function(*arguments)
        except Exception as exception:  # one of `tf.errors` too says what is wrong with the function, not with the run
            cls: Any = next(error for kind, error in _ERRORS if isinstance(exception, kind))
            text = "".join(traceback.format_exception(exception))
            raise cls(None, None, f"{type(exception).__name__}: {exception}\n{text}") from exception
        if result is None:
            results = []
        else:
            results = list(result) if isinstance(result, (tuple, list)) else [result]
        if len(results) != len(types):
            raise errors.InvalidArgumentError(None, None, f"{token} returns {len(results)} values, but expects to see "
                                              f"{len(types)} values.")
        return [_result(token, index, value, dtype) for index, (value, dtype) in enumerate(zip(results, types))]


def _result(token: str, index: int, value: Any, dtype: DType) -> np.ndarray:
    array = np.asarray(value, order="C")
    if array.dtype.kind in "SU":
        array = np.asarray(value, dtype=object)
    if array.dtype == object:
        flat = [item.encode() if isinstance(item, str) else item for item in array.ravel()]
        for item in flat:
            if not isinstance(item, (bytes, np.bytes_)):
                raise errors.InternalError(None, None, f"Unsupported object type {type(item).__name__}")
        strings = np.empty(len(flat), object)
        strings[:] = flat
        array = strings.reshape(array.shape)
        found: DType | None = dtypes.string
    else:
        try:
            found = dtypes.as_dtype(array.dtype)
        except TypeError:
            found = None
    if found is not dtype.base_dtype:
        shown = array.dtype.name if found is None else found.proto_name
        raise errors.InvalidArgumentError(None, None, f"{index}-th value returned by {token} is {shown}, but expects "
                                          f"{dtype.proto_name}")
    return array


def register_function(function: Callable[..., Any]) -> str:
    """Keep a function with the default graph; its token is what nodes name it by."""
    token = f"pyfunc_{next(_numbers)}"
    wrapper = PyFunction(function, token)
    get_default_graph()._py_functions[token] = wrapper
    _functions[token] = wrapper
    return token


def as_numpy(value: Any) -> np.ndarray:
    """The NumPy array of a run's value."""
    if isinstance(value, np.ndarray):
        return value
    value = value.detach().cpu()
    if str(value.dtype) == "torch.bfloat16":
        return value.float().numpy().astype(dtypes.bfloat16.as_numpy_dtype)
    return value.numpy()


def _handed_over(value: Any) -> Any:
    """What a user's function gets: a scalar as a NumPy scalar (bytes for a string), anything else as an array."""
    array = as_numpy(value)
    return array[()] if array.ndim == 0 else array


def _call(op: Any, values: list[Any]) -> Any:
    function = op.op.graph._py_functions.get(op.token) or _functions.get(op.token)
    if function is None:
        raise errors.FailedPreconditionError(None, None, f"The Python function {op.token} of this node is not known in "
                                             "this process: a graph that is exported holds only its name. Build the "
                                             "node again with tf.py_func.")
    return op.constant(function).call(values, [dtype.name for dtype in op.Tout])


def _unknown_shapes(op: Any, values: list[Dims]) -> list[Dims]:
    return [None] * len(op.Tout)


def _eager_gradient(op: Any, *grads: Any) -> list[Any]:
    """A node that differentiates the function where the run calls it."""
    function: Any = op.op.graph._py_functions.get(op.token) or _functions.get(op.token)
    token = register_function(function.function.gradient)
    with op.op.graph.control_dependencies([op.op]):
        inputs = list(op.op._inputs)
        return raw.eager_py_func([*inputs, *grads], token, [t._dtype.base_dtype for t in inputs])


for _name, _rule in (("PyFunc", None), ("PyFuncStateless", None), ("EagerPyFunc", _eager_gradient)):
    register(_name, _unknown_shapes, _call, _rule, objects=True, effect="waits")


@export("py_func")
@deprecated(None, """tf.py_func is deprecated in TF V2. Instead, there are two
    options available in V2.
    - tf.py_function takes a python function which manipulates tf eager
    tensors instead of numpy arrays. It's easy to convert a tf eager tensor to
    an ndarray (just call tensor.numpy()) but having access to eager tensors
    means `tf.py_function`s can use accelerators such as GPUs as well as
    being differentiable using a gradient tape.
    - tf.numpy_function maintains the semantics of the deprecated tf.py_func
    (it is not differentiable, and manipulates numpy arrays). It drops the
    stateful argument making all functions stateful.
    """)
def py_func(func: Callable[..., Any], inp: Any, Tout: Any, stateful: bool = True,
            name: str | None = None) -> Any:
    """A node that calls a Python function.

    Args:
      func: takes one NumPy array per input, returns one array (or a list of them) of the types `Tout`.
      inp: list of tensors.
      Tout: a type or list of types: those of the results.
      stateful: False says that equal inputs give equal results.
      name: the name of the node.

    Returns:
      A tensor, or a list of tensors when `Tout` is one.
    """
    return _node(func, inp, Tout, raw.py_func if stateful else raw.py_func_stateless, name)


@export("numpy_function")
def numpy_function(func: Callable[..., Any], inp: Any, Tout: Any, name: str | None = None) -> Any:
    """A node that calls a Python function with NumPy arrays; see `tf.py_func`."""
    return _node(func, inp, Tout, raw.py_func, name)


def _node(function: Callable[..., Any], inp: Any, types: Any, make: Callable[..., Any], name: str | None) -> Any:
    if not callable(function):
        raise ValueError(f"Expected func to be callable, got func of type {type(function)}")
    is_list = isinstance(types, (list, tuple))
    result = make(inp, register_function(function), list(types) if is_list else [types], name=name)
    if is_list and not types:
        return result if isinstance(result, Operation) else get_default_graph().get_operations()[-1]
    return result if is_list else result[0]


class Value(Tensor):
    """A tensor of the graph that a call of `tf.py_function` works in: its value is known (`.numpy()`)."""

    __slots__ = ("_value",)
    _value: np.ndarray

    def numpy(self) -> np.ndarray:
        """The value."""
        return self._value


_evaluated = Slot("values of tensors")


class _InGraph:
    """A function of tensors, called with arrays: the nodes that it makes live in a graph of their own."""

    def __init__(self, function: Callable[..., Any], types: list[DType]):
        self._function = function
        self._types = types

    def __call__(self, *arrays: np.ndarray) -> Any:
        return self._run(arrays, None)

    def gradient(self, *arrays: np.ndarray) -> Any:
        """The gradients of the inputs: `arrays` are the inputs, then the gradients of the results."""
        count = len(arrays) - len(self._types)
        return self._run(arrays[:count], arrays[count:])

    def _run(self, arrays: Any, output_grads: Any) -> Any:
        from tfmagic.graph.convert import constant, to_tensor
        from tfmagic.graph.gradients import gradients
        from tfmagic.graph.graph import Graph

        graph = Graph()
        with graph.as_default():
            inputs = [_known(constant(array)) for array in arrays]
            result = self._function(*inputs)
            results = [] if result is None else list(result) if isinstance(result, (list, tuple)) else [result]
            results = [to_tensor(item, dtype) for item, dtype in zip(results, self._types)]
            if output_grads is not None:
                grads = gradients(results, inputs, [constant(g) for g in output_grads])
                zeros = [np.zeros_like(array) for array in arrays]
                wanted = [g for g in grads if g is not None]
                values = iter(_evaluated(graph, [to_tensor(g) for g in wanted]))
                return [zero if g is None else next(values) for g, zero in zip(grads, zeros)]
        if all(isinstance(item, Value) for item in results):
            return [item.numpy() for item in results]
        return _evaluated(graph, results)


def _known(tensor: Tensor) -> Value:
    """A constant as a `Value`: the same output of the same node."""
    value = Value(tensor.op, tensor.value_index, tensor.dtype)
    value._dims = tensor._dims
    value._value = tensor.op._attrs["value"]
    tensor.op._outputs = (value,)
    return value


@export("py_function")
def py_function(func: Callable[..., Any], inp: Any, Tout: Any, name: str | None = None) -> Any:
    """A node that calls a Python function of tensors whose values are known, and can be differentiated.

    Args:
      func: takes one tensor per input (with `.numpy()`), returns a tensor or list of them, of the types `Tout`.
      inp: list of tensors.
      Tout: a type or list of types: those of the results.
      name: the name of the node.

    Returns:
      A tensor, or a list of tensors when `Tout` is one.
    """
    types = [dtypes.as_dtype(t) for t in (Tout if isinstance(Tout, (list, tuple)) else [Tout])]
    if not callable(func):
        raise ValueError(f"Expected func to be callable, got func of type {type(func)}")
    return _node(_InGraph(func, types), inp, Tout, raw.eager_py_func, name)
