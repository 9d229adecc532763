"""Constants, operators, comparisons, names, placeholders, collections, devices: the graph's vocabulary."""

from __future__ import division

import numpy as np

from . import Case, program


@program
def constants(tf):
    a = tf.constant(3)
    b = tf.constant(2.5, name="half")
    c = tf.constant([[1, 2], [3, 4]], dtype=tf.float64)
    d = tf.constant("Hello")
    e = tf.constant([True, False])
    f = tf.constant(7, shape=[2, 3], dtype=tf.int64)
    g = tf.constant([1.0, 2.0, 3.0], shape=[2, 2])
    h = tf.constant(np.arange(4, dtype=np.uint8))
    i = tf.constant(1 + 2j)
    j = tf.constant([b"ab", b"c"], name="bytes")
    k = tf.constant([], dtype=tf.float32)
    return Case(steps=[([a, b, c, d, e, f, g, h, i, j, k], None)], show=[a, b, c, d, e, f, i, a.op.name])


@program
def constant_dtypes(tf):
    names = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16")
    tensors = [tf.constant([0, 1], dtype=getattr(tf, name)) for name in names]
    return Case(steps=[(tensors, None)], show=tensors)


@program
def arithmetic_operators(tf):
    a = tf.constant(7.0, name="a")
    b = tf.constant(2.0, name="b")
    out = [a + b, a - b, a * b, a / b, a // b, a % b, a**b, -a, abs(-a)]
    return Case(steps=[(out, None)], show=out)


@program
def arithmetic_operators_int(tf):
    a = tf.constant([7, -7], name="a")
    b = tf.constant([2, 2], name="b")
    out = [a + b, a - b, a * b, a / b, a // b, a % b, -a, abs(a)]
    return Case(steps=[(out, None)], show=out)


@program
def reflected_operators(tf):
    x = tf.constant([1.0, 2.0, 4.0])
    out = [1 + x, 1 - x, 2 * x, 8 / x, 7 // x, 5 % x, 2**x, x + 1, x - 1.5, x * 2, x / 2, x // 2, x % 2, x**2]
    return Case(steps=[(out, None)])


@program
def reflected_operators_numpy(tf):
    x = tf.constant([1.0, 2.0])
    out = [np.float32(3.0) + x, np.array([3.0, 4.0], np.float32) * x, [1.0, 2.0] - x,
           x / np.array([2.0, 4.0])]
    return Case(steps=[(out, None)])


@program
def reflected_operators_int(tf):
    x = tf.constant([1, 2, 4])
    out = [1 + x, 10 - x, 3 * x, 8 / x, 7 // x, 5 % x, x / 3]
    return Case(steps=[(out, None)])


@program
def boolean_operators(tf):
    a = tf.constant([True, True, False, False])
    b = tf.constant([True, False, True, False])
    out = [a & b, a | b, a ^ b, ~a, True & a, tf.logical_and(a, b), tf.logical_or(a, b), tf.logical_not(a)]
    out += [tf.logical_xor(a, b)]
    return Case(steps=[(out, None)])


@program
def comparisons(tf):
    a = tf.constant([1.0, 2.0, 3.0])
    b = tf.constant([3.0, 2.0, 1.0])
    out = [a < b, a <= b, a > b, a >= b, a > 2, tf.equal(a, b), tf.not_equal(a, b)]
    out += [tf.less(a, b), tf.greater_equal(a, 2.0, name="at_least_two")]
    return Case(steps=[(out, None)], facts={"same_object": a == a, "other_object": a == b, "differs": a != b})


@program
def named_functions(tf):
    a = tf.constant(6.0)
    b = tf.constant(4.0)
    out = [tf.subtract(a, b), tf.multiply(a, b), tf.divide(a, b), tf.div(a, b), tf.realdiv(a, b)]
    out += [tf.floordiv(a, b), tf.floormod(a, b), tf.mod(a, b), tf.pow(a, b), tf.truediv(a, b)]
    out += [tf.maximum(a, b), tf.minimum(a, b), tf.squared_difference(a, b), tf.negative(a)]
    return Case(steps=[(out, None)], show=out)


@program
def add_function(tf):
    a = tf.constant([1, 2])
    b = tf.constant([3, 4])
    out = [tf.add(a, b), tf.add(a, 1, name="plus_one"), tf.add_n([a, b, a]), tf.accumulate_n([a, b])]
    return Case(steps=[(out, None)], show=out)


@program
def old_division(tf):
    rolls = tf.constant([100, -100])
    box = tf.constant(8)
    flour = tf.constant([2.5, 0.0])
    out = [tf.div(rolls, box), tf.div(flour, 0.2), tf.div(rolls, [8, 9], name="per_box")]
    out += [tf.div_no_nan(flour, [0.5, 0.0])]
    return Case(steps=[(out, None)], show=out)


@program
def unary_math(tf):
    x = tf.constant([0.25, 0.5, 0.75])
    out = [tf.exp(x), tf.log(x), tf.sqrt(x), tf.square(x), tf.rsqrt(x), tf.abs(x), tf.sign(x),
           tf.reciprocal(x)]
    out += [tf.sin(x), tf.cos(x), tf.tan(x), tf.asin(x), tf.acos(x), tf.atan(x), tf.sinh(x), tf.cosh(x)]
    out += [tf.tanh(x), tf.sigmoid(x), tf.floor(x), tf.ceil(x), tf.round(x), tf.rint(x), tf.erf(x),
            tf.erfc(x)]
    out += [tf.log1p(x), tf.expm1(x), tf.lgamma(x), tf.digamma(x), tf.log_sigmoid(x), tf.atan2(x, x)]
    out += [tf.is_nan(x), tf.is_inf(x), tf.is_finite(x)]
    return Case(steps=[(out, None)])


@program
def price_of_loaves(tf):
    price = tf.placeholder(tf.int64, name="price")
    amount = tf.placeholder(tf.int64, name="amount")
    cost = tf.multiply(price, amount, name="cost")
    discount = tf.subtract(amount, 1, name="discount")
    total = tf.add(tf.subtract(cost, discount), 2, name="total")
    return Case(steps=[(total, {price: 4, amount: 3}), ([cost, discount, total], {price: [7, 9], amount: 12})],
                show=[price, cost, total])


@program
def forecast_layer(tf):
    day = tf.placeholder(tf.float32, [None, 6], name="day")
    weights = tf.Variable(tf.random_uniform([6, 4], -0.5, 0.5, seed=11), name="weights")
    bias = tf.Variable(tf.zeros([4]), name="bias")
    forecast = tf.nn.relu(tf.matmul(day, weights) + bias)
    error = tf.reduce_mean(tf.abs(forecast - 1.5), name="error")
    days = np.linspace(-1.0, 2.0, 18, dtype=np.float32).reshape(3, 6)
    return Case(init=True, steps=[([forecast, error], {day: days})], show=[forecast, day, weights, bias, error])


@program
def placeholders(tf):
    x = tf.placeholder(tf.float32)
    y = tf.placeholder(tf.float32, shape=[None, 3])
    z = tf.placeholder(tf.string, shape=(), name="text")
    d = tf.placeholder_with_default([1.0, 2.0], shape=[None])
    s = x + 1.0
    t = tf.reduce_sum(y, 1)
    return Case(
        steps=[([s, d], {x: 1.5}), (t, {y: [[1, 2, 3], [4, 5, 6]]}), (d * 2.0, {d: [5.0]}), (z, {z: u"ol\u00e1"})],
        show=[x, y, z, d, s, t],
    )


@program
def name_scopes(tf):
    with tf.name_scope("outer"):
        a = tf.constant(1.0, name="a")
        with tf.name_scope("inner"):
            b = tf.add_n([a, a], name="b")
        with tf.name_scope("inner"):
            c = tf.add_n([a, b], name="b")
    with tf.name_scope("outer") as scope:
        d = tf.constant(2.0, name="a")
        with tf.name_scope(None):
            e = tf.constant(3.0, name="free")
        with tf.name_scope("outer/"):
            f = tf.constant(4.0, name="again")
    with tf.name_scope(scope):
        g = tf.constant(5.0, name="reentered")
    h = tf.identity(g, name="outer/slash")
    return Case(show=[a, b, c, d, e, f, g, h], facts={"scope": scope})


@program
def unique_names(tf):
    out = [tf.constant(i) for i in range(4)]
    out += [tf.constant(0, name="Const_1"), tf.constant(0, name="x"), tf.constant(0, name="x"),
            tf.constant(0, name="X")]
    out += [tf.constant(0, name="x_1"), tf.constant(0, name="x")]
    g = tf.get_default_graph()
    facts = {"unique": g.unique_name("x"), "marked": g.unique_name("y", mark_as_used=False),
             "y": g.unique_name("y")}
    return Case(show=out, facts=facts)


@program
def graph_look_up(tf):
    with tf.name_scope("s"):
        a = tf.constant([1.0, 2.0], name="a")
    g = tf.get_default_graph()
    facts = {
        "tensor": g.get_tensor_by_name("s/a:0").name,
        "operation": g.get_operation_by_name("s/a").type,
        "element": g.as_graph_element("s/a").name,
        "names": [op.name for op in g.get_operations()],
        "consumers": [op.name for op in a.consumers()],
        "static": a.get_shape().as_list(),
        "scope": g.get_name_scope(),
    }
    b = a + a
    facts["consumers_after"] = [op.name for op in a.consumers()]
    facts["inputs"] = [t.name for t in b.op.inputs]
    return Case(show=[a, a.op.type, a.shape, a.dtype], facts=facts)


@program
def identity_group_tuple(tf):
    a = tf.constant(1.0, name="a")
    b = tf.identity(a)
    n = tf.no_op()
    g = tf.group(a.op, b, name="both")
    h = tf.group(g, n)
    t = tf.tuple([a, b])
    u = tf.tuple([a, None, b], name="three", control_inputs=[n])
    i = tf.identity_n([a, b])
    return Case(steps=[([t, u[0], u[2], i], None), ([g, h, n], None)], show=[b, t[0], g.name])


@program
def group_devices(tf):
    with tf.device("/cpu:0"):
        a = tf.constant(1.0)
    with tf.device("/job:localhost/replica:0/task:0/device:CPU:0"):
        b = tf.constant(2.0)
    tf.group(a, b)
    with tf.device("/device:GPU:0"), tf.device("/job:worker"):
        c = tf.constant(3.0)
        with tf.device(None):
            d = tf.constant(4.0)
    with tf.device(lambda op: "/cpu:0" if op.type == "Const" else "/gpu:1"):
        e = tf.constant(5.0)
        f = tf.identity(e)
    return Case(facts={"devices": [t.device for t in (a, b, c, d, e, f)]})


@program
def two_devices(tf):
    with tf.device("/cpu:0"):
        a = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="a")
        p = tf.matmul(a, a, name="left")
    with tf.device("/cpu:1"):
        b = tf.constant([[1.0, 0.0], [0.0, 1.0]], name="b")
        q = tf.matmul(b, b, name="right")
    s = p + q
    return Case(show=[s], facts={"devices": [p.device, q.device, s.device]})


@program
def control_dependencies(tf):
    a = tf.constant(1.0, name="a")
    b = tf.constant(2.0, name="b")
    with tf.control_dependencies([a]):
        c = tf.identity(b, name="c")
        with tf.control_dependencies([c.op, b]):
            d = tf.constant(3.0, name="d")
            e = tf.add_n([c, d], name="e")
            with tf.control_dependencies(None):
                f = tf.constant(4.0, name="f")
        g = tf.add_n([e, f], name="g")
    return Case(steps=[(g, None)], facts={"control": [op.name for op in d.op.control_inputs]})


@program
def control_dependencies_transitive(tf):
    a = tf.constant(1.0, name="a")
    with tf.control_dependencies([a]):
        b = tf.multiply(a, 2.0, name="b")
        c = tf.multiply(b, 2.0, name="c")
        d = tf.no_op(name="d")
        with tf.control_dependencies([d]):
            e = tf.negative(c, name="e")
    return Case(steps=[(e, None)])


@program
def colocation(tf):
    a = tf.constant([1.0], name="a")
    b = tf.constant([2.0], name="b")
    with tf.colocate_with(a):
        c = tf.add_n([a, b], name="c")
        with tf.colocate_with(b):
            d = tf.negative(c, name="d")
    with tf.get_default_graph().colocate_with(a.op), tf.colocate_with(None, ignore_existing=True):
        e = tf.negative(b, name="e")
    return Case(facts={"groups": [[g.decode() for g in t.op.colocation_groups()] for t in (c, d, e)]})


@program
def collections(tf):
    a = tf.constant(1.0, name="a")
    tf.add_to_collection("mine", a)
    tf.add_to_collection(tf.GraphKeys.LOSSES, a * 2.0)
    tf.add_to_collection("mine", a + 1.0)
    with tf.name_scope("s"):
        tf.add_to_collection("mine", tf.identity(a))
        scoped = tf.get_collection("mine", scope="s/")
    facts = {
        "mine": [t.name for t in tf.get_collection("mine")],
        "scoped": [t.name for t in scoped],
        "losses": [t.name for t in tf.losses.get_losses()],
        "none": tf.get_collection("nothing"),
    }
    v = tf.Variable(1.0, trainable=False, collections=["only_here"])
    w = tf.Variable(2.0, name="w")
    facts["only_here"] = [x.name for x in tf.get_collection("only_here")]
    facts["variables"] = [x.name for x in tf.global_variables()]
    facts["trainable"] = [x.name for x in tf.trainable_variables()]
    facts["names"] = [v.name, w.name]
    return Case(facts=facts)


@program
def conversions(tf):
    out = [tf.convert_to_tensor(3), tf.convert_to_tensor([1.0, 2.0]), tf.convert_to_tensor(np.float64(2.0))]
    out += [tf.convert_to_tensor([[1, 2], [3, 4]], dtype=tf.float32, name="matrix")]
    a = tf.constant(1.0)
    out += [tf.convert_to_tensor([a, 2.0, a]), tf.convert_to_tensor([[a, a], [a, a]], name="packed")]
    out += [tf.convert_to_tensor(a.shape), tf.convert_to_tensor(tf.TensorShape([2, 3]))]
    out += [tf.convert_to_tensor(tf.Dimension(5)), tf.convert_to_tensor(True), tf.convert_to_tensor("text")]
    out += [tf.to_float([1, 2]), tf.to_int32([1.5, -1.5]), tf.to_double(1.0), tf.to_int64([1.7])]
    return Case(steps=[(out, None)], show=out)


@program
def print_and_assert(tf):
    a = tf.constant([1, 2, 3], name="a")
    shown = tf.Print(a, [a, tf.shape(a)], message="a is ", first_n=2, summarize=3)
    check = tf.Assert(tf.reduce_all(a > 0), [a])
    with tf.control_dependencies([check]):
        b = tf.identity(shown, name="checked")
    return Case(steps=[(b, None)], show=[check.name, check.type])


@program
def assert_guarded(tf):
    x = tf.placeholder(tf.float32, [None], name="x")
    check = tf.Assert(tf.reduce_all(x > 0.0), ["not positive", x], summarize=2, name="positive")
    with tf.control_dependencies([check]):
        y = tf.sqrt(x)
    return Case(steps=[(y, {x: [1.0, 4.0]})], show=[check.name, check.type])


@program
def static_checks(tf):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    y = tf.constant([[1.0, 2.0]])
    with tf.control_dependencies([tf.assert_equal(x, y), tf.assert_greater(x, 0.0), tf.assert_rank(x, 2)]):
        z = tf.identity(x)
    return Case(steps=[(z, {x: [[1.0, 2.0]]})])


@program
def strings(tf):
    a = tf.constant(["a", "bc"])
    out = [tf.string_join([a, "x"], separator="-"), tf.as_string([1.5, 2.0]),
           tf.string_to_number(["1.5", "2"])]
    out += [tf.strings.length(a), tf.equal(a, "bc"), tf.concat([a, a], 0), a + a]
    return Case(steps=[(out, None)], show=out)


@program
def py_function(tf):
    x = tf.constant([1.0, 2.0])
    y = tf.py_func(lambda v: v * 2 + 1, [x], tf.float32)
    z, w = tf.py_func(lambda u, v: (u + v, np.int64(v.size)), [x, y], [tf.float32, tf.int64], stateful=False)
    return Case(steps=[([y, z, w], None)], show=[y, z, w])


@program
def graph_in_middle_fed(tf):
    a = tf.constant(1.0, name="a")
    b = a * 2.0
    c = b + 1.0
    d = c * c
    return Case(steps=[(d, None), (d, {b: 10.0}), ([c, d], {c: 5.0}), ([b, d], {"mul:0": 0.5})])


@program
def nested_fetches(tf):
    a = tf.constant(1.0)
    b = tf.constant([2, 3])
    return Case(steps=[([a, [b, {"x": a, "y": (b, a)}], "Const:0"], None), ({"a": a}, None),
                       ("Const_1", None)])


@program
def seeds(tf):
    facts = {"unseeded": tf.get_default_graph().seed}
    a = tf.random_normal([2], seed=3)
    tf.set_random_seed(42)
    b = tf.random_normal([2])
    c = tf.random_normal([2], seed=5)
    d = tf.random_uniform([2], 0, 10, dtype=tf.int32)
    facts["seeds"] = [[op.get_attr("seed"), op.get_attr("seed2")]
                      for op in tf.get_default_graph().get_operations() if op.type.startswith("Random")]
    return Case(steps=[([a, b, c, d], None), ([a, b, c, d], None)], facts=facts)


@program
def shape_objects(tf):
    s = tf.TensorShape([None, 3, 5])
    t = tf.TensorShape(None)
    d = s[1]
    x = tf.placeholder(tf.float32, [None, 3])
    facts = {
        "list": s.as_list(), "ndims": s.ndims, "unknown": t.ndims, "full": s.is_fully_defined(),
        "concat": str(s.concatenate([2])), "merge": str(tf.TensorShape([2, None]).merge_with([None, 4])),
        "dimension": d.value, "sum": str(d + 2), "product": str(d * tf.Dimension(None)), "slice": str(s[1:]),
        "floor": str(tf.Dimension(7) // 2), "equal": d == 3, "compatible": s.is_compatible_with([4, 3, 5]),
        "static": str(x.shape), "rank": x.shape.ndims, "first": str(x.shape[0]),
        "elements": tf.TensorShape([2, 3]).num_elements(),
        "with_rank": str(t.with_rank(2)), "len": len(s), "as_dims": str(s.dims), "text": str(t),
    }
    return Case(show=[s, t, d, x.shape, tf.Dimension(None)], facts=facts)


@program
def dtype_objects(tf):
    facts = {}
    for name in ("float32", "int64", "string", "bool", "complex64", "half", "bfloat16", "quint8", "uint16",
                 "resource"):
        t = getattr(tf, name)
        size = t.size if t.is_floating or t.is_integer else None
        facts[name] = [t.name, t.is_floating, t.is_integer, t.is_bool, t.is_complex, t.is_quantized,
                       t.is_unsigned,
                       size, t.as_datatype_enum, str(t.base_dtype), repr(t)]
    facts["limits"] = [float(tf.float32.max), tf.int32.min, tf.uint8.max, list(tf.int8.limits)]
    facts["as_dtype"] = [tf.as_dtype(x).name for x in ("float", "int32", np.float64, np.dtype("uint8"), 9,
                                                       bool)]
    facts["equal"] = [tf.float32 == "float32", tf.float32 == np.float32, tf.float32 != tf.int32]
    v = tf.Variable(1.0)
    facts["ref"] = [repr(v.dtype), repr(v._ref().dtype) if hasattr(v, "_ref") else None]
    return Case(show=[tf.float32, tf.string, v.dtype], facts=facts)
