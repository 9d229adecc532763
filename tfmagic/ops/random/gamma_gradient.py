"""How a gamma-distributed sample changes with its shape parameter: implicit reparametrisation.

A sample x of shape parameter a keeps its probability P(a, x) when a moves, so dx/da = -(dP/da) / (dP/dx). P is the
regularised incomplete gamma function: a power series left of its mean, a continued fraction of 1 - P right of it. Both
are differentiated term by term; the density in the denominator cancels against their common factor.
"""

from __future__ import annotations

from tfmagic.base.lazy import torch
from tfmagic.ops.tensor_function import tensor_function

_MOST_TERMS = 10_000


@tensor_function(meta=lambda alpha, sample: torch.broadcast_tensors(alpha, sample)[0])
def gamma_gradient(alpha, sample):
    """The derivative of a sample of the gamma distribution by its shape parameter.

    Args:
      alpha: shape parameters, float32 or float64.
      sample: what was drawn, of the same dtype; broadcast with `alpha`.

    Returns:
      A tensor of the broadcast shape and the same dtype; NaN where a parameter or a sample is negative or NaN.
    """
    alpha, sample = torch.broadcast_tensors(alpha, sample)
    a, x = alpha.reshape(-1).double(), sample.reshape(-1).double()
    result = torch.full_like(a, torch.nan)
    result[(x == 0.0) & (a > 0.0)] = 0.0
    valid = (a > 0.0) & (x > 0.0) & torch.isfinite(a) & torch.isfinite(x)
    for rows, derivative in ((valid & (x <= a + 1.0), _series), (valid & (x > a + 1.0), _fraction)):
        chosen = rows.nonzero().squeeze(1)
        if len(chosen):
            result[chosen] = derivative(a[chosen], x[chosen])
    return result.reshape(alpha.shape).to(alpha.dtype)


def _series(a, x):
    """From P = x^a e^-x / gamma(a + 1) * sum of c_n, with c_n = c_(n-1) * x / (a + n)."""
    term, slope = torch.ones_like(a), torch.zeros_like(a)
    total, total_slope = term.clone(), slope.clone()
    for n in range(1, _MOST_TERMS):
        factor = x / (a + n)
        slope = factor * (slope - term / (a + n))
        term = factor * term
        total, total_slope = total + term, total_slope + slope
        if n % 8 == 0 and _settled(slope, total_slope):
            break
    return -x / a * (total * (torch.log(x) - torch.digamma(a + 1.0)) + total_slope)


def _fraction(a, x):
    """From 1 - P = x^a e^-x / gamma(a) * h, with h = 1/(x+1-a - 1(1-a)/(x+3-a - 2(2-a)/(x+5-a - ...))).

    Lentz's method; every quantity q goes with its derivative by a, q_a.
    """
    b = x + 1.0 - a
    d, d_a = 1.0 / b, 1.0 / (b * b)
    h, h_a = d, d_a
    # The first quotient is infinite: its reciprocal is what the recurrence needs.
    inverse_c, inverse_c_a = torch.zeros_like(a), torch.zeros_like(a)
    for n in range(1, _MOST_TERMS):
        numerator = n * (a - n)
        b = b + 2.0
        c, c_a = b + numerator * inverse_c, -1.0 + n * inverse_c + numerator * inverse_c_a
        inverse_c, inverse_c_a = 1.0 / c, -c_a / (c * c)
        bottom, bottom_a = b + numerator * d, -1.0 + n * d + numerator * d_a
        d, d_a = 1.0 / bottom, -bottom_a / (bottom * bottom)
        factor, factor_a = c * d, c_a * d + c * d_a
        previous = h_a
        h, h_a = h * factor, h_a * factor + h * factor_a
        if n % 8 == 0 and _settled(h_a - previous, h_a):
            break
    return x * (h * (torch.log(x) - torch.digamma(a)) + h_a)


def _settled(change, total) -> bool:
    return bool((change.abs() <= 1e-16 * total.abs()).all())
