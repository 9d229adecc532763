"""Nodes of reference variables without the variable around them: `tensorflow.python.ops.state_ops`."""

from __future__ import annotations

from typing import Any

from tfmagic.base.dtypes import as_dtype
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw


def variable_op(shape: Any, dtype: Any, name: str = "Variable", set_shape: bool = True, container: str = "",
                shared_name: str = "") -> Tensor:
    """A node that holds a variable: a reference to its memory, of an older kind than `variable_op_v2`.

    Args:
      shape, dtype: what it holds.
      set_shape: whether the node's output is known to have the shape.
      container, shared_name: where it is kept, and under which name.
    """
    shape = TensorShape(shape)
    held = raw.variable(shape=shape if set_shape else TensorShape(None), dtype=dtype, name=name, container=container,
                        shared_name=shared_name)
    if set_shape:
        held.set_shape(shape)
    return held


def variable_op_v2(shape: Any, dtype: Any, name: str = "Variable", container: str = "",
                   shared_name: str = "") -> Tensor:
    """A node that holds a variable: a reference to its memory.

    Args:
      shape, dtype: what it holds.
      container, shared_name: where it is kept, and under which name.
    """
    return raw.variable_v2(shape=shape, dtype=dtype, name=name, container=container, shared_name=shared_name)


def init_variable(v: Any, init: Any, name: str = "init") -> Operation | Tensor:
    """An operation that gives a variable its first value.

    Args:
      v: a reference to a variable, or a variable.
      init: the value, or a function of shape and type that makes it.
      name: the name of the operation, within the variable's own.
    """
    graph = get_default_graph()
    with name_scope(v.op.name + "/"), name_scope(name) as scope, graph.colocate_with(v.op):
        if callable(init):
            assert v.get_shape().is_fully_defined(), "Variable shape unknown."
            value = init(v.get_shape().as_list(), as_dtype(v.dtype).base_dtype)
        else:
            value = api.convert_to_tensor(init, name="init")
        return api.assign(v, value, name=scope)
