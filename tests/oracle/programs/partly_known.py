"""Static shapes of ops whose inputs have sizes that are known in part, or no known rank."""

from . import Case, program


def _shapes(tf, rows):
    """What is known of the outputs of each op, by its number, for inputs of these types and shapes."""
    facts = {}
    for number, (kind, inputs, attrs) in enumerate(rows):
        given = {}
        for name, (dtype, shape) in sorted(inputs.items()):
            given[name] = tf.placeholder(dtype, shape)
        made = getattr(tf.raw_ops, kind)(**dict(given, **attrs))
        outputs = list(made) if isinstance(made, (list, tuple)) else [made]
        facts["%02d %s" % (number, kind)] = [
            None if t.shape.ndims is None else t.shape.as_list() for t in outputs if not isinstance(t, (list, tuple))]
    return Case(facts=facts)


@program
def partly_known_products(tf):
    """Products, solutions, what broadcasts, the losses of rows."""
    f, i, flat = "float32", "int32", {"incompatible_shape_error": False}
    rows = [("BatchMatMul", {"x": (f, x), "y": (f, y)}, {}) for x, y in (
        ([1, 2, None], None), (None, [2, None, 3]), ([2, None, 3], [None, 3, 5]), (None, None))]
    rows += [("BatchMatMulV2", {"x": (f, x), "y": (f, y)}, {}) for x, y in (
        ([1, 2, None], None), ([4, 1, 2, 3], [None, 3, None]))]
    rows += [("SoftmaxCrossEntropyWithLogits", {"features": (f, x), "labels": (f, y)}, {}) for x, y in (
        (None, [4, 3]), ([None, 3], [1, 3]), ([2, None], None), ([None, None], [1, None]), ([2, 3], [1, 3]))]
    rows += [(kind, {"x": (f, x), "y": (f, y)}, flat) for kind in ("Equal", "NotEqual") for x, y in (
        ([4, None], [None, 1]), ([4, 2], [2]), ([4, 2], [None]), ([None], [2, 2]), ([4, 2], [3]))]
    rows += [("ApproximateEqual", {"x": (f, x), "y": (f, y)}, {}) for x, y in ((None, [2, 3]), ([None, 3], [2, None]))]
    rows += [(kind, {"matrix": (f, x), "rhs": (f, y)}, {}) for kind in ("MatrixSolve", "MatrixTriangularSolve")
             for x, y in (([2, None], None), (None, [2, 3]), ([5, None, 2], [None, None, 1]))]
    rows += [("MatrixSolveLs", {"matrix": (f, x), "rhs": (f, y), "l2_regularizer": ("float64", [])}, {}) for x, y in (
        (None, [3, None]), ([5, None], None), ([None, 2], None), (None, [None, None, 1]))]
    rows += [("TridiagonalSolve", {"diagonals": (f, x), "rhs": (f, y)}, {}) for x, y in (
        ([2, 3, 3], [2, None, 7]), ([None, 4], [None, None]))]
    rows += [("Lu", {"input": (f, x)}, {}) for x in ([None, 6], [6, None], [2, None, None], None)]
    rows += [("BroadcastTo", {"input": (f, x), "shape": (i, [2])}, {}) for x in ([2, 1], [3], None, [None, 4])]
    rows += [("Tile", {"input": (f, [2, 0]), "multiples": (i, shape)}, {}) for shape in (None, [2], [None])]
    return _shapes(tf, rows)


@program
def partly_known_planes(tf):
    """Pictures: normalised, pooled, padded, dilated, in blocks; sparse tensors one after another."""
    f, i = "float32", "int32"
    rows = [("FusedBatchNormGrad", {"y_backprop": (f, dy), "x": (f, x), "scale": (f, scale), "reserve_space_1": (
        f, kept), "reserve_space_2": (f, kept)}, {"is_training": training}) for dy, x, scale, kept, training in (
            ([2, 2, None, None], [2, 2, None, None], None, [2], True), ([None] * 4, [None] * 4, [None], [3], False),
            ([None, None, None, 3], [None, None, 3, 3], None, [None], False))]
    rows += [("LRNGrad", {"input_grads": (f, x), "input_image": (f, y), "output_image": (f, z)}, {}) for x, y, z in (
        (None, None, [None, None, 2, 1]), ([None, 2, 2, None], [None, 2, None, None], [None, 2, None, 4]))]
    rows += [("MaxPoolGradGrad", {"orig_input": (f, x), "orig_output": (f, y), "grad": (f, z)},
              {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "SAME"}) for x, y, z in (
                  ([1, None, 2, None], [None, 1, 1, 1], [None, 2, None, 1]), (None, [None, 1, 1, 1], None))]
    rows += [("Dilation2D", {"input": (f, x), "filter": (f, y)}, {
        "strides": [1, 1, 1, 1], "rates": [1, 1, 1, 1], "padding": "SAME"}) for x, y in (
            ([1, None, 5, 2], [None] * 3), ([1, None, 5, None], [None, None, 2]))]
    rows += [("FakeQuantWithMinMaxVarsPerChannel", {"inputs": (f, x), "min": (f, [3]), "max": (f, [None])}, {})
             for x in ([None, None], [2, 3], None)]
    rows += [(kind, {"input": (f, [5, None, None, 4]), "block_shape": (i, [2]), other: (i, [None, 2])}, {})
             for kind, other in (("SpaceToBatchND", "paddings"), ("BatchToSpaceND", "crops"))]
    rows += [("FusedPadConv2D", {"input": (f, x), "paddings": (i, [4, None]), "filter": (f, [2, None, 1, y])}, {
        "mode": "REFLECT", "strides": [1, 1, 1, 1], "padding": "VALID"}) for x, y in (
            (None, None), ([None, 3, 3, None], 3))]
    rows += [("ArgMax", {"input": (f, x), "dimension": (i, [])}, {}) for x in ([None], [3], [2, None], None)]
    return _shapes(tf, rows)


