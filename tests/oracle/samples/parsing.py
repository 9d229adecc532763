"""Samples for the ops of parsing: lines of numbers, messages, packed bytes."""

import gzip
import zlib

import numpy as np
from oracle.samples.values import N, f32, f64, i32, i64, row, text

from tfmagic import tf


def _example(**features):
    """An Example's bytes: of integers, floats, or strings."""
    made = tf.train.Example()
    for name, values in features.items():
        kind = {int: "int64_list", bytes: "bytes_list", float: "float_list"}[type(values[0])]
        getattr(made.features.feature[name], kind).value.extend(values)
    return made.SerializeToString(deterministic=True)


FIRST, SECOND = _example(a=[1, 2], b=[0.5, -1.5], c=[b"x", b"yz"]), _example(a=[3], b=[2.0, 4.0], c=[b""])
LACKING = _example(a=[7], c=[b"w"])
BOTH = text([FIRST, SECOND])
NONE = {"sparse_keys": [], "sparse_types": [], "dense_keys": [], "dense_defaults": [], "dense_shapes": []}
SPARSE = {**NONE, "sparse_keys": [text("a"), text("c")], "sparse_types": ["int64", "string"]}
DENSE = {**NONE, "dense_keys": [text("b")], "dense_shapes": [[2]]}


def _tensor(array):
    return text(tf.make_tensor_proto(array).SerializeToString())


def _csv(*lines, **more):
    """Lines of an integer, a float that may be missing, and a word."""
    return row(records=text(list(lines)), record_defaults=[i32([]), f32([0.5]), text(["none"])], **more)


SAMPLES = {
    "DecodeCSV": [
        _csv("1,2.5,a", "-3,,", "7,1e-3,\"x,\"\"y\"\"\""),
        _csv("1;2.5;a", field_delim=";"), _csv("1,\"2.5\",a", use_quote_delim=False), _csv("1,NA,NA", na_value="NA"),
        _csv("9,1,8,2,b", select_cols=[0, 3, 4]), _csv(), row(records=text("4,5"), record_defaults=[i64([1]), f64(2)]),
        _csv(",1,a"), _csv("1,2"), _csv("1,2,3,4"), _csv("x,2,a"), _csv("1,x,a"), _csv("1,2,\"a"), _csv("1,2,a\"b"),
        _csv("99999999999,2,a"), _csv("1, 2 ,a"), _csv(" 1,2,a"), _csv("1,2,a\n"), _csv("1,2,\"a\"b"),
        _csv("1,1e999,a"),
        _csv("1,2,3", field_delim="::"), _csv("1,2,3", select_cols=[2, 1, 0]), _csv("1,2,3", select_cols=[0, 1]),
        _csv("1,2,3", select_cols=[0, 1, 9]), _csv("0x10,inf,a"), _csv("1,nan,a"), _csv("+1,+2,a"), _csv(""),
    ],
    "ParseExample": [
        row(serialized=BOTH, names=text([]), **SPARSE),
        row(serialized=BOTH, names=text([]), **{**DENSE, "dense_defaults": [f32([])]}),
        row(serialized=text([LACKING, FIRST]), names=text(["l", "f"]), **{**DENSE, "dense_defaults": [f32([9, 8])]}),
        row(serialized=text([LACKING, FIRST]), names=text(["l", "f"]), **{**DENSE, "dense_defaults": [f32([])]}),
        row(serialized=text([LACKING, FIRST]), names=text([]), **{**DENSE, "dense_defaults": [f32([])]}),
        row(serialized=BOTH, names=text([]), **{**DENSE, "dense_defaults": [f32([])], "dense_shapes": [[3]]}),
        row(serialized=BOTH, names=text([]), **{**DENSE, "dense_keys": [text("a")], "dense_shapes": [[None]],
                                                "dense_defaults": [i64([-1])]}),
        row(serialized=BOTH, names=text([]), **{**SPARSE, "sparse_types": ["float32", "string"]}),
        row(serialized=text([b"\xffno"]), names=text([]), **SPARSE), row(serialized=text([]), names=text([]), **SPARSE),
    ],
    "ParseSingleExample": [
        row(serialized=text(FIRST), sparse_keys=["a", "c"], sparse_types=["int64", "string"], dense_keys=["b"],
            num_sparse=2, dense_defaults=[f32([])], dense_shapes=[[2]]),
        row(serialized=text(LACKING), sparse_keys=["d"], sparse_types=["float32"], dense_keys=["a", "b"],
            num_sparse=1, dense_defaults=[i64([]), f32([1, 2])], dense_shapes=[[1], [2]]),
        row(serialized=text(LACKING), sparse_keys=[], sparse_types=[], dense_keys=["b"], num_sparse=0,
            dense_defaults=[f32([])], dense_shapes=[[2]]),
    ],
    "ParseTensor": [row(serialized=_tensor(array), out_type=kind) for array, kind in (
        (np.float32([[1.5, -2]]), "float32"), (np.int64(7), "int64"), (np.array([b"a", b"bc"], object), "string"),
        (np.float32([1]), "int32"), (np.array([True, False]), "bool"), (np.zeros((0, 3), np.float16), "float16"))]
    + [row(serialized=text(b"\xffno"), out_type="float32"), row(serialized=text(b""), out_type="float32")],
    "SerializeTensor": [row(tensor=N(2, 2)), row(tensor=N()), row(tensor=N(0, 3)), row(tensor=f32([2] * 9))],
    "DecodeCompressed": [row(bytes=text([b"plain", b""])), row(bytes=text([zlib.compress(b"abc" * 9)]),
                                                               compression_type="ZLIB"),
                         row(bytes=text([gzip.compress(b"abc" * 9, mtime=0)]), compression_type="GZIP"),
                         row(bytes=text(b"none"), compression_type="ZLIB"),
                         row(bytes=text(b"none"), compression_type="BZIP")],
}
