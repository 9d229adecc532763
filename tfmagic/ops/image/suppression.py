"""Non-maximum suppression: of boxes that overlap, the one with the highest score stays."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import errors, shapes
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.static_value import static_int
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import as_array
from tfmagic.ops.declare import op, register

_BY_VALUES: dict[str, Any] = {"traced": False, "because": "how many boxes stay depends on them"}
_NUMBERS: dict[str, Any] = {"host": "max_output_size", **_BY_VALUES}
_LOWEST = float(np.finfo(np.float32).min)
# Boxes that are compared with each other at once, and with others.
_BLOCK, _PART = 64, 1 << 13
Similarity = Callable[[Any, Any], Any]


class _Queue:
    """The highest score first; equal ones in the order in which C++'s binary heap gives them."""

    def __init__(self) -> None:
        self._heap: list[tuple[Any, int, int]] = []

    def __bool__(self) -> bool:
        return bool(self._heap)

    def push(self, item: tuple[Any, int, int]) -> None:
        self._heap.append(item)
        self._rise(len(self._heap) - 1, item)

    def pop(self) -> tuple[Any, int, int]:
        heap = self._heap
        first, last = heap[0], heap.pop()
        size = len(heap)
        if not size:
            return first
        hole, child = 0, 2
        while child < size:
            if heap[child][0] < heap[child - 1][0]:
                child -= 1
            heap[hole] = heap[child]
            hole, child = child, 2 * child + 2
        if child == size:
            heap[hole] = heap[child - 1]
            hole = child - 1
        self._rise(hole, last)
        return first

    def _rise(self, hole: int, item: tuple[Any, int, int]) -> None:
        heap = self._heap
        while hole and heap[(hole - 1) // 2][0] < item[0]:
            heap[hole] = heap[(hole - 1) // 2]
            hole = (hole - 1) // 2
        heap[hole] = item


def _overlaps_of(boxes: np.ndarray) -> Similarity:
    """How much the box `i` has in common with the boxes `j`, or each of several with each: the common part of both."""
    top, left = np.minimum(boxes[:, :2], boxes[:, 2:4]).T.copy()
    bottom, right = np.maximum(boxes[:, :2], boxes[:, 2:4]).T.copy()
    areas = (bottom - top) * (right - left)
    empty = areas <= 0
    any_empty = bool(empty.any())

    def similarity(i: Any, j: Any) -> Any:
        area = areas[j]
        common = np.maximum(np.minimum(bottom[j], bottom[i]) - np.maximum(top[j], top[i]), 0) * \
            np.maximum(np.minimum(right[j], right[i]) - np.maximum(left[j], left[i]), 0)
        if not any_empty:
            return common / (areas[i] + area - common)
        seen = ~(empty[i] | empty[j])
        return np.where(seen, common / np.where(seen, areas[i] + area - common, 1), 0).astype(boxes.dtype)

    return similarity


def _kept(scores: np.ndarray, similarity: Similarity, most: int, threshold: Any, least: Any,
          sigma: Any = 0.0) -> tuple[list[int], list[Any]]:
    """The boxes that stay, and their scores.

    Args:
      similarity: how similar a box is to others, or each of several to each of as many.
      most: how many stay at most.
      threshold: boxes as similar as this to a chosen one are dropped.
      least: only boxes with a higher score stay.
      sigma: above 0, scores also sink by similarity.
    """
    found = np.flatnonzero(scores > least)
    itself = similarity(found, found)
    if sigma == 0 and len(np.unique(scores[found])) == len(found) and (itself >= threshold).all():
        order = found[np.argsort(-scores[found], kind="stable")]
        chosen = _first_of_alike(order, lambda i, j: ~(similarity(j, i) < threshold), most)
        return chosen, [scores[i] for i in chosen]
    return _kept_in_turn(scores, found, similarity, most, threshold, least, sigma)


def _first_of_alike(order: np.ndarray, drops: Similarity, most: int) -> list[int]:
    """At most so many of some boxes in order, of which none is dropped by one before it that stays.

    They are compared block by block, all of a block at once: one after the other, calls would take most of the time.

    Args:
      drops: whether boxes drop others, given their numbers in arrays that go with each other.
    """
    chosen: list[int] = []
    while len(order) and len(chosen) < most:
        block, before = order[:_BLOCK], len(chosen)
        rows = np.packbits(drops(block[:, None], block), axis=1, bitorder="little")
        fallen = 0
        for place, index in enumerate(block.tolist()):
            if not fallen >> place & 1:
                chosen.append(index)
                if len(chosen) == most:
                    return chosen
                fallen |= int.from_bytes(rows[place].tobytes(), "little")
        new = np.array(chosen[before:])[:, None]
        left = order[_BLOCK:]
        parts = [left[at:at + _PART] for at in range(0, len(left), _PART)]
        order = np.concatenate([part[~drops(new, part).any(0)] for part in parts]) if parts else left
    return chosen


def _kept_in_turn(scores: np.ndarray, found: np.ndarray, similarity: Similarity, most: int, threshold: Any, least: Any,
                  sigma: Any) -> tuple[list[int], list[Any]]:
    """The same, box after box, as TensorFlow goes: a chosen box comes back, and falls by its likeness to itself."""
    queue = _Queue()
    chosen: list[int] = []
    values: list[Any] = []
    scale = scores.dtype.type(-0.5 / float(sigma)) if sigma > 0 else scores.dtype.type(0)
    for index in found.tolist():
        queue.push((scores[index], index, 0))
    while queue and len(chosen) < most:
        score, index, seen = queue.pop()
        before = score
        if seen < len(chosen):
            likenesses = similarity(index, np.array(chosen[seen:]))
            if not (likenesses < threshold).all():
                continue
            for alike in likenesses[::-1] if sigma > 0 else ():
                score = score * np.exp(scale * alike * alike)
        seen = len(chosen)
        if score == before:
            chosen.append(index)
            values.append(score)
        if score > least:
            queue.push((score, index, seen))
    return chosen, values


# --- what the ops have in common ----------------------------------------------------------------------------------


def _shape(op: Any, boxes: Dims, scores: Dims, *scalars: Dims) -> Any:
    count, columns = shape_rules.with_rank(boxes, 2)
    (scored,) = shape_rules.with_rank(scores, 1)
    for dims in scalars:
        shape_rules.with_rank(dims, 0)
    shape_rules.merge_dim(count, scored)
    if columns not in (None, 4):
        raise ValueError(f"Dimension must be 4 but is {columns}")
    return (None,)


def _shape_with_count(op: Any, *dims: Dims) -> Any:
    _shape(op, *dims)
    size = shape_rules.size_value(op.max_output_size, 2) if op.pad_to_max_output_size else None
    return [(size,)] * (len(op.op._attrs) and len(dims) - 4) + [()]


def _refused(op: Any, boxes: Any, scores: Any, *scalars: Any) -> str | None:
    names = ("max_output_size", "iou_threshold", "score_threshold", "soft_nms_sigma")
    for name, dims in zip(names, scalars):
        if dims != ():
            return f"{name} must be 0-D, got shape {shapes.brackets(dims)}"
    if len(boxes) != 2:
        return f"boxes must be 2-D{shapes.brackets(boxes)}"
    if boxes[1] != 4:
        return "boxes must have 4 columns"
    if len(scores) != 1:
        return f"scores must be 1-D{shapes.brackets(scores)}"
    return None if scores[0] == boxes[0] else "scores has incompatible shape"


def _number(value: Any) -> Any:
    """A scalar input as a NumPy number."""
    return as_array(value)[()]


def _check_threshold(threshold: Any) -> None:
    if not 0 <= threshold <= 1:
        raise errors.InvalidArgumentError(None, None, "iou_threshold must be in [0, 1]")


def _check_size(most: int) -> None:
    if most < 0:  # where TensorFlow 1.15 ends the process, or does not end
        raise errors.InvalidArgumentError(None, None, f"max_output_size must be non-negative, got {most}")


def _limit(most: int, scores: np.ndarray) -> int:
    """How many may stay: a negative number is no limit."""
    return most if most >= 0 else len(scores)


def _chosen(boxes: Any, scores: Any, most: int, threshold: Any, least: Any = _LOWEST,
            sigma: Any = 0.0) -> tuple[np.ndarray, np.ndarray]:
    _check_threshold(threshold)
    if sigma < 0:
        raise errors.InvalidArgumentError(None, None, "soft_nms_sigma_val must be >= 0")
    boxes, scores = as_array(boxes), as_array(scores)
    if not len(boxes):
        return np.empty(0, np.int32), scores
    chosen, values = _kept(scores, _overlaps_of(boxes), _limit(most, scores), threshold, least, sigma)
    return np.array(chosen, np.int32), np.array(values, scores.dtype)


def _padded(op: Any, values: np.ndarray, most: int) -> Any:
    if op.pad_to_max_output_size:
        _check_size(most)
        values = np.pad(values, [(0, most - len(values))])
    return torch.from_numpy(values)


# --- the ops ------------------------------------------------------------------------------------------------------


register("NonMaxSuppression", _shape, check=_refused, **_NUMBERS, kernel=lambda op, boxes, scores, most:
         torch.from_numpy(_chosen(boxes, scores, most, np.float32(op.iou_threshold))[0]))
register("NonMaxSuppressionV2", _shape, check=_refused, **_NUMBERS, kernel=lambda op, boxes, scores, most, threshold:
         torch.from_numpy(_chosen(boxes, scores, most, _number(threshold))[0]))
register("NonMaxSuppressionV3", _shape, check=_refused, **_NUMBERS,
         kernel=lambda op, boxes, scores, most, threshold, least:
         torch.from_numpy(_chosen(boxes, scores, most, _number(threshold), _number(least))[0]))


@op("NonMaxSuppressionV4", check=_refused, **_NUMBERS)
class NonMaxSuppressionV4:
    """The boxes that stay, perhaps padded with zeros, and how many they are."""

    def shape(op, *dims):
        return _shape_with_count(op, *dims)

    def kernel(op, boxes, scores, most, threshold, least):
        chosen, _ = _chosen(boxes, scores, most, _number(threshold), _number(least))
        return _padded(op, chosen, most), torch.tensor(len(chosen), dtype=torch.int32)


@op("NonMaxSuppressionV5", check=_refused, **_NUMBERS)
class NonMaxSuppressionV5:
    """The boxes that stay, their scores after those sank, and how many they are."""

    def shape(op, *dims):
        return _shape_with_count(op, *dims)

    def kernel(op, boxes, scores, most, threshold, least, sigma):
        chosen, values = _chosen(boxes, scores, most, _number(threshold), _number(least), _number(sigma))
        return _padded(op, chosen, most), _padded(op, values, most), torch.tensor(len(chosen), dtype=torch.int32)


def _refused_overlaps(op: Any, overlaps: Any, scores: Any, *scalars: Any) -> str | None:
    for name, dims in zip(("max_output_size", "overlap_threshold", "score_threshold"), scalars):
        if dims != ():
            return f"{name} must be 0-D, got shape {shapes.brackets(dims)}"
    if len(overlaps) != 2:
        return f"overlaps must be 2-D{shapes.brackets(overlaps)}"
    if overlaps[0] != overlaps[1]:
        return f"overlaps must be square{shapes.brackets(overlaps)}"
    if len(scores) != 1:
        return f"scores must be 1-D{shapes.brackets(scores)}"
    return None if scores[0] == overlaps[0] else "scores has incompatible shape"


@op("NonMaxSuppressionWithOverlaps", check=_refused_overlaps, **_NUMBERS)
class NonMaxSuppressionWithOverlaps:
    """The boxes that stay, by a matrix that says how much each has in common with each."""

    def shape(op, overlaps, scores, *scalars):
        rows, columns = shape_rules.with_rank(overlaps, 2)
        (scored,) = shape_rules.with_rank(scores, 1)
        for dims in scalars:
            shape_rules.with_rank(dims, 0)
        shape_rules.merge_dim(rows, scored)
        shape_rules.merge_dim(rows, columns)
        return (None,)

    def kernel(op, overlaps, scores, most, threshold, least):
        _check_size(most)
        matrix, scores = as_array(overlaps), as_array(scores)
        if not len(scores):
            return torch.empty(0, dtype=torch.int32)
        chosen, _ = _kept(scores, lambda i, j: matrix[i, j], most, _number(threshold), _number(least))
        return torch.tensor(chosen, dtype=torch.int32)


# --- many classes at once -----------------------------------------------------------------------------------------


def _combined_shape(op: Any, boxes: Dims, scores: Dims, *scalars: Dims) -> Any:
    batch, count, of_class, columns = shape_rules.with_rank(boxes, 4)
    scored_batch, scored, classes = shape_rules.with_rank(scores, 3)
    for dims in scalars:
        shape_rules.with_rank(dims, 0)
    shape_rules.merge_dim(batch, scored_batch)
    shape_rules.merge_dim(count, scored)
    if columns not in (None, 4):
        raise ValueError(f"Dimension must be 4 but is {columns}")
    if of_class not in (None, 1) and classes is not None and of_class != classes:
        raise ValueError("third dimension of boxes must be either 1 or equal to the third dimension of scores")
    total, each = static_int(op.max_total_size), static_int(op.max_output_size_per_class)
    for place, number in ((2, each), (3, total)):
        if number is not None and number < 0:
            raise ValueError(f"Dimension size, given by scalar input {place}, must be non-negative but is {number}")
    if total is not None and total <= 0:
        raise ValueError("max_total_size should be > 0 ")
    if each is None or total is None:
        size = None
    elif op.pad_per_class:
        if each == 0:
            raise ValueError("max_output_size_per_class must be > 0 if pad_per_class is set to true ")
        size = None if classes is None else min(total, each * classes)
    else:
        size = total
    return [(batch, size, 4), (batch, size), (batch, size), (batch,)]


def _refused_combined(op: Any, boxes: Any, scores: Any, *scalars: Any) -> str | None:
    names = ("max_size_per_class", "max_total_size", "iou_threshold", "score_threshold")
    for name, dims in zip(names, scalars):
        if dims != ():
            return f"{name} must be 0-D, got shape {shapes.brackets(dims)}"
    if boxes[:1] != scores[:1]:
        return "boxes and scores must have same batch size"
    if len(boxes) != 4:
        return f"boxes must be 4-D{shapes.brackets(boxes)}"
    if len(scores) != 3:
        return f"scores must be 3-D{shapes.brackets(scores)}"
    if boxes[2] not in (1, scores[2]):
        return f"third dimension of boxes must be either 1 or {scores[2]}"
    if boxes[3] != 4:
        return "boxes must have 4 columns"
    return None if boxes[:2] == scores[:2] else "scores has incompatible shape"


@op("CombinedNonMaxSuppression", check=_refused_combined, host=("max_output_size_per_class", "max_total_size"),
    **_BY_VALUES)
class CombinedNonMaxSuppression:
    """For each picture the best boxes of all classes, padded with zeros: boxes, scores, classes, and their number."""

    shape = _combined_shape

    def kernel(op, boxes, scores, each, total, threshold, least):
        threshold, least = _number(threshold), _number(least)
        if total <= 0:
            raise errors.InvalidArgumentError(None, None, "max_total_size must be > 0")
        _check_threshold(threshold)
        classes = scores.shape[2]
        size = min(total, each * classes) if op.pad_per_class else total
        batch = len(scores)
        results = (np.zeros((batch, size, 4), np.float32), np.zeros((batch, size), np.float32),
                   np.zeros((batch, size), np.float32), np.zeros(batch, np.int32))
        for picture, (its_boxes, its_scores) in enumerate(zip(as_array(boxes), as_array(scores))):
            found = _best_of_classes(its_boxes, its_scores, each, threshold, least)[:size]
            for place, (score, kind, box) in enumerate(found):
                results[0][picture, place] = np.clip(box, 0, 1) if op.clip_boxes else box
                results[1][picture, place], results[2][picture, place] = score, kind
            results[3][picture] = len(found)
        return tuple(torch.from_numpy(result) for result in results)


def _above(similarity: Similarity, threshold: Any, i: Any, j: Any) -> Any:
    return similarity(i, j) > threshold


def _best_of_classes(boxes: np.ndarray, scores: np.ndarray, each: int, threshold: Any, least: Any) -> list[Any]:
    """(score, class, box) of one picture: the boxes that stay of each class, the highest score first."""
    found = []
    for kind in range(scores.shape[1]):
        its_boxes = boxes[:, min(kind, boxes.shape[1] - 1)]
        similarity, values = _overlaps_of(its_boxes), scores[:, kind]
        order = np.flatnonzero(values > least)
        order = order[np.argsort(-values[order], kind="stable")]
        chosen = _first_of_alike(order, functools.partial(_above, similarity, threshold), each)
        found += [(values[best], kind, its_boxes[best]) for best in chosen]
    return sorted(found, key=lambda item: -item[0] if not math.isnan(item[0]) else math.inf)
