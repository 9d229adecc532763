"""Smaller graphs for inference: `strip_unused_lib`, `optimize_for_inference_lib` of `tensorflow.python.tools`."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfmagic.base import tf_logging
from tfmagic.formats import tensor_proto
from tfmagic.graphdef.graph_util import extract_sub_graph, remove_training_nodes, rewritten

# Where a node that normalises batches has its inputs: convolution, mean, variance, offset, scale; and its epsilon.
_INPUTS = {"BatchNormWithGlobalNormalization": (0, 1, 2, 3, 4), "FusedBatchNorm": (0, 3, 4, 2, 1)}
_EPSILON = {"BatchNormWithGlobalNormalization": "variance_epsilon", "FusedBatchNorm": "epsilon"}


def strip_unused(input_graph_def: Any, input_node_names: Sequence[str], output_node_names: Sequence[str],
                 placeholder_type_enum: int | Sequence[int]) -> Any:
    """The part of a graph between some nodes; those at which it begins become placeholders.

    Args:
      input_graph_def: a `GraphDef`.
      input_node_names, output_node_names: the names of nodes.
      placeholder_type_enum: the type of the placeholders, one or one for each.

    Raises:
      KeyError: an input is not there.
      ValueError: a name is that of a tensor.
    """
    for name in input_node_names:
        if ":" in name:
            raise ValueError(f"Name '{name}' appears to refer to a Tensor, not a Operation.")
    missing = set(input_node_names) - {node.name for node in input_graph_def.node}
    if missing:
        raise KeyError(f"The following input nodes were not found: {missing}")
    opened = rewritten(input_graph_def)
    for node in input_graph_def.node:
        new = opened.node.add()
        if node.name not in input_node_names:
            new.CopyFrom(node)
            continue
        new.op, new.name = "Placeholder", node.name
        types = placeholder_type_enum
        new.attr["dtype"].type = types if isinstance(types, int) else types[list(input_node_names).index(node.name)]
        if "_output_shapes" in node.attr:
            new.attr["_output_shapes"].CopyFrom(node.attr["_output_shapes"])
        if "shape" in node.attr:
            new.attr["shape"].CopyFrom(node.attr["shape"])
    return extract_sub_graph(opened, list(output_node_names))


def optimize_for_inference(input_graph_def: Any, input_node_names: Sequence[str], output_node_names: Sequence[str],
                           placeholder_type_enum: int | Sequence[int], toco_compatible: bool = False) -> Any:
    """A graph without what only training needs: checks and identities, batch norms folded, resizing fused.

    Args:
      input_graph_def: a frozen `GraphDef`.
      input_node_names, output_node_names, placeholder_type_enum: as for `strip_unused`.
      toco_compatible: whether only nodes may come of it that TensorFlow Lite has.

    Raises:
      ValueError: the graph has two nodes of a name, or an input that is not there.
    """
    ensure_graph_is_valid(input_graph_def)
    graph_def = strip_unused(input_graph_def, input_node_names, output_node_names, placeholder_type_enum)
    graph_def = fold_batch_norms(remove_training_nodes(graph_def, list(output_node_names)))
    if not toco_compatible:
        graph_def = fuse_resize_and_conv(graph_def, output_node_names)
    ensure_graph_is_valid(graph_def)
    return graph_def


def ensure_graph_is_valid(graph_def: Any) -> None:
    """Refuse a graph that cannot be imported.

    Raises:
      ValueError: it has two nodes of a name, or an input that is not there.
    """
    names = set()
    for node in graph_def.node:
        if node.name in names:
            raise ValueError("Duplicate node names detected for ", node.name)
        names.add(node.name)
    for node in graph_def.node:
        for text in node.input:
            if node_name_from_input(text) not in names:
                raise ValueError("Input for ", node.name, " not found: ", text)


def node_name_from_input(node_name: str) -> str:
    """The node that an input such as "^x" or "x:1" means."""
    name = node_name.removeprefix("^")
    return re.sub(r":\d+$", "", name)


def node_from_map(node_map: Mapping[str, Any], name: str) -> Any:
    """The node that an input means, of a dictionary of nodes by name.

    Raises:
      ValueError: there is none.
    """
    stripped = node_name_from_input(name)
    if stripped not in node_map:
        raise ValueError(f"No node named '{name}' found in map.")
    return node_map[stripped]


def values_from_const(node_def: Any) -> np.ndarray:
    """The value of a constant.

    Raises:
      ValueError: it is none.
    """
    if node_def.op != "Const":
        raise ValueError(f"Node named '{node_def.name}' should be a Const op for values_from_const.")
    return tensor_proto.make_ndarray(node_def.attr["value"].tensor)


def fold_batch_norms(input_graph_def: Any) -> Any:
    """A graph in which convolutions have the weights that make the batch norm after them an addition.

    Args:
      input_graph_def: a frozen `GraphDef`; folded are BatchNormWithGlobalNormalization and FusedBatchNorm.
    """
    nodes = {node.name: node for node in input_graph_def.node}
    if len(nodes) != len(input_graph_def.node):
        name = next(n.name for i, n in enumerate(input_graph_def.node) if n is not nodes[n.name] and i)
        raise ValueError("Duplicate node names detected for ", name)
    gone: set[str] = set()
    new: list[Any] = []
    for node in input_graph_def.node:
        if node.op in _INPUTS:
            parts = _parts(node, nodes)
            if parts is not None:
                new += _folded(node, *parts)
                gone.update({node.name, *(part.name for part in parts)})
    return _with_nodes(input_graph_def, [n for n in input_graph_def.node if n.name not in gone] + new)


def _parts(node: Any, nodes: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Convolution, weights, mean, variance, offset and scale of a batch norm; None where they are not constants."""
    conv, *rest = (node_from_map(nodes, node.input[i]) for i in _INPUTS[node.op])
    if conv.op not in ("Conv2D", "DepthwiseConv2dNative"):
        tf_logging.warning("Didn't find expected Conv2D or DepthwiseConv2dNative input to '%s'", node.name)
        return None
    weights = node_from_map(nodes, conv.input[1])
    if weights.op != "Const":
        tf_logging.warning("Didn't find expected conv Constant input to '%s', found %s instead. Maybe because "
                           "freeze_graph wasn't run first?", conv.name, weights)
        return None
    width = values_from_const(weights).shape
    channels = width[3] if conv.op == "Conv2D" else width[2] * width[3]
    for part, what in zip(rest, ("mean", "variance", "beta", "gamma")):
        if part.op != "Const":
            tf_logging.warning("Didn't find expected %s Constant input to '%s', found %s instead. Maybe because "
                               "freeze_graph wasn't run first?", what, node.name, part)
            return None
        if values_from_const(part).shape != (channels,):
            tf_logging.warning("Incorrect shape for %s, found %s, expected %s, for node %s", what,
                               values_from_const(part).shape, (channels,), node.name)
            return None
    return (conv, weights, *rest)


