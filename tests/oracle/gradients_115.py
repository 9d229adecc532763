"""Gradient functions as TensorFlow 1.15 writes them, from the nodes that 2.21 recorded.

2.21 leaves out sums and reshapes that static shapes make needless, sums with keep_dims, spreads with BroadcastTo and
forms shapes in Python; 1.15 builds all of them as nodes. A gradient function's nodes stand in the scope
`<gradients>/<op>_grad`; each handler below rewrites one such scope.
"""

import re

ADD, SUB, MUL, DIV, POW, EXTREME, SQUARED = "add", "sub", "mul", "div", "pow", "extreme", "squared"
BROADCASTING = {"Add": ADD, "AddV2": ADD, "Sub": SUB, "Mul": MUL, "RealDiv": DIV, "Pow": POW,
                "Maximum": EXTREME,
                "Minimum": EXTREME, "SquaredDifference": SQUARED}
# The two partial gradients of a broadcasting op, before they are summed: node names in 2.21.
PARTIAL = {ADD: (None, None), SUB: (None, "Neg"), MUL: ("Mul", "Mul_1"), DIV: ("RealDiv", "mul"),
           POW: ("mul_1", "mul_3"), EXTREME: ("SelectV2", "SelectV2_1"), SQUARED: ("mul_1", "Neg")}


def const(name, dtype, value, shape=(), near=None):
    """A described Const node, colocated with `near`."""
    values = list(value) if isinstance(value, list | tuple) else [value]
    attrs = {"dtype": dtype, "value": {"dtype": dtype, "shape": list(shape), "values": values}}
    if near:
        attrs["_class"] = [f"loc:@{near}"]
    return {"name": name, "op": "Const", "attrs": attrs}


def made(name, op, *inputs, near=None, **attrs):
    """A described node, colocated with `near`."""
    if near:
        attrs["_class"] = [f"loc:@{near}"]
    return {"name": name, "op": op, "inputs": list(inputs), "attrs": attrs}


def as_115(nodes):
    """The recorded nodes with gradient functions in 1.15's form."""
    graph = {node["name"]: node for node in nodes}
    scopes = {}
    for node in nodes:
        scope, forward = gradient_scope(node["name"], graph)
        if scope is not None:
            scopes.setdefault(scope, (forward, []))[1].append(node)
    nodes, renamed = filled_ones(nodes)
    replacement, own, passed = {}, {}, {}
    for scope, (forward, members) in scopes.items():
        new = rewritten(scope, graph[forward], members, graph)
        if new is not None:
            replacement[scope], own[scope] = new
            renamed.update(own[scope])
            source = passed_on(scope, graph[forward], members)
            if source is not None:
                incoming, producer = source
                prefix = scope.removesuffix(f"{forward}_grad")
                passed[f"{prefix}{producer}_grad"] = {incoming: f"{scope}/Reshape"}
    result, done = [], set()
    for node in nodes:
        scope, _ = gradient_scope(node["name"], graph)
        if scope not in replacement:
            result.append(with_names(node, {**renamed, **passed.get(scope, {})}))
        elif scope not in done:
            done.add(scope)
            from_outside = {old: new for old, new in renamed.items() if old not in own[scope]}
            result += [with_names(node,
                                  {**from_outside, **passed.get(scope, {})}) for node in replacement[scope]]
    return result


def filled_ones(nodes):
    """(nodes, renamed): the ones that start a gradient are called `Fill`, and their value `grad_ys_0`, in 1.15."""
    result, renamed, counts = [], {}, {}
    for node in nodes:
        scope, _, last = node["name"].rpartition("/")
        if re.fullmatch(r"grad_ys_\d+", last) and node["op"] == "Fill":
            counts[scope] = counts.get(scope, -1) + 1
            renamed[node["name"]] = f"{scope}/Fill" + (f"_{counts[scope]}" if counts[scope] else "")
            node = {**node, "name": renamed[node["name"]]}
            result[-1] = {**result[-1], "name": f"{scope}/{last}"}
            renamed[f"{scope}/{last}/Const"] = f"{scope}/{last}"
        result.append(node)
    return result, renamed


