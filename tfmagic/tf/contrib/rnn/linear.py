"""Linear: a sum of products with matrices, as the cells of tf.contrib.rnn make it; weights in several variables."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes, nest
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant
from tfmagic.graph.keys import GraphKeys
from tfmagic.ops import api
from tfmagic.tf.initializers.kinds import Constant
from tfmagic.tf.variable.scope import get_variable, get_variable_scope, variable_scope


class Linear:
    """[args, side by side] . kernel + bias; the variables are made in the open scope.

    Args:
      args: a [batch, n], or a list of them: what it will be called with.
      output_size: the number of columns.
      build_bias: whether there is a bias.
    """

    def __init__(self, args: Any, output_size: int, build_bias: bool, bias_initializer: Any = None,
                 kernel_initializer: Any = None):
        self._build_bias = build_bias
        self._is_sequence = nest.is_nested(args)
        items = args if self._is_sequence else [args]
        total = columns_of(items)
        dtype = items[0].dtype
        with variable_scope(get_variable_scope()) as outer:
            self._weights = get_variable("kernel", [total, output_size], dtype=dtype, initializer=kernel_initializer)
            if build_bias:
                self._biases = bias_in(outer, output_size, dtype, bias_initializer)

    def __call__(self, args: Any) -> Any:
        items = args if self._is_sequence else [args]
        joined = items[0] if len(items) == 1 else api.concat(items, constant(1, dtype=dtypes.int32))
        result = api.matmul(joined, self._weights)
        return api.nn.bias_add(result, self._biases) if self._build_bias else result


def linear(args: Any, output_size: int, bias: bool, bias_initializer: Any = None,
           kernel_initializer: Any = None) -> Any:
    """[args, side by side] . kernel + bias, with variables of the open scope: what cells of one's own are made of.

    Args:
      args: a [batch, n], or a list of them.
      output_size: the number of columns.
      bias: whether there is a bias.

    Raises:
      ValueError: there are no arguments, or not of two dimensions, the second one known.
    """
    if args is None or (nest.is_nested(args) and not args):
        raise ValueError("`args` must be specified")
    items = list(args) if nest.is_nested(args) else [args]
    total, dtype = columns_of(items), items[0].dtype
    with variable_scope(get_variable_scope()) as outer:
        kernel = get_variable("kernel", [total, output_size], dtype=dtype, initializer=kernel_initializer)
        result = api.matmul(items[0] if len(items) == 1 else api.concat(items, 1), kernel)
        return api.nn.bias_add(result, bias_in(outer, output_size, dtype, bias_initializer)) if bias else result


def columns_of(items: list[Any]) -> int:
    """How many columns some [batch, n] have together.

    Raises:
      ValueError: they have other ranks, or it is not known.
    """
    total = 0
    for shape in [item.get_shape() for item in items]:
        if shape.ndims != 2:
            raise ValueError(f"linear is expecting 2D arguments: {[item.get_shape() for item in items]}")
        if shape.dims[1].value is None:
            raise ValueError(f"linear expects shape[1] to be provided for shape {shape}, but saw {shape.dims[1]}")
        total += shape.dims[1].value
    return total


def bias_in(outer: Any, size: int, dtype: Any, initializer: Any) -> Any:
    """The bias in a scope, in one piece."""
    with variable_scope(outer) as inner:
        inner.set_partitioner(None)
        return get_variable("bias", [size], dtype=dtype,
                            initializer=Constant(0.0) if initializer is None else initializer)


def concatenated_shards(name: str, shape: list[int], dtype: Any, num_shards: int) -> Any:
    """A weight that is cut into `num_shards` variables, as one tensor; the first such tensor of a name is used again.

    Raises:
      ValueError: there are more parts than rows.
    """
    if num_shards > shape[0]:
        raise ValueError(f"Too many shards: shape={shape}, num_shards={num_shards}")
    size, larger = shape[0] // num_shards, shape[0] % num_shards
    parts = [get_variable(f"{name}_{i}", [size + (i < larger), *shape[1:]], dtype=dtype) for i in range(num_shards)]
    if num_shards == 1:
        return parts[0]
    graph = get_default_graph()
    full_name = get_variable_scope().name + "/" + name + "/concat:0"
    for value in graph.get_collection(GraphKeys.CONCATENATED_VARIABLES):
        if value.name == full_name:
            return value
    joined = api.concat(parts, 0, name=name + "/concat")
    graph.add_to_collection(GraphKeys.CONCATENATED_VARIABLES, joined)
    return joined
