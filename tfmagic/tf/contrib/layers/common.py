"""What all layers do: names of outputs, collections of variables, variables of the right name, lengths of tuples."""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any

from tfmagic.base.export import export
from tfmagic.base.shapes import as_dimension, as_shape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Tensor
from tfmagic.graph.static_value import static_value
from tfmagic.ops.control_flow.cond import smart_cond as _smart_cond
from tfmagic.tf.contrib.framework.model_variables import model_variable
from tfmagic.tf.initializers.kinds import Zeros
from tfmagic.tf.variable.variables import Variable

ZEROS = Zeros()


@export("contrib.slim.utils.append_tensor_alias")
def append_tensor_alias(tensor: Tensor, alias: str) -> Tensor:
    """Give a tensor one more alias."""
    alias = alias[:-1] if alias[-1:] == "/" else alias
    if hasattr(tensor, "aliases"):
        tensor.aliases.append(alias)
    else:
        tensor.aliases = [alias]  # type: ignore[attr-defined]
    return tensor


@export("contrib.slim.utils.get_tensor_aliases")
def get_tensor_aliases(tensor: Tensor) -> list[str]:
    """The aliases of a tensor; its name without ":0" where it has none."""
    if hasattr(tensor, "aliases"):
        return tensor.aliases
    return [tensor.name[:-2] if tensor.name[-2:] == ":0" else tensor.name]


@export("contrib.slim.utils.gather_tensors_aliases")
def gather_tensors_aliases(tensors: Any) -> list[str]:
    """The aliases of all tensors."""
    return [alias for tensor in tensors for alias in get_tensor_aliases(tensor)]


@export("contrib.slim.utils.convert_collection_to_dict")
def convert_collection_to_dict(collection: Any, clear_collection: bool = False) -> dict[str, Tensor]:
    """The tensors of a collection by their aliases.

    Args:
      clear_collection: whether the collection is empty afterwards.
    """
    outputs = {alias: tensor for tensor in get_default_graph().get_collection(collection)
               for alias in get_tensor_aliases(tensor)}
    if clear_collection:
        get_default_graph().clear_collection(collection)
    return outputs


@export("contrib.slim.utils.collect_named_outputs")
def collect_named_outputs(collections: Any, alias: str, outputs: Tensor) -> Tensor:
    """Add outputs to collections (a name or several) under an alias; without collections nothing is done."""
    if collections:
        append_tensor_alias(outputs, alias)
        get_default_graph().add_to_collections(collections, outputs)
    return outputs


@export("contrib.slim.utils.get_variable_collections")
def get_variable_collections(variables_collections: Any, name: str) -> Any:
    """The collections of the variable `name`: a dict has them by name, anything else is for all."""
    if isinstance(variables_collections, dict):
        return variables_collections.get(name, None)
    return variables_collections


@export("contrib.slim.utils.smart_cond")
def smart_cond(pred: Any, fn1: Callable[[], Any], fn2: Callable[[], Any], name: str | None = None) -> Any:
    """`tf.cond`, or the branch itself where the condition is known."""
    return _smart_cond(pred, fn1, fn2, name)


NamedOutputs = export("contrib.slim.utils.NamedOutputs")(collections.namedtuple("NamedOutputs", ("name", "outputs")))
NamedOutputs.__doc__ = "Outputs and what they are called."


@export("contrib.slim.utils.constant_value")
def constant_value(value_or_tensor_or_var: Any, dtype: Any = None) -> Any:
    """What is known of a value while the graph is built.

    Args:
      value_or_tensor_or_var: anything; what is no tensor or variable is known.
      dtype: the type that a tensor or variable has to have (None: any).

    Returns:
      The value itself, a constant tensor's NumPy array, or None.

    Raises:
      ValueError: it is None, or a tensor of another type.
    """
    if value_or_tensor_or_var is None:
        raise ValueError("value_or_tensor_or_var cannot be None")
    if not isinstance(value_or_tensor_or_var, (Tensor, Variable)):
        return value_or_tensor_or_var
    if dtype and value_or_tensor_or_var.dtype != dtype:
        raise ValueError(f"It has the wrong type {value_or_tensor_or_var.dtype} instead of {dtype}")
    return None if isinstance(value_or_tensor_or_var, Variable) else static_value(value_or_tensor_or_var)


@export("contrib.slim.utils.static_cond")
def static_cond(pred: Any, fn1: Callable[[], Any], fn2: Callable[[], Any]) -> Any:
    """What one of two functions gives, as a Python condition says.

    Raises:
      TypeError: one of the two cannot be called.
    """
    for name, function in (("fn1", fn1), ("fn2", fn2)):
        if not callable(function):
            raise TypeError(f"{name} must be callable.")
    return fn1() if pred else fn2()


