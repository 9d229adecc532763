"""Places of the largest and smallest numbers, and ranks, by machine code: as TensorFlow 1.15 finds them."""

import numpy as np
import pytest
import torch

from tfmagic import tf
from tfmagic.base.machine import compiler, extremes, ranks
from tfmagic.ops.math import places
from tfmagic.ops.nn import top_k

pytest.importorskip("llvmlite")

DTYPES = [torch.float32, torch.float64, torch.int32, torch.int64]
NAN, INF, LAST = np.nan, np.inf, np.finfo(np.float32).max
# Lines, and the place of the largest number that TensorFlow 1.15 gives (the smallest, with all signs turned).
LINES = [([NAN, 1, 2], 2), ([NAN, NAN, NAN], 0), ([-INF, -LAST, -INF], 0), ([-INF, -INF, NAN], 0), ([NAN, -INF, 3], 2),
         ([1, NAN, 1], 0), ([INF, NAN, INF], 0), ([NAN, INF, INF], 1), ([-0.0, 0.0, 0.0], 0)]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Machine code is made when it is asked for, and waited for."""
    monkeypatch.setattr(compiler, "_TAKES", 0)


def numbers(shape: tuple[int, ...], dtype: torch.dtype, most: int) -> torch.Tensor:
    """Few different ones, and of floats some that are none; they do not lie as the axes say."""
    random = np.random.RandomState(0)
    given = torch.from_numpy(random.randint(-most, most, shape[::-1])).to(dtype)
    if dtype.is_floating_point:
        for odd in (NAN, INF, -INF):
            given[torch.from_numpy(random.rand(*given.shape) < 0.1)] = odd
    return given.permute(*reversed(range(len(shape))))


@pytest.mark.parametrize("highest", [True, False])
@pytest.mark.parametrize("kind", [torch.int32, torch.int64])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(5,), (3, 1), (2, 7, 5), (4, 33, 3), (2, 50, 77)])
def test_the_first_of_equal_extremes(shape: tuple[int, ...], dtype: torch.dtype, kind: torch.dtype,
                                     highest: bool) -> None:
    for most in (3, 1000):
        x = numbers(shape, dtype, most)
        for axis in range(len(shape)):
            expected = places._by_torch(x, axis, highest, kind)
            assert torch.equal(extremes.place_of_extreme(x, axis, highest, kind), expected)


@pytest.mark.parametrize("way", ["machine code", "numpy", "torch"])
@pytest.mark.parametrize("line, place", LINES)
def test_what_is_no_number_is_never_found(line: list[float], place: int, way: str,
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    if way != "machine code":
        monkeypatch.setattr(places, "place_of_extreme", lambda *given: None)
    rows = np.array([line] * (1000 if way == "numpy" else 2), np.float32)
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [None, 3])
        found = sess.run([tf.argmax(x, 1), tf.argmin(-x, 1), tf.argmax(tf.transpose(x), 0)], {x: rows})
    assert {number for each in found for number in each.tolist()} == {place}


def test_the_place_in_a_long_vector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "place_of_extreme", lambda *given: None)
    numbers = np.random.RandomState(0).rand(5000).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [None])
        assert sess.run([tf.argmax(x), tf.argmin(x, 0)], {x: numbers}) == [numbers.argmax(), numbers.argmin()]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", [torch.int32, torch.int64])
@pytest.mark.parametrize("shape", [(5, 1), (40, 7), (60, 300), (30, 1000)])
def test_ranks_by_either_way(shape: tuple[int, int], kind: torch.dtype, dtype: torch.dtype,
                             monkeypatch: pytest.MonkeyPatch) -> None:
    given = numbers(shape, dtype, 50)
    given[1::2] = given[1::2].nan_to_num(0, 1, -1)
    chosen = torch.from_numpy(np.random.RandomState(1).randint(-1, shape[1] + 1, shape[0])).to(kind)
    by_machine_code = {most: ranks.among_largest(given, chosen, most) for most in (0, 1, 3, 500)}
    monkeypatch.setattr(top_k, "among_largest", lambda *given: None)
    for most, found in by_machine_code.items():
        assert torch.equal(found, top_k.in_largest(given, chosen, most))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(5, 1), (40, 7), (3, 4, 300), (1000,)])
def test_the_first_of_equal_numbers_are_the_first_of_the_largest(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    for most in (3, 1000):
        x = torch.from_numpy(np.random.RandomState(0).randint(-most, most, shape[::-1])).to(dtype)
        x = x.permute(*reversed(range(len(shape))))
        if dtype.is_floating_point:
            x[..., 0], x[..., -1] = -INF, INF
        by_order = torch.sort(x, dim=-1, descending=True, stable=True)
        for wanted in {1, 2, 5, 31} & set(range(shape[-1] + 1)):
            values, found = ranks.largest(x, wanted)
            assert torch.equal(values, by_order.values[..., :wanted]) and found.dtype == torch.int32
            assert torch.equal(found, by_order.indices[..., :wanted].int())


def test_a_row_with_nan_is_left_to_others() -> None:
    assert ranks.largest(torch.tensor([[1.0, 2], [3, NAN]]), 1) is None


def test_the_compiler_is_asked_once_it_pays_and_waited_for_where_a_call_takes_as_long(
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "_TAKES", 100 * compiler._PROCESSES)
    asked: list[str] = []
    code = compiler.Soon(lambda: asked.append("asked") or "made")
    assert code.asked(60) is None and not asked
    code.asked(60)
    compiler.wait()
    assert code.asked(0) == "made" and asked == ["asked"]
    assert compiler.Soon(lambda: "made").asked(100 * compiler._PROCESSES) == "made"


def test_what_differs_in_last_bits_comes_at_a_call_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "_TAKES", 100 * compiler._PROCESSES)
    code = compiler.Soon(lambda: "made", alike=False)
    assert [code.asked(40) for _ in range(4)] == [None, None, "made", "made"]
