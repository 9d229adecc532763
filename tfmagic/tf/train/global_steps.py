"""The global step: one integer variable of a graph that counts the steps of its training."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes, tf_logging
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Tensor
from tfmagic.ops.state.assign import assign_add
from tfmagic.tf.initializers.kinds import Zeros
from tfmagic.tf.variable.scope import get_variable
from tfmagic.tf.variable.variables import Variable, VariableAggregation


@export("train.global_step")
def global_step(sess: Any, global_step_tensor: Any) -> int:
    """The value of a global step in a session.

    Args:
      sess: a `Session`.
      global_step_tensor: a variable or tensor, or its name.
    """
    return int(sess.run(global_step_tensor))


@export("train.get_global_step")
def get_global_step(graph: Any = None) -> Any:
    """The global step of a graph, or None.

    Args:
      graph: by default the default graph.

    Raises:
      TypeError: what is called "global_step" is no integer scalar.
    """
    graph = graph or get_default_graph()
    found = graph.get_collection(GraphKeys.GLOBAL_STEP)
    if len(found) > 1:
        tf_logging.error("Multiple tensors in global_step collection.")
        return None
    if found:
        step = found[0]
    else:
        try:
            step = graph.get_tensor_by_name("global_step:0")
        except KeyError:
            return None
    assert_global_step(step)
    return step


@export("train.create_global_step")
def create_global_step(graph: Any = None) -> Any:
    """Makes the global step of a graph.

    Raises:
      ValueError: it is there already.
    """
    graph = graph or get_default_graph()
    if get_global_step(graph) is not None:
        raise ValueError('"global_step" already exists.')
    with graph.as_default(), graph.name_scope(None):
        return get_variable(GraphKeys.GLOBAL_STEP, shape=[], dtype=dtypes.int64, initializer=Zeros(), trainable=False,
                            aggregation=VariableAggregation.ONLY_FIRST_REPLICA,
                            collections=[GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP])


@export("train.get_or_create_global_step")
def get_or_create_global_step(graph: Any = None) -> Any:
    """The global step of a graph, made if it is not there."""
    graph = graph or get_default_graph()
    step = get_global_step(graph)
    return create_global_step(graph) if step is None else step


@export("train.assert_global_step")
def assert_global_step(global_step_tensor: Any) -> None:
    """Refuses what cannot be a global step.

    Raises:
      TypeError: it is no integer scalar.
    """
    step = global_step_tensor
    if not isinstance(step, (Variable, Tensor)):
        raise TypeError(f'Existing "global_step" must be a Variable or Tensor: {step}.')
    if not step.dtype.base_dtype.is_integer:
        raise TypeError(f'Existing "global_step" does not have integer type: {step.dtype}')
    if step.shape.ndims != 0 and step.shape.is_fully_defined():
        raise TypeError(f'Existing "global_step" is not scalar: {step.shape}')


# The collection that holds the tensor which hooks read the global step from.
GLOBAL_STEP_READ_KEY = "global_step_read_op_cache"


def get_global_step_read(graph: Any = None) -> Any:
    """The tensor from which hooks read the global step, or None.

    Raises:
      RuntimeError: there are several.
    """
    found = (graph or get_default_graph()).get_collection(GLOBAL_STEP_READ_KEY)
    if len(found) > 1:
        raise RuntimeError(f"There are multiple items in collection {GLOBAL_STEP_READ_KEY}. There should be only one.")
    return found[0] if found else None


def get_or_create_global_step_read(graph: Any = None) -> Any:
    """The tensor from which hooks read the global step, 0 before it is initialised; made if it is not there.

    Args:
      graph: by default the default graph.

    Returns:
      The tensor, or None in a graph without a global step.
    """
    graph = graph or get_default_graph()
    found = get_global_step_read(graph)
    if found is not None:
        return found
    step = get_global_step(graph)
    if step is None:
        return None
    with graph.as_default(), graph.name_scope(None), graph.name_scope(step.op.name + "/"):
        read = (step.initialized_value() if isinstance(step, Variable) else step) + 0
    graph.add_to_collection(GLOBAL_STEP_READ_KEY, read)
    return read


def increment_global_step(increment: Any, graph: Any = None) -> Any:
    """A tensor that adds a number to the global step.

    Args:
      increment: the number.
      graph: by default the default graph.

    Raises:
      ValueError: the graph has no global step.
    """
    graph = graph or get_default_graph()
    step = get_global_step(graph)
    if step is None:
        raise ValueError("Global step tensor should be created by tf.train.get_or_create_global_step before calling "
                         "increment.")
    assert_global_step(step)
    read = get_or_create_global_step_read(graph)
    with graph.as_default(), graph.name_scope(None), graph.name_scope(step.op.name + "/"), \
            graph.control_dependencies([read]):
        return assign_add(step, increment)
