"""Operations and variables copied into another graph, under the same names within a scope."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops import api
from tfmagic.tf.variable.variables import Variable


def _within(scope: str, name: str) -> str:
    return f"{scope}/{name}" if scope else name


@export("contrib.copy_graph.copy_variable_to_graph")
def copy_variable_to_graph(org_instance: Any, to_graph: Any, scope: str = "") -> Any:
    """A variable with the initial value of another, in another graph and its collections.

    Args:
      org_instance: the variable.
      to_graph: the graph.
      scope: what its name begins with.

    Raises:
      TypeError: it is no variable.
    """
    if not isinstance(org_instance, Variable):
        raise TypeError(f"{org_instance} is not a Variable")
    name = _within(scope, org_instance.name.partition(":")[0])
    keys = [key for key in org_instance.graph.get_all_collection_keys()
            if any(each is org_instance for each in org_instance.graph.get_collection(key))]
    own = (GraphKeys.GLOBAL_VARIABLES, GraphKeys.TRAINABLE_VARIABLES)
    with org_instance.graph.as_default():
        value = org_instance.initialized_value()
        with api.Session(graph=org_instance.graph) as session:
            start = session.run(value)
    with to_graph.as_default():
        return api.Variable(start, GraphKeys.TRAINABLE_VARIABLES in keys, name=name, validate_shape=False,
                            collections=[key if key in own else _within(scope, key) for key in keys])


@export("contrib.copy_graph.copy_op_to_graph")
def copy_op_to_graph(org_instance: Any, to_graph: Any, variables: Any, scope: str = "") -> Any:
    """An operation or tensor, and all that it needs, in another graph.

    Args:
      org_instance: the operation or tensor.
      to_graph: the graph.
      variables: variables copied already: those of their names are taken for the originals.
      scope: what names begin with.

    Returns:
      The operation or tensor of the other graph, made unless it is there.

    Raises:
      TypeError: it is something else.
    """
    name = _within(scope, org_instance.name)
    copied = {variable.name: variable for variable in variables}
    if name in copied:
        return to_graph.get_tensor_by_name(copied[name].name)
    there = _found(to_graph, name)
    if there is not None:
        return there
    collections = [_within(scope, key) if scope else key for key in org_instance.graph.get_all_collection_keys()
                   if any(each is org_instance for each in org_instance.graph.get_collection(key))]
    if isinstance(org_instance, Tensor):
        copy: Any = copy_op_to_graph(org_instance.op, to_graph, variables, scope).outputs[org_instance.value_index]
    elif isinstance(org_instance, Operation):
        copy = _copied(org_instance, to_graph, variables, scope, name)
    else:
        raise TypeError(f"Could not copy instance: {org_instance}")
    for key in collections:
        to_graph.add_to_collection(key, copy)
    return copy


def _found(graph: Any, name: str) -> Any:
    try:
        return graph.as_graph_element(name, allow_tensor=True, allow_operation=True)
    except (KeyError, ValueError):
        return None


def _copied(op: Operation, to_graph: Any, variables: Any, scope: str, name: str) -> Operation:
    inputs = [copy_op_to_graph(each, to_graph, variables, scope) for each in op.inputs]
    control = [copy_op_to_graph(each, to_graph, variables, scope) for each in op.control_inputs]
    with to_graph.as_default(), to_graph.control_dependencies(None), to_graph.control_dependencies(control):
        return to_graph.create_op(op.type, inputs, [out.dtype for out in op.outputs],
                                  name=name + "/", attrs=dict(op.node_def.attr), compute_device=False)


@export("contrib.copy_graph.get_copied_op")
def get_copied_op(org_instance: Any, graph: Any, scope: str = "") -> Any:
    """The copy of an operation, tensor or variable in a graph.

    Args:
      org_instance: the original.
      graph: where the copy is.
      scope: what the copy's name begins with.

    Raises:
      KeyError: there is none.
    """
    return graph.as_graph_element(_within(scope, org_instance.name), allow_tensor=True, allow_operation=True)
