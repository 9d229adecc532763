"""`tf.contrib.staging.StagingArea`."""

from __future__ import annotations

from typing import Any

from tfmagic.base import shapes as shapes_of
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw


@export("contrib.staging.StagingArea")
class StagingArea:
    """Keeps tensors from one step to another: first in, first out.

    Args:
      dtypes: the types of what is put in together.
      shapes: their shapes, if they are known.
      names: names of them, so that they are dictionaries.
      shared_name: a name under which several objects mean one area.
      capacity: how many there may be; 0: any number.
      memory_limit: how many bytes there may be; 0: any number.
    """

    def __init__(self, dtypes: Any, shapes: Any = None, names: Any = None, shared_name: str | None = None,
                 capacity: int = 0, memory_limit: int = 0):
        if shared_name is not None and not isinstance(shared_name, str):
            raise ValueError("shared_name must be a string")
        self._name = get_default_graph().unique_name(type(self).__name__) if shared_name is None else shared_name
        self._dtypes = dtypes
        if shapes is not None and len(shapes) != len(dtypes):
            raise ValueError("StagingArea shapes must be the same length as dtypes")
        self._shapes = [TensorShape(None) for _ in dtypes] if shapes is None else [
            shapes_of.as_shape(shape) for shape in shapes]
        if names is not None and len(names) != len(dtypes):
            raise ValueError("StagingArea names must be the same length as dtypes")
        self._names = names
        self._capacity, self._memory_limit = capacity, memory_limit
        with name_scope(f"{self._name}_root"):
            self._place = api.no_op()

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    @property
    def dtypes(self) -> Any:
        """The types of what is put in together."""
        return self._dtypes

    @property
    def shapes(self) -> list[TensorShape]:
        """Their shapes."""
        return self._shapes

    @property
    def names(self) -> Any:
        """Their names, or None."""
        return self._names

    @property
    def capacity(self) -> int:
        """How many there may be; 0: any number."""
        return self._capacity

    @property
    def memory_limit(self) -> int:
        """How many bytes there may be; 0: any number."""
        return self._memory_limit

    def _attrs(self) -> dict[str, Any]:
        return {"shared_name": self._name, "capacity": self._capacity, "memory_limit": self._memory_limit}

    def _checked(self, values: Any) -> list[Any]:
        """What is put in, as a list.

        Raises:
          ValueError: it is no dictionary where there are names, or one where there are none, or has other keys, types
            or shapes.
        """
        places = range(len(self._dtypes))
        if isinstance(values, dict):
            if not self._names:
                raise ValueError("Staging areas must have names to enqueue a dictionary")
            if not set(values).issubset(self._names):
                raise ValueError("Keys in dictionary to put do not match names of staging area. Dictionary: "
                                 f"({sorted(values)}), Queue: ({sorted(self._names)})")
            places = [i for i in places if self._names[i] in values]  # type: ignore[assignment]
            given = [values[self._names[i]] for i in places]
        else:
            if self._names:
                raise ValueError("You must enqueue a dictionary in a staging area with names")
            given = list(values) if isinstance(values, (list, tuple)) else [values]
            if len(given) > len(self._dtypes):
                raise ValueError(f"Unexpected number of inputs '{len(given)}' vs '{len(self._dtypes)}'")
        for value, i in zip(given, places):
            if value.dtype != self._dtypes[i]:
                raise ValueError(f"Datatypes do not match. '{value.dtype}' != '{self._dtypes[i]}'")
            value.shape.assert_is_compatible_with(self._shapes[i])
        return given

    def put(self, values: Any, name: str | None = None) -> Operation:
        """An operation that adds something, when there is room.

        Args:
          values: a tensor, a list of tensors, or a dictionary where the area has names.
          name: the name of the operation.
        """
        inputs = list(values.values()) if isinstance(values, dict) else \
            list(values) if isinstance(values, (list, tuple)) else [values]
        with name_scope(name, f"{self._name}_put", inputs) as scope:
            given = self._checked(values)
            with get_default_graph().colocate_with(self._place):
                return raw.stage(given, name=scope, **self._attrs())

    def _taken(self, tensors: Any) -> Any:
        """What is taken out, on the present device: a dictionary where the area has names, else a list."""
        for tensor, shape in zip(tensors, self._shapes):
            tensor.set_shape(shape)
        if api.no_op().device != self._place.device:
            tensors = [api.identity(tensor) for tensor in tensors]
        return dict(zip(self._names, tensors)) if self._names else list(tensors)

    def get(self, name: str | None = None) -> Any:
        """What came first, when there is something: a list of tensors, or a dictionary where the area has names."""
        with get_default_graph().colocate_with(self._place):
            tensors = raw.unstage(dtypes=self._dtypes, name=name or f"{self._name}_get", **self._attrs())
        return self._taken(tensors)

    def peek(self, index: Any, name: str | None = None) -> Any:
        """What is at a place, when there is something; it stays."""
        with get_default_graph().colocate_with(self._place):
            tensors = raw.stage_peek(index, dtypes=self._dtypes, name=name or f"{self._name}_peek", **self._attrs())
        return self._taken(tensors)

    def size(self, name: str | None = None) -> Tensor:
        """How much is there, an int32 scalar."""
        return raw.stage_size(dtypes=self._dtypes, name=name or f"{self._name}_size", **self._attrs())

    def clear(self, name: str | None = None) -> Operation:
        """An operation that drops everything."""
        return raw.stage_clear(dtypes=self._dtypes, name=name or f"{self._name}_clear", **self._attrs())