def gradient_scope(name, graph):
    """(scope, forward op) of the gradient function that a node belongs to, or (None, None)."""
    for match in reversed(list(re.finditer("_grad/", name))):
        prefix = name[: match.start()]
        for slash in re.finditer("/", prefix):
            if prefix[slash.end():] in graph:
                return name[: match.end() - 1], prefix[slash.end():]
    return None, None


def with_names(node, renamed):
    """A node whose inputs and colocations have their new names."""
    def new(reference):
        mark = "^" if reference.startswith("^") else ""
        return mark + renamed.get(reference.removeprefix("^"), reference.removeprefix("^"))

    node = dict(node)
    if node.get("inputs"):
        node["inputs"] = [new(reference) for reference in node["inputs"]]
    place = node.get("attrs", {}).get("_class")
    if place:
        node["attrs"] = {**node["attrs"], "_class": [f"loc:@{new(p.removeprefix('loc:@'))}" for p in place]}
    return node


def rewritten(scope, forward, members, graph):
    """(new nodes, renamed results) of one gradient function, or None where 1.15 and 2.21 agree."""
    inner = {node["name"].removeprefix(scope + "/"): node for node in members}
    gates = [node for name, node in inner.items() if name.startswith("tuple/")]
    inner = {name: node for name, node in inner.items() if not name.startswith("tuple/")}
    family = BROADCASTING.get(forward["op"])
    if family == SQUARED and "Shape" not in inner and graph[forward["inputs"][0]]["op"] == "Const":
        dims = graph[forward["inputs"][0]]["attrs"]["value"]["shape"]
        for name in ("Shape", "Shape_1"):
            inner[name] = const(f"{scope}/{name}", "int32", dims, [len(dims)])
    if family is not None and "Shape" in inner:
        return broadcasting(scope, forward, family, inner, gates)
    if forward["op"] in ("Sum", "Mean"):
        return reduction(scope, forward, inner, graph)
    if forward["op"] == "GatherV2" and "Shape" in inner and "ExpandDims" in inner:
        return gathered(scope, inner)
    if forward["op"] == "BatchMatMulV2" and "Shape" not in inner:
        return batch_product(scope, forward, inner, graph)
    if forward["op"] in ("Reshape", "ExpandDims", "Squeeze") and "Reshape/shape" in inner:
        dtype = forward["attrs"]["T"]
        shape = made(f"{scope}/Shape", "Shape", forward["inputs"][0], T=dtype, out_type="int32")
        back = {**inner["Reshape"], "inputs": [inner["Reshape"]["inputs"][0], shape["name"]]}
        return [shape, back], {}
    if forward["op"] in ("Max", "Min"):
        return chosen(scope, forward, inner, graph)
    if forward["op"] == "Softplus":
        result = f"{scope}/SoftplusGrad"
        dtype = forward["attrs"]["T"]
        incoming = inner["mul"]["inputs"][0]
        return [made(result, "SoftplusGrad", incoming, forward["inputs"][0],
                     T=dtype)], {f"{scope}/mul": result}
    if forward["op"] == "SparseSoftmaxCrossEntropyWithLogits" and "mul" in inner:
        return prevented(scope, forward, inner)
    return None


def gathered(scope, inner):
    """1.15 takes the shape of the gathered tensor in int64 and casts it."""
    shape = inner["Shape"]
    place = shape["attrs"]["_class"]
    if shape["op"] == "Const":
        value = {**shape["attrs"]["value"], "dtype": "int64"}
        wide = {**shape, "attrs": {"_class": place, "dtype": "int64", "value": value}}
    else:
        wide = {**shape, "attrs": {**shape["attrs"], "out_type": "int64"}}
    cast = made(f"{scope}/Cast", "Cast", shape["name"], DstT="int32", SrcT="int64", Truncate=False, _class=place)
    rest = [with_names(node, {shape["name"]: cast["name"]}) for name, node in inner.items() if name != "Shape"]
    return [wide, cast, *rest], {shape["name"]: cast["name"]}


