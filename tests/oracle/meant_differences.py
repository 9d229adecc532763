"""Where the recorded graphs of TensorFlow 2.21 differ from TensorFlow 1.15's, on purpose: 1.15 is what tfmagic makes.

Each row says why, where, and how a recorded node becomes the one that 1.15 makes.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from oracle import control_flow_115, gradients_115
from tfmagic.graph import opdefs


@dataclass(frozen=True)
class Difference:
    """One meant difference.

    Args:
        reason: what 1.15 does and 2.21 does not.
        edit: takes the recorded nodes and returns the nodes expected of tfmagic.
        programs: the programs it is about; none named means all.
    """

    reason: str
    edit: Callable[[list[dict]], list[dict]]
    programs: tuple[str, ...] = ()


def only_known_attrs(nodes):
    """Drops attrs that the op does not have in 1.15."""
    for node in nodes:
        known = opdefs.get(node["op"])
        attrs = node.get("attrs", {})
        if known is not None:
            node["attrs"] = {k: v for k, v in attrs.items() if k in known.attrs or k.startswith("_")}
        node.get("attrs", {}).pop("_has_manual_control_dependencies", None)
        if not node.get("attrs", True):
            del node["attrs"]
    return nodes


def retyped(pattern, op):
    """An edit that gives the nodes whose whole name matches `pattern` another op type."""

    def edit(nodes):
        for node in nodes:
            if re.fullmatch(pattern, node["name"]):
                node["op"] = op
        return nodes

    return edit


def replaced(pattern, lines):
    """An edit that puts nodes, written as JSON lines, in the place of those whose whole name matches `pattern`."""

    def edit(nodes):
        hits = [i for i, node in enumerate(nodes) if re.fullmatch(pattern, node["name"])]
        kept = [node for i, node in enumerate(nodes) if i not in set(hits)]
        new = [json.loads(line) for line in lines.strip().splitlines()]
        return kept[: hits[0]] + new + kept[hits[0] :]

    return edit


def add_of_tensors(nodes):
    """`tf.add` and the sums inside random ops are made by AddV2 since 2.x."""
    for node in nodes:
        last = node["name"].rsplit("/", 1)[-1]
        if node["op"] == "AddV2" and re.fullmatch(r"Add(_\d+)?", last):
            node["op"] = "Add"
    return nodes


def random_sums(nodes):
    """The last node of random_normal, truncated_normal and random_uniform is `Add` in 1.15."""
    makers = {n["name"].rsplit("/", 1)[0] for n in nodes
              if n["op"] in ("RandomStandardNormal", "TruncatedNormal", "RandomUniform") and "/" in n["name"]}
    for node in nodes:
        if node["op"] == "AddV2" and node["name"] in makers:
            node["op"] = "Add"
    return nodes


def scaled_uniforms(nodes):
    """random_uniform scales what it draws also when the bounds are 0 and 1: 2.21 leaves those nodes out."""
    names = {node["name"] for node in nodes}
    renamed: dict[str, str] = {}
    result = []
    for node in nodes:
        scope, _, last = node["name"].rpartition("/")
        if last != "RandomUniform" or scope in names:
            result.append({**node,
                           "inputs": [renamed.get(i,
                                                  i) for i in node["inputs"]]} if "inputs" in node else node)
            continue
        dtype = node["attrs"]["dtype"]
        low, high = ({"name": f"{scope}/{name}", "op": "Const",
                      "attrs": {"dtype": dtype, "value": {"dtype": dtype, "shape": [], "values": [value]}}}
                     for name, value in (("min", 0.0), ("max", 1.0)))
        sums = [{"name": name, "op": op, "inputs": inputs, "attrs": {"T": dtype}} for name, op, inputs in (
            (f"{scope}/sub", "Sub", [high["name"], low["name"]]),
            (f"{scope}/mul", "Mul", [node["name"], f"{scope}/sub"]),
            (scope, "Add", [f"{scope}/mul", low["name"]]))]
        result += [low, high, node, *sums]
        renamed[node["name"]] = scope
    return result


def const(name, dtype, value, shape=()):
    """A described Const node."""
    values = list(value) if isinstance(value, list | tuple) else [value]
    return {"name": name, "op": "Const",
            "attrs": {"dtype": dtype, "value": {"dtype": dtype, "shape": list(shape), "values": values}}}


def made(name, op, *inputs, **attrs):
    """A described node; its type attr T is float unless given."""
    return {"name": name, "op": op, "inputs": list(inputs), "attrs": {"T": "float", **attrs}}


def dropout(nodes):
    """1.15's dropout compares scaled random numbers with the rate and multiplies; 2.21's selects."""
    names = {node["name"]: node for node in nodes}
    result, renamed = [], {}
    for node in nodes:
        scope = node["name"].split("/")[0]
        select = names.get(f"{scope}/SelectV2")
        if select is None or scope == "gradients":
            result.append({**node, "inputs": [renamed.get(i, i) for i in node.get("inputs", [])]})
            if not node.get("inputs"):
                result[-1].pop("inputs")
            continue
        last = node["name"].partition("/")[2]
        rate = names.get(f"{scope}/GreaterEqual/y")
        if last in ("Const", "Sub"):
            if rate and last == "Const":
                result.append({**rate, "name": f"{scope}/rate"})
        elif last in ("Shape", "GreaterEqual") or last.startswith("random_uniform"):
            node = json.loads(json.dumps(node))
            if last == "GreaterEqual":
                rate_name = f"{scope}/rate" if rate else node["inputs"][1]
                node["inputs"] = [f"{scope}/random_uniform", rate_name]
                result += [const(f"{scope}/sub/x", "float", 1.0),
                           made(f"{scope}/sub", "Sub", f"{scope}/sub/x", rate_name),
                           const(f"{scope}/truediv/x", "float", 1.0),
                           made(f"{scope}/truediv", "RealDiv", f"{scope}/truediv/x", f"{scope}/sub")]
            result.append(node)
        elif last == "SelectV2":
            value = names[select["inputs"][1]]["inputs"][0]
            cast = {"DstT": "float", "SrcT": "bool", "Truncate": False}
            result += [made(f"{scope}/mul", "Mul", value, f"{scope}/truediv"),
                       {"name": f"{scope}/Cast", "op": "Cast", "inputs": [f"{scope}/GreaterEqual"],
                        "attrs": cast},
                       made(f"{scope}/mul_1", "Mul", f"{scope}/mul", f"{scope}/Cast")]
            renamed[node["name"]] = f"{scope}/mul_1"
    return result


def dropout_gradient(nodes):
    """The gradients of the two products that 1.15's dropout ends in."""
    first, second = "gradients/dropout/mul_1_grad", "gradients/dropout/mul_grad"
    new = [*product_gradient(first, "dropout/mul", "dropout/Cast", "gradients/Sum_grad/Tile"),
           *product_gradient(second, "Reshape", "dropout/truediv", f"{first}/tuple/control_dependency")]
    nodes = replaced(r"gradients/dropout/(SelectV2|RealDiv)_grad/.*", "\n".join(map(json.dumps, new)))(nodes)
    for node in nodes:
        node["inputs"] = [name.replace("dropout/RealDiv_grad",
                                       "dropout/mul_grad") for name in node.get("inputs", [])]
    return nodes