@export("contrib.slim.utils.channel_dimension")
def channel_dimension(shape: Any, data_format: str, min_rank: int = 1) -> int:
    """The number of channels of a shape.

    Raises:
      ValueError: the rank is too small, or the number unknown.
    """
    return _known(as_shape(shape), min_rank, 1 if data_format == "NCHW" else -1)


@export("contrib.slim.utils.last_dimension")
def last_dimension(shape: Any, min_rank: int = 1) -> int:
    """The size of a shape's last axis.

    Raises:
      ValueError: the rank is too small, or the size unknown.
    """
    return _known(as_shape(shape), min_rank, -1)


def _known(shape: Any, min_rank: int, axis: int) -> int:
    if shape.ndims is None:
        raise ValueError("dims of shape must be known but is None")
    if len(shape) < min_rank:
        raise ValueError(f"rank of shape must be at least {min_rank} not: {len(shape)}")
    value = as_dimension(shape[axis]).value
    if value is None:
        raise ValueError(f"dimension {axis} shape must be known but is None" if axis != -1 else
                         "last dimension shape must be known but is None")
    return value


@export("contrib.slim.utils.two_element_tuple")
def two_element_tuple(int_or_tuple: Any) -> tuple[int, int]:
    """Two integers, from one for both or from a list of two.

    Raises:
      ValueError: it is neither.
    """
    if isinstance(int_or_tuple, (list, tuple)):
        if len(int_or_tuple) != 2:
            raise ValueError(f"Must be a list with 2 elements: {int_or_tuple}")
        return int(int_or_tuple[0]), int(int_or_tuple[1])
    if isinstance(int_or_tuple, int):
        return int_or_tuple, int_or_tuple
    if hasattr(int_or_tuple, "as_list") and len(int_or_tuple) == 2:
        return int_or_tuple[0].value, int_or_tuple[1].value
    raise ValueError("Must be an int, a list with 2 elements or a TensorShape of length 2")


@export("contrib.slim.utils.n_positive_integers")
def n_positive_integers(n: int, value: Any) -> tuple[int, ...]:
    """`n` positive integers, from one for all or from a list.

    Raises:
      ValueError: there are others than `n`, or one is not positive.
    """
    n_orig, n = n, int(n)
    if n < 1 or n != n_orig:
        raise ValueError("n must be a positive integer")
    try:
        values: tuple[Any, ...] = (int(value),) * n
    except (TypeError, ValueError):
        values = tuple(value.as_list() if hasattr(value, "as_list") else value)
        if len(values) != n:
            raise ValueError(f"Argument must be a tuple of {n} integers. Received: {value!r}") from None
    if any(not isinstance(each, int) or each < 1 for each in values):
        raise ValueError(f"Argument must be a tuple of {n} positive integers. Received: {value!r}")
    return values


def renaming(**names: str) -> Callable[..., Any]:
    """A custom getter that makes model variables, and calls them in contrib's way ("kernel" -> "weights")."""

    def renamed(getter: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        path, slash, last = name.rpartition("/")
        kwargs = {key: value for key, value in kwargs.items() if key in _PASSED}
        return model_variable(path + slash + names.get(last, last), *args, custom_getter=getter, **kwargs)

    return renamed


_PASSED = ("shape", "dtype", "initializer", "regularizer", "trainable", "collections", "caching_device", "partitioner",
           "use_resource", "synchronization", "aggregation")


def collect_variable(variable: Any, collections: Any, name: str) -> None:
    """Add a layer's variable (or its parts) to the collections that the user names for it."""
    if variable is None:
        return
    for collection in get_variable_collections(collections, name) or []:
        for part in (variable if isinstance(variable, (list, tuple)) or hasattr(variable, "_variable_list")
                     else [variable]):
            known = get_default_graph().get_collection(collection)
            if not any(part is each for each in known):
                get_default_graph().add_to_collection(collection, part)


def model_parameter(name: str, shape: Any, dtype: Any, collections: Any, **options: Any) -> Any:
    """A model variable in the collections that the user names for it."""
    return model_variable(name, shape=shape, dtype=dtype,
                          collections=get_variable_collections(collections, name), **options)


def check_format(data_format: Any, first: str = "NCHW", last: str = "NHWC") -> str:
    """The format in the words of `tf.layers`.

    Raises:
      ValueError: it is neither.
    """
    if data_format not in (first, last):
        raise ValueError(f"data_format has to be either {first} or {last}.")
    return "channels_first" if data_format == first else "channels_last"


UPDATE_OPS = GraphKeys.UPDATE_OPS