def batch_product(scope, forward, inner, graph):
    """1.15 sums over broadcast batch dimensions unless both whole shapes are the same."""
    shapes = [graph[name]["attrs"]["value"]["shape"] for name in forward["inputs"] if graph[name]["op"] == "Const"]
    if len(shapes) < 2 or shapes[0] == shapes[1]:
        return None
    dtype = forward["attrs"]["T"]
    nodes = [*inner.values(), *(const(f"{scope}/Shape{suffix}", "int32", dims, [len(dims)])
                                for suffix, dims in zip(("", "_1"), shapes))]
    for suffix in ("", "_1"):
        cut = f"{scope}/strided_slice{suffix}"
        ends = [const(f"{cut}/{name}", "int32", value, [1]) for name, value in (
            ("stack", 0), ("stack_1", -2), ("stack_2", 1))]
        nodes += [*ends, made(cut, "StridedSlice", f"{scope}/Shape{suffix}", *(end["name"] for end in ends), T="int32",
                              Index="int32", begin_mask=1, end_mask=0, ellipsis_mask=0, new_axis_mask=0,
                              shrink_axis_mask=0)]
    args = f"{scope}/BroadcastGradientArgs"
    nodes.append(made(args, "BroadcastGradientArgs", f"{scope}/strided_slice", f"{scope}/strided_slice_1", T="int32"))
    for suffix, part in (("", args), ("_1", f"{args}:1")):
        nodes += [made(f"{scope}/Sum{suffix}", "Sum", f"{scope}/MatMul{suffix}", part, T=dtype, Tidx="int32",
                       keep_dims=False),
                  made(f"{scope}/Reshape{suffix}", "Reshape", f"{scope}/Sum{suffix}", f"{scope}/Shape{suffix}", T=dtype,
                       Tshape="int32")]
    return nodes, {f"{scope}/MatMul{suffix}": f"{scope}/Reshape{suffix}" for suffix in ("", "_1")}


def prevented(scope, forward, inner):
    """1.15 has no second derivative of the sparse cross-entropy and says so in a node."""
    guard = f"{scope}/PreventGradient"
    message = ("Currently there is no way to take the second derivative of "
               "sparse_softmax_cross_entropy_with_logits due to the fused implementation's interaction with "
               "tf.gradients()")
    source = forward["name"] + ":1"
    nodes = [made(guard, "PreventGradient", source, T="float", message=message)]
    return nodes + [with_names(node, {source: guard}) for node in inner.values()], {}


def broadcasting(scope, forward, family, inner, gates):
    """Shapes, BroadcastGradientArgs, the partial gradients, and for each a Sum and a Reshape."""
    dtype = next(iter(forward["attrs"].values()))
    x, y = forward["inputs"][:2]
    incoming = incoming_gradient(family, inner, scope)
    partial = [incoming if name is None else f"{scope}/{name}" for name in PARTIAL[family]]
    results = results_221(scope, partial, inner)
    shapes = [inner["Shape"], inner["Shape_1"]]
    args = made(f"{scope}/BroadcastGradientArgs", "BroadcastGradientArgs", f"{scope}/Shape",
                f"{scope}/Shape_1", T="int32")
    kept = [node for name, node in inner.items() if not name.startswith(
        ("Sum", "Reshape", "Shape", "BroadcastGradientArgs"))]
    if family == EXTREME:
        kept = extreme(scope, forward, incoming, dtype, x, y, shapes[0])
        partial = [f"{scope}/Select", f"{scope}/Select_1"]
    if family == SQUARED:
        kept = [node for node in kept if node["name"] != f"{scope}/Neg"]
        partial = [partial[0]] * 2
    if family == SUB:
        kept, partial = [], [incoming] * 2
    ends = []
    for suffix, value, shape in (("", partial[0], "Shape"), ("_1", partial[1], "Shape_1")):
        total = f"{scope}/Sum{suffix}"
        ends.append(made(total, "Sum", value, args["name"] + (":1" if suffix else ""), T=dtype, Tidx="int32",
                         keep_dims=False))
        if family == SUB and suffix:
            ends.append(made(f"{scope}/Neg", "Neg", total, T=dtype))
            total = f"{scope}/Neg"
        ends.append(made(f"{scope}/Reshape{suffix}", "Reshape", total, f"{scope}/{shape}", T=dtype,
                         Tshape="int32"))
    new = [f"{scope}/Reshape", f"{scope}/Reshape_1"]
    if family == SQUARED:
        ends.append(made(f"{scope}/Neg", "Neg", new[1], T=dtype))
        new[1] = f"{scope}/Neg"
    renamed = {old: name for old, name in zip(results, new) if old != incoming and old != name}
    nodes = [*shapes, args, *kept, *ends]
    return nodes + gated(scope, gates, new), renamed


