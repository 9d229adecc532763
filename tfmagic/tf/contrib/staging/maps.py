"""`MapStagingArea` of `tensorflow.python.ops.data_flow_ops`: a staging area whose elements have keys."""

from __future__ import annotations

from typing import Any

from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.tf.contrib.staging.areas import StagingArea


class MapStagingArea(StagingArea):
    """Keeps tensors by key from one step to another; the parts of an element may come, and be taken, one by one.

    Args:
      dtypes, shapes, names, shared_name, capacity, memory_limit: see `StagingArea`.
      ordered: whether elements are taken in the order of their keys.
    """

    def __init__(self, dtypes: Any, shapes: Any = None, names: Any = None, shared_name: str | None = None,
                 ordered: bool = False, capacity: int = 0, memory_limit: int = 0):
        super().__init__(dtypes, shapes, names, shared_name, capacity, memory_limit)
        self._prefix = "ordered_map_" if ordered else "map_"

    def _node(self, what: str, *inputs: Any, name: str, dtypes: Any = None) -> Any:
        make = getattr(raw, self._prefix + what)
        return make(*inputs, dtypes=self._dtypes if dtypes is None else dtypes, name=name, **self._attrs())

    def _parts(self, values: Any, indices: Any) -> tuple[list[Any], list[int]]:
        """What is put in, and which components that is.

        Raises:
          ValueError: it is no dictionary where there are names, or one where there are none, or has other keys, types
            or shapes; or it is a list and `indices` do not say of which components.
        """
        if isinstance(values, dict):
            given = self._checked(values)
            return given, [i for i, name in enumerate(self._names) if name in values]
        if self._names:
            raise ValueError("You must enqueue a dictionary in a staging area with names")
        if indices is None:
            raise ValueError("Indices must be supplied when inserting a list of tensors")
        if len(indices) != len(values):  # 1.15 says it without the numbers
            raise ValueError("Number of indices '%s' doesn't match number of values '%s'")
        if len(values) > len(self._dtypes):
            raise ValueError(f"Unexpected number of inputs '{len(values)}' vs '{len(self._dtypes)}'")
        for value, index in zip(values, indices):
            if value.dtype != self._dtypes[index]:
                raise ValueError(f"Datatypes do not match. '{value.dtype}' != '{self._dtypes[index]}'")
            value.shape.assert_is_compatible_with(self._shapes[index])
        return list(values), list(indices)

    def _places(self, indices: Any) -> list[int]:
        """Components given by number or name; all by default.

        Raises:
          ValueError: a name is none of the area's.
          TypeError: neither all are numbers nor all names.
        """
        if indices is None:
            return list(range(len(self._dtypes)))
        if not isinstance(indices, (list, tuple)):
            raise TypeError(f"Invalid indices type '{type(indices)}'")
        if all(isinstance(index, str) for index in indices):
            if self._names is None:
                raise ValueError(f"String indices provided '{indices}', but this Staging Area was not created with "
                                 "names.")
            for index in indices:
                if index not in self._names:
                    raise ValueError(f"Named index '{index}' not in Staging Area names '{self._names}'")
            return [self._names.index(index) for index in indices]
        if all(isinstance(index, int) for index in indices):
            return list(indices)
        raise TypeError(f"Mixed types in indices '{indices}'. May only be str or int")

    def _result(self, tensors: Any, places: list[int]) -> Any:
        """What is taken out, on the present device: a dictionary where the area has names, else a list."""
        for tensor, place in zip(tensors, places):
            tensor.set_shape(self._shapes[place])
        if api.no_op().device != self._place.device:
            tensors = [api.identity(tensor) for tensor in tensors]
        return dict(zip((self._names[place] for place in places), tensors)) if self._names else list(tensors)

    def put(self, key: Any, vals: Any, indices: Any = None,  # type: ignore[override]
            name: str | None = None) -> Operation:
        """An operation that adds components of an element, when there is room.

        Args:
          key: the element's, an int64 scalar.
          vals: a list of tensors, or a dictionary where the area has names.
          indices: the numbers of the components of a list.
          name: the name of the operation.
        """
        inputs = list(vals.values()) if isinstance(vals, dict) else \
            list(vals) if isinstance(vals, (list, tuple)) else [vals]
        with name_scope(name, f"{self._name}_put", inputs) as scope:
            given, places = self._parts(vals, indices)
            with get_default_graph().colocate_with(self._place):
                operation: Operation = self._node("stage", key, places, given, name=scope)
                return operation

    def get(self, key: Any = None, indices: Any = None, name: str | None = None) -> Any:  # type: ignore[override]
        """An element that is complete, or some of its components, when there is one; it leaves the area.

        Args:
          key: the element's; any, by default, or that of the smallest key where the area is ordered.
          indices: numbers or names of components; all by default.
          name: the name of the operation.

        Returns:
          Its key, and a list of tensors, or a dictionary where the area has names.
        """
        places = self._places(indices)
        dtypes = [self._dtypes[place] for place in places]
        with get_default_graph().colocate_with(self._place):
            if key is None:
                key, tensors = self._node("unstage_no_key", places, name=name or f"{self._name}_get_nokey",
                                          dtypes=dtypes)
            else:
                tensors = self._node("unstage", key, places, name=name or f"{self._name}_get", dtypes=dtypes)
        return key, self._result(tensors, places)

    def peek(self, key: Any, indices: Any = None, name: str | None = None) -> Any:  # type: ignore[override]
        """An element, or some of its components, when it is there; it stays."""
        places = self._places(indices)
        with get_default_graph().colocate_with(self._place):
            tensors = self._node("peek", key, places, name=name or f"{self._name}_pop",
                                 dtypes=[self._dtypes[place] for place in places])
        return self._result(tensors, places)

    def size(self, name: str | None = None) -> Tensor:
        """How many elements are complete, an int32 scalar."""
        size: Tensor = self._node("size", name=name or f"{self._name}_size")
        return size

    def incomplete_size(self, name: str | None = None) -> Tensor:
        """How many elements lack components, an int32 scalar."""
        size: Tensor = self._node("incomplete_size", name=name or f"{self._name}_incomplete_size")
        return size

    def clear(self, name: str | None = None) -> Operation:
        """An operation that drops everything."""
        operation: Operation = self._node("clear", name=name or f"{self._name}_clear")
        return operation
