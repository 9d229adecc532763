"""Places of what is true: those of torch, row by row, of few and of many elements."""

import numpy as np
import pytest
import torch

from tfmagic import tf
from tfmagic.ops.array.select import true_places

pytestmark = pytest.mark.usefixtures("graph")


@pytest.mark.parametrize("shape", [(), (0,), (5, 0), (2047,), (2048,), (3, 1000), (40, 2, 50), (2, 3, 4, 5, 60)])
@pytest.mark.parametrize("dtype", [torch.bool, torch.float32, torch.bfloat16, torch.int64, torch.uint8])
@pytest.mark.parametrize("turned", [False, True])
def test_places_are_torchs(shape, dtype, turned):
    value = torch.randint(0, 3, shape, generator=torch.Generator().manual_seed(0)).to(dtype)
    value = value.transpose(0, -1) if turned and shape else value
    places = true_places(value)
    assert places.dtype == torch.int64
    assert torch.equal(places, torch.nonzero(value))


@pytest.mark.parametrize("dims", [(0, 1), (1, 0), (0, 2), (2, 1)])
@pytest.mark.parametrize("rest", [(), (4,), (4, 2)])
def test_sequences_are_reversed_as_far_as_they_go(dims, rest):
    batch_dim, seq_dim = dims
    x = np.random.RandomState(0).rand(3, 5, 6, *rest).astype(np.float32)
    lengths = np.array([0, 5, 2, 3, 1, 4])[:x.shape[batch_dim]]
    expected = np.moveaxis(x, (batch_dim, seq_dim), (0, 1)).copy()
    for row, length in zip(expected, lengths):
        length = min(length, len(row))
        row[:length] = row[:length][::-1]
    lengths = np.minimum(lengths, x.shape[seq_dim])
    y = tf.reverse_sequence(tf.placeholder_with_default(x, x.shape), lengths, seq_axis=seq_dim, batch_axis=batch_dim)
    with tf.Session() as sess:
        np.testing.assert_array_equal(np.moveaxis(sess.run(y), (batch_dim, seq_dim), (0, 1)), expected)