def passed_on(scope, forward, members):
    """(incoming gradient, first input's op) where 2.21 hands a sum's gradient on as it is and 1.15 reshapes it."""
    inner = {node["name"].removeprefix(scope + "/"): node for node in members}
    family = BROADCASTING.get(forward["op"])
    if family not in (ADD, SUB) or "Shape" not in inner or any(name.startswith("tuple/") for name in inner):
        return None
    incoming = incoming_gradient(family, inner, scope)
    partial = [incoming if name is None else f"{scope}/{name}" for name in PARTIAL[family]]
    if results_221(scope, partial, inner)[0] != incoming:
        return None
    return incoming, forward["inputs"][0].partition(":")[0]


def gated(scope, gates, results):
    """The nodes that hold all gradients of an op back until all are there, with the new results."""
    nodes = []
    for node in gates:
        if node["name"].endswith("group_deps"):
            nodes.append({**node, "inputs": [f"^{name}" for name in results]})
            continue
        result = results[1 if node["name"].endswith("_1") else 0]
        attrs = {**node["attrs"], "_class": [f"loc:@{result}"]}
        nodes.append({**node, "inputs": [result, f"^{scope}/tuple/group_deps"], "attrs": attrs})
    return nodes


def incoming_gradient(family, inner, scope):
    """The gradient that comes into the op, from the nodes that use it."""
    if family == ADD:
        return inner["Sum"]["inputs"][0]
    name, position = {SUB: ("Neg", 0), MUL: ("Mul", 0), DIV: ("RealDiv", 0), POW: ("mul", 0),
                      EXTREME: ("SelectV2", 1),
                      SQUARED: ("Mul", 1)}[family]
    return inner[name]["inputs"][position]


def results_221(scope, partial, inner):
    """The names of the two results in 2.21: the partial gradient, or the Reshape after its Sum."""
    results = []
    for value, shape in zip(partial, ("Shape", "Shape_1")):
        ends = [node["name"] for name, node in inner.items() if re.fullmatch(r"Reshape(_\d)?", name)
                and node["inputs"][1] == f"{scope}/{shape}"]
        results.append(ends[0] if ends else value)
    return results


def extreme(scope, forward, incoming, dtype, x, y, shape):
    """The masks of Maximum and Minimum: Select on zeros of the gradient's shape."""
    test = "GreaterEqual" if forward["op"] == "Maximum" else "LessEqual"
    filled = shape["attrs"]["value"] if shape["op"] == "Const" else None
    third = made(f"{scope}/Shape_2", "Shape", incoming, T=dtype, out_type="int32")
    if filled is not None:
        third = const(f"{scope}/Shape_2", "int32", filled["values"], filled["shape"])
    zeros = made(f"{scope}/zeros", "Fill", f"{scope}/Shape_2", f"{scope}/zeros/Const", T=dtype,
                 index_type="int32")
    return [third, const(f"{scope}/zeros/Const", dtype, 0.0), zeros,
            made(f"{scope}/{test}", test, x, y, T=dtype),
            made(f"{scope}/Select", "Select", f"{scope}/{test}", incoming, f"{scope}/zeros", T=dtype),
            made(f"{scope}/Select_1", "Select", f"{scope}/{test}", f"{scope}/zeros", incoming, T=dtype)]


