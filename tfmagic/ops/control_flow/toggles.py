"""Whether `tf.cond` and `tf.while_loop` make nodes that call functions: in functions, and where a program says so."""

from __future__ import annotations

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph

_enabled = False


@export("enable_control_flow_v2")
def enable_control_flow_v2() -> None:
    """Let `tf.cond` make If and `tf.while_loop` While nodes, whose parts are functions of the graph."""
    global _enabled
    _enabled = True


@export("disable_control_flow_v2")
def disable_control_flow_v2() -> None:
    """Let `tf.cond` make Switch and Merge and `tf.while_loop` loop nodes, as from the start.

    In bodies of functions they make If and While nodes all the same.
    """
    global _enabled
    _enabled = False


@export("control_flow_v2_enabled")
def control_flow_v2_enabled() -> bool:
    """Whether `tf.cond` and `tf.while_loop` make If and While nodes also outside of functions."""
    return _enabled


def set_control_flow_v2_enabled(value: bool) -> None:
    """Switch If and While nodes outside of functions on or off."""
    global _enabled
    _enabled = bool(value)


def functional() -> bool:
    """Whether conditions and loops of the present graph are nodes that call functions."""
    return _enabled or get_default_graph().branches_are_functions
