"""Samples for the ops of tfmagic/ops/math."""

from oracle.samples.values import D, N, P, Values, boolean, f32, i32, i64, renamed, row, rows

AXES = [
    row(input=N(2, 3), axis=i32(0)),
    row(input=N(2, 3, 2), axis=i32([0, 2])),
    row(input=N(2, 3), axis=i32(-1)),
    row(input=N(2, 3), axis=i32([0, 1]), keep_dims=True),
    row(input=N(3), axis=i32([])),
    row(input=N(0, 3), axis=i32(0)),
    row(input=N(2, 0), axis=i64([1])),
    row(input=N(), axis=i32([])),
]
TRUTH_AXES = [
    row(input=boolean([[True, False], [True, True]]), axis=i32(0)),
    row(input=boolean([[True, False], [True, True]]), axis=i32([0, 1]), keep_dims=True),
    row(input=boolean([[False], [False]]), axis=i32(-1)),
    row(input=boolean([[]]), axis=i32(1)),
]
DISTINCT_AXES = [{**row, "input": D(*row["input"].shape)} for row in AXES if 0 not in row["input"].shape]
SCAN = [
    row(x=N(2, 3), axis=i32(0)),
    row(x=N(2, 3), axis=i32(-1), exclusive=True),
    row(x=N(4), axis=i32(0), reverse=True),
    row(x=N(2, 3), axis=i32(1), exclusive=True, reverse=True),
]
COMPLEX = (1 + 2j) * f32([1, -2])

SAMPLES = {
    "AddN": [row(inputs=[N(2, 3), N(2, 3), N(2, 3)]), row(inputs=[N(2)]), row(inputs=[N(), N()])],
    "AccumulateNV2": [row(inputs=[N(2, 3), N(2, 3)], shape=[2, 3])],
    "Sum": AXES,
    "Mean": AXES,
    "Prod": AXES,
    "Max": DISTINCT_AXES,
    "Min": DISTINCT_AXES,
    "EuclideanNorm": AXES,
    "All": TRUTH_AXES,
    "Any": TRUTH_AXES,
    "Cumsum": SCAN,
    "Cumprod": SCAN,
    "ArgMax": renamed(DISTINCT_AXES[:1] + DISTINCT_AXES[2:3], axis="dimension"),
    "ArgMin": renamed(DISTINCT_AXES[:1] + DISTINCT_AXES[2:3], axis="dimension"),
    "ClipByValue": [row(t=N(2, 3), clip_value_min=N(), clip_value_max=Values((), 2, 3))],
    "Bincount": [
        row(arr=i32([1, 1, 3]), size=i32(5), weights=f32([])),
        row(arr=i32([0, 2]), size=i32(2), weights=f32([1, 2])),
    ],
    "DenseToDenseSetOperation": [
        row(set1=i32([[1, 2, 2], [3, 5, 9]]), set2=i32([[2, 7], [9, 3]]), set_operation=operation)
        for operation in ("a-b", "b-a", "intersection", "union")],
    "Betainc": [row(a=P(3), b=P(3), x=Values((3,), 0.1, 0.9))],
    "Complex": [row(real=f32([1, 2]), imag=f32([3, -4]))],
    "Real": rows(COMPLEX, name="input"),
    "Imag": rows(COMPLEX, name="input"),
    "Conj": rows(COMPLEX, f32([1, 2]), name="input"),
    "Angle": rows(COMPLEX, name="input"),
    "ComplexAbs": rows(COMPLEX),
    "Bitcast": [row(input=f32([1.0, -2.0]), type="int32"), row(input=i32([[1, 2]]), type="int64")],
    "LeftShift": [row(x=i32([1, -2, 3]), y=i32([1, 2, 3]))],
    "RightShift": [row(x=i32([8, -8, 3]), y=i32([1, 2, 0]))],
    "Polygamma": [row(a=Values((2,), 1, 1), x=P(2))],
    "Zeta": [row(x=Values((2,), 2, 4), q=P(2))],
    "Igamma": [row(a=P(3), x=P(3))],
    "Igammac": [row(a=P(3), x=P(3))],
    "ApproximateEqual": [row(x=N(3), y=N(3)), row(x=f32([1, 2]), y=f32([1.05, 2.5]), tolerance=0.1)],
    "Pow": [
        row(x=P(2, 3), y=P(2, 3)),
        row(x=P(2, 3), y=N(3)),
        row(x=f32([0, -2, -2, 2]), y=f32([0, 2, 3, -1])),
        row(x=i32([2, -3, 5]), y=i32([3, 2, 0])),
    ],
    "Xdivy": [row(x=P(2, 3), y=P(3)), row(x=f32([0, 0, 1]), y=f32([0, 1, 2]))],
    "Xlogy": [row(x=P(2, 3), y=P(3)), row(x=f32([0, 0, 1]), y=f32([0, 1, 2]))],
    "FloorDiv": [
        row(x=P(2, 3), y=P(2, 3)),
        row(x=i32([7, -7, 7, -7]), y=i32([2, 2, -2, -2])),
        row(x=f32([7, -7]), y=f32([2, 2])),
    ],
    "FloorMod": [
        row(x=P(2, 3), y=P(2, 3)),
        row(x=i32([7, -7, 7, -7]), y=i32([2, 2, -2, -2])),
        row(x=f32([7, -7.5]), y=f32([2, -2])),
    ],
    "Mod": [row(x=P(2, 3), y=P(2, 3)), row(x=i32([7, -7, 7, -7]), y=i32([2, 2, -2, -2]))],
    "TruncateDiv": [row(x=P(2, 3), y=P(2, 3)), row(x=i32([7, -7, 7, -7]), y=i32([2, 2, -2, -2]))],
    "TruncateMod": [row(x=P(2, 3), y=P(2, 3)), row(x=i32([7, -7, 7, -7]), y=i32([2, 2, -2, -2]))],
    "Div": [
        row(x=P(2, 3), y=P(2, 3)),
        row(x=P(2, 3), y=P(3)),
        row(x=i32([7, -7, 7]), y=i32([2, 2, -2])),
        row(x=f32([1, -1, 0]), y=f32([0, 0, 0])),
    ],
    "RealDiv": [row(x=P(2, 3), y=P(2, 3)), row(x=P(2, 3), y=P(3)), row(x=f32([1, -1, 0]), y=f32([0, 0, 0]))],
    "DivNoNan": [row(x=P(2, 3), y=P(3)), row(x=f32([1, -1, 0]), y=f32([0, 2, 0]))],
    "HistogramFixedWidth": [row(values=f32([-1, 0.1, 0.5, 9]), value_range=f32([0, 1]), nbins=i32(4))],
    "Bucketize": [row(input=N(4), boundaries=[-1.0, 0.0, 1.0])],
    "CumulativeLogsumexp": SCAN,
    "Reciprocal": rows(P(2, 3), f32([0.0, -2.0])),
    "Inv": rows(P(2, 3), f32([0.0, -2.0])),
}