def _folded(node: Any, conv: Any, weights: Any, mean: Any, variance: Any, offset: Any, scale: Any) -> list[Any]:
    """The nodes that take the place of a convolution and the batch norm after it."""
    deviation = np.sqrt(values_from_const(variance) + np.float32(node.attr[_EPSILON[node.op]].f))
    factor = 1 / deviation
    if node.op == "FusedBatchNorm" or node.attr["scale_after_normalization"].b:
        factor = factor * values_from_const(scale)
    old = values_from_const(weights)
    by_channel = factor if conv.op == "Conv2D" else factor.reshape(old.shape[2:])
    new_weights = _constant(weights, weights.name, old * by_channel.astype(old.dtype))
    bias = values_from_const(offset) - values_from_const(mean) * factor
    new_offset = _constant(weights, conv.name + "_bn_offset", bias.astype(np.float32))
    addition = type(node)(name=node.name, op="BiasAdd", input=[conv.name, new_offset.name])
    addition.attr["T"].CopyFrom(conv.attr["T"])
    addition.attr["data_format"].CopyFrom(conv.attr["data_format"])
    return [new_weights, copy.deepcopy(conv), new_offset, addition]


def _constant(like: Any, name: str, value: np.ndarray) -> Any:
    node = type(like)(name=name, op="Const")
    node.attr["dtype"].CopyFrom(like.attr["dtype"])
    node.attr["value"].tensor.CopyFrom(tensor_proto.make_tensor_proto(value))
    return node


def _with_nodes(graph_def: Any, nodes: list[Any]) -> Any:
    """A graph with the functions of another."""
    made = rewritten(graph_def)
    made.node.extend(nodes)
    return made


def fuse_resize_and_conv(input_graph_def: Any, output_node_names: Sequence[str]) -> Any:
    """A graph in which a convolution does the bilinear resizing and the mirrored padding before it itself.

    Args:
      input_graph_def: a `GraphDef`.
      output_node_names: the names of nodes that stay.
    """
    nodes = {node.name: node for node in input_graph_def.node}
    readers: dict[str, int] = {}
    for node in input_graph_def.node:
        for text in node.input:
            readers[node_name_from_input(text)] = readers.get(node_name_from_input(text), 0) + 1
    gone: set[str] = set()
    new: list[Any] = []
    for node in input_graph_def.node:
        if node.op != "Conv2D":
            continue
        pad = resize = None
        before = node_from_map(nodes, node.input[0])
        if before.op == "MirrorPad" and readers[before.name] == 1 and before.name not in output_node_names:
            pad, before = before, node_from_map(nodes, before.input[0])
        if before.op == "ResizeBilinear" and readers[before.name] == 1 and before.name not in output_node_names:
            resize, before = before, node_from_map(nodes, before.input[0])
        if pad is None and resize is None:
            continue
        gone.update({node.name, *(part.name for part in (pad, resize) if part is not None)})
        new += _fused(node, pad, resize)
    return _with_nodes(input_graph_def, [n for n in input_graph_def.node if n.name not in gone] + new)


def _fused(conv: Any, pad: Any, resize: Any) -> list[Any]:
    """The convolution that pads and resizes, with the constants that it needs."""
    made = []
    first = resize if resize is not None else pad
    fused = type(conv)(name=conv.name, op="FusedPadConv2D" if resize is None else "FusedResizeAndPadConv2D",
                       input=[first.input[0]])
    if resize is not None:
        fused.input.append(resize.input[1])
    if pad is not None:
        fused.input.append(pad.input[1])
        fused.attr["mode"].CopyFrom(pad.attr["mode"])
    else:
        nothing = type(conv)(name=conv.name + "_dummy_paddings", op="Const")
        nothing.attr["dtype"].type = 3  # DT_INT32
        nothing.attr["value"].tensor.CopyFrom(tensor_proto.make_tensor_proto(np.zeros([4, 2], np.int32)))
        made.append(nothing)
        fused.input.append(nothing.name)
        fused.attr["mode"].s = b"REFLECT"
    fused.input.append(conv.input[1])
    for name in ("T", "strides", "padding"):
        fused.attr[name].CopyFrom(conv.attr[name])
    if resize is not None:
        fused.attr["resize_align_corners"].CopyFrom(resize.attr["align_corners"])
    return [*made, fused]