@program
def partly_known_joined(tf):
    """Shapes joined from parts: of a slice with masks that is not known as a whole TensorFlow tells nothing."""
    size, sizes = tf.placeholder(tf.int32, [], "size"), tf.placeholder(tf.int32, [3], "sizes")
    table, fed = tf.placeholder(tf.int32, [2, 3], "table"), tf.placeholder(tf.float32, name="fed")
    shape = tf.shape(tf.placeholder(tf.float32, [None, 3], "half"))
    two = tf.constant([2])
    parts = {"new axis": size[tf.newaxis], "expanded": tf.expand_dims(size, 0), "reshaped": tf.reshape(size, [1]),
             "a size": shape[1][None], "a part": shape[1:], "ellipsis": shape[..., 1:], "last": sizes[-1:],
             "a row": table[0], "of a row": table[0, :1], "every other": sizes[::2], "cast": tf.to_int32(shape),
             "fed end": tf.strided_slice(sizes, [0], size[None]), "known": tf.constant(5)[None],
             "joined": tf.concat([two, size[None]], 0), "joined and cut": tf.concat([two, size[None]], 0)[:1],
             "joined, cast": tf.to_int32(tf.concat([two, size[None]], 0)), "of an unknown": tf.shape(fed)[:1]}
    facts = {}
    for name in sorted(parts):
        joined = [tf.concat([two, parts[name]], 0), tf.concat([parts[name], two], 0)]
        facts[name] = [str(tf.reshape(fed, x).shape) for x in joined] + [str(tf.fill(joined[0][:2], 0).shape)]
    return Case(facts=facts)


@program
def shapes_that_were_told(tf):
    """What the shape of a sparse tensor was read from may not be fed any more."""
    whole, size = tf.int64, tf.placeholder(tf.int64, [], "size")
    known = tf.placeholder(tf.float32, [2, 3], "known")
    half = tf.shape(tf.placeholder(tf.float32, [None, 3]), out_type=whole)
    shapes = {"constant": tf.constant([3, 4], whole), "fed": tf.placeholder(whole, [2]), "half": half,
              "stack": tf.stack([size, tf.constant(5, whole)]), "shape": tf.shape(known, out_type=whole),
              "joined": tf.concat([half[1:], tf.constant([3], whole)], 0), "slice": tf.constant([3, 4, 5], whole)[:2],
              "cast": tf.cast(tf.constant([3, 4]), whole), "cast of a shape": tf.cast(tf.shape(known), whole),
              "identity": tf.identity(tf.constant([3, 4], whole)), "open": tf.constant([-1, 4], whole),
              "range": tf.range(tf.constant(1, whole), 3), "size": tf.stack([tf.size(known, out_type=whole)] * 2)}
    graph, facts = tf.get_default_graph(), {}

    def left():
        return {str(t.name) for op in graph.get_operations() for t in op.outputs if graph.is_feedable(t)}

    for name in sorted(shapes):
        before = left()
        sparse = tf.SparseTensor(tf.placeholder(whole, [None, 2]), tf.placeholder(tf.float32, [None]), shapes[name])
        facts[name] = [str(sparse.shape), sorted(before - left())]
    placeholder = tf.sparse_placeholder(tf.float32, [3, 4])
    fed = tf.sparse_tensor_to_dense(placeholder)
    value = tf.SparseTensorValue([[0, 1]], [2.0], [3, 4])
    return Case(facts=facts, steps=[(fed, {placeholder: value})])
