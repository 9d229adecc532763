"""Elementary functions as machine code: exact to a few units in the last place, special values included."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import Code
from tfmagic.base.machine.functions import INTRINSICS, Real
from tfmagic.base.machine.workers import shared

pytest.importorskip("llvmlite")

FUNCTIONS: dict[str, tuple[Callable[[Real, str], str], Callable, tuple[float, float]]] = {
    "exp": (Real.exp, np.exp, (-80, 88)),
    "expm1": (lambda real, x: real.expm1(x, 0.0), lambda x: np.expm1(np.minimum(x, 0)), (-40, 10)),
    "log": (Real.log, np.log, (0, 50)),
    "sigmoid": (Real.sigmoid, lambda x: 1 / (1 + np.exp(-x)), (-60, 60)),
    "tanh": (Real.tanh, np.tanh, (-12, 12)),
}
ANGLES = {"sine": (lambda real, x: real.sine_and_cosine(x)[0], np.sin),
          "cosine": (lambda real, x: real.sine_and_cosine(x)[1], np.cos)}


def computed(function: Callable[[Real, str], str], x: np.ndarray) -> np.ndarray:
    kind = {"float32": "float", "float64": "double"}[x.dtype.name]
    code, y, name = Code(), np.empty_like(x), "tested"
    code.loop("0", "%n", lambda i: code.store(function(Real(code, kind), code.load("%x", kind, i)), "%y", kind, i))
    text = code.function(name, ["ptr noalias %x", "ptr noalias %y", "i64 %n"]) + INTRINSICS
    compiler.compiled(text, name, [compiler.POINTER] * 2 + [compiler.INTEGER])(x.ctypes.data, y.ctypes.data, len(x))
    return y


def units_off(values: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """By how many units in the last place values differ from exact ones, which are of a wider type."""
    return np.abs(values - exact) / np.spacing(np.abs(exact).astype(values.dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_exact_to_a_few_units_in_the_last_place(name: str, dtype: type) -> None:
    function, exact, (low, high) = FUNCTIONS[name]
    random = np.random.RandomState(0)
    some = [random.uniform(low, high, 10000) / smaller for smaller in (1, 1e3, 1e20)]
    x = np.concatenate(some).astype(dtype)
    assert units_off(computed(function, x), exact(x.astype(np.longdouble))).max() < 3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_know_infinity_nan_and_minus_zero(name: str, dtype: type) -> None:
    function, exact, _ = FUNCTIONS[name]
    x = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 1.0, -1000.0], dtype)
    with np.errstate(all="ignore"):
        expected = exact(x).astype(dtype)
    values = computed(function, x)
    np.testing.assert_allclose(values, expected, rtol=1e-6)
    if name != "expm1":  # here it is that of a minimum
        assert np.signbit(values[3:5]).tolist() == np.signbit(expected[3:5]).tolist()


@pytest.mark.parametrize("name", ANGLES)
def test_sine_and_cosine_of_two_turns(name: str) -> None:
    function, exact = ANGLES[name]
    x = np.random.RandomState(0).uniform(-4 * np.pi, 4 * np.pi, 20000)
    assert np.abs(computed(function, x) - exact(x)).max() < 3e-16


def test_ranges_for_threads_make_up_the_whole() -> None:
    parts: list[tuple[int, int]] = []
    shared(lambda start, stop: parts.append((start, stop)), 1000, 3, 100)
    assert sorted(parts) == [(0, 333), (333, 666), (666, 1000)]
    parts.clear()
    shared(lambda start, stop: parts.append((start, stop)), 1000, 3, 600)
    assert parts == [(0, 1000)]


def test_what_fails_in_the_background_is_told_once(
        caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "_broken", False)
    compiler.in_background(lambda: compiler.compiled("nonsense", "nonsense", []))
    compiler.wait()
    assert "torch goes on computing" in caplog.text


def test_a_process_ends_well_while_the_compiler_works() -> None:
    program = """
from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import Code
from tfmagic.base.machine.functions import INTRINSICS, Real

def long():
    code = Code()
    value = "%x"
    for _ in range(100):
        value = Real(code, "float").tanh(value)
    compiler.compiled(code.function("long", ["float %x"]) + INTRINSICS, "long", [])

for _ in range(50):
    compiler.in_background(long)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr
