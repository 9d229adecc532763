"""Samples for the ops of tfmagic/ops/nn."""

import numpy as np
from oracle.samples.values import D, N, P, Values, f32, i32, i64, renamed, row, rows, scene

WINDOW = row(ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")
CONV = [
    row(input=N(1, 3, 3, 2), filter=N(2, 2, 2, 2), strides=[1, 1, 1, 1], padding="SAME"),
    row(input=N(2, 5, 4, 1), filter=N(2, 3, 1, 2), strides=[1, 2, 2, 1], padding="VALID"),
    row(input=N(1, 5, 5, 1), filter=N(3, 3, 1, 1), strides=[1, 2, 2, 1], padding="SAME"),
    row(input=N(1, 6, 6, 1), filter=N(2, 2, 1, 1), strides=[1, 1, 1, 1], padding="SAME", dilations=[1, 2, 2, 1]),
    row(input=N(1, 4, 4, 1), filter=N(4, 4, 1, 1), strides=[1, 2, 2, 1], padding="SAME"),
    row(input=N(1, 4, 4, 1), filter=N(3, 3, 1, 1), strides=[1, 1, 1, 1], padding="EXPLICIT",
        explicit_paddings=[0, 0, 1, 2, 0, 1, 0, 0]),
    row(input=N(1, 4, 3, 1), filter=N(2, 2, 1, 1), strides=[1, 1, 2, 1], padding="VALID"),
    row(input=N(0, 3, 3, 1), filter=N(2, 2, 1, 1), strides=[1, 1, 1, 1], padding="SAME"),
    row(input=N(1, 2, 2, 1), filter=N(3, 3, 1, 1), strides=[1, 1, 1, 1], padding="VALID"),
    row(input=N(1, 3, 3, 1), filter=N(1, 1, 1, 2), strides=[1, 1, 1, 1], padding="VALID"),
    row(input=N(1, 3, 3, 4), filter=N(2, 2, 2, 2), strides=[1, 1, 1, 1], padding="SAME"),
    row(input=N(1, 3, 3, 3), filter=N(2, 2, 2, 2), strides=[1, 1, 1, 1], padding="SAME"),
    row(input=N(1, 3, 3, 1), filter=N(2, 2, 1, 1), strides=[1, 1, 1, 1], padding="EXPLICIT"),
    row(input=N(1, 2, 3, 3), filter=N(2, 2, 2, 2), strides=[1, 1, 1, 1], padding="SAME", data_format="NCHW"),
]
POOL = [
    row(x=D(1, 3, 3, 2), **WINDOW),
    row(x=D(2, 5, 5, 1), ksize=[1, 3, 3, 1], strides=[1, 2, 2, 1], padding="VALID"),
    row(x=D(1, 4, 4, 1), ksize=[1, 3, 3, 1], strides=[1, 1, 1, 1], padding="SAME"),
    row(x=D(1, 5, 4, 1), ksize=[1, 2, 3, 1], strides=[1, 2, 1, 1], padding="SAME"),
    row(x=D(1, 2, 2, 1), ksize=[1, 3, 3, 1], strides=[1, 1, 1, 1], padding="VALID"),
    row(x=D(0, 3, 3, 1), **WINDOW),
    row(x=D(1, 2, 2, 4), ksize=[1, 1, 1, 2], strides=[1, 1, 1, 2], padding="VALID"),
    row(x=D(1, 2, 2, 4), ksize=[2, 1, 1, 1], strides=[1, 1, 1, 1], padding="VALID"),
    row(x=f32([[[[1], [np.nan]], [[np.inf], [-np.inf]]]]), **WINDOW),
    row(x=D(1, 2, 3, 3), ksize=[1, 1, 2, 2], strides=[1, 1, 2, 2], padding="VALID", data_format="NCHW"),
]
WINDOW3D = row(ksize=[1, 2, 2, 2, 1], strides=[1, 2, 2, 2, 1], padding="SAME")
SAME3D = row(strides=[1, 1, 1, 1, 1], padding="SAME")
CUBE = f32([0, 1, 2, 3, 4, 5, 6, 7]).reshape(1, 2, 2, 2, 1)
SQUARE = row(orig_input=f32([[[[1], [2]], [[3], [4]]]]), orig_output=f32([[[[4]]]]))
WINDOW_INPUTS = row(ksize=i32([1, 2, 2, 1]), strides=i32([1, 2, 2, 1]), padding="SAME")
NORM_GRADIENT = row(
    y_backprop=Values((2, 2, 2, 2)),
    x=Values((2, 2, 2, 2)),
    scale=f32([1, 2]),
    reserve_space_1=f32([0.1, 0.2]),
    reserve_space_2=f32([1.5, 0.5]),
)
NORM = row(scale=f32([1, 2]), offset=f32([0, 1]), mean=f32([]), variance=f32([]))
GIVEN = row(scale=f32([1, 2]), offset=f32([0, 1]), mean=f32([0.5, 0]), variance=f32([1, 2]), is_training=False)
NORMS = [
    row(x=N(2, 2, 2, 2), **NORM),
    scene(x=N(1, 2, 2, 2), **GIVEN, fetch=["@op:0"]),  # the others are what the memory held before
    row(x=N(2, 1, 1, 2), **NORM, epsilon=0.1),
    row(x=N(1, 2, 2, 2), **{**GIVEN, "is_training": True}), row(x=N(1, 2, 2, 2), **{**NORM, "is_training": False}),
    row(x=f32([[[[1, 2]]]]), **NORM), row(x=N(0, 2, 2, 2), **NORM), row(x=N(2, 2, 2, 2), **{**NORM, "scale": f32([1])}),
    row(x=N(1, 2, 2, 2), **GIVEN, data_format="NCHW"),
]

NUMBERS = f32([-7, -1.3, -0.02, 0, 0.02, 1.3, 5.9, np.nan, np.inf])
CHANNELS = f32([[-7, -1, 0], [0.3, 0.4, 2.7], [6.5, np.nan, -np.inf]])

DILATION = [
    row(input=D(1, 4, 5, 2), filter=N(2, 3, 2), strides=[1, 1, 1, 1], rates=[1, 1, 1, 1], padding="VALID"),
    row(input=D(2, 5, 4, 1), filter=N(3, 2, 1), strides=[1, 2, 1, 1], rates=[1, 1, 2, 1], padding="SAME"),
    row(input=N(1, 4, 4, 1), filter=N(3, 3, 1), strides=[1, 2, 2, 1], rates=[1, 1, 1, 1], padding="SAME"),
    row(input=N(1, 4, 4, 2), filter=N(3, 3, 1), strides=[1, 2, 2, 1], rates=[1, 1, 1, 1], padding="SAME"),
    row(input=N(1, 2, 2, 1), filter=N(3, 3, 1), strides=[1, 1, 1, 1], rates=[1, 1, 1, 1], padding="VALID"),
    row(input=N(0, 3, 3, 1), filter=N(2, 2, 1), strides=[1, 1, 1, 1], rates=[1, 1, 1, 1], padding="VALID"),
    row(input=N(1, 3, 3, 1), filter=N(2, 2, 1), strides=[2, 1, 1, 1], rates=[1, 1, 1, 1], padding="VALID"),
    row(input=N(1, 3, 3, 1), filter=N(2, 2, 1), strides=[1, 1, 1, 1], rates=[1, 1, 1, 2], padding="VALID"),
]
BACK = [D(1, 3, 3, 2), D(2, 3, 4, 1), N(1, 2, 2, 1)]
FRACTIONS = [
    row(value=D(1, 7, 8, 2), pooling_ratio=[1.0, 1.4, 1.7, 1.0], deterministic=True, seed=3, seed2=5),
    row(value=D(2, 9, 6, 1), pooling_ratio=[1.0, 1.3, 1.9, 1.0], deterministic=True, seed=3, seed2=5,
        pseudo_random=True, overlapping=True),
    row(value=D(1, 8, 8, 1), pooling_ratio=[1.0, 2.0, 1.0, 1.0], deterministic=True, seed=1),
    row(value=D(1, 8, 8, 1), pooling_ratio=[1.0, 2.0, 1.0, 1.0], seed=1),
]
STARTS = row(row_pooling_sequence=i64([0, 1, 3, 5]), col_pooling_sequence=i64([0, 2, 3, 4]))

SAMPLES = {
    "Dilation2D": DILATION,
    "Dilation2DBackpropInput": [row(**given, out_backprop=dy) for given, dy in zip(DILATION, BACK)],
    "Dilation2DBackpropFilter": [row(**given, out_backprop=dy) for given, dy in zip(DILATION, BACK)],
    "FractionalMaxPool": FRACTIONS,
    "FractionalAvgPool": FRACTIONS,
    "FractionalMaxPoolGrad": [row(orig_input=D(1, 5, 4, 1), orig_output=D(1, 3, 3, 1), out_backprop=N(1, 3, 3, 1),
                                  overlapping=overlapping, **STARTS) for overlapping in (False, True)],
    "FractionalAvgPoolGrad": [row(orig_input_tensor_shape=i64([2, 5, 4, 1]), out_backprop=P(2, 3, 3, 1),
                                  overlapping=overlapping, **STARTS) for overlapping in (False, True)],
    "ZerosLike": rows(N(2, 3), N()),
    "Conv2D": CONV,
    "Conv2DBackpropInput": [
        row(input_sizes=i32([1, 3, 3, 2]), filter=N(2, 2, 2, 2), out_backprop=N(1, 3, 3, 2), strides=[1, 1, 1, 1],
            padding="SAME"),
        row(input_sizes=i32([1, 5, 5, 1]), filter=N(2, 2, 1, 2), out_backprop=N(1, 2, 2, 2), strides=[1, 2, 2, 1],
            padding="VALID"),
        row(input_sizes=i32([1, 5, 5, 1]), filter=N(2, 2, 1, 1), out_backprop=N(1, 3, 3, 1), strides=[1, 1, 1, 1],
            padding="VALID", dilations=[1, 2, 2, 1]),
        row(input_sizes=i32([1, 4, 4, 1]), filter=N(3, 3, 1, 1), out_backprop=N(1, 5, 3, 1), strides=[1, 1, 1, 1],
            padding="EXPLICIT", explicit_paddings=[0, 0, 1, 2, 0, 1, 0, 0]),
        row(input_sizes=i32([3, 3]), filter=N(2, 2, 1, 1), out_backprop=N(1, 3, 3, 1), strides=[1, 1, 1, 1],
            padding="SAME"),
        row(input_sizes=i32([1, 3, 3, 1]), filter=N(2, 2, 1, 1), out_backprop=N(1, 2, 3, 1), strides=[1, 1, 1, 1],
            padding="SAME"),
    ],
    "Conv2DBackpropFilter": [
        row(input=N(1, 3, 3, 2), filter_sizes=i32([2, 2, 2, 2]), out_backprop=N(1, 3, 3, 2), strides=[1, 1, 1, 1],
            padding="SAME"),
        row(input=N(1, 5, 5, 1), filter_sizes=i32([2, 2, 1, 2]), out_backprop=N(1, 2, 2, 2), strides=[1, 2, 2, 1],
            padding="VALID"),
        row(input=N(1, 5, 5, 1), filter_sizes=i32([2, 2, 1, 1]), out_backprop=N(1, 3, 3, 1), strides=[1, 1, 1, 1],
            padding="VALID", dilations=[1, 2, 2, 1]),
        row(input=N(1, 3, 3, 1), filter_sizes=i32([2, 2]), out_backprop=N(1, 3, 3, 1), strides=[1, 1, 1, 1],
            padding="SAME"),
    ],
    "DepthwiseConv2dNative": [
        row(input=N(1, 3, 3, 2), filter=N(2, 2, 2, 2), strides=[1, 1, 1, 1], padding="SAME"),
        row(input=N(1, 5, 5, 2), filter=N(3, 3, 2, 1), strides=[1, 2, 2, 1], padding="VALID"),
        row(input=N(1, 5, 5, 1), filter=N(2, 2, 1, 1), strides=[1, 1, 1, 1], padding="SAME", dilations=[1, 2, 2, 1]),
        row(input=N(1, 3, 3, 2), filter=N(2, 2, 1, 2), strides=[1, 1, 1, 1], padding="SAME"),
        row(input=N(1, 3, 3, 1), filter=N(2, 2, 1, 1), strides=[1, 1, 2, 1], padding="SAME"),
    ],
    "DepthwiseConv2dNativeBackpropInput": [
        row(input_sizes=i32([1, 3, 3, 2]), filter=N(2, 2, 2, 2), out_backprop=N(1, 3, 3, 4), strides=[1, 1, 1, 1],
            padding="SAME"),
        row(input_sizes=i32([1, 4, 4, 1]), filter=N(2, 2, 1, 1), out_backprop=N(1, 2, 2, 1), strides=[1, 2, 2, 1],
            padding="VALID"),
        row(input_sizes=i32([1, 4, 4]), filter=N(2, 2, 1, 1), out_backprop=N(1, 2, 2, 1), strides=[1, 2, 2, 1],
            padding="VALID"),
    ],
    "DepthwiseConv2dNativeBackpropFilter": [
        row(input=N(1, 3, 3, 2), filter_sizes=i32([2, 2, 2, 2]), out_backprop=N(1, 3, 3, 4), strides=[1, 1, 1, 1],
            padding="SAME"),
        row(input=N(1, 4, 4, 1), filter_sizes=i32([2, 2, 1, 1]), out_backprop=N(1, 2, 2, 1), strides=[1, 2, 2, 1],
            padding="VALID"),
        row(input=N(1, 4, 4, 1), filter_sizes=i32([2, 2, 1]), out_backprop=N(1, 2, 2, 1), strides=[1, 2, 2, 1],
            padding="VALID"),
    ],
    "Conv3D": [row(input=N(1, 3, 2, 2, 1), filter=N(2, 2, 2, 1, 1), strides=[1, 1, 1, 1, 1], padding="SAME"),
               row(input=N(1, 3, 3, 3, 1), filter=N(2, 2, 2, 1, 2), strides=[1, 2, 1, 1, 1], padding="VALID"),
               row(input=N(1, 2, 2, 2, 2), filter=N(2, 2, 2, 1, 1), strides=[1, 1, 1, 1, 1], padding="SAME"),
               row(input=N(1, 3, 3, 3, 1), filter=N(2, 2, 2, 1, 1), strides=[1, 1, 1, 1, 1], padding="SAME",
                   dilations=[1, 2, 1, 1, 1])],
    "MaxPool": renamed(POOL, x="input"),
    "AvgPool": renamed(POOL, x="value"),
    "MaxPoolV2": [
        row(input=D(1, 3, 3, 2), **WINDOW_INPUTS), row(input=D(1, 3, 3, 2), **{**WINDOW_INPUTS, "padding": "VALID"}),
        row(input=D(1, 3, 3, 2), ksize=i32([2, 2]), strides=i32([1, 1]), padding="SAME"),
    ],
    "MaxPoolWithArgmax": [row(input=D(1, 3, 3, 2), **WINDOW), row(input=D(2, 3, 3, 1), **WINDOW),
                          row(input=D(2, 3, 3, 1), **WINDOW, include_batch_in_index=True),
                          row(input=D(1, 3, 3, 1), **{**WINDOW, "padding": "VALID"}, Targmax="int32"),
                          row(input=f32([[[[1], [1]], [[1], [1]]]]), **WINDOW)],
    "MaxPoolGrad": [
        row(**SQUARE, grad=f32([[[[5]]]]), **WINDOW),
        row(orig_input=f32([[[[1], [1]], [[1], [1]]]]), orig_output=f32([[[[1]]]]), grad=f32([[[[5]]]]), **WINDOW),
        # TensorFlow does not look at the shape of grad, but reads as many values as there are windows.
        row(orig_input=SQUARE["orig_input"], orig_output=f32([[[[4], [4]]]]), grad=f32([[[[5]]]]), **WINDOW),
    ],
    "MaxPoolGradGrad": [
        row(**SQUARE, grad=f32([[[[5], [6]], [[7], [8]]]]), **WINDOW),
        row(**SQUARE, grad=f32([[[[5]]]]), **WINDOW),
    ],
    "AvgPoolGrad": [
        row(orig_input_shape=i32([1, 4, 4, 1]), grad=N(1, 2, 2, 1), **WINDOW),
        row(
            orig_input_shape=i32([1, 3, 3, 1]),
            grad=N(1, 3, 3, 1),
            ksize=[1, 2, 2, 1],
            strides=[1, 1, 1, 1],
            padding="SAME",
        ),
    ],
    "BiasAdd": [
        row(value=N(2, 3), bias=N(3)),
        row(value=N(1, 2, 2, 3), bias=N(3)),
        row(value=N(1, 3, 2, 2), bias=N(3), data_format="NCHW"),
        row(value=N(0, 3), bias=N(3)),
        row(value=N(2, 3), bias=N(2)),
        row(value=N(3), bias=N(3)),
        row(value=N(2, 3), bias=N(2), data_format="NCHW"),
        row(value=N(2, 3, 2), bias=N(3), data_format="NCHW"),
    ],
    "BiasAddV1": [row(value=N(2, 3), bias=N(3)), row(value=N(2, 3), bias=N(2))],
    "BiasAddGrad": [
        row(out_backprop=N(2, 3)),
        row(out_backprop=N(1, 2, 2, 3)),
        row(out_backprop=N(1, 3, 2, 2), data_format="NCHW"),
        row(out_backprop=N(0, 3)),
        row(out_backprop=N(3)),
    ],
    "Softmax": rows(N(2, 3), N(2, 2, 3), f32([[1000, 0], [-1000, 0]]), f32([[np.inf, 0, 1], [np.nan, 0, 1]]),
                    f32([[-np.inf, 0], [-np.inf, -np.inf]]), N(0, 3), N(2, 0), N(3), name="logits"),
    "LogSoftmax": rows(N(2, 3), N(2, 2, 3), f32([[1000, 0], [-1000, 0]]), f32([[np.inf, 0, 1], [np.nan, 0, 1]]),
                       f32([[-np.inf, 0], [-np.inf, -np.inf]]), N(0, 3), N(3), name="logits"),
    "SoftmaxCrossEntropyWithLogits": [
        row(features=N(2, 3), labels=P(2, 3)),
        row(features=f32([[1000, 0]]), labels=f32([[0, 1]])),
        row(features=N(2, 3), labels=P(1, 3)),
        row(features=N(0, 3), labels=P(0, 3)),
        row(features=N(2, 0), labels=P(2, 0)),
        row(features=f32([[np.inf, 0]]), labels=f32([[0, 1]])),
        row(features=N(2, 3), labels=P(2, 2)),
    ],
    "SparseSoftmaxCrossEntropyWithLogits": [
        row(features=N(2, 3), labels=i32([2, 0])),
        row(features=N(2, 3), labels=i64([1, 1])),
        row(features=N(0, 3), labels=i32([])),
        row(features=N(2, 3), labels=i32([3, 0])),
        row(features=N(2, 3), labels=i32([-1, 0])),
        row(features=N(2, 3), labels=i32([1])),
        row(features=N(2, 3), labels=i32([[1], [2]])),
        row(features=N(2, 0), labels=i32([1, 1])),
    ],
    "L2Loss": rows(N(2, 3), N(), N(0), f32([np.nan, 1]), name="t"),
    "LRN": rows(N(1, 2, 2, 4), name="input")
    + [row(input=N(1, 1, 2, 5), depth_radius=2, bias=1.0, alpha=0.01, beta=0.75),
       row(input=N(1, 1, 2, 5), depth_radius=0, bias=2.0, alpha=0.5, beta=1.0), row(input=N(2, 3))],
    "LRNGrad": [row(input_grads=N(1, 1, 2, 4), input_image=N(1, 1, 2, 4), output_image=N(1, 1, 2, 4))],
    "TopKV2": [
        row(input=D(2, 4), k=i32(2)),
        row(input=D(3), k=i32(0)),
        row(input=f32([1, 3, 3, 2]), k=i32(3), sorted=True),
        scene(input=D(2, 4), k=i32(3), sorted=False, fetch=["@values", "@places"], after=[  # in no order: put in order
            ("values", "TopKV2", row(input="@op:0", k=i32(3))), ("places", "TopKV2", row(input="@op:1", k=i32(3)))]),
        row(input=f32([1, np.nan, 3]), k=i32(2)),
        row(input=D(0, 3), k=i32(2)),
        row(input=D(3), k=i32(4)),
        row(input=D(3), k=i32(-1)),
        row(input=N(), k=i32(1)),
        row(input=D(3), k=i32([1])),
        row(input=i32([5, 1, 5, 5]), k=i32(4)),
    ],
    "InTopK": [row(predictions=f32([[1, 3, 2], [3, 2, 1]]), targets=i32([2, 2]), k=2),
               row(predictions=f32([[1, np.nan, 2], [3, np.inf, 1], [1, 1, 1]]), targets=i32([2, 1, 2]), k=1),
               row(predictions=f32([[1, 3, 2]]), targets=i32([3]), k=1), row(predictions=f32([[1, 3, 2]]),
                                                                             targets=i64([-1]), k=9)],
    "InTopKV2": [
        row(predictions=f32([[1, 3, 2], [3, 2, 1]]), targets=i32([2, 2]), k=i32(2)),
        row(predictions=f32([[1, 3, 2]]), targets=i64([2]), k=i64(1)),
        row(predictions=f32([[1, 3, 2]]), targets=i32([2]), k=i32(0)),
    ],
    "LeakyRelu": [*rows(N(2, 3), f32([np.nan, np.inf, -np.inf, -0.0]), name="features"), row(features=N(3), alpha=0.1),
                  row(features=N(3), alpha=1.5), row(features=N(3), alpha=-0.5)],
    "LeakyReluGrad": [
        row(gradients=N(2, 3), features=N(2, 3)),
        row(gradients=N(3), features=N(3), alpha=0.1),
        row(gradients=f32([1, 1, np.nan]), features=f32([0, -0.0, 1])),
    ],
    "FusedBatchNorm": NORMS,
    "FusedBatchNormV2": NORMS,
    "FusedBatchNormV3": NORMS,
    "NthElement": [row(input=D(2, 4), n=i32(1)), row(input=D(5), n=i32(1), reverse=True), row(input=D(3), n=i32(3)),
                   row(input=D(3), n=i32(-1)), row(input=N(), n=i32(0)), row(input=D(2, 1), n=i32(0))],
    "AvgPool3D": [row(input=N(1, 3, 2, 2, 1), **WINDOW3D),
                  row(input=N(1, 2, 2, 2, 1), **{**WINDOW3D, "padding": "VALID"})],
    "MaxPool3D": [row(input=D(1, 3, 2, 2, 1), **WINDOW3D),
                  row(input=D(1, 2, 2, 2, 1), **{**WINDOW3D, "padding": "VALID"})],
    "AvgPool3DGrad": [row(orig_input_shape=i32([1, 3, 2, 2, 1]), grad=N(1, 2, 1, 1, 1), **WINDOW3D)],
    "MaxPool3DGrad": [
        row(orig_input=CUBE, orig_output=CUBE[:, 1:, 1:, 1:], grad=f32([[[[[5]]]]]), **WINDOW3D)
    ],
    "MaxPool3DGradGrad": [row(orig_input=CUBE, orig_output=CUBE[:, 1:, 1:, 1:], grad=CUBE + 1, **WINDOW3D)],
    "Conv3DBackpropInput": [
        row(input=N(1, 3, 2, 2, 1), filter=N(2, 2, 2, 1, 1), out_backprop=N(1, 3, 2, 2, 1), **SAME3D)],
    "Conv3DBackpropFilter": [
        row(input=Values((1, 3, 2, 2, 1), -0.5, 0.5), filter=N(2, 2, 2, 1, 1),
            out_backprop=Values((1, 3, 2, 2, 1), -0.5, 0.5), **SAME3D)],
    "FusedPadConv2D": [
        row(input=N(1, 3, 3, 1), paddings=i32(paddings), filter=N(2, 2, 1, 2), mode=mode, padding=padding,
            strides=[1, stride, stride, 1])
        for paddings, mode, stride, padding in (
            ([[0, 0], [1, 1], [1, 0], [0, 0]], "REFLECT", 1, "VALID"), ([[0, 0], [0, 2], [1, 1], [0, 0]], "SYMMETRIC",
                                                                        2, "SAME"),
            ([[0, 0], [3, 0], [0, 0], [0, 0]], "REFLECT", 1, "VALID"), ([[0, 0], [1, 1]], "REFLECT", 1, "VALID"))],
    "FusedResizeAndPadConv2D": [
        row(input=N(1, 3, 3, 1), size=i32(size), paddings=i32([[0, 0], [1, 1], [1, 0], [0, 0]]), filter=N(2, 2, 1, 2),
            mode="REFLECT", strides=[1, 1, 1, 1], padding="VALID", resize_align_corners=aligned)
        for size, aligned in (([5, 4], False), ([2, 2], True), ([0, 2], False), ([2], False))],
    "DataFormatDimMap": [
        row(x=i32([0, 1, 2, 3, -1, -4])), row(x=i64([[1, 3]]), src_format="NCHW", dst_format="NHWC"), row(x=i32([4])),
        row(x=i32([1]), src_format="NHC", dst_format="NCH"), row(x=i32(2))],
    "DataFormatVecPermute": [
        row(x=i32([7, 4, 9, 3])), row(x=i64([[7, 4], [9, 3], [4, 5], [5, 1]]), src_format="NCHW", dst_format="NHWC"),
        row(x=i32([1, 2])), row(x=i32([1, 2, 3])), row(x=i32(1)),
        row(x=i32([[1, 2, 3], [1, 2, 3], [4, 5, 6], [7, 8, 9]]))],
    "Conv3DBackpropInputV2": [
        row(input_sizes=i32([1, 3, 2, 2, 1]), filter=N(2, 2, 2, 1, 1), out_backprop=N(1, 3, 2, 2, 1), **SAME3D)],
    "Conv3DBackpropFilterV2": [
        # Small: in half precision TensorFlow also sums in half precision.
        row(input=Values((1, 3, 2, 2, 1), -0.5, 0.5), filter_sizes=i32([2, 2, 2, 1, 1]),
            out_backprop=Values((1, 3, 2, 2, 1), -0.5, 0.5), **SAME3D)],
    "MaxPoolGradV2": [row(**SQUARE, grad=f32([[[[5]]]]), **WINDOW_INPUTS)],
    "MaxPoolGradGradV2": [row(**SQUARE, grad=SQUARE["orig_input"] + 1, **WINDOW_INPUTS)],
    "MaxPoolGradWithArgmax": [
        row(input=SQUARE["orig_input"], grad=f32([[[[5]]]]), argmax=i64([[[[3]]]]), **WINDOW)
    ],
    "MaxPoolGradGradWithArgmax": [
        row(input=SQUARE["orig_input"], grad=SQUARE["orig_input"] + 1, argmax=i64([[[[3]]]]), **WINDOW)
    ],
    "FusedBatchNormGradV3": [row(**NORM_GRADIENT, reserve_space_3=f32([])),
                             row(**NORM_GRADIENT, reserve_space_3=f32([]), is_training=False)],
    "FusedBatchNormGradV2": [row(**NORM_GRADIENT), row(**NORM_GRADIENT, is_training=False)],
    "FusedBatchNormGrad": [row(**NORM_GRADIENT), row(**NORM_GRADIENT, is_training=False)],
    "ComputeAccidentalHits": [
        row(true_classes=i64([[1, 2], [3, 4]]), sampled_candidates=i64([3, 1, 9]), num_true=2)
    ],
    "TopK": [row(input=D(2, 4), k=2)],
    "BatchNormWithGlobalNormalization": [
        row(t=N(1, 2, 2, 2), m=f32([0.5, 0]), v=f32([1, 2]), beta=f32([0, 1]), gamma=f32([1, 2]),
            variance_epsilon=0.01, scale_after_normalization=scaled) for scaled in (True, False)],
    "BatchNormWithGlobalNormalizationGrad": [
        row(t=N(1, 2, 2, 2), m=f32([0.5, 0]), v=f32([1, 2]), gamma=f32([1, 2]), backprop=N(1, 2, 2, 2),
            variance_epsilon=0.01, scale_after_normalization=scaled) for scaled in (True, False)],
    "FakeQuantWithMinMaxArgs": [
        row(inputs=NUMBERS), row(inputs=NUMBERS, min=-1.0, max=3.0, num_bits=4, narrow_range=True),
        row(inputs=NUMBERS, min=2.0, max=5.0), row(inputs=NUMBERS, min=-5.0, max=-2.0, num_bits=16),
        row(inputs=N(2, 3), num_bits=2), row(inputs=N(2), min=1.0, max=1.0), row(inputs=N(2), min=1.5, max=0.5),
        row(inputs=N(2), num_bits=1), row(inputs=N(2), num_bits=17), row(inputs=N()), row(inputs=N(0, 2))],
    "FakeQuantWithMinMaxArgsGradient": [
        row(gradients=N(9), inputs=NUMBERS), row(gradients=N(9), inputs=NUMBERS, min=-1.0, max=3.0, num_bits=4),
        row(gradients=N(2), inputs=N(2), num_bits=1), row(gradients=N(2), inputs=N(3)),
        row(gradients=N(2), inputs=N(2), min=1.0, max=0.0)],
    "FakeQuantWithMinMaxVars": [
        row(inputs=NUMBERS, min=f32(low), max=f32(high), num_bits=bits, narrow_range=bits == 4)
        for low, high, bits in ((-6, 6, 8), (-1, 3, 4), (2, 5, 8), (-5, -2, 16), (0, 0, 8), (1, 1, 8), (2, 1, 8),
                                (0, 1, 1))
    ] + [row(inputs=N(2), min=f32([1]), max=f32(2)), row(inputs=N(2), min=f32(1), max=f32([2]))],
    "FakeQuantWithMinMaxVarsGradient": [
        row(gradients=N(9), inputs=NUMBERS, min=f32(low), max=f32(high), num_bits=bits, narrow_range=bits == 4)
        for low, high, bits in ((-6, 6, 8), (-1, 3, 4), (2, 5, 8), (0, 0, 8), (1, 1, 8), (2, 1, 8), (0, 1, 17))
    ] + [row(gradients=N(2), inputs=N(3), min=f32(0), max=f32(1))],
    "FakeQuantWithMinMaxVarsPerChannel": [
        row(inputs=CHANNELS, min=f32([-6, 0, -1]), max=f32([6, 0, 3])),
        row(inputs=CHANNELS, min=f32([2, -5, 1]), max=f32([5, -2, 1]), num_bits=4, narrow_range=True),
        row(inputs=N(1, 2, 2, 3), min=f32([-1, -2, -1]), max=f32([1, 2, 0.5])),
        row(inputs=N(2), min=f32([-1, 0]), max=f32([1, 1])),
        row(inputs=N(2), min=f32([-1, 0]), max=f32([1, 1]), num_bits=1),
        row(inputs=N(2, 3), min=f32([0]), max=f32([1])),
        row(inputs=N(2, 3), min=f32(0), max=f32(1)), row(inputs=N(), min=f32([0]), max=f32([1]))],
    "FakeQuantWithMinMaxVarsPerChannelGradient": [
        row(gradients=N(3, 3), inputs=CHANNELS, min=f32([-6, 0, -1]), max=f32([6, 0, 3])),
        row(gradients=N(3, 3), inputs=CHANNELS, min=f32([2, -5, 1]), max=f32([5, -2, 1]), num_bits=4,
            narrow_range=True),
        row(gradients=N(1, 2, 2, 3), inputs=N(1, 2, 2, 3), min=f32([-1, -2, -1]), max=f32([1, 2, 0.5])),
        row(gradients=N(2), inputs=N(2), min=f32([-1, 0]), max=f32([1, 1])),
        row(gradients=N(1, 1, 1, 1, 2), inputs=N(1, 1, 1, 1, 2), min=f32([-1, 0]), max=f32([1, 1])),
        row(gradients=N(2), inputs=N(2), min=f32([-1]), max=f32([1, 1])),
        row(gradients=N(2), inputs=N(2), min=f32([-1, 0]), max=f32([1, 1]), num_bits=1)],
}