def product_gradient(scope, x, y, incoming):
    """The nodes of the gated gradient of a product whose shapes are not known."""
    def summed(suffix, value, part, shape):
        return [made(f"{scope}/Sum{suffix}", "Sum", value, part, Tidx="int32", keep_dims=False),
                made(f"{scope}/Reshape{suffix}", "Reshape", f"{scope}/Sum{suffix}", f"{scope}/{shape}",
                     Tshape="int32")]

    def held(suffix):
        result = f"{scope}/Reshape{suffix}"
        return made(f"{scope}/tuple/control_dependency{suffix}", "Identity", result,
                    f"^{scope}/tuple/group_deps",
                    _class=[f"loc:@{result}"])

    args = f"{scope}/BroadcastGradientArgs"
    return [
        made(f"{scope}/Shape", "Shape", x, out_type="int32"), made(f"{scope}/Shape_1", "Shape", y,
                                                                   out_type="int32"),
        made(args, "BroadcastGradientArgs", f"{scope}/Shape", f"{scope}/Shape_1", T="int32"),
        made(f"{scope}/Mul", "Mul", incoming, y), *summed("", f"{scope}/Mul", args, "Shape"),
        made(f"{scope}/Mul_1", "Mul", x, incoming), *summed("_1", f"{scope}/Mul_1", f"{args}:1", "Shape_1"),
        {"name": f"{scope}/tuple/group_deps", "op": "NoOp",
         "inputs": [f"^{scope}/Reshape", f"^{scope}/Reshape_1"]}, held(""), held("_1"),
    ]  # fmt: skip


