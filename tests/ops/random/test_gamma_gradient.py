"""The derivative of a gamma sample by its shape parameter, against torch's distribution functions and TensorFlow."""

from __future__ import annotations

import math

import pytest
import torch

from tfmagic.ops.random.gamma_gradient import gamma_gradient

# alpha, sample, what tf.raw_ops.RandomGammaGrad gives for them in float64 (TensorFlow 2.21).
RECORDED = [
    (0.01, 0.001, 0.6354138007185822),
    (0.3, 0.9, 2.615137399675796),
    (0.5, 4.0, 3.206268367215026),
    (1.0, 0.5, 0.806979116825318),
    (2.0, 2.0, 1.0862085766363292),
    (5.5, 0.8, 0.3369648602444104),
    (7.0, 20.0, 1.652931413098799),
    (100.0, 95.0, 0.9761983112187107),
    (100.0, 130.0, 1.1388044458372264),
    (40.0, 40.5, 1.0104270948146228),
]


@pytest.mark.parametrize(("alpha", "sample", "expected"), RECORDED)
def test_values_are_tensorflows(alpha, sample, expected):
    tensors = (torch.tensor(value, dtype=torch.float64) for value in (alpha, sample))
    assert gamma_gradient(*tensors).item() == pytest.approx(expected, rel=1e-12)


def test_a_sample_keeps_its_probability_when_alpha_moves():
    alpha = torch.tensor([0.2, 1.0, 3.0, 30.0], dtype=torch.float64)
    sample = torch.tensor([[0.1], [2.0], [25.0]], dtype=torch.float64)
    step = 1e-6
    slope = gamma_gradient(alpha, sample)
    before = torch.special.gammainc(alpha - step, sample - step * slope)
    after = torch.special.gammainc(alpha + step, sample + step * slope)
    torch.testing.assert_close(before, after, rtol=0, atol=1e-11)


def test_edges():
    alpha = torch.tensor([1.0, -1.0, 2.0, math.nan, 0.0])
    sample = torch.tensor([0.0, 1.0, -1.0, 1.0, 1.0])
    result = gamma_gradient(alpha, sample)
    assert result.dtype == torch.float32
    assert result[0] == 0.0
    assert result[1:].isnan().all()
