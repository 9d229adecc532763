"""Fetches: any nesting of what can be fetched, flattened for the plan and built up again from its values."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from tfmagic.base import errors
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.session import conversions

Build = Callable[[list[Any]], Any]


def key_of(fetches: Any, feed_dict: Any) -> Any:
    """By what a call with these arguments is known: what is nested by its types and what they hold; None: by nothing.

    Of a flat list or tuple it is `(type, *items)`, of what is not nested that itself; then come the keys of the feeds.
    """
    try:
        key = _frozen(fetches)
        key = (key, *feed_dict) if feed_dict else key
        hash(key)
    except TypeError:
        return None
    return key


def _frozen(fetch: Any) -> Any:
    kind = type(fetch)
    if isinstance(fetch, (list, tuple)):
        return kind, *map(_frozen, fetch)
    if kind is dict or kind is OrderedDict:
        return kind, *fetch, *map(_frozen, fetch.values())
    if isinstance(fetch, Mapping):
        raise TypeError("it may hold more than its items")
    return fetch


class Fetches:
    """A fetches argument of `Session.run`, taken apart.

    Attributes:
      tensors: the tensors to compute, each once.
      targets: the operations to run.

    Raises:
      TypeError: something in the argument cannot be fetched.
      ValueError: something is not of this graph, or must not be fetched.
    """

    def __init__(self, graph: Graph, fetches: Any):
        self._graph = graph
        self._index: dict[Tensor, int] = {}
        self._targets: dict[Operation, None] = {}
        self._build = self._take(fetches)
        self.tensors = list(self._index)
        self.targets = list(self._targets)

    def build(self, values: list[Any]) -> Any:
        """The result in the form of the argument, from one value per tensor."""
        return self._build(values)

    def _take(self, fetch: Any) -> Build:
        if fetch is None:
            raise TypeError(f"Fetch argument {fetch!r} has invalid type {type(fetch)}\nA fetch is a tensor, an "
                            "operation, a variable, a name, or a list, tuple or dict of these.")
        if isinstance(fetch, list):
            parts = [self._take(item) for item in fetch]
            return lambda values: [part(values) for part in parts]
        if isinstance(fetch, tuple):
            parts = [self._take(item) for item in fetch]
            kind: Any = type(fetch)
            if hasattr(fetch, "_fields"):
                return lambda values: kind(*[part(values) for part in parts])
            return lambda values: tuple([part(values) for part in parts])
        if isinstance(fetch, Mapping):
            keyed = {key: self._take(item) for key, item in fetch.items()}
            kind = type(fetch)
            if isinstance(fetch, defaultdict):
                factory = fetch.default_factory
                return lambda values: kind(factory, ((key, part(values)) for key, part in keyed.items()))
            return lambda values: kind((key, part(values)) for key, part in keyed.items())
        if hasattr(type(fetch), "__attrs_attrs__"):
            names = [a.name for a in type(fetch).__attrs_attrs__]
            parts = [self._take(getattr(fetch, name)) for name in names]
            kind = type(fetch)
            return lambda values: kind(*[part(values) for part in parts])
        conversion = conversions.of(fetch)
        if conversion is not None:
            components, assemble_list = conversion.fetch(fetch)
            parts = [self._take(item) for item in components]
            return lambda values: assemble_list([part(values) for part in parts])
        expand = getattr(fetch, "_fetch_parts", None)
        if expand is not None:  # a composite value: SparseTensor, IndexedSlices
            components, assemble = expand()
            parts = [self._take(item) for item in components]
            return lambda values: assemble(*[part(values) for part in parts])
        return self._element(fetch)

    def _element(self, fetch: Any) -> Build:
        try:
            element = self._graph.as_graph_element(fetch, allow_tensor=True, allow_operation=True)
        except TypeError as error:
            raise TypeError(f"Fetch argument {fetch!r} has invalid type {type(fetch)}, must be a string or Tensor. "
                            f"({error})") from None
        except (ValueError, KeyError) as error:
            raise ValueError(f"Fetch argument {fetch!r} cannot be interpreted as a Tensor. ({error})") from None
        if not self._graph.is_fetchable(element):
            node = element if isinstance(element, Operation) else element.op
            raise errors.InaccessibleTensorError(
                f"Operation {node.name!r} has been marked as not fetchable. Typically this happens when it is defined "
                "in another function or code block. Use return values,explicit Python locals or TensorFlow collections "
                f"to access it.\n{node.name} stands inside a loop or branch: fetch what that returns.")
        if isinstance(element, Operation):
            self._targets[element] = None
            return lambda values: None
        index = self._index.setdefault(element, len(self._index))
        return lambda values: values[index]
