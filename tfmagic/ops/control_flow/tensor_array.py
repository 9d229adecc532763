"""tf.TensorArray: a list of tensors that a loop writes or reads element by element."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.dtypes import DType, as_dtype
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.base.slots import Slot
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.array.shape_ops import shape
from tfmagic.ops.control_flow import nodes
from tfmagic.ops.control_flow.toggles import functional

_of_lists: Any = Slot("TensorArrays as lists")
_spec: Any = Slot("specs of TensorArrays")


@export("TensorArray")
class TensorArray:
    """A list of tensors of one type, each of which is written once.

    The order of what is done to it follows from its `flow`: methods that write return a new `TensorArray` with a new
    flow, and only that one should be used from there on.

    Args:
      dtype: the type of the elements.
      size: int scalar, the number of elements.
      dynamic_size: whether writing beyond the end makes it larger.
      clear_after_read: whether an element is freed once it is read (by default yes).
      tensor_array_name: a name for its resource.
      handle: the handle of an existing one, instead of `size`.
      flow: a float scalar, the state from which to go on.
      infer_shape: whether all elements have to have one shape.
      element_shape: that shape, as far as it is known.
      colocate_with_first_write_call: whether it lives where the first written tensor does.
      name: the name of the node.

    Raises:
      ValueError: both or neither of `handle` and `size` are given, or an argument does not go with `handle`.
      TypeError: `handle` is no tensor.
    """

    def __init__(self, dtype: Any, size: Any = None, dynamic_size: Any = None, clear_after_read: Any = None,
                 tensor_array_name: str | None = None, handle: Any = None, flow: Any = None,
                 infer_shape: bool | None = True, element_shape: Any = None,
                 colocate_with_first_write_call: bool = True, name: str | None = None):
        if flow is not None and flow.dtype.base_dtype is dtypes.variant or functional():
            # It becomes one that is a list itself.
            self.__class__ = _of_lists.load()
            self.__init__(dtype, size, dynamic_size, clear_after_read,  # type: ignore[misc]
                          tensor_array_name, handle, flow, infer_shape, element_shape,
                          colocate_with_first_write_call, name)
            return
        if handle is not None:
            if not isinstance(handle, Tensor):
                raise TypeError("Handle must be a Tensor")
            if tensor_array_name:
                raise ValueError("Cannot construct with both handle and tensor_array_name")
            for value, what in ((size, "size"), (element_shape, "element_shape"), (dynamic_size, "dynamic_size"),
                                (clear_after_read, "clear_after_read")):
                if value is not None:
                    raise ValueError(f"Cannot provide both a handle and {what} at the same time")
        elif size is None:
            raise ValueError("Size must be provided if handle is not provided")
        if handle is not None and flow is None:
            raise ValueError("flow must not be None if handle is not None.")
        self._dtype = as_dtype(dtype).base_dtype
        self._dynamic_size = dynamic_size or False
        self._infer_shape: bool | None = infer_shape or element_shape is not None
        # The lists are shared with all TensorArrays that follow from this one: what one learns, all know.
        self._shapes: list[TensorShape] = [] if element_shape is None else [as_shape(element_shape)]
        self._beside: list[Any] | None = [] if colocate_with_first_write_call else None
        graph = get_default_graph()
        with name_scope(name, "TensorArray", [handle, size, flow]) as scope:
            if handle is not None:
                self._handle, self._flow = handle, flow
                return
            device = graph.device(None) if colocate_with_first_write_call else contextlib.nullcontext()
            with device:
                self._handle, self._flow = raw.tensor_array_v3(
                    size, self._dtype, element_shape=element_shape, dynamic_size=self._dynamic_size,
                    clear_after_read=True if clear_after_read is None else clear_after_read,
                    identical_element_shapes=infer_shape, tensor_array_name=tensor_array_name or "", name=scope)

    @property
    def _type_spec(self) -> Any:
        return _spec.from_value(self)

    @property
    def flow(self) -> Tensor:
        """A float scalar that stands for the present state."""
        return self._flow

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self._dtype

    @property
    def handle(self) -> Tensor:
        """The handle of the resource."""
        return self._handle

    @property
    def dynamic_size(self) -> bool:
        """Whether it grows when something is written beyond its end."""
        return self._dynamic_size

    @property
    def element_shape(self) -> TensorShape:
        """What is known of the shape of the elements."""
        return self._shapes[0] if self._shapes else TensorShape(None)

    def _learn_shape(self, found: TensorShape) -> None:
        """Note the shape of an element.

        Raises:
          ValueError: it contradicts those before, and `infer_shape` is set.
        """
        if not self._shapes:
            self._shapes.append(found)
            return
        if not found.is_compatible_with(self._shapes[0]):
            raise ValueError(f"Inconsistent shapes: saw {found} but expected {self._shapes[0]} ")
        self._shapes[0] = self._shapes[0].merge_with(found)

    @contextlib.contextmanager
    def _place(self, value: Any) -> Iterator[None]:
        if self._beside is None:
            yield
            return
        if not self._beside:
            self._beside.append(value)
        with get_default_graph().colocate_with(self._beside[0]):
            yield

    def _follow(self, flow: Tensor) -> TensorArray:
        """The same `TensorArray` in the state that `flow` stands for."""
        result = TensorArray(self._dtype, handle=self._handle, flow=flow, infer_shape=self._infer_shape,
                             colocate_with_first_write_call=self._beside is not None)
        result._beside, result._shapes, result._dynamic_size = self._beside, self._shapes, self._dynamic_size
        return result

    def identity(self) -> TensorArray:
        """The same `TensorArray` with a copy of the flow, to which control dependencies apply."""
        return self._follow(raw.identity(self._flow))

    def grad(self, source: str, flow: Any = None, name: str | None = None) -> TensorArray:
        """The `TensorArray` of the gradients of the elements.

        Args:
          source: the name of the `tf.gradients` call that it is for.
          flow: the state from which to go on; by default the present one.
        """
        flow = self._flow if flow is None else flow
        graph = get_default_graph()
        with name_scope(name, "TensorArrayGrad", [self._handle]), graph.colocate_with(self._handle):
            handle, _ = raw.tensor_array_grad_v3(self._handle, flow, source, name=name)
            with graph.control_dependencies([handle]):
                flow = raw.identity(flow, name="gradient_flow")
            result = TensorArray(self._dtype, handle=handle, flow=flow, infer_shape=self._infer_shape,
                                 colocate_with_first_write_call=False)
            result._shapes = self._shapes
            return result

    def read(self, index: Any, name: str | None = None) -> Tensor:
        """The element at `index` (an int scalar)."""
        value = raw.tensor_array_read_v3(self._handle, index, self._flow, self._dtype, name=name)
        if self._shapes:
            value.set_shape(self._shapes[0])
        return value

    def write(self, index: Any, value: Any, name: str | None = None) -> TensorArray:
        """Set the element at `index` (an int scalar) to `value`.

        Returns:
          The `TensorArray` after the writing.

        Raises:
          ValueError: the shape of `value` is not that of the other elements.
        """
        with name_scope(name, "TensorArrayWrite", [self._handle, index, value]):
            value = to_tensor(value, None, "value", preferred=self._dtype)
            if self._infer_shape:
                self._learn_shape(value.shape)
            with self._place(value):
                flow = raw.tensor_array_write_v3(self._handle, index, value, self._flow, name=name)
            return self._follow(flow)

    def stack(self, name: str | None = None) -> Tensor:
        """All elements, one under the other: a tensor of shape [size, ...]."""
        with get_default_graph().colocate_with(self._handle), name_scope(name, "TensorArrayStack", [self._handle]):
            return self.gather(nodes.numbers_below(self.size()), name=name)

    def gather(self, indices: Any, name: str | None = None) -> Tensor:
        """The elements at `indices` (an int vector), one under the other."""
        value = raw.tensor_array_gather_v3(self._handle, indices, self._flow, self._dtype,
                                           element_shape=self.element_shape, name=name)
        if self.element_shape.dims is not None:
            value.set_shape([None, *self.element_shape.as_list()])
        return value

    def concat(self, name: str | None = None) -> Tensor:
        """All elements, joined along their first axis."""
        dims = self.element_shape._dims
        rest = TensorShape(None) if dims is None else TensorShape(dims[1:])
        value, _ = raw.tensor_array_concat_v3(self._handle, self._flow, self._dtype, element_shape_except0=rest,
                                              name=name)
        if dims is not None:
            value.set_shape([None, *dims[1:]])
        return value

    def unstack(self, value: Any, name: str | None = None) -> TensorArray:
        """Set the elements to the rows of `value`, a tensor of shape [size, ...].

        Returns:
          The `TensorArray` after the writing.
        """
        with name_scope(name, "TensorArrayUnstack", [self._handle, value]):
            count = shape(value)[0]
            return self.scatter(nodes.numbers_below(count), value, name=name)

    def scatter(self, indices: Any, value: Any, name: str | None = None) -> TensorArray:
        """Set the elements at `indices` (an int vector) to the rows of `value`.

        Returns:
          The `TensorArray` after the writing.
        """
        with name_scope(name, "TensorArrayScatter", [self._handle, value, indices]):
            value = to_tensor(value, None, "value", preferred=self._dtype)
            if self._infer_shape:
                self._learn_shape(value.shape[1:])
            with self._place(value):
                flow = raw.tensor_array_scatter_v3(self._handle, indices, value, self._flow, name=name)
            return self._follow(flow)

    def split(self, value: Any, lengths: Any, name: str | None = None) -> TensorArray:
        """Set the elements to parts of `value` along its first axis.

        Args:
          value: a tensor of shape [sum of lengths, ...].
          lengths: int vector, the length of each part.

        Returns:
          The `TensorArray` after the writing.
        """
        with name_scope(name, "TensorArraySplit", [self._handle, value, lengths]):
            value = to_tensor(value, self._dtype, "value")
            with self._place(value):
                lengths = as_int64(lengths)
                if self._infer_shape:
                    length = common_length(lengths)
                    if length is not None and value.shape.dims is not None:
                        self._learn_shape(TensorShape([length]).concatenate(value.shape[1:]))
                flow = raw.tensor_array_split_v3(self._handle, value, lengths, self._flow, name=name)
            return self._follow(flow)

    def size(self, name: str | None = None) -> Tensor:
        """The number of elements, an int32 scalar."""
        return raw.tensor_array_size_v3(self._handle, self._flow, name=name)

    def close(self, name: str | None = None) -> Operation:
        """Free the elements; the `TensorArray` cannot be used any more."""
        return raw.tensor_array_close_v3(self._handle, name=name)


def as_int64(lengths: Any) -> Tensor:
    from tfmagic.ops.math.cast import cast

    return cast(lengths, dtypes.int64)


def common_length(lengths: Tensor) -> int | None:
    from tfmagic.graph.static_value import constant_value

    known = constant_value(lengths)
    if known is None or known.ndim != 1 or not known.size or known.max() != known.min():
        return None
    return int(known[0])


def array_to_flow(value: Any) -> Any:
    """The flow of a `TensorArray`; anything else itself."""
    return value.flow if isinstance(value, TensorArray) else value


def flows_to_arrays(originals: list[Any], values: list[Any]) -> list[Any]:
    """`values`, with `TensorArray`s in the places where `originals` has them."""
    return [original._follow(value) if isinstance(original, TensorArray) else value
            for original, value in zip(originals, values)]