def reduction(scope, forward, inner, graph):
    """The gradient of Sum and Mean: reshape to the kept shape, tile, and for Mean divide by the count."""
    dtype = forward["attrs"]["T"]
    full = "Reshape/shape" in inner and set(inner["Reshape/shape"]["attrs"]["value"]["values"]) <= {1}
    nodes = spread(scope, forward, inner, graph, dtype) if not full else [
        inner[name] for name in ("Reshape/shape", "Reshape", "Shape", "Const", "Tile") if name in inner
        and not (name == "Const" and "Shape" in inner)]
    end = nodes[-1]["name"]
    old_end = f"{scope}/BroadcastTo" if "BroadcastTo" in inner else f"{scope}/Tile"
    if forward["op"] == "Sum":
        return nodes, {old_end: end} if old_end != end else {}
    if "Prod" in inner:
        nodes += dynamic_count(scope, forward, inner, full, dtype, graph)
    else:
        taken = {node["name"] for node in nodes}
        nodes += [node for name,
                  node in inner.items() if name.startswith("Const") and node["name"] not in taken]
    division = {**inner["truediv"], "inputs": [end, inner["truediv"]["inputs"][1]]}
    return [*nodes, division], {}


def left_dims(forward, graph):
    """The known sizes that a reduction leaves of a placeholder, or None."""
    x, axes = (graph[name] for name in forward["inputs"])
    dims = x["attrs"].get("shape", {}).get("shape") if x["op"] == "Placeholder" else None
    if dims is None:
        return None
    gone = {axis % len(dims) for axis in axes["attrs"]["value"]["values"]}
    left = [size for i, size in enumerate(dims) if i not in gone]
    return None if None in left else left


def dynamic_count(scope, forward, inner, full, dtype, graph):
    """How many elements went into each mean, from the shapes of input and output."""
    first = "Shape_1" if full else "Shape_2"
    second = "Shape_2" if full else "Shape_3"
    suffix = "" if full else "_1"
    x = forward["inputs"][0]
    near = f"{scope}/{first}"
    after = [made(near, "Shape", x, T=dtype, out_type="int32")]
    left = [] if full else left_dims(forward, graph)
    after.append(const(f"{scope}/{second}", "int32", left, [len(left)]) if left is not None else
                 made(f"{scope}/{second}", "Shape", forward["name"], T=dtype, out_type="int32"))
    product = {"T": "int32", "Tidx": "int32", "keep_dims": False}
    after += [const(f"{scope}/Const", "int32", 0, [1], near=near),
              made(f"{scope}/Prod", "Prod", near, f"{scope}/Const", near=near, **product),
              const(f"{scope}/Const_1", "int32", 0, [1], near=near),
              made(f"{scope}/Prod_1", "Prod", f"{scope}/{second}", f"{scope}/Const_1", near=near, **product),
              const(f"{scope}/Maximum{suffix}/y", "int32", 1, near=near),
              made(f"{scope}/Maximum{suffix}", "Maximum", f"{scope}/Prod_1", f"{scope}/Maximum{suffix}/y",
                   near=near, T="int32"),
              made(f"{scope}/floordiv{suffix}", "FloorDiv", f"{scope}/Prod", f"{scope}/Maximum{suffix}",
                   near=near, T="int32")]
    for node in after:
        node["attrs"].pop("_class", None)
    return [*after, {**inner["Cast"], "inputs": [f"{scope}/floordiv{suffix}"]}]


