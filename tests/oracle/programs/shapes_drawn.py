"""Inputs of drawn shapes: most do not fit, several at once, and the first fault that TensorFlow looks at is told."""

from __future__ import division

import numpy as np

from . import Case, program
from .refused import words

# The inputs of ops, one letter of a type after the name: f float32, i int32, l int64, s string, q quint8.
FITTING = {
    "AddV2": "x:f y:f", "Maximum": "x:f y:f", "BatchMatMulV2": "x:f y:f", "MatMul": "a:f b:f", "Cross": "a:f b:f",
    "BiasAdd": "value:f bias:f", "BiasAddV1": "value:f bias:f", "MatrixSolve": "matrix:f rhs:f",
    "MatrixTriangularSolve": "matrix:f rhs:f", "TridiagonalMatMul": "superdiag:f maindiag:f subdiag:f rhs:f",
    "SoftmaxCrossEntropyWithLogits": "features:f labels:f",
    "SparseSoftmaxCrossEntropyWithLogits": "features:f labels:i", "L2Loss": "t:f", "InTopK": "predictions:f targets:i",
    "GatherNd": "params:f indices:i", "ScatterNd": "indices:i updates:f shape:i",
    "TensorScatterUpdate": "tensor:f indices:i updates:f", "TensorScatterAdd": "tensor:f indices:i updates:f",
    "SegmentSum": "data:f segment_ids:i", "SparseSegmentSum": "data:f indices:i segment_ids:i",
    "UnsortedSegmentSum": "data:f segment_ids:i num_segments:i", "StridedSlice": "input:f begin:i end:i strides:i",
    "Slice": "input:f begin:i size:i", "Tile": "input:f multiples:i", "Pad": "input:f paddings:i",
    "PadV2": "input:f paddings:i constant_values:f", "Transpose": "x:f perm:i", "Reshape": "tensor:f shape:i",
    "BroadcastTo": "input:f shape:i", "Fill": "dims:i value:f", "ReverseV2": "tensor:f axis:i",
    "MatrixDiagPartV2": "input:f k:i padding_value:f", "MatrixSetDiag": "input:f diagonal:f",
    "MatrixSetDiagV2": "input:f diagonal:f k:i", "SparseReorder": "input_indices:l input_values:f input_shape:l",
    "SparseReshape": "input_indices:l input_shape:l new_shape:l", "SerializeSparse":
    "sparse_indices:l sparse_values:f sparse_shape:l", "SerializeManySparse":
    "sparse_indices:l sparse_values:f sparse_shape:l", "SparseFillEmptyRows":
    "indices:l values:f dense_shape:l default_value:f", "SparseFillEmptyRowsGrad": "reverse_index_map:l grad_values:f",
    "SparseTensorDenseMatMul": "a_indices:l a_values:f a_shape:l b:f", "SparseTensorDenseAdd":
    "a_indices:l a_values:f a_shape:l b:f", "SparseToDense":
    "sparse_indices:l output_shape:l sparse_values:f default_value:f", "SparseReduceSum":
    "input_indices:l input_values:f input_shape:l reduction_axes:i", "SparseSlice":
    "indices:l values:f shape:l start:l size:l", "SparseSoftmax": "sp_indices:l sp_values:f sp_shape:l",
    "AdjustContrastv2": "images:f contrast_factor:f", "AdjustHue": "images:f delta:f", "DrawBoundingBoxesV2":
    "images:f boxes:f colors:f", "ResizeBilinear": "images:f size:i", "ResizeNearestNeighborGrad": "grads:f size:i",
    "FakeQuantWithMinMaxVars": "inputs:f min:f max:f", "FakeQuantWithMinMaxVarsGradient":
    "gradients:f inputs:f min:f max:f", "FakeQuantWithMinMaxVarsPerChannelGradient":
    "gradients:f inputs:f min:f max:f", "LRNGrad": "input_grads:f input_image:f output_image:f",
    "StatelessMultinomial": "logits:f num_samples:i seed:i", "CTCLoss":
    "inputs:f labels_indices:l labels_values:i sequence_length:i", "Substr": "input:s pos:i len:i",
    "StringSplitV2": "input:s sep:s", "Betainc": "a:f b:f x:f", "ClipByValue":
    "t:f clip_value_min:f clip_value_max:f", "Bucketize": "input:f", "Diag": "diagonal:f", "DiagPart": "input:f",
    "Cholesky": "input:f", "CholeskyGrad": "l:f grad:f", "MatrixDeterminant": "input:f", "Qr": "input:f",
    "InvertPermutation": "x:i", "Where": "condition:f", "Bincount": "arr:i size:i weights:f",
}
ATTRS = {"Bucketize": {"boundaries": [1.0, 2.0]}, "InTopK": {"k": 1}}
TYPES = {"f": "float32", "i": "int32", "l": "int64", "s": "string"}


