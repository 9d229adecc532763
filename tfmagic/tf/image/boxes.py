"""tf.image's functions on boxes: those that stay of many, those cut out, drawn, drawn by lot; and windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated, deprecated_args, deprecated_argument_lookup
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw

_NO_THRESHOLD = float("-inf")


def _limits(**values: Any) -> list[Tensor]:
    return [convert_to_tensor(value, dtype=dtypes.float32, name=name) for name, value in values.items()]


@export("image.non_max_suppression")
def non_max_suppression(boxes: Any, scores: Any, max_output_size: Any, iou_threshold: Any = 0.5,
                        score_threshold: Any = _NO_THRESHOLD, name: str | None = None) -> Tensor:
    """Which boxes stay: of those that overlap, the one with the highest score.

    Args:
      boxes: float [boxes, 4], two opposite corners (y1, x1, y2, x2).
      scores: [boxes].
      max_output_size: how many stay at most.
      iou_threshold: how much of what two boxes cover together both cover, from which on the lower one goes.
      score_threshold: only boxes with a higher score stay.
      name: of the scope.

    Returns:
      int32 indices, the highest score first.
    """
    with name_scope(name, "non_max_suppression"):
        return raw.non_max_suppression_v3(boxes, scores, max_output_size,
                                          *_limits(iou_threshold=iou_threshold, score_threshold=score_threshold))


@export("image.non_max_suppression_padded")
def non_max_suppression_padded(boxes: Any, scores: Any, max_output_size: Any, iou_threshold: Any = 0.5,
                               score_threshold: Any = _NO_THRESHOLD, pad_to_max_output_size: bool = False,
                               name: str | None = None) -> Any:
    """Which boxes stay, perhaps padded with zeros, and how many they are (see `non_max_suppression`)."""
    with name_scope(name, "non_max_suppression_padded"):
        limits = _limits(iou_threshold=iou_threshold, score_threshold=score_threshold)
        return raw.non_max_suppression_v4(boxes, scores, max_output_size, *limits,
                                          pad_to_max_output_size=pad_to_max_output_size)


@export("image.non_max_suppression_with_scores")
def non_max_suppression_with_scores(boxes: Any, scores: Any, max_output_size: Any, iou_threshold: Any = 0.5,
                                    score_threshold: Any = _NO_THRESHOLD, soft_nms_sigma: Any = 0.0,
                                    name: str | None = None) -> tuple[Tensor, Tensor]:
    """Which boxes stay, and their scores, which sink where boxes overlap (see `non_max_suppression`).

    Args:
      soft_nms_sigma: the larger, the less they sink; 0: they do not.
    """
    with name_scope(name, "non_max_suppression_with_scores"):
        limits = _limits(iou_threshold=iou_threshold, score_threshold=score_threshold, soft_nms_sigma=soft_nms_sigma)
        found = raw.non_max_suppression_v5(boxes, scores, max_output_size, *limits, pad_to_max_output_size=False)
        return found.selected_indices, found.selected_scores


@export("image.non_max_suppression_overlaps")
def non_max_suppression_with_overlaps(overlaps: Any, scores: Any, max_output_size: Any, overlap_threshold: Any = 0.5,
                                      score_threshold: Any = _NO_THRESHOLD, name: str | None = None) -> Tensor:
    """Which boxes stay, by a matrix that says how much each has in common with each (see `non_max_suppression`)."""
    with name_scope(name, "non_max_suppression_overlaps"):
        (limit,) = _limits(overlap_threshold=overlap_threshold)
        return raw.non_max_suppression_with_overlaps(overlaps, scores, max_output_size, limit, score_threshold)


@export("image.combined_non_max_suppression")
def combined_non_max_suppression(boxes: Any, scores: Any, max_output_size_per_class: Any, max_total_size: Any,
                                 iou_threshold: Any = 0.5, score_threshold: Any = _NO_THRESHOLD,
                                 pad_per_class: bool = False, clip_boxes: bool = True, name: str | None = None) -> Any:
    """The best boxes of all classes, for each picture.

    Args:
      boxes: float [batch, boxes, 1 or classes, 4].
      scores: [batch, boxes, classes].
      max_output_size_per_class: how many stay of each class at most.
      max_total_size: how many stay of all.
      iou_threshold: above which part in common the lower of two boxes goes.
      score_threshold: only boxes with a higher score stay.
      pad_per_class: whether no more are padded than the classes can give.
      clip_boxes: whether boxes are cut to [0, 1].
      name: of the scope.

    Returns:
      A named tuple: boxes, scores, classes, and how many of them count.
    """
    with name_scope(name, "combined_non_max_suppression"):
        limits = _limits(iou_threshold=iou_threshold, score_threshold=score_threshold)
        return raw.combined_non_max_suppression(boxes, scores, max_output_size_per_class, max_total_size, *limits,
                                                pad_per_class, clip_boxes)


@export("image.crop_and_resize")
@deprecated_args(None, "box_ind is deprecated, use box_indices instead", "box_ind")
def crop_and_resize_v1(image: Any, boxes: Any, box_ind: Any = None, crop_size: Any = None, method: str = "bilinear",
                       extrapolation_value: float = 0, name: str | None = None, box_indices: Any = None) -> Tensor:
    """Parts of pictures, each resized to one size.

    Args:
      image: [batch, height, width, channels].
      boxes: [boxes, 4], corners (y1, x1, y2, x2) as parts of height and width.
      box_ind: the picture of each box, int32 (also called `box_indices`).
      crop_size: the new height and width.
      method: "bilinear" or "nearest".
      extrapolation_value: what stands where a box reaches beyond the picture.
      name: of the node.
    """
    box_ind = deprecated_argument_lookup("box_indices", box_indices, "box_ind", box_ind)
    return raw.crop_and_resize(image, boxes, box_ind, crop_size, method, extrapolation_value, name)


@export("image.extract_glimpse")
def extract_glimpse(input: Any, size: Any, offsets: Any, centered: bool = True, normalized: bool = True,
                    uniform_noise: bool = True, name: str | None = None) -> Tensor:
    """A window of each picture; what lies outside of the picture is noise.

    Args:
      input: float32 [batch, height, width, channels].
      size: height and width of the window.
      offsets: [batch, 2], where its middle is (y, x).
      centered: whether (0, 0) is the middle of the picture; else its upper left corner.
      normalized: whether offsets are parts of height and width; else pixels.
      uniform_noise: whether the noise is uniform; else Gaussian.
      name: of the node.
    """
    return raw.extract_glimpse(input, size, offsets, centered=centered, normalized=normalized,
                               uniform_noise=uniform_noise, name=name)


@export("image.extract_patches")
def extract_image_patches_v2(images: Any, sizes: Sequence[int], strides: Sequence[int], rates: Sequence[int],
                             padding: str, name: str | None = None) -> Tensor:
    """Every window of pictures, laid out in the channels.

    Args:
      images: [batch, height, width, channels].
      sizes: [1, height, width, 1] of a window.
      strides: how far windows lie apart.
      rates: how far the pixels of a window lie apart.
      padding: "SAME" or "VALID".
      name: of the node.
    """
    return raw.extract_image_patches(images, sizes, strides, rates, padding, name)


@export("image.draw_bounding_boxes")
def draw_bounding_boxes(images: Any, boxes: Any, name: str | None = None, colors: Any = None) -> Tensor:
    """Pictures with boxes drawn into them.

    Args:
      images: float [batch, height, width, 1, 3 or 4].
      boxes: float32 [batch, boxes, 4], corners (y1, x1, y2, x2) as parts of height and width.
      name: of the node.
      colors: [colours, channels], taken in turn.
    """
    if colors is None:
        return raw.draw_bounding_boxes(images, boxes, name)
    return raw.draw_bounding_boxes_v2(images, boxes, colors, name)


@export("image.sample_distorted_bounding_box")
@deprecated(None, "`seed2` arg is deprecated.Use sample_distorted_bounding_box_v2 instead.")
def sample_distorted_bounding_box(image_size: Any, bounding_boxes: Any, seed: int | None = None,
                                  seed2: int | None = None, min_object_covered: Any = 0.1,
                                  aspect_ratio_range: Sequence[float] | None = None,
                                  area_range: Sequence[float] | None = None, max_attempts: int | None = None,
                                  use_image_if_no_bounding_boxes: bool | None = None, name: str | None = None) -> Any:
    """A random part of a picture that holds enough of one of its objects.

    Args:
      image_size: [height, width, channels], of an integer type.
      bounding_boxes: float32 [batch, objects, 4], corners (y1, x1, y2, x2) as parts of height and width.
      seed: of the random numbers.
      seed2: the second one.
      min_object_covered: how much of an object the part must hold.
      aspect_ratio_range: the least and the greatest width by height.
      area_range: the least and the greatest part of the picture.
      max_attempts: how often to draw, before the whole picture is taken.
      use_image_if_no_bounding_boxes: whether a picture without objects is one object.
      name: of the scope.

    Returns:
      A named tuple: `begin` and `size` for `tf.slice`, and the box for `tf.image.draw_bounding_boxes`.
    """
    with name_scope(name, "sample_distorted_bounding_box"):
        return raw.sample_distorted_bounding_box_v2(
            image_size, bounding_boxes, seed=seed, seed2=seed2, min_object_covered=min_object_covered,
            aspect_ratio_range=aspect_ratio_range, area_range=area_range, max_attempts=max_attempts,
            use_image_if_no_bounding_boxes=use_image_if_no_bounding_boxes, name=name)