def range_of_rank(nodes):
    """reduce_sum of a variable without axes forms them from its rank in 1.15: it is not a Tensor."""
    new = [const("Rank", "int32", 1), const("range/start", "int32", 0), const("range/delta", "int32", 1),
           {"name": "range", "op": "Range", "inputs": ["range/start", "Rank", "range/delta"],
            "attrs": {"Tidx": "int32"}}]
    nodes = replaced("Const_1", "\n".join(map(json.dumps, new)))(nodes)
    for node in nodes:
        node["inputs"] = ["range" if name == "Const_1" else name for name in node.get("inputs", [])]
    return nodes


def linear_space(scope, name, start, stop, count):
    """An edit that puts the one op LinSpace in the place of the many nodes that 2.21 builds it from."""

    def edit(nodes):
        new = [const(f"{name}/start", "float", start), const(f"{name}/stop", "float", stop),
               const(f"{name}/num", "int32", count),
               made(name, "LinSpace", f"{name}/start", f"{name}/stop", f"{name}/num", Tidx="int32")]
        return replaced(rf"{scope}(/.*)?", "\n".join(map(json.dumps, new)))(nodes)

    return edit


def plain_diagonals(nodes):
    """1.15's diagonal ops have no arguments for other diagonals."""
    inputs = {"MatrixDiagV3": 1, "MatrixSetDiagV3": 2, "MatrixDiagPartV3": 1}
    gone = {name for node in nodes if node["op"] in inputs for name in node["inputs"][inputs[node["op"]]:]}
    for node in nodes:
        if node["op"] in inputs:
            node["inputs"] = node["inputs"][:inputs[node["op"]]]
            node["op"] = node["op"].removesuffix("V3")
            node["attrs"].pop("align", None)
    return [node for node in nodes if node["name"] not in gone]


def shapes_of_ones(nodes):
    """ones_like names its static shape `Shape`, without a scope of its own."""
    renamed = {}
    for node in nodes:
        node["inputs"] = [renamed.get(name, name) for name in node.get("inputs", [])]
        if re.search(r"ones_like(_\d+)?/Shape/shape_as_tensor$", node["name"]):
            renamed[node["name"]] = node["name"].removesuffix("/shape_as_tensor")
            node["name"] = renamed[node["name"]]
    return nodes


def constant_slice_ends(nodes):
    """Ends that a slice leaves out are Python zeros and ones in 1.15, so that their list is one constant."""
    graph = {node["name"]: node for node in nodes}
    result, gone = [], set()
    for node in nodes:
        parts = [graph[name] for name in node.get("inputs", []) if name in graph]
        if node["op"] == "Pack" and re.search(r"strided_slice(_\d+)?/stack(_[12])?$", node["name"]) and all(
                part["op"] == "Const" and part["attrs"]["value"]["shape"] == [] for part in parts):
            loose = [part for part in parts if re.fullmatch(r"Const_[2-9]", part["name"])]
            if loose:
                gone |= {part["name"] for part in parts}
                values = [part["attrs"]["value"]["values"][0] for part in parts]
                values = values[:1] if len(set(values)) == 1 else values
                node = const(node["name"], "int32", values, [len(parts)])
        result.append(node)
    return [node for node in result if node["name"] not in gone]


def saturated(nodes):
    """Maximum and Minimum in the place of one ClipByValue."""
    low = const("saturate_cast/min", "float", 0.0)
    high = const("saturate_cast/max", "float", 255.0)
    new = [low, made("saturate_cast/Maximum", "Maximum", "Const_1", low["name"]), high,
           made("saturate_cast/Minimum", "Minimum", "saturate_cast/Maximum", high["name"])]
    nodes = replaced("saturate_cast/(Const(_1)?|clamp)", "\n".join(map(json.dumps, new)))(nodes)
    for node in nodes:
        node["inputs"] = [name.replace("saturate_cast/clamp", new[-1]["name"]) for name in node.get("inputs",
                                                                                                    [])]
    return nodes


