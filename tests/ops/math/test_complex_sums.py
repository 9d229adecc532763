"""Sums of complex numbers, however these lie in memory: each part by itself."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tfmagic.base import dtypes
from tfmagic.ops.complex_sums import minus, plus

X = np.array([[1 + 2j, complex(np.inf, 3), complex(-np.inf, 0)], [0, complex(1, np.nan), -0.0 - 0.0j]])
LAID = {"as they are": lambda x: x, "turned": lambda x: x.t().contiguous().t(), "one line for all": lambda x: x[:1],
        "every second": lambda x: torch.cat([x, x], 1)[:, ::2], "one": lambda x: x[0, 0], "conjugated": torch.conj}


@pytest.mark.parametrize("dtype", [dtypes.complex64, dtypes.complex128])
@pytest.mark.parametrize("first, second", list(product(LAID, LAID)))
def test_sums_and_differences(first: str, second: str, dtype: dtypes.DType) -> None:
    op = SimpleNamespace(op=SimpleNamespace(type="Add"), T=dtype)
    values = torch.from_numpy(X.astype(dtype.as_numpy_dtype))
    x, y = LAID[first](values), LAID[second](values.flip(1))
    for ours, numpys in ((plus, np.add), (minus, np.subtract)):
        with np.errstate(invalid="ignore"):
            expected = numpys(x.resolve_conj().numpy(), y.resolve_conj().numpy())
        np.testing.assert_array_equal(ours(op, x, y).numpy(), expected)
