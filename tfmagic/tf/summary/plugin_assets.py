"""Files that a plugin of TensorBoard wants beside the events of a graph."""

from __future__ import annotations

import abc
from typing import Any

from tfmagic.graph.context import get_default_graph

_KEY = "__tensorboard_plugin_asset__"


class PluginAsset(abc.ABC):
    """What a plugin knows of a graph; a subclass says in `plugin_name` whose it is."""

    plugin_name: str | None = None

    @abc.abstractmethod
    def assets(self) -> dict[str, Any]:
        """The files that are written beside the events, by name."""


def get_plugin_asset(plugin_asset_cls: Any, graph: Any = None) -> Any:
    """The asset of a class that belongs to a graph; made where there is none.

    Args:
      plugin_asset_cls: a subclass of `PluginAsset`.
      graph: by default the default graph.

    Raises:
      ValueError: the class has no `plugin_name`, or another class has the same one.
    """
    graph = graph or get_default_graph()
    if not plugin_asset_cls.plugin_name:
        raise ValueError(f"Class {plugin_asset_cls.__name__} has no plugin_name")
    name = f"{_KEY}{plugin_asset_cls.plugin_name}"
    found = graph.get_collection(name)
    if not found:
        asset = plugin_asset_cls()
        graph.add_to_collection(_KEY, name)
        graph.add_to_collection(name, asset)
        return asset
    if len(found) > 1 or type(found[0]) is not plugin_asset_cls:
        raise ValueError(f"Plugin name collision between classes {plugin_asset_cls.__name__} and "
                         f"{type(found[0]).__name__}")
    return found[0]


def get_all_plugin_assets(graph: Any = None) -> list[Any]:
    """All assets that belong to a graph, the default one by default."""
    graph = graph or get_default_graph()
    return [asset for name in graph.get_collection(_KEY) for asset in graph.get_collection(name)]