def plain_select(nodes):
    """reduce_logsumexp selects with Select and ZerosLike in 1.15."""
    zeros = {node["name"]: node["name"].replace("SelectV2/e", "ZerosLike") for node in nodes
             if node["name"].endswith("SelectV2/e")}
    for node in nodes:
        node["inputs"] = [zeros.get(name, name).replace("SelectV2", "Select") for name in node.get("inputs",
                                                                                                   [])]
        if node["name"] in zeros:
            scope = node["name"].removesuffix("/SelectV2/e")
            node.update(name=zeros[node["name"]], op="ZerosLike", inputs=[f"{scope}/Max"],
                        attrs={"T": node["attrs"]["dtype"]})
        elif node["op"] == "SelectV2":
            node.update(name=node["name"].replace("SelectV2", "Select"), op="Select")
    return nodes


def regularized_once(nodes):
    """A regularizer is called once in 1.15; 2.21 first calls it to see whether it gives anything."""
    kept = [node for node in nodes if node["name"] not in ("mul", "Sum", "Const")]
    for node in kept:
        node.update(name="Const" if node["name"] == "Const_1" else node["name"])
        if "inputs" in node:
            node["inputs"] = ["Const" if name == "Const_1" else name for name in node["inputs"]]
    return kept


def gathered_copies(nodes):
    """Rows of a resource variable are handed out through an Identity in 1.15."""
    found = []
    for node in nodes:
        node["inputs"] = ["Identity" if name == "Gather" else name for name in node.get("inputs", [])]
        found.append(node)
        if node["name"] == "Gather":
            found.append({"name": "Identity", "op": "Identity", "inputs": ["Gather"],
                          "attrs": {"T": node["attrs"]["dtype"]}})
    return found


GRAPHS = [
    Difference("1.15 asks a TensorArray for its size in the run", control_flow_115.sizes_of_arrays),
    Difference("1.15 asks a TensorArray for its size in the run", control_flow_115.size_of_array, ("tensor_array",)),
    Difference("custom_gradient of 1.15 does not copy results", control_flow_115.results_without_copies,
               ("gradient_custom",)),
    Difference("tf.gather of a resource variable copies in 1.15", gathered_copies,
               ("resource_variable_in_functions",)),
    Difference("get_variable of 1.15 calls a regularizer once", regularized_once,
               ("variable_scope_defaults",)),
    Difference("ones_like makes the constant of a known shape itself in 1.15", shapes_of_ones),
    Difference("what a slice leaves out is a Python number in 1.15", constant_slice_ends,
               ("slices_tensor_indices",)),
    Difference("saturate_cast clips from below, then from above", saturated, ("casts",)),
    Difference("reduce_logsumexp of 1.15 adds with math_ops.add", retyped(r"ReduceLogSumExp(_\d+)?", "Add")),
    Difference("reduce_logsumexp of 1.15 uses the first Select", plain_select,
               ("reductions", "gradient_norms")),
    Difference("sigmoid cross-entropy ends in math_ops.add", retyped(r"(.*/)?logistic_loss(_\d+)?", "Add")),
    Difference("accumulate_n is the op AccumulateNV2 in 1.15, not AddN", replaced("AddN_1", json.dumps(
        {"name": "AccumulateNV2", "op": "AccumulateNV2", "inputs": ["Const", "Const_1"],
         "attrs": {"N": 2, "T": "int32", "shape": {"shape": [2]}}})), ("add_function",)),
    Difference("diagonal ops of 1.15 are the first version", plain_diagonals),
    Difference("tf.linspace is the op LinSpace in 1.15", linear_space("linspace", "LinSpace", 0.0, 1.0, 5),
               ("ranges",)),
    Difference("tf.linspace is the op LinSpace in 1.15", linear_space("points", "points", 1.0, 2.0, 3),
               ("ranges",)),
    Difference("tf.linspace is the op LinSpace in 1.15", linear_space("linspace", "LinSpace", 0.0, 1.0, 7),
               ("static_shapes",)),
    Difference("gradient functions of 1.15 sum, reshape and tile by nodes that 2.21 leaves out",
               gradients_115.as_115),
    Difference("these attrs came after 1.15", only_known_attrs),
    Difference("tf.add makes Add in 1.15; only the operator + makes AddV2", add_of_tensors),
    Difference("random ops add their mean with Add in 1.15", random_sums),
    Difference("random_uniform scales by its bounds also when they are 0 and 1", scaled_uniforms),
    Difference("dropout multiplies by a mask in 1.15", dropout,
               ("dropout_rate", "dropout_keep_prob", "convolutional_network_dropout")),
    Difference("dropout multiplies by a mask in 1.15", dropout_gradient, ("convolutional_network_dropout",)),
    Difference("reduce_sum of a variable takes its axes from its rank", range_of_rank,
               ("compute_and_apply",)),
    Difference("tf.add with a name of its own", retyped("plus_one", "Add"), ("add_function",)),
    Difference("tf.add with a name of its own", retyped("PolynomialDecay", "Add"), ("learning_rates",)),
    Difference("tf.add with a name of its own", retyped("[cd]", "Add"), ("course_first_graph",)),
]

