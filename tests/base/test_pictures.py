"""Pictures resized by machine code: the numbers that torch gives, however pictures lie and whatever their sizes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from tfmagic import tf
from tfmagic.base.machine import pictures
from tfmagic.ops.image import resize
from tfmagic.ops.image.resize import Grid

pytest.importorskip("llvmlite")

GRIDS = [Grid(False, False), Grid(True, False), Grid(False, True)]
SIZES = [((1, 1), (3, 2)), ((9, 7), (1, 1)), ((9, 7), (20, 13)), ((30, 21), (8, 40)), ((12, 12), (6, 4))]


def made(function: Callable[[], Any]) -> Any:
    """What machine code gives once it is there."""
    for _ in range(pictures._CALLS_OF_FEW):
        function()
    found = function()
    assert found is not None
    return found


def some(*shape: int, kind: torch.dtype = torch.float32) -> torch.Tensor:
    numbers = np.random.RandomState(0).rand(*shape) * 256
    return torch.from_numpy(numbers.astype(np.uint8 if kind == torch.uint8 else np.float32))


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("given, wanted", SIZES)
@pytest.mark.parametrize("kind", [torch.float32, torch.uint8])
@pytest.mark.parametrize("channels", [1, 3, 8, 11, 40])
def test_pictures_are_those_of_torch_to_the_last_bit(grid: Grid, given: tuple[int, int], wanted: tuple[int, int],
                                                     kind: torch.dtype, channels: int) -> None:
    images = some(2, *given, channels, kind=kind)
    assert torch.equal(made(lambda: pictures.mixed(images, *map(resize._neighbours_table, [grid] * 2, given, wanted))),
                       resize._of_four(grid, images, *wanted))
    assert torch.equal(made(lambda: pictures.summed(images, *map(resize._four_table, [grid] * 2, given, wanted))),
                       resize._of_sixteen(grid, images, *wanted))


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("given, wanted", SIZES)
def test_means_and_gradients_are_those_of_torch(grid: Grid, given: tuple[int, int], wanted: tuple[int, int]) -> None:
    images, grads = some(2, *given, 3), some(2, *wanted, 3)
    area = made(lambda: pictures.summed(images, *map(resize._shares_table, [grid] * 2, given, wanted)))
    torch.testing.assert_close(area * resize._part(grid, images, *wanted), resize._means(grid, images, *wanted),
                               equal_nan=True)
    for turned, weights in ((resize._two_turned, resize._two), (resize._four_turned, resize._four)):
        back = made(lambda turned=turned: pictures.summed(grads, *map(turned, [grid] * 2, given, wanted)))
        sides = list(map(weights, [grid] * 2, given, wanted))
        torch.testing.assert_close(back, resize._spread(grads, images.shape, images.dtype, sides), rtol=1e-5, atol=1e-3)


def test_pictures_may_lie_in_any_way_and_be_none() -> None:
    rows, columns = (resize._neighbours_table(GRIDS[0], given, 5) for given in (9, 7))
    images = some(2, 3, 9, 7).permute(0, 2, 3, 1)
    assert torch.equal(made(lambda: pictures.mixed(images, rows, columns)), resize._of_four(GRIDS[0], images, 5, 5))
    assert pictures.mixed(images[:0], rows, columns) is None
    assert pictures.mixed(images.clone().requires_grad_(), rows, columns) is None


def test_several_threads_give_the_lines_of_one() -> None:
    rows = columns = resize._neighbours_table(GRIDS[0], 100, 224)
    images, before = some(8, 100, 100, 3), torch.get_num_threads()
    alone = []
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            alone.append(made(lambda: pictures.mixed(images, rows, columns)))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(alone[0], alone[1]) and torch.equal(alone[0], alone[2])


@pytest.mark.parametrize("method", range(4))
def test_runs_and_gradients_stay_what_the_first_ones_gave(method: int) -> None:
    images = np.random.RandomState(0).rand(2, 40, 30, 3).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [2, None, None, 3])
        y = tf.image.resize_images(x, [80, 45], method)
        fetches = [y] if method == 3 else [y, tf.gradients(y, x)[0]]
        first = session.run(fetches, {x: images})
        for _ in range(2 * pictures._CALLS):
            last = session.run(fetches, {x: images})
    for a, b in zip(first, last):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["float32", "uint8"])
@pytest.mark.parametrize("channels", [1, 3, 8, 37])
@pytest.mark.parametrize("size", [(1, 1), (9, 6), (30, 20)])
def test_crops_stay_what_the_first_run_gave(kind: str, channels: int, size: tuple[int, int]) -> None:
    random = np.random.RandomState(0)
    images = (random.rand(3, 20, 31, channels) * 256).astype(kind)
    boxes = np.concatenate([random.rand(8, 4) * 1.4 - 0.2, [[0, 0, 1, 1], [1, 1, 0, 0], [0.5, 0.5, 0.5, 0.5]]])
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(kind, images.shape)
        y = tf.image.crop_and_resize(x, boxes.astype(np.float32), random.randint(0, 3, len(boxes)), size,
                                     extrapolation_value=-1)
        fetches = [y] if kind == "uint8" else [y, tf.gradients(y * y, x)[0]]
        first = session.run(fetches, {x: images})
        for _ in range(pictures._CALLS_OF_FEW):
            last = session.run(fetches, {x: images})
    np.testing.assert_array_equal(first[0], last[0])
    for before, after in zip(first[1:], last[1:]):
        np.testing.assert_allclose(before, after, rtol=1e-5, atol=1e-2)


def test_the_gradient_of_crops_is_added_by_pictures_and_boxes_that_are_none_are_left_out() -> None:
    boxes = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [np.nan, 0, 1, 1], [2, 2, 3, 3]], np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.zeros([2, 3, 3, 5])
        back = tf.gradients(tf.image.crop_and_resize(x, boxes, [1, 1, 0, 1], [3, 3]), x)[0]
        for _ in range(pictures._CALLS_OF_FEW + 1):
            found = session.run(back)
    np.testing.assert_array_equal(found, np.stack([np.zeros([3, 3, 5]), np.full([3, 3, 5], 2)]))
