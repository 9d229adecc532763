"""Windows of layers in a GraphDef: sizes, strides and paddings, where the graph itself tells them."""

from __future__ import annotations

from typing import Any, NamedTuple

from tfmagic.formats.tensor_proto import make_ndarray

# Layers that see no more than their input.
_UNCHANGED = frozenset({
    "Add", "AddV2", "BiasAdd", "Cast", "Ceil", "ConcatV2", "Const", "Floor", "FusedBatchNorm", "GreaterEqual",
    "Identity", "LRN", "Log", "Mul", "Pow", "RealDiv", "Relu", "Relu6", "Round", "Rsqrt", "Softplus", "Sub",
    "VariableV2"})
_CONVOLUTIONS = frozenset({"Conv2D", "DepthwiseConv2dNative"})
_POOLS = frozenset({"AvgPool", "MaxPool"})

Pair = tuple[Any, Any]


class Window(NamedTuple):
    """A layer's window.

    Attributes:
      size, stride: in each direction, y first.
      before: how many rows and columns of padding stand before the input; None where the size of the input decides.
      beside: how many there are in all.
      keeps_size: whether the padding is such that only the stride makes the output smaller.
    """

    size: Pair = (1, 1)
    stride: Pair = (1, 1)
    before: Pair = (0, 0)
    beside: Pair = (0, 0)
    keeps_size: bool = False


def is_known(op_type: str) -> bool:
    """Whether the window of such a node is known."""
    return op_type in _UNCHANGED or op_type in _CONVOLUTIONS or op_type in _POOLS or op_type == "Pad"


def window(node: Any, nodes: dict[str, Any], input_size: Any) -> Window:
    """The window of a node.

    Args:
      nodes: the nodes of the graph, by name.
      input_size: (height, width) of its input, or None.

    Raises:
      ValueError: the layer is unknown, or its weights or paddings do not stand in the graph.
    """
    if node.op in _UNCHANGED:
        return Window()
    if node.op == "Pad":
        beside = _paddings(node, nodes)
        return Window(before=tuple(beside[:, 0].tolist()), beside=tuple(beside.sum(1).tolist()))
    if node.op in _CONVOLUTIONS:
        size = _weights(node, nodes)
    elif node.op in _POOLS:
        size = _in_plane(node, node.attr["ksize"].list.i)
    else:
        raise ValueError(f"Unknown layer for operation '{node.name}': {node.op}")
    stride = _in_plane(node, node.attr["strides"].list.i)
    if node.attr["padding"].s == b"VALID":
        return Window(size, stride)
    beside = tuple(map(_same, size, stride, input_size or (None, None)))
    if None in beside:
        return Window(size, stride, (None, None), (None, None), True)
    return Window(size, stride, tuple(count // 2 for count in beside), beside, True)


def _same(size: int, stride: int, given: int | None) -> int | None:
    """How much "SAME" pads in one direction, where that is known."""
    if given is not None:
        return max(size - (given % stride or stride), 0)
    if stride == 1 or size == 1:
        return size - 1
    # An odd size of the input makes it one more, whose half is the same.
    return size - 2 if stride == 2 and size % 2 == 0 else None


def _in_plane(node: Any, numbers: Any) -> Pair:
    place = 2 if node.attr["data_format"].s == b"NCHW" else 1
    return int(numbers[place]), int(numbers[place + 1])


def _weights(node: Any, nodes: dict[str, Any]) -> Pair:
    name = node.input[1]
    if not name.endswith("/read"):
        raise ValueError("Weight layer's name input to conv layer does not end with '/read'")
    dims = nodes[name.removesuffix("/read")].attr["shape"].shape.dim
    return dims[0].size, dims[1].size


def _paddings(node: Any, nodes: dict[str, Any]) -> Any:
    """[y and x, before and after]."""
    name = node.input[1]
    if not name.endswith("/paddings"):
        raise ValueError("Padding layer name does not end with '/paddings'")
    return make_ndarray(nodes[name].attr["value"].tensor)[1:3]
