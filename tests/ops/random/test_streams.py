"""The numbers of the random ops against TensorFlow's, recorded in tests/oracle/random.json."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pytest
import torch

from tfmagic.ops.random import distributions, philox, rejection, sampling

ORACLE = json.loads((pathlib.Path(__file__).parents[2] / "oracle" / "random.json").read_text())
# Integers and uniform numbers are bit-exact; the others go through logarithms and sines.
EXACT = {
    "RandomUniform", "RandomUniformInt", "RandomShuffle", "Multinomial", "RandomPoissonV2",
    "StatelessRandomUniform", "StatelessRandomUniformInt", "StatelessMultinomial",
}  # fmt: skip
TOLERANCE = {torch.float16: 1e-3, torch.bfloat16: 8e-3, torch.float32: 1e-6, torch.float64: 1e-14}


def tensor(value, dtype):
    return torch.from_numpy(np.array(value, dtype))


def draw(op, inputs, attrs, state):
    """Runs one op on tensors, as its kernel does."""
    values = {name: tensor(*pair) for name, pair in inputs.items()}
    shape = values["shape"].tolist() if "shape" in values else None
    kind = getattr(torch, attrs.get("dtype") or attrs.get("output_dtype") or "float32")
    count = int(np.prod(shape)) if shape is not None else 0
    if op.startswith("Stateless"):
        stream = philox.stateless_stream(values["seed"].tolist())
    elif op in ("RandomUniform", "RandomStandardNormal", "TruncatedNormal", "RandomUniformInt"):
        stream = state.reserve_outputs(count)
    match op.removeprefix("Stateless"):
        case "RandomUniform":
            return distributions.uniform(stream, shape, kind)
        case "RandomStandardNormal" | "RandomNormal":
            return distributions.normal(stream, shape, kind)
        case "TruncatedNormal":
            return distributions.truncated_normal(stream, shape, kind)
        case "RandomUniformInt":
            low, high = values["minval"], values["maxval"]
            return distributions.uniform_int(stream, shape, low.item(), high.item(), low.dtype)
        case "RandomShuffle":
            return sampling.shuffle(state, values["value"])
        case "Multinomial" if op == "Multinomial":
            return sampling.multinomial(state, values["logits"], values["num_samples"].item(), kind)
        case "Multinomial":
            return sampling.categories(stream, values["logits"], values["num_samples"].item(), kind)
        case "RandomGamma":
            return rejection.gamma(state, shape, values["alpha"])
        case "RandomPoissonV2":
            return rejection.poisson(state, shape, values["rate"], kind)
        case "ParameterizedTruncatedNormal":
            parameters = [values[name] for name in ("means", "stdevs", "minvals", "maxvals")]
            return rejection.bounded_normal(state, shape, *parameters, values["means"].dtype)


def label(case):
    inputs = ",".join(f"{value}" for value, _ in case["inputs"].values())
    return f"{case['op']}-{case['attrs'].get('dtype', '')}-{inputs}"[:70]


@pytest.mark.parametrize("case", ORACLE["cases"], ids=label)
def test_three_runs_give_the_numbers_that_tensorflow_gives(case):
    op, attrs = case["op"], case["attrs"]
    state = philox.PhiloxState(attrs.get("seed", 0), attrs.get("seed2", 0))
    for run in range(3):
        expected = case["runs"][run if len(case["runs"]) > 1 else 0]
        check(op, draw(op, case["inputs"], attrs, state), expected)


def check(op, result, expected):
    assert list(result.shape) == expected["shape"]
    assert str(result.dtype) == "torch." + expected["dtype"]
    flat = result.reshape(-1)
    kept = len(expected["values"])
    values = flat if flat.numel() == kept else torch.cat((flat[: kept // 2], flat[-(kept // 2) :]))
    exact = torch.float64 if flat.is_floating_point() else torch.int64
    wanted = torch.tensor(expected["values"], dtype=exact).to(flat.dtype)
    tolerance = 0 if op in EXACT else TOLERANCE[flat.dtype]
    torch.testing.assert_close(values, wanted, rtol=tolerance, atol=tolerance, equal_nan=True)
    if "sum" in expected:
        total = flat.double().sum().item()
        slack = 1e-9 if op in EXACT else tolerance
        assert total == pytest.approx(expected["sum"], rel=slack, abs=slack * max(1.0, flat.numel()))
