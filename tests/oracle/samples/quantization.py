"""Samples for the ops of tfmagic/ops/math/quantization.py."""

import numpy as np
from oracle.samples.values import N, f32, i32, row, scene

_X = f32([-2.5, -1.0, -0.3, 0.0, 0.004, 0.5, 0.99, 1.0, 3.7])
_LIMITS = [(-1.0, 1.0), (0.0, 6.0), (-3.0, 2.0), (0.5, 0.5), (-6.0, -1.0)]


def _there_and_back(**more):
    return [row(input=N(2, 3), input_min=f32(low), input_max=f32(high), signed_input=signed, range_given=given, **more)
            for low, high in ((-1.0, 1.5), (0.0, 1.0)) for signed in (True, False) for given in (True, False)]


_BYTES = {"quint8": "uint8", "qint8": "int8", "qint32": "int32", "qint16": "int16", "quint16": "uint16"}


def _held(name, values, kind):
    """A node that gives integers of a quantized type."""
    return name, "Bitcast", {"input": np.array(values, _BYTES[kind]), "type": kind}


def _numbers(kind):
    high = 127 if kind == "qint8" else 255
    return [0, 1, 37, 100, 127, high, -5 if kind.startswith("qint") else 200, -high if kind == "qint32" else 3]


def _unary(limits=_LIMITS[:3], kinds=("quint8", "qint8", "qint32"), names=("min_features", "max_features"),
           value="features", **more):
    return [scene([_held("q", _numbers(kind), kind)], **{value: "@q"}, **{
        name: f32(limit) for name, limit in zip(names, pair)}, **more) for pair in limits for kind in kinds]


_PRODUCT = {"min_x": f32(-1.0), "max_x": f32(2.0), "min_y": f32(0.0), "max_y": f32(4.0)}
_MATMUL = {"min_a": f32(-1.0), "max_a": f32(2.0), "min_b": f32(0.0), "max_b": f32(4.0)}
_A, _B = [[1, 2, 250], [7, 85, 100]], [[1, 90], [3, 4], [255, 0]]

SAMPLES = {
    "Dequantize": [case for mode in ("MIN_COMBINED", "MIN_FIRST", "SCALED") for case in _unary(
        kinds=("quint8", "qint8"), names=("min_range", "max_range"), value="input", mode=mode)],
    "QuantizedRelu": _unary(kinds=("quint8",), out_type="quint8"),
    "QuantizedRelu6": _unary(kinds=("quint8",), out_type="quint8"),
    "QuantizedMatMul": [scene([_held("a", _A, "quint8"), _held("b", _B, "quint8")], a="@a", b="@b", **_MATMUL,
                              Toutput="qint32", transpose_a=turned, transpose_b=turned) for turned in (False, True)],
    "QuantizedMul": [scene([_held("x", [1, 2, 250], "quint8"), _held("y", [[7], [85]], "quint8")], x="@x", y="@y",
                           **_PRODUCT, Toutput="qint32")],
    "RequantizationRange": _unary(kinds=("qint32",), names=("input_min", "input_max"), value="input"),
    "Requantize": _unary(kinds=("qint32",), names=("input_min", "input_max"), value="input", out_type="quint8",
                         requested_output_min=f32(-1e-6), requested_output_max=f32(1e-6)),
    "QuantizeDownAndShrinkRange": _unary(kinds=("qint32",), names=("input_min", "input_max"), value="input",
                                         out_type="quint8"),
    "QuantizeV2": [row(input=_X, min_range=f32(low), max_range=f32(high), T=kind, mode=mode, round_mode=rounding)
                   for (low, high), kind, mode, rounding in (
                       *((limits, "quint8", mode, "HALF_AWAY_FROM_ZERO") for limits in _LIMITS for mode in (
                           "MIN_COMBINED", "MIN_FIRST", "SCALED")),
                       *((_LIMITS[2], kind, mode, "HALF_AWAY_FROM_ZERO") for kind in ("qint8", "qint32", "qint16")
                         for mode in ("MIN_COMBINED", "SCALED")),
                       (_LIMITS[0], "quint8", "SCALED", "HALF_TO_EVEN"))],
    "QuantizeAndDequantize": [row(input=N(2, 3), input_min=-1.0, input_max=1.5, range_given=given, num_bits=bits,
                                  signed_input=signed)
                              for given, bits, signed in ((True, 8, True), (False, 4, False), (False, 3, True))],
    "QuantizeAndDequantizeV2": _there_and_back(num_bits=4) + _there_and_back(narrow_range=True, round_mode="HALF_UP")
                               + [row(input=N(3), input_min=f32(1.0), input_max=f32(0.0), range_given=True)],
    "QuantizeAndDequantizeV3": _there_and_back(num_bits=i32(5)) + [
        row(input=N(3), input_min=f32(-1.0), input_max=f32(1.0), num_bits=i32(64))],
}