# Values, reprs and facts: program -> kind -> reason. The kind is left out of the comparison.
OTHER: dict[str, dict[str, str]] = {
    "tensor_array": {"shown": "the size of a TensorArray is known in the run only in 1.15"},
    "variable_scope_defaults": {"shown": "a regularization loss is a tensor in 1.15"},
    "resource_variable_in_functions": {"shown": "tf.gather of a resource variable copies in 1.15"},
    "dropout_rate": {"shown": "the result of dropout is another node in 1.15"},
    "dropout_keep_prob": {"shown": "the result of dropout is another node in 1.15"},
    "add_function": {"shown": "the result of accumulate_n is another node in 1.15"},
    "gradient_reductions_dynamic": {"shown": "the last node of a spread is Tile in 1.15"},
    "einsum": {"nodes": "tensordot of 1.15 transposes and reshapes also where nothing changes"},
    "gradient_second": {"nodes": "the second derivative goes through the sums that 1.15's first derivative has"},
    "gradient_reduce_prod": {"nodes": "1.15 spreads with Tile and slices with Python numbers"},
    "gradient_gather_axis": {"nodes": "1.15 slices with Python numbers and shapes in int64"},
    "static_shapes": {"shown": "the result of linspace is another node in 1.15"},
    "ranges": {"shown": "the result of linspace is another node in 1.15"},
    "losses": {"nodes": "the sum of a scalar takes its axes from an empty constant in 1.15, not from its rank"},
    "argmax_topk": {"nodes": "1.15 sorts upwards by the negative values, also integers",
                    "shown": "the result of sorting upwards is another node in 1.15"},
    "placeholders": {"values": "a fed string that is fetched comes back as bytes, like any other string"},
    "image_and_embedding": {"shown": "the shape of gathered rows goes through a Cast in 1.15"},
    "random_streams": {"shown": "the result of random_uniform is the sum in 1.15, the node that draws in 2.21"},
}

# Wrong input: case -> what 1.15 does (keys as in errors.json), and why.
ERRORS: dict[str, dict[str, str]] = {
    name: {"class": "TypeError", "reason": "2.x made a subclass of TypeError for this"}
    for name in ("tensor_as_bool", "tensor_in_and", "iterate_scalar_graph_tensor")
}

# Ops: op -> part ("static" or "gradients") that is not compared, and why.
OPS: dict[str, dict[str, str]] = {
    "TensorStridedSliceUpdate": {"gradients": "1.15 has no gradient for it"},
    "Einsum": {"gradients": "1.15 has no gradient for it"},
    "SegmentProd": {"gradients": "1.15 has no gradient for it"},
}


def expected_nodes(program, nodes):
    """The recorded nodes of a program as TensorFlow 1.15 would have made them."""
    nodes = json.loads(json.dumps(nodes))
    for difference in GRAPHS:
        if not difference.programs or program in difference.programs:
            nodes = difference.edit(nodes)
    return nodes
