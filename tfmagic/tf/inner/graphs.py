"""`framework.ops`, `common_shapes` and `tensor_util` beyond what is public: conversions, scopes, shapes."""

from __future__ import annotations

import collections.abc
from collections.abc import Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.context import default_graphs, get_default_graph
from tfmagic.graph.convert import convert_to_tensor, convert_to_tensor_or_indexed_slices, to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.tf.inner.graph_stack import sessions

# --- conversions -------------------------------------------------------------------------------------------------


def internal_convert_to_tensor(value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False,
                               preferred_dtype: Any = None, ctx: Any = None,
                               accepted_result_types: Any = (Tensor,)) -> Tensor:
    """`tf.convert_to_tensor`, which can leave a variable's reference one.

    Args:
      value: what `tf.convert_to_tensor` takes.
      dtype, preferred_dtype: its type, or the type that is taken where it can be.
      name: the name of the constant.
      as_ref: whether a variable becomes a reference to its memory.
      ctx, accepted_result_types: not looked at: the result is a tensor of the graph.
    """
    if not as_ref:
        return convert_to_tensor(value, dtype, name, preferred_dtype)
    return to_tensor(value, None if dtype is None else dtypes.as_dtype(dtype), name, True)


def each(values: Any, name: str | None, convert: Any) -> list[Any]:
    """What `convert(value, name)` makes of each of some values, whose names are numbered.

    Raises:
      TypeError: `values` is no sequence.
    """
    if not isinstance(values, collections.abc.Sequence):
        raise TypeError("values must be a sequence.")
    return [convert(value, None if name is None else f"{name}_{i}") for i, value in enumerate(values)]


def internal_convert_n_to_tensor(values: Sequence[Any], dtype: Any = None, name: str | None = None,
                                 as_ref: bool = False, preferred_dtype: Any = None, ctx: Any = None) -> list[Any]:
    """`convert_n_to_tensor` that can also ask for variables' references."""
    return each(values, name,
                lambda value, own: internal_convert_to_tensor(value, dtype, own, as_ref, preferred_dtype))


def convert_n_to_tensor(values: Any, dtype: Any = None, name: str | None = None,
                        preferred_dtype: Any = None) -> list[Tensor]:
    """Each of some values as a tensor.

    Args:
      values: a list of what `tf.convert_to_tensor` takes.
      dtype, preferred_dtype: their type, or the type that is taken where it can be.
      name: the names begin with it, numbered.

    Raises:
      TypeError: `values` is no sequence.
    """
    return internal_convert_n_to_tensor(values, dtype, name, False, preferred_dtype)


def convert_n_to_tensor_or_indexed_slices(values: Sequence[Any], dtype: Any = None,
                                          name: str | None = None) -> list[Any]:
    """Each of a list of values as a tensor or as `IndexedSlices`; None stays None."""
    return internal_convert_n_to_tensor_or_indexed_slices(values, dtype, name)


def internal_convert_to_tensor_or_indexed_slices(value: Any, dtype: Any = None, name: str | None = None,
                                                 as_ref: bool = False) -> Any:
    """`tf.convert_to_tensor_or_indexed_slices` that can also ask for a variable's reference."""
    if as_ref and not hasattr(value, "dense_shape"):
        return internal_convert_to_tensor(value, dtype, name, as_ref)
    return convert_to_tensor_or_indexed_slices(value, dtype, name)


def internal_convert_n_to_tensor_or_indexed_slices(values: Sequence[Any], dtype: Any = None, name: str | None = None,
                                                   as_ref: bool = False) -> list[Any]:
    """`convert_n_to_tensor_or_indexed_slices` that can also ask for variables' references."""
    return each(values, name, lambda value, own: None if value is None else
                internal_convert_to_tensor_or_indexed_slices(value, dtype, own, as_ref))


def as_graph_element_of(obj: Any) -> Any:
    """What an object stands for in its graph, or None where it does not say."""
    stands_for = getattr(obj, "_as_graph_element", None)
    return stands_for() if stands_for is not None else None


# --- graphs and scopes -------------------------------------------------------------------------------------------


def name_from_scope_name(name: str) -> str:
    """A scope's name without the slash at its end."""
    return name[:-1] if name and name[-1] == "/" else name


def device_v2(device_name: Any) -> Any:
    """`tf.device` that takes no functions.

    Raises:
      RuntimeError: `device_name` is a function.
    """
    if callable(device_name):
        raise RuntimeError("tf.device does not support functions.")
    return get_default_graph().device(device_name)


class name_scope_v2:
    """`tf.name_scope` of TensorFlow 2, which takes a name and nothing else.

    Raises:
      ValueError: the name is no text, or cannot name a scope.
    """

    __module__ = "tensorflow.python.framework.ops"

    def __init__(self, name: str):
        if not isinstance(name, str):
            raise ValueError("name for name_scope must be a string.")
        self._name = name
        self._open: list[Any] = []

    @property
    def name(self) -> str:
        return self._name

    def __enter__(self) -> str:
        scope = get_default_graph().name_scope(self._name)
        self._open.append(scope)
        return str(scope.__enter__())

    def __exit__(self, *exc_info: Any) -> None:
        self._open.pop().__exit__(*exc_info)


def default_session(session: Any) -> Any:
    """A `with` block in which `session` is the default session; it stays open after it."""
    return sessions.get_controller(session)


def has_default_graph() -> bool:
    """Whether a graph was made the default one; the one that is always there does not count."""
    return len(default_graphs()) > 0


def get_all_collection_keys() -> list[Any]:
    """The keys of the collections of the default graph."""
    return get_default_graph().get_all_collection_keys()


class NullContextmanager:
    """A context manager that does nothing, whatever it is made with."""

    def __init__(self, *args: Any, **kwargs: Any):
        pass

    def __enter__(self) -> None:
        pass

    def __exit__(self, type_arg: Any, value_arg: Any, traceback_arg: Any) -> None:
        pass


def colocate_with_for_gradient(op: Any, gradient_uid: str | None, ignore_existing: bool = False) -> Any:
    """`tf.colocate_with` in the default graph for the nodes of a gradient."""
    return get_default_graph()._colocate_with_for_gradient(op, gradient_uid, ignore_existing)


def assert_same_graph(original_item: Any, item: Any) -> None:
    """Refuse two tensors or operations of different graphs.

    Raises:
      ValueError: they are of different graphs.
    """
    if original_item.graph is not item.graph:
        raise ValueError(f"{item} must be from the same graph as {original_item}.")


def inside_function() -> bool:
    """Whether the default graph is that of a function."""
    return bool(get_default_graph().building_function)


# --- shapes ------------------------------------------------------------------------------------------------------


def has_fully_defined_shape(tensor: Tensor) -> bool:
    """Whether every dimension of a tensor is known."""
    return tensor.shape.is_fully_defined()


def rank(tensor: Any) -> int | None:
    """The rank of a tensor, or None."""
    return tensor.shape.ndims if isinstance(tensor, Tensor) else None


def shape_tensor(shape: Any) -> Tensor:
    """A shape, which may have scalars of the graph in it, as a vector; int32 where nothing says otherwise."""
    dtype = None
    if isinstance(shape, (tuple, list)):
        dtype = dtypes.int32 if not shape or all(isinstance(size, int) for size in shape) else None
    return convert_to_tensor(shape, dtype=dtype, name="shape")
