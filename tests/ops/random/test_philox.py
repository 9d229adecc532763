"""The generator itself: known answers, counters, what a state hands out."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from tfmagic.ops.random import distributions, philox
from tfmagic.ops.random.philox import PhiloxState, Stream
from tfmagic.ops.random.sampling import WordReader


@pytest.mark.parametrize(
    ("key", "counter", "words"),
    [
        (0, 0, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        (2**64 - 1, 2**128 - 1, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ],
)
def test_known_answers_of_philox4x32_10(key, counter, words):
    assert philox.block(Stream(key, counter)) == words


@pytest.mark.parametrize("counter", [0, 2**32 - 3, 2**64 - 3, 2**96 - 2, 2**128 - 3])
def test_tensors_and_integers_give_the_same_blocks_across_carries(counter):
    stream = Stream(0x123456789ABCDEF0, counter)
    table = philox.unsigned(philox.words(stream, range(40))).tolist()
    assert table == [list(philox.block(stream.skip(offset))) for offset in range(40)]


def test_blocks_far_apart():
    stream = Stream(7, 2**64 - 5)
    offsets = [0, 3, 2**32 - 1, 2**32, 2**40 + 5, 2**62 + 12345]
    table = philox.unsigned(philox.words(stream, torch.tensor(offsets))).tolist()
    assert table == [list(philox.block(stream.skip(offset))) for offset in offsets]


def test_chunks_do_not_change_the_numbers(monkeypatch):
    stream = Stream(42, 7 << 64)
    whole = distributions.truncated_normal(stream, (10_001,), torch.float32)
    monkeypatch.setattr(philox, "CHUNK", 100)
    assert torch.equal(distributions.truncated_normal(stream, (10_001,), torch.float32), whole)


def test_truncated_normals_stay_within_two_deviations():
    numbers = distributions.truncated_normal(Stream(1, 2), (200_000,), torch.float64)
    assert numbers.abs().max() < 2.0
    assert numbers.std().item() == pytest.approx(0.8796, abs=5e-3)


def test_a_state_hands_out_stretches_one_after_another():
    state = PhiloxState(42, 7)
    first, second = state.reserve_outputs(3), state.reserve_words(5)
    assert first == Stream(42, 7 << 64)
    assert second == first.skip(3 * 256)
    assert state.reserve(0) == second.skip(2)


def test_negative_seeds_are_taken_as_unsigned():
    assert PhiloxState(-1, -2).reserve(0) == Stream(2**64 - 1, (2**64 - 2) << 64)


def test_without_seeds_every_state_differs():
    assert PhiloxState().reserve(0) != PhiloxState().reserve(0)


def test_words_one_by_one_are_the_stream():
    reader, stream = WordReader(Stream(3, 4)), Stream(3, 4)
    assert [reader.word() for _ in range(10)] == [
        *philox.block(stream), *philox.block(stream.skip(1)), *philox.block(stream.skip(2))[:2]]
    assert all(0 <= WordReader(Stream(3, i)).below(bound) < bound for i in range(20) for bound in (1, 3, 8, 2**31 + 1))


def test_the_default_dtype_of_torch_does_not_matter():
    before = distributions.uniform(Stream(1, 2), (100,), torch.float32)
    torch.set_default_dtype(torch.float64)
    try:
        after = distributions.uniform(Stream(1, 2), (100,), torch.float32)
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.equal(before, after)


def test_importing_the_random_ops_does_not_import_torch():
    code = "import sys, tfmagic.ops.random.ops, tfmagic.ops.random.rejection; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@needs_cuda
@pytest.mark.parametrize("distribution", [distributions.uniform, distributions.normal, distributions.truncated_normal])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_cuda_gives_the_numbers_of_the_cpu(distribution, dtype):
    on_cpu = distribution(Stream(42, 7), (50_001,), dtype)
    on_gpu = distribution(Stream(42, 7), (50_001,), dtype, "cuda")
    tolerance = 0 if distribution is distributions.uniform else 1e-3 if dtype == torch.float16 else 1e-6
    torch.testing.assert_close(on_gpu.cpu(), on_cpu, rtol=tolerance, atol=tolerance)
