"""Transforms of weights: fewer bits, fewer values, and batch norms folded into the convolutions before them."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from tfmagic.base import dtypes, messages
from tfmagic.formats import tensor_proto
from tfmagic.tf.graph_transforms.context import Context, refuse
from tfmagic.tf.graph_transforms.graphs import Match, Pattern, graph_of, matches, replaced

_FLOAT = dtypes.float32.as_datatype_enum
_FEWEST_ROUNDED = 16
_CONVOLUTION: Pattern = ("Conv2D|MatMul|DepthwiseConv2dNative", ("*",), ("Const",))


def constant(name: str, value: Any, dtype: dtypes.DType = dtypes.float32) -> Any:
    """A Const node."""
    node = messages.module("node_def_pb2").NodeDef(name=name, op="Const")
    node.attr["dtype"].type = dtype.as_datatype_enum
    array = np.asarray(value, order="C")
    proto = tensor_proto.of_content(array.tobytes(), dtype, array.shape)
    node.attr["value"].tensor.CopyFrom(proto)
    return node


def value_of(node: Any) -> np.ndarray:
    """The value of a Const node."""
    return tensor_proto.make_ndarray(node.attr["value"].tensor)


def _is_weights(node: Any, least: int) -> bool:
    return node.attr["dtype"].type == _FLOAT and value_of(node).size >= least


def quantize_weights(graph: Any, context: Context) -> Any:
    """Float constants of at least minimum_size numbers as bytes and a node that makes floats of them."""
    least = context.number("minimum_size", 1024)

    def make(match: Match, needed: set[str]) -> list[Any]:
        node = match.node
        if not _is_weights(node, least):
            return [node]
        values = value_of(node)
        low, high = np.float32(min(values.min(), 0.0)), np.float32(max(values.max(), 0.0))
        if low == high:
            high = np.float32(low + 1 if abs(low) < 0.000001 else 2 * low if low > 0 else low / 2)
        scale = 256.0 / (float(high - low) * (256.0 / 255.0))
        steps = _rounded(values.astype(np.float64) * scale) - _rounded(np.float64(low) * scale)
        names = [node.name + suffix for suffix in ("_quantized_const", "_quantized_min", "_quantized_max")]
        parts = [constant(names[0], np.clip(steps, 0, 255).astype(np.uint8), dtypes.quint8),
                 constant(names[1], low), constant(names[2], high)]
        back = type(node)(name=node.name, op="Dequantize", input=names)
        back.attr["T"].type, back.attr["mode"].s = dtypes.quint8.as_datatype_enum, b"MIN_FIRST"
        return [*parts, back]

    return replaced(graph, ("Const",), make)


def _rounded(x: Any) -> Any:
    """Whole numbers, halves away from zero."""
    return np.copysign(np.floor(np.abs(x) + 0.5), x)


def round_weights(graph: Any, context: Context) -> Any:
    """Float constants with at most num_steps values each."""
    steps = context.number("num_steps", 256)

    def make(match: Match, needed: set[str]) -> list[Any]:
        node = match.node
        if not _is_weights(node, _FEWEST_ROUNDED):
            return [node]
        values = value_of(node)
        low, high = values.min(), values.max()
        if low == high:
            if abs(low) < 0.000001:
                high = np.float32(low + np.finfo(np.float32).tiny)
            elif low > 0:
                high = np.float32(2 * low)
            else:
                low = np.float32(2 * low)
        width = np.float32((high - low) / np.float32(steps))
        bucket = np.floor((values - low) / width)
        return [constant(node.name, (low + (bucket + np.float32(0.5)) * width).astype(np.float32))]

    return replaced(graph, ("Const",), make)


def fold_batch_norms(graph: Any, context: Context) -> Any:
    """A product with a constant vector after a convolution or matrix product becomes part of its weights.

    Raises:
      InvalidArgumentError: the vector does not have a number for each channel.
    """
    def make(match: Match, needed: set[str]) -> list[Any]:
        product, convolution = match.node, match.inputs[0].node
        source, weights = (one.node for one in match.inputs[0].inputs)
        factors = match.inputs[1].node
        if needed & {convolution.name, weights.name, factors.name}:
            return [product, convolution, source, weights, factors]
        old, vector = value_of(weights), value_of(factors)
        channels = old.shape[2] * old.shape[3] if convolution.op == "DepthwiseConv2dNative" else old.shape[-1]
        if vector.shape != (channels,):
            refuse(f"Mul constant input to batch norm has bad shape: {list(vector.shape)}".replace(" ]", "]"))
        new = copy.deepcopy(convolution)
        new.name = product.name
        scaled = (old.reshape(-1, channels) * vector).reshape(old.shape)
        return [constant(weights.name, scaled), source, new]

    return replaced(graph, ("Mul", _CONVOLUTION, ("Const",)), make)


def fold_old_batch_norms(graph: Any, context: Context) -> Any:
    """BatchNormWithGlobalNormalization and FusedBatchNorm after a convolution become part of its weights and a bias."""
    convolution: Pattern = ("Conv2D|DepthwiseConv2dNative", ("*",), ("Const",))
    kinds = "BatchNormWithGlobalNormalization|FusedBatchNorm"
    spread: Pattern = ("BatchToSpaceND", convolution, ("Const",), ("Const",))
    graph = graph_of(graph.node)
    for before in (convolution, spread):
        pattern = (kinds, before, *[("Const",)] * 4)
        while next(matches(graph, pattern), None) is not None:  # what one reads may be the end of another
            graph = replaced(graph, pattern, _folded)
    return graph


def _folded(match: Match, needed: set[str]) -> list[Any]:
    norm, before = match.node, match.inputs[0]
    spread = before if before.node.op == "BatchToSpaceND" else None
    convolution = before.inputs[0] if spread is not None else before
    source, weights = (one.node for one in convolution.inputs)
    if norm.op == "FusedBatchNorm":
        scale, offset, mean, variance = (value_of(one.node) for one in match.inputs[1:])
        factors = scale / np.sqrt(variance + np.float32(norm.attr["epsilon"].f))
    else:
        mean, variance, offset, scale = (value_of(one.node) for one in match.inputs[1:])
        factors = 1 / np.sqrt(variance + np.float32(norm.attr["variance_epsilon"].f))
        if norm.attr["scale_after_normalization"].b:
            factors = factors * scale
    old = value_of(weights)
    channels = old.shape[3] if convolution.node.op == "Conv2D" else old.shape[2] * old.shape[3]
    for vector, what in ((mean, "Mean"), (variance, "Variance"), (offset, "Beta"), (scale, "gamma")):
        if vector.shape != (channels,):
            refuse(f"{what} constant input to batch norm has bad shape: {list(vector.shape)}")
    bias = constant(convolution.node.name + "_bn_offset", (offset - mean * factors).astype(np.float32))
    made = [constant(weights.name, (old.reshape(-1, channels) * factors).reshape(old.shape)), source,
            copy.deepcopy(convolution.node)]
    if spread is not None:
        made += [one.node for one in spread.inputs[1:]] + [spread.node]
    total = type(norm)(name=norm.name, op="BiasAdd", input=[before.node.name, bias.name])
    total.attr["T"].CopyFrom(convolution.node.attr["T"])
    if "data_format" in convolution.node.attr:
        total.attr["data_format"].CopyFrom(convolution.node.attr["data_format"])
    return [*made, bias, total]