def kept_shape(scope, axes, shape, size, axes_dims, near):
    """The nodes of the shape that a reduction with keep_dims has."""
    return [
        shape, size,
        made(f"{scope}/add", "AddV2", axes, f"{scope}/Size", T="int32", near=near),
        made(f"{scope}/mod", "FloorMod", f"{scope}/add", f"{scope}/Size", T="int32", near=near),
        axes_dims,
        const(f"{scope}/range/start", "int32", 0, near=near), const(f"{scope}/range/delta", "int32", 1,
                                                                    near=near),
        made(f"{scope}/range", "Range", f"{scope}/range/start", f"{scope}/Size", f"{scope}/range/delta",
             Tidx="int32", near=near),
        const(f"{scope}/Fill/value", "int32", 1, near=near),
        made(f"{scope}/Fill", "Fill", f"{scope}/Shape_1", f"{scope}/Fill/value", T="int32",
             index_type="int32",
             near=near),
        made(f"{scope}/DynamicStitch", "DynamicStitch", f"{scope}/range", f"{scope}/mod", f"{scope}/Shape",
             f"{scope}/Fill", N=2, T="int32", near=near),
    ]  # fmt: skip


def static_shapes(scope, dims, axes, graph, near=None):
    """Shape, Size and Shape_1 as the constants that a known shape makes of them."""
    axes_shape = graph[axes]["attrs"]["value"]["shape"]
    return (const(f"{scope}/Shape", "int32", dims, [len(dims)]),
            const(f"{scope}/Size", "int32", len(dims), near=near),
            const(f"{scope}/Shape_1", "int32", axes_shape, [len(axes_shape)], near=near))


def expanded(value):
    """All values of a described vector, of which equal ones at the end are written once."""
    values = value["values"]
    return values + values[-1:] * (value["shape"][0] - len(values))


def chosen(scope, forward, inner, graph):
    """The gradient of Max and Min: shared between the entries that are the extreme one, by the kept shape."""
    x, axes = forward["inputs"]
    dtype = forward["attrs"]["T"]
    incoming = inner["Reshape_1"]["inputs"][0] if "Reshape_1" in inner else inner["mul"]["inputs"][1]
    dims = graph[x]["attrs"]["value"]["shape"]
    stitch = f"{scope}/DynamicStitch"

    def reshaped(suffix, value):
        return made(f"{scope}/Reshape{suffix}", "Reshape", value, stitch, T=dtype, Tshape="int32")

    return [
        *kept_shape(scope, axes, *static_shapes(scope, dims, axes, graph), None),
        reshaped("", forward["name"]), reshaped("_1", incoming),
        {**inner["Equal"], "inputs": [f"{scope}/Reshape", x]}, inner["Cast"], inner["Sum"],
        reshaped("_2", f"{scope}/Sum"),
        {**inner["truediv"], "inputs": [f"{scope}/Cast", f"{scope}/Reshape_2"]},
        {**inner["mul"], "inputs": [f"{scope}/truediv", f"{scope}/Reshape_1"]},
    ], {}  # fmt: skip


def spread(scope, forward, inner, graph, dtype):
    """The kept shape by DynamicStitch, then Reshape and Tile."""
    x, axes = forward["inputs"][:2]
    near = f"{scope}/Shape"
    incoming = inner["Reshape"]["inputs"][0]
    if "Reshape/shape" in inner:
        kept, repeats = (expanded(inner[name]["attrs"]["value"]) for name in ("Reshape/shape",
                                                                              "Tile/multiples"))
        dims = [size * times for size, times in zip(kept, repeats)]
        shapes = static_shapes(scope, dims, axes, graph, near)
    else:
        shapes = inner["Shape"], inner["Size"], inner["Shape_1"]
    return [
        *kept_shape(scope, axes, *shapes, near),
        const(f"{scope}/Maximum/y", "int32", 1, near=near),
        made(f"{scope}/Maximum", "Maximum", f"{scope}/DynamicStitch", f"{scope}/Maximum/y", T="int32",
             near=near),
        made(f"{scope}/floordiv", "FloorDiv", near, f"{scope}/Maximum", T="int32", near=near),
        made(f"{scope}/Reshape", "Reshape", incoming, f"{scope}/DynamicStitch", T=dtype, Tshape="int32"),
        made(f"{scope}/Tile", "Tile", f"{scope}/Reshape", f"{scope}/floordiv", T=dtype, Tmultiples="int32"),
    ]  # fmt: skip