class Drawn(object):
    """Numbers that both Pythons draw alike."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 1103515245 + 12345) % 2147483648
        return (self.state >> 16) % limit

    def shape(self, base):
        kind = self.below(10)
        if kind == 0:
            return None
        sizes = list(base) if kind < 6 else [1 + self.below(3) for _ in range(self.below(5))]
        return [None if self.below(8) == 0 else size for size in sizes]


@program
def drawn_shapes_of_inputs(tf):
    facts = {}
    for seed, name in enumerate(sorted(FITTING)):
        drawn, said = Drawn(seed + 7), []
        for _ in range(12):
            base = [1 + drawn.below(3) for _ in range(1 + drawn.below(4))]
            with tf.Graph().as_default():
                given = {}
                for part in FITTING[name].split():
                    argument, kind = part.split(":")
                    given[argument] = tf.placeholder(getattr(tf, TYPES[kind]), drawn.shape(base))
                given.update(ATTRS.get(name, {}))
                try:
                    getattr(tf.raw_ops, name)(**given)
                    outputs = tf.get_default_graph().get_operations()[-1].outputs
                    said.append([str(output.shape) for output in outputs])
                except ValueError as error:
                    said.append(words(error))
        facts[name] = said
    return Case(facts=facts)


@program
def windows_with_attrs_of_another_length(tf):
    """Strides, sizes and dilations of a window that are not as many as the dimensions."""
    def image(*sizes):
        return tf.placeholder(tf.float32, sizes)

    four, five, six = [1] * 4, [1] * 5, [1] * 6
    plane, volume, weights = image(1, 8, 8, 2), image(1, 8, 8, 8, 2), image(2, 2, 2, 3)
    raw = tf.raw_ops
    calls = []
    for strides in (four, five):
        for other in (four, five):
            calls += [
                lambda s=strides, d=other: raw.Conv2D(input=plane, filter=weights, strides=s, dilations=d,
                                                      padding="SAME"),
                lambda s=strides, d=other: raw.AvgPool(value=plane, ksize=d, strides=s, padding="SAME"),
                lambda s=strides, d=other: raw.MaxPool(input=plane, ksize=d, strides=s, padding="SAME"),
                lambda s=strides, d=other: raw.MaxPoolWithArgmax(input=plane, ksize=d, strides=s, padding="SAME"),
                lambda s=strides, d=other: raw.ExtractImagePatches(images=plane, ksizes=d, strides=s, rates=s,
                                                                   padding="SAME"),
                lambda s=strides, d=other: raw.Dilation2D(input=plane, filter=image(2, 2), strides=s, rates=d,
                                                          padding="SAME"),
                lambda s=strides, d=other: raw.MaxPoolGradGrad(orig_input=plane, orig_output=image(1, 8, 8, 3),
                                                               grad=image(1, 2, 3, 4), ksize=d, strides=s,
                                                               padding="SAME")]
    for strides in (five, six):
        for other in (five, six):
            calls += [
                lambda s=strides, d=other: raw.Conv3D(input=volume, filter=image(2, 2, 2, 2, 3), strides=s,
                                                      dilations=d, padding="SAME"),
                lambda s=strides, d=other: raw.AvgPool3D(input=volume, ksize=d, strides=s, padding="SAME"),
                lambda s=strides, d=other: raw.MaxPool3D(input=volume, ksize=d, strides=s, padding="SAME")]
    said = []
    for call in calls:
        try:
            said.append(str(call()[0].shape if isinstance(call(), tuple) else call().shape))
        except ValueError as error:
            said.append(words(error))
    return Case(facts={"said": said})


@program
def refused_while_they_run(tf):
    """Values whose shapes or numbers do not fit, of inputs of which nothing is known while the graph is built."""
    raw = tf.raw_ops
    square, rows = np.ones((2, 2), np.float32), np.ones((2, 3), np.float32)
    runs = [
        ("DynamicPartition", {"data": square, "partitions": np.array([[0, 1], [1, 9]], np.int32)},
         {"num_partitions": 2}),
        ("GatherNd", {"params": square, "indices": np.array([5], np.int32)}, {}),
        ("GatherV2", {"params": square}, {"indices": [0], "axis": 5}),
        ("GatherV2", {"params": square}, {"indices": [0], "axis": -3}),
        ("UnsortedSegmentSum", {"data": square, "segment_ids": np.array(5, np.int32)}, {"num_segments": 2}),
        ("UnsortedSegmentSum", {"data": square, "segment_ids": np.array([0, 1], np.int32)}, {"num_segments": -1}),
        ("TensorScatterAdd", {"tensor": rows, "indices": np.array([[1]], np.int32), "updates": square[:1]}, {}),
        ("TensorScatterAdd", {"tensor": rows, "indices": np.array(1, np.int32), "updates": square}, {}),
        ("Softmax", {"logits": np.float32(1)}, {}), ("LogSoftmax", {"logits": np.float32(1)}, {}),
        ("Cross", {"a": square, "b": square}, {}), ("CholeskyGrad", {"l": rows, "grad": rows}, {}),
        ("SerializeSparse", {"sparse_indices": np.zeros((2, 2), np.int64), "sparse_values": square,
                             "sparse_shape": np.ones(2, np.int64)}, {}),
        ("SerializeManySparse", {"sparse_indices": np.zeros((2, 2), np.int64), "sparse_values":
                                 np.ones(3, np.float32), "sparse_shape": np.ones(2, np.int64)}, {}),
        ("InplaceUpdate", {"x": square, "i": np.zeros((1, 1), np.int32), "v": rows}, {}),
        ("PadV2", {"input": square, "paddings": np.ones((2, 2), np.int32), "constant_values": square}, {}),
        ("SparseReduceSum", {"input_indices": np.zeros((1, 2), np.int64), "input_values": square, "input_shape":
                             np.ones((2, 1), np.int64), "reduction_axes": np.array([0], np.int32)}, {}),
        ("SparseToDense", {"sparse_indices": np.zeros((1, 2), np.int64), "output_shape": np.ones(3, np.int64),
                           "sparse_values": square, "default_value": square}, {}),
        ("SparseAddGrad", {"backprop_val_grad": square, "a_indices": np.zeros(2, np.int64), "b_indices":
                           np.zeros((1, 2), np.int64), "sum_indices": np.zeros((1, 2), np.int64)}, {})]
    said = []
    for name, fed, given in runs:
        with tf.Graph().as_default(), tf.Session() as session:
            feeds = {}
            given = dict(given)
            for argument, value in fed.items():
                given[argument] = tf.placeholder(np.asarray(value).dtype, None)
                feeds[given[argument]] = value
            try:
                said.append(np.asarray(session.run(getattr(raw, name)(**given), feeds)).tolist())
            except tf.errors.OpError as error:
                said.append([name, type(error).__name__, error.message.split("\n")[0]])
    return Case(facts={"said": said})
