"""Convolutions over one axis as products: torch's values, wherever the axis, the padding and the filters are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tfmagic import tf
from tfmagic.base.machine import compiler
from tfmagic.session.planning import make_plan
from tfmagic.session.tiers import one_axis
from tfmagic.session.tiers.candidates import BACK, LAST, LINES, candidates

pytestmark = pytest.mark.skipif(not compiler.available(), reason="llvmlite is not installed")


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 5), depth=st.integers(8, 40), length=st.integers(14, 40), taps=st.integers(2, 7),
       outs=st.integers(32, 70), margin=st.integers(0, 3), down=st.booleans(), biased=st.booleans(),
       dtype=st.sampled_from([torch.float32, torch.float64]))
def test_values_and_gradients(count: int, depth: int, length: int, taps: int, outs: int, margin: int, down: bool,
                              biased: bool, dtype: Any) -> None:
    torch.manual_seed(0)
    x = torch.randn(count, length, 1, depth, dtype=dtype).permute(0, 3, 1, 2)
    weights = torch.randn(outs, taps, 1, depth, dtype=dtype).permute(0, 3, 1, 2)
    padding = [margin, 0]
    if not down:
        x, weights, padding = x.transpose(2, 3), weights.transpose(2, 3), padding[::-1]
    bias = torch.randn(outs, dtype=dtype) if biased else None
    expected = torch.conv2d(x, weights, bias, [1, 1], padding)
    made = one_axis.forward(x, weights, bias, padding)
    tolerance = {"rtol": 1e-4, "atol": 1e-3} if dtype == torch.float32 else {}
    torch.testing.assert_close(made, expected, **tolerance)
    assert made.is_contiguous(memory_format=LAST)
    dy = torch.randn_like(expected).contiguous(memory_format=LAST)
    gradient = BACK(dy, x, weights, None, [1, 1], padding, [1, 1], False, [0, 0], 1, [False, True, False])[1]
    torch.testing.assert_close(one_axis.by_filter(dy, x, weights.shape[2:], padding), gradient, **tolerance)


@pytest.mark.parametrize("down", [True, False])
def test_images_whose_pixels_do_not_lie_side_by_side(down: bool) -> None:
    """An engine is chosen when the first images come, and kept for all."""
    x = torch.randn(3, 40, 1, 16)[:, ::2].permute(0, 3, 1, 2)
    weights = torch.randn(32, 3, 1, 16).permute(0, 3, 1, 2)
    if not down:
        x, weights = x.transpose(2, 3), weights.transpose(2, 3)
    expected = torch.conv2d(x, weights)
    torch.testing.assert_close(one_axis.forward(x, weights, None, [0, 0]), expected, rtol=1e-4, atol=1e-4)
    dy = torch.randn_like(expected)
    gradient = BACK(dy, x, weights, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1, [False, True, False])[1]
    torch.testing.assert_close(one_axis.by_filter(dy, x, weights.shape[2:], [0, 0]), gradient, rtol=1e-4, atol=1e-4)


def engines_of(x: Any, filters: Any, **attrs: Any) -> list[bool]:
    """For each convolution of a step with these images and filters, whether it may be computed as a product."""
    y = tf.nn.conv2d(x, filters, **{"strides": [1, 1, 1, 1], "padding": "VALID", **attrs})
    with tf.Session() as sess:
        plan = make_plan([y, *tf.gradients(y, [filters])], [], [], sess._torch_device, sess.resources)
    found = [candidates(node) for node in plan.graph.nodes if node.target in (torch.conv2d, BACK)]
    return [LINES in (names or {}) for names in found]


def numbers(*dims: int) -> Any:
    """Numbers that a plan does not know."""
    return tf.Variable(np.random.RandomState(0).rand(*dims).astype(np.float32))


@pytest.mark.usefixtures("graph")
def test_a_net_for_texts_and_one_for_sounds() -> None:
    """Filters as wide as the images, whose width is one of the channels then; and filters over one axis."""
    assert engines_of(numbers(4, 20, 16, 1), numbers(3, 16, 1, 32)) == [True, True]
    assert engines_of(numbers(4, 1, 50, 16), numbers(1, 3, 16, 32), padding="SAME") == [True, True]


@pytest.mark.usefixtures("graph")
@pytest.mark.parametrize("attrs", [{"strides": [1, 2, 2, 1]}, {"dilations": [1, 2, 2, 1]}], ids=str)
def test_other_steps_are_left_to_torch(attrs: Any) -> None:
    assert engines_of(numbers(4, 1, 50, 16), numbers(1, 3, 16, 32), **attrs) == [False, False]
