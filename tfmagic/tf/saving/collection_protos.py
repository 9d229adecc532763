"""How the items of collections become protos and come back, by the collection's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import export, messages, source
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.registry import registered_twice
from tfmagic.tf.variable.variables import Variable

VARIABLES = (GraphKeys.GLOBAL_VARIABLES, GraphKeys.TRAINABLE_VARIABLES, GraphKeys.MOVING_AVERAGE_VARIABLES,
             GraphKeys.LOCAL_VARIABLES, GraphKeys.MODEL_VARIABLES, GraphKeys.METRIC_VARIABLES, GraphKeys.GLOBAL_STEP)
# What the classes of other collections are called, with their protos.
_OTHERS = {GraphKeys.QUEUE_RUNNERS: ("train.QueueRunner", "queue_runner_pb2", "QueueRunnerDef"),
           GraphKeys.SAVERS: ("train.Saver", "saver_pb2", "SaverDef")}
_CONTEXTS = {GraphKeys.COND_CONTEXT: "CondContextDef", GraphKeys.WHILE_CONTEXT: "WhileContextDef"}

_registered: dict[str, tuple[Any, Callable[..., Any] | None, Callable[..., Any] | None]] = {}
_places: dict[str, source.Frames] = {}


def register_proto_function(collection_name: str, proto_type: Any = None, to_proto: Callable[..., Any] | None = None,
                            from_proto: Callable[..., Any] | None = None) -> None:
    """Say how the items of a collection become protos and come back.

    Args:
      collection_name: the collection.
      proto_type: the class of the protos.
      to_proto: `(item, export_scope=None) -> proto`.
      from_proto: `(proto, import_scope=None) -> item`.

    Raises:
      TypeError: a function is none.
      KeyError: it is said already.
    """
    if to_proto and not callable(to_proto):
        raise TypeError("to_proto must be callable.")
    if from_proto and not callable(from_proto):
        raise TypeError("from_proto must be callable.")
    if collection_name in _registered or _has_own(collection_name):
        raise registered_twice("proto functions", collection_name, _places.get(collection_name, ()))
    _registered[collection_name] = proto_type, to_proto, from_proto
    _places[collection_name] = source.capture()[:1]


def proto_type(collection_name: str) -> Any:
    """The class of a collection's protos, or None."""
    if collection_name in VARIABLES:
        return messages.module("variable_pb2").VariableDef
    if collection_name in _OTHERS:
        _, module, name = _OTHERS[collection_name]
        return getattr(messages.module(module), name)
    if collection_name in _CONTEXTS:
        return getattr(messages.module("control_flow_pb2"), _CONTEXTS[collection_name])
    return _registered[collection_name][0] if collection_name in _registered else None


def to_proto_function(collection_name: str) -> Callable[..., Any] | None:
    """What makes a proto of an item of a collection, or None."""
    if _has_own(collection_name):
        return lambda item, export_scope=None: item.to_proto(export_scope=export_scope)
    return _registered[collection_name][1] if collection_name in _registered else None


def from_proto_function(collection_name: str) -> Callable[..., Any] | None:
    """What makes an item of a collection from a proto, or None."""
    if collection_name in VARIABLES:
        return Variable.from_proto
    if collection_name in _OTHERS:
        return export.find(_OTHERS[collection_name][0]).from_proto
    if collection_name in _CONTEXTS:
        from tfmagic.ops.control_flow.context_protos import from_proto

        return from_proto
    return _registered[collection_name][2] if collection_name in _registered else None


def _has_own(collection_name: str) -> bool:
    """Whether the items of a collection are of a class of ours that says so itself."""
    return collection_name in VARIABLES or collection_name in _OTHERS or collection_name in _CONTEXTS
