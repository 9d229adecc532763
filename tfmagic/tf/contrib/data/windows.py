"""Transformations of tf.contrib.data alone: windows that slide, shapes that are checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes, nest
from tfmagic.base.deprecation import deprecated, deprecated_args
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.tf.autograph.api import do_not_convert
from tfmagic.tf.contrib.framework.shapes import asserted, with_shape
from tfmagic.tf.data import structure
from tfmagic.tf.data.dataset import Node
from tfmagic.tf.data.dataset_v1 import DatasetV1Adapter

Transformation = Callable[[Any], Any]


@export("contrib.data.sliding_window_batch")
@deprecated_args(None, "stride is deprecated, use window_shift instead", "stride")
@deprecated(None, "Use `tf.data.Dataset.window(size=window_size, shift=window_shift, stride=window_stride)."
                  "flat_map(lambda x: x.batch(window.size))` instead.")
def sliding_window_batch(window_size: Any, stride: Any = None, window_shift: Any = None,
                         window_stride: Any = 1) -> Transformation:
    """Batches of consecutive elements that overlap.

    Args:
      window_size: the number of elements of a batch.
      stride: the old name of `window_shift`.
      window_shift: by how many elements one begins after another; by default one.
      window_stride: the distance of the elements of a batch.

    Raises:
      ValueError: both `stride` and `window_shift` are given.
    """
    if stride is None and window_shift is None:
        window_shift = 1
    elif stride is not None and window_shift is not None:
        raise ValueError("Cannot specify both `stride` and `window_shift`")
    shift = stride if window_shift is None else window_shift
    return lambda dataset: DatasetV1Adapter(_Windows(dataset, window_size, shift, window_stride))


class _Windows(Node):
    def __init__(self, source: Any, size: Any, shift: Any, stride: Any):
        numbers = [convert_to_tensor(value, dtypes.int64, name=name) for value, name in (
            (size, "window_stride"), (stride, "window_stride"), (shift, "window_shift"))]
        spec = structure.batched(source.element_spec, None)
        super().__init__(raw.sliding_window_dataset(source._variant_tensor, numbers[0], numbers[2], numbers[1],
                                                    **structure.flat_attrs(spec)), spec, [source])


@export("contrib.data.assert_element_shape")
def assert_element_shape(expected_shapes: Any) -> Transformation:
    """Elements as they are, checked to have some shapes; what is not known while building is known from then on.

    Args:
      expected_shapes: a `TensorShape` for each component, nested as elements are.
    """

    @do_not_convert
    def _check_shape(*elements: Any) -> Any:
        shapes = [expected_shapes] if isinstance(expected_shapes, TensorShape) else nest.flatten(expected_shapes)
        found = [_checked(tensor, shape) for tensor, shape in zip(nest.flatten(elements), shapes)]
        return nest.pack_sequence_as(elements, found) if len(elements) > 1 else found[0]

    return lambda dataset: dataset.map(_check_shape)


def _checked(tensor: Any, shape: TensorShape) -> Any:
    tensor.shape.assert_is_compatible_with(shape)
    if shape.ndims is None or tensor.shape.is_fully_defined():
        return tensor
    if shape.is_fully_defined():
        return with_shape(shape, tensor)
    with name_scope(f"{tensor.op.name}/"):
        result = asserted(tensor, [-1 if size is None else size for size in shape.as_list()])
    result.set_shape(shape)
    return result
