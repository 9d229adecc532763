"""Samples for the ops of tfmagic/ops/nn/quantized.py: their integers come from Bitcast nodes."""

import numpy as np
from oracle.samples.quantization import _held
from oracle.samples.values import f32, i32, i64, row, scene

_IMAGE = (np.arange(2 * 4 * 3 * 2).reshape(2, 4, 3, 2) * 37 % 256).tolist()
_FILTERS = (np.arange(2 * 2 * 2 * 3).reshape(2, 2, 2, 3) * 53 % 256).tolist()
_SMALL = (np.arange(1 * 3 * 3 * 1).reshape(1, 3, 3, 1) * 29 % 256).tolist()
_WIDE = (np.arange(1 * 3 * 3 * 1).reshape(1, 3, 3, 1) * 2**26 - 2**28).tolist()
_NORM = (np.arange(1 * 4 * 8 * 2).reshape(1, 4, 8, 2) * 41 % 256).tolist()
_CHANNELS = {"m": [10, 200], "v": [30, 90], "beta": [5, 130], "gamma": [128, 255]}


def _between(low, high, one="min_input", other="max_input"):
    return {one: f32(low), other: f32(high)}


def _window(size, stride, padding="VALID"):
    return {"ksize": [1, size, size, 1], "strides": [1, stride, stride, 1], "padding": padding}


_POOLS = [scene([_held("q", _IMAGE, "quint8")], input="@q", **_between(-1.0, 2.0), **window)
          for window in (_window(2, 1), _window(2, 2, "SAME"), _window(3, 1, "SAME"))] + [
    scene([_held("q", _IMAGE, "quint8")], input="@q", **_between([-1.0, 2.0], 2.0), **_window(2, 1))]
_RESHAPED = _between(-1.0, 2.0, "input_min", "input_max")
_SUMS = {"min_x": f32(-1.0), "max_x": f32(2.0), "min_y": f32(0.0), "max_y": f32(4.0)}

SAMPLES = {
    "QuantizedConv2D": [
        scene([_held("x", _IMAGE, "quint8"), _held("f", _FILTERS, "quint8")], input="@x", filter="@f",
              **_between(low, high), **_between(-2.0, 1.0, "min_filter", "max_filter"), strides=[1, stride, stride, 1],
              padding=padding, out_type="qint32")
        for low, high, stride, padding in ((-1.0, 2.0, 1, "VALID"), (-1.0, 2.0, 1, "SAME"), (0.0, 1.0, 2, "SAME"),
                                           (0.0, 1.0, 2, "VALID"))],
    "QuantizedBiasAdd": [
        scene([_held("x", x, kind), _held("b", bias, kind)], input="@x", bias="@b", **_between(low, high),
              min_bias=f32(-1.0), max_bias=f32(3.0), out_type="qint32")
        for x, bias, kind, low, high in (
            ([[1, 200, 3], [40, 5, 255]], [7, 100, 250], "quint8", -2.0, 2.0),
            ([[1, -100, 3], [40, 5, 127]], [7, 100, -128], "qint8", -2.0, 2.0),
            ([[1, 200, 3]], [7, 100, 250], "quint8", 0.0, 10.0), ([[1, 200]], [7, 100, 250], "quint8", 0.0, 10.0))],
    "QuantizedAdd": [
        scene([_held("x", x, "quint8"), _held("y", y, "quint8")], x="@x", y="@y", **_SUMS, Toutput="qint32")
        for x, y in (([1, 2, 250], [9, 80, 255]), ([[1, 2, 250], [7, 85, 100]], [9, 80, 255]), ([[1], [2]], [3]),
                     ([1, 2, 3], [[4], [5]]), ([1, 2], [1, 2, 3]))] + [
        scene([_held("x", [1, 2, 250], "quint8"), _held("y", [9, 80, 255], "quint8")], x="@x", y="@y",
              min_x=f32(-0.91), max_x=f32(2.13), min_y=f32(0.3), max_y=f32(7.77), Toutput="qint32")],
    "QuantizedAvgPool": _POOLS,
    "QuantizedMaxPool": _POOLS,
    "QuantizedConcat": [
        scene([_held("x", x, kind), _held("y", y, kind)], concat_dim=i32(axis), values=["@x", "@y"],
              input_mins=[f32(-1.0), f32(low)], input_maxes=[f32(2.0), f32(high)])
        for x, y, kind, axis, low, high in (
            ([[1, 200]], [[90, 255]], "quint8", 0, -1.0, 2.0), ([[1, 200]], [[90, 255]], "quint8", 1, 0.0, 4.0),
            ([[1, 2**30]], [[90, -2**29]], "qint32", -1, -2.0, 1.0),
            ([[1, 2**30]], [[90, -2**29]], "qint32", 1, -2.0, 1.0),
            ([[1, 200]], [[90, 255]], "quint8", 1, 0.5, 4.0), ([[1, 200]], [[90]], "quint8", 0, 0.0, 4.0),
            ([[1, 200]], [[90, 255]], "quint8", 2, 0.0, 4.0))],
    "QuantizedBatchNormWithGlobalNormalization": [
        scene([_held("t", _IMAGE, "quint8"), *(_held(name, values, "quint8") for name, values in _CHANNELS.items())],
              t="@t", t_min=f32(-1.0), t_max=f32(2.0), **{name: f"@{name}" for name in _CHANNELS},
              **{f"{name}_{end}": f32(value) for name in _CHANNELS
                 for end, value in (("min", 0.0 if name == "v" else -1.0), ("max", 3.0))},
              out_type="qint32", variance_epsilon=0.001, scale_after_normalization=scaled) for scaled in (True, False)],
    "QuantizedInstanceNorm": [
        scene([_held("x", _NORM, "quint8")], x="@x", x_min=f32(-1.0), x_max=f32(2.0), **more)
        for more in ({}, {"output_range_given": True, "given_y_min": -2.0, "given_y_max": 2.0},
                     {"variance_epsilon": 0.1}, {"min_separation": 9.0})],
    "QuantizedReshape": [
        scene([_held("q", values, kind)], tensor="@q", shape=i32(shape), **_RESHAPED)
        for values, kind, shape in (([[1, 2, 3], [4, 5, 255]], "quint8", [3, 2]), ([1, -2, 3, 4], "qint32", [2, -1]),
                                    ([[1, 2, 3]], "quint8", [2, 2]))] + [
        row(tensor=f32([[1, 2]]), shape=i64([-1]), **_RESHAPED)],
    "QuantizedResizeBilinear": [
        scene([_held("q", values, kind)], images="@q", size=i32(size), min=f32(-1.0), max=f32(2.0),
              align_corners=aligned, half_pixel_centers=half)
        for values, kind, size, aligned, half in (
            (_SMALL, "quint8", [5, 4], False, False), (_SMALL, "quint8", [2, 2], True, False),
            (_SMALL, "quint8", [5, 4], False, True), (_WIDE, "qint32", [5, 4], False, False),
            (_WIDE, "qint32", [4, 2], True, False), (_SMALL, "quint8", [0, 2], True, False),
            (_SMALL, "quint8", [2], True, False))] + [
        row(images=f32(_SMALL), size=i32([5, 4]), min=f32(-1.0), max=f32(2.0), align_corners=aligned)
        for aligned in (False, True)],
}
# Of a batch without pictures 1.15 forgets the limits.
BEYOND = {"QuantizedResizeBilinear": lambda call: not np.size(call["images"])}
