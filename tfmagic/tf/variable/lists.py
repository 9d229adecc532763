"""The variables of a graph by what they are for: global, local, trainable, of the model, with a moving average."""

from __future__ import annotations

from typing import Any

from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.keys import GraphKeys


@export("global_variables")
def global_variables(scope: str | None = None) -> list[Any]:
    """The variables in `GraphKeys.GLOBAL_VARIABLES` whose names match the regex `scope`."""
    return get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES, scope)


@export("all_variables")
@deprecated("2017-03-02", "Please use tf.global_variables instead.")
def all_variables() -> list[Any]:
    """The former name of `tf.global_variables`."""
    return global_variables()


@export("local_variables")
def local_variables(scope: str | None = None) -> list[Any]:
    """The variables in `GraphKeys.LOCAL_VARIABLES` whose names match the regex `scope`."""
    return get_default_graph().get_collection(GraphKeys.LOCAL_VARIABLES, scope)


@export("model_variables")
def model_variables(scope: str | None = None) -> list[Any]:
    """The variables in `GraphKeys.MODEL_VARIABLES` whose names match the regex `scope`."""
    return get_default_graph().get_collection(GraphKeys.MODEL_VARIABLES, scope)


@export("trainable_variables")
def trainable_variables(scope: str | None = None) -> list[Any]:
    """The variables that optimizers train, of those whose names match the regex `scope`."""
    return get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)


@export("moving_average_variables")
def moving_average_variables(scope: str | None = None) -> list[Any]:
    """The variables that have a moving average, of those whose names match the regex `scope`."""
    return get_default_graph().get_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, scope)
