"""Variables, scopes and graphs in more forms: initial values, reuse, partitions, scatters, imports."""

from __future__ import division

import numpy as np

from . import Case, program


@program
def variables_from_all_kinds_of_values(tf):
    made = [tf.Variable(3), tf.Variable([1.5]), tf.Variable(np.ones((2, 2))), tf.Variable(tf.zeros([2])),
            tf.Variable(True), tf.Variable("text"), tf.Variable([1, 2], dtype=tf.float32),
            tf.Variable(lambda: tf.constant(5.0)), tf.Variable(tf.random_normal([2], seed=1), trainable=False),
            tf.Variable(2.0, validate_shape=False, name="loose"), tf.Variable(1 + 2j),
            tf.Variable(initial_value=[1], expected_shape=[1], name="expected")]
    facts = {"names": [v.name for v in made], "trainable": [v.name for v in tf.trainable_variables()]}
    return Case(init=True, steps=[(made, None)], show=made, facts=facts)


@program
def variables_got_in_all_forms(tf):
    zeros, ones = tf.zeros_initializer(), tf.ones_initializer()
    made = [tf.get_variable("a", [2], initializer=zeros), tf.get_variable("b", (2, 1), tf.float64, ones),
            tf.get_variable("c", initializer=np.float32(2.0)), tf.get_variable("d", initializer=tf.constant([1, 2])),
            tf.get_variable("e", shape=tf.TensorShape([1]), initializer=tf.constant_initializer([7.0])),
            tf.get_variable("f", [2, 2], initializer=tf.constant_initializer([[1.0, 2.0], [3.0, 4.0]])),
            tf.get_variable("g", [3], tf.int32, zeros), tf.get_variable("h", [2], tf.bool, zeros),
            tf.get_variable("i", [2], trainable=False, collections=["own", "global"], initializer=ones),
            tf.get_variable("j", [2], initializer=ones, regularizer=lambda w: tf.reduce_sum(tf.abs(w)),
                            constraint=lambda w: tf.maximum(w, 0.0)), tf.get_variable("k", 5, initializer=ones)]
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    return Case(steps=[([v.initializer for v in made], None), (made + losses, None)], show=made + losses)


@program
def variables_read_in_all_forms(tf):
    v, w = tf.Variable([1.0, 4.0], name="v"), tf.get_variable("w", initializer=[1.0, 4.0], use_resource=True)
    out = []
    for x in (v, w):
        out += [x + 1.0, 1.0 - x, x * x, x / 2.0, x ** 2.0, -x, x[0], x[:1], tf.sqrt(x), x.value(), x.read_value(),
                tf.identity(x), tf.reduce_sum(x), tf.concat([x, x], 0), tf.stack([x, x]), x > 2.0,
                tf.convert_to_tensor(x), x.initialized_value(), tf.gather(x, [1]), tf.shape(x), tf.zeros_like(x),
                x.initial_value]
    return Case(init=True, steps=[(out, None)], show=out)


@program
def variables_assigned_in_all_forms(tf):
    steps = []
    for x in (tf.Variable([1.0, 4.0], name="v"), tf.get_variable("w", initializer=[1.0, 4.0], use_resource=True)):
        ops = [tf.assign(x, [2.0, 3.0]), tf.assign_add(x, [1.0, 1.0]), tf.assign_sub(x, [0.5, 0.0], name="less"),
               x.assign(x * 2.0), x.assign_add(x), x.assign_sub([1.0, 1.0]), x.assign([5.0, 6.0], read_value=False),
               tf.scatter_update(x, [0], [9.0]), tf.scatter_add(x, [1], [1.0]), tf.scatter_sub(x, [0], [1.0]),
               tf.scatter_mul(x, [0], [2.0]), tf.scatter_div(x, [1], [2.0]), tf.scatter_max(x, [0], [50.0]),
               tf.scatter_min(x, [0], [3.0]), tf.scatter_nd_update(x, [[0]], [1.0]), tf.scatter_nd_add(x, [[1]], [1.0]),
               tf.scatter_nd_sub(x, [[1]], [1.0]), x[0].assign(7.0)]
        steps += [(op, None) for op in ops] + [(x, None)]
    return Case(init=True, steps=steps)


@program
def variables_of_another_shape(tf):
    v = tf.Variable([1.0, 2.0], validate_shape=False, name="v")
    grown = tf.assign(v, [1.0, 2.0, 3.0], validate_shape=False)
    u = tf.Variable(tf.placeholder_with_default([1.0], [None]), validate_shape=False, name="u")
    return Case(init=True, steps=[(v, None), (grown, None), (v, None), (u, None)], show=[v, grown, u])


@program
def scopes_in_scopes(tf):
    facts = {}
    with tf.variable_scope("a", initializer=tf.ones_initializer()) as a:
        x = tf.get_variable("x", [2])
        with tf.variable_scope("b", reuse=tf.AUTO_REUSE) as b:
            y = tf.get_variable("y", [2])
            again = tf.get_variable("y", [2])
            z = tf.add(y, again, name="z")
    with tf.variable_scope(b, auxiliary_name_scope=False):
        w = tf.get_variable("w", [1])
        facts["outside"] = tf.constant(1.0).name
    with tf.variable_scope("a/b", reuse=True):
        facts["joined"] = [tf.get_variable("y", [2]).name, tf.identity(y).name]
    with tf.name_scope("n"), tf.variable_scope("a", reuse=True):
        facts["named"] = [tf.get_variable("x", [2]).name, tf.identity(x).name,
                          tf.get_variable_scope().original_name_scope]
    a.reuse_variables()
    with tf.variable_scope(a):
        facts["reused"] = [tf.get_variable_scope().reuse, tf.get_variable("x").name]
    with tf.variable_op_scope([x], None, "default") as s:
        facts["op_scope"] = [s.name, tf.get_variable("v", [1]).name]
    with tf.variable_scope("c", default_name="unused", values=[x], dtype=tf.float64, regularizer=None):
        facts["dtype"] = tf.get_variable("v", [1]).dtype.name
    with tf.name_scope("given", "ignored", [x]) as name, tf.name_scope(None, "fallback", [y]) as other:
        facts["names"] = [name, other]
    return Case(facts=facts, show=[x, y, z, w])


@program
def partitioned_tables(tf):
    with tf.variable_scope("tables", partitioner=tf.fixed_size_partitioner(3)):
        table = tf.get_variable("table", [7, 2], initializer=tf.random_uniform_initializer(-1.0, 1.0, seed=1))
    rows = tf.nn.embedding_lookup(table, [0, 6, 3], partition_strategy="div")
    whole = tf.convert_to_tensor(table)
    small = tf.get_variable("small", [4, 2], partitioner=tf.min_max_variable_partitioner(2, min_slice_size=8),
                            initializer=tf.ones_initializer())
    loss = tf.reduce_sum(tf.square(rows)) + tf.reduce_sum(small)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    facts = {"names": [v.name for v in tf.global_variables()], "shapes": [v.shape.as_list() for v in table]}
    return Case(init=True, steps=[([rows, whole], None), (train, None), (whole, None)], facts=facts)


@program
def graphs_imported(tf):
    with tf.Graph().as_default() as inner:
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        w = tf.constant([[1.0], [2.0]], name="w")
        tf.matmul(x, w, name="y")
        definition = inner.as_graph_def()
    mine = tf.constant([[3.0, 4.0]], name="mine")
    first, = tf.import_graph_def(definition, return_elements=["y:0"])
    second, op = tf.import_graph_def(definition, {"x:0": mine}, ["y:0", "w"], name="copy")
    with tf.name_scope("inside"):
        tf.import_graph_def(definition, name="")
    facts = {"op": op.name, "versions": tf.get_default_graph().as_graph_def().versions.producer}
    return Case(steps=[(second, None), (first, {"import/x:0": [[1.0, 1.0]]})], show=[first, second], facts=facts)


@program
def graphs_frozen(tf):
    v, w = tf.Variable([[2.0]], name="v"), tf.get_variable("w", initializer=[1.0], use_resource=True)
    x = tf.placeholder(tf.float32, [None, 1], name="x")
    y = tf.nn.relu(tf.matmul(x, v) + w, name="y")
    tf.gradients(y, v)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        frozen = tf.graph_util.convert_variables_to_constants(sess, tf.get_default_graph().as_graph_def(), ["y"])
    cut = tf.graph_util.extract_sub_graph(tf.get_default_graph().as_graph_def(), ["y"])
    slim = tf.graph_util.remove_training_nodes(frozen)
    facts = {"frozen": [[n.name, n.op, list(n.input)] for n in frozen.node], "cut": [n.name for n in cut.node],
             "slim": [n.name for n in slim.node]}
    return Case(facts=facts)


@program
def averages_of_variables(tf):
    v, w = tf.Variable([1.0, 2.0], name="v"), tf.get_variable("w", initializer=3.0, use_resource=True)
    step = tf.train.get_or_create_global_step()
    out, names = [], []
    for averages in (tf.train.ExponentialMovingAverage(0.5), tf.train.ExponentialMovingAverage(0.9, step,
                                                                                               name="stepped"),
                     tf.train.ExponentialMovingAverage(0.9, zero_debias=True, name="fair")):
        out.append((averages.apply([v, w, v * 2.0]), None))
        out.append(([averages.average(v), averages.average(w)], None))
        names.append([averages.average_name(v), averages.average(v).name])
    return Case(init=True, steps=out + out, facts={"names": names,
                                                   "restore": sorted(averages.variables_to_restore([v, w]))})


@program
def sparse_tensors(tf):
    s = tf.SparseTensor(indices=[[0, 1], [2, 0]], values=[5.0, 7.0], dense_shape=[3, 2])
    p = tf.sparse_placeholder(tf.float32, [None, 2], name="p")
    u = tf.sparse_placeholder(tf.int32, name="u")
    out = [s.indices, s.values, s.dense_shape, tf.sparse_tensor_to_dense(s), tf.sparse_tensor_to_dense(s, -1.0),
           tf.sparse.to_dense(p, validate_indices=False), p.values, tf.sparse_to_dense([0, 2], [4], 1.0), tf.shape(s),
           tf.rank(s), tf.size(s), tf.cast(s, tf.int32).values, tf.square(s).values]
    value = tf.SparseTensorValue([[0, 1]], [2.0], [1, 2])
    return Case(steps=[(out, {p: value}), ([s, p], {p: value})], show=[s, p.values, u.values, p.dense_shape],
                facts={"shape": str(s.get_shape()), "other": str(p.get_shape())})


@program
def indexed_slices(tf):
    slices = tf.IndexedSlices(tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.constant([2, 0]), tf.constant([3, 2]))
    dense, scaled = tf.convert_to_tensor(slices), tf.scalar_mul(2.0, slices)
    out = [dense, scaled, -slices, tf.convert_to_tensor_or_indexed_slices(slices), tf.clip_by_norm(slices, 1.0),
           tf.global_norm([slices, dense]), tf.add_n([dense, dense])]
    return Case(steps=[(out, None)], show=[dense, slices])


@program
def placeholders_of_many_forms(tf):
    made = [tf.placeholder(tf.float32), tf.placeholder("int32", [2]),
            tf.placeholder(tf.float64, shape=(None, 3), name="x"), tf.placeholder(tf.bool, [], "flag"),
            tf.placeholder(tf.string, [None]), tf.placeholder_with_default(1.0, []),
            tf.placeholder_with_default([[1, 2]], [None, 2], name="d"), tf.placeholder(np.float32, tf.TensorShape([1])),
            tf.placeholder(tf.complex64)]
    return Case(steps=[([made[5], made[6]], None), (made[5] + 1.0, {made[5]: 4.0}),
                       (made[6] * 2, {made[6]: [[3, 4], [5, 6]]})], show=made)


@program
def constants_of_many_forms(tf):
    made = [tf.constant(1), tf.constant(1.5), tf.constant("a"), tf.constant([1, 2, 3]),
            tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.constant(0.0, shape=[2, 3]), tf.constant([1, 2], shape=[2, 2]),
            tf.constant(5, tf.int64), tf.constant([1, 1, 1, 1]), tf.constant([0.0] * 5),
            tf.constant([1.0, 2.0, 2.0, 2.0]), tf.constant(np.arange(4, dtype=np.float64)),
            tf.constant(np.zeros((2, 2), np.int8)), tf.constant([True] * 3), tf.constant(["a", "a"]),
            tf.constant([1.0, 2.0], tf.float16), tf.constant([1 + 1j] * 2), tf.constant([], tf.int32),
            tf.constant(np.float32(3.0)), tf.constant([[1], [2]], name="column"), tf.constant(7, shape=[]),
            tf.constant([1.5, 1.5], tf.bfloat16), tf.constant(np.array([[True, False]])), tf.constant([255], tf.uint8),
            tf.constant(np.ones((3, 1), np.float16)), tf.constant(["a", "b"], shape=[3]), tf.constant([[], []])]
    return Case(steps=[(made[:21] + made[22:], None)], show=made)


@program
def conversions_of_many_forms(tf):
    a, p = tf.constant(1.0), tf.placeholder(tf.int32, [None], name="p")
    made = [tf.convert_to_tensor([a, 2.0]), tf.convert_to_tensor([[a, 1.0], [2.0, a]]),
            tf.convert_to_tensor(np.arange(3)), tf.convert_to_tensor([1, 2], dtype=tf.float32),
            tf.convert_to_tensor(3, preferred_dtype=tf.float64), tf.convert_to_tensor(p.shape[0].value or 2),
            tf.convert_to_tensor((1, 2), name="pair"), tf.convert_to_tensor([tf.shape(p)[0], 3]), tf.to_float(p),
            tf.to_int32(a), tf.to_double(p), tf.to_int64(a), tf.to_bfloat16(a), tf.cast(p, tf.bool),
            tf.cast(p, "float"), tf.saturate_cast(p, tf.uint8), tf.cast(a, tf.float32), tf.saturate_cast(a, tf.int8),
            tf.bitcast(a, tf.int32), tf.convert_to_tensor(["a", b"b"]), tf.convert_to_tensor(np.str_("u"))]
    return Case(steps=[(made[:12] + made[13:], {p: [300, 0]})], show=made)


@program
def steps_counted(tf):
    step = tf.train.create_global_step()
    tf.train.assert_global_step(step)
    same = tf.train.get_global_step()
    up = tf.assign_add(same, 3)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(up)
        counted = int(tf.train.global_step(sess, step))
    return Case(init=True, steps=[(up, None), (step, None)], show=[step],
                facts={"counted": counted, "same": same is step})


@program
def old_names_of_initialisers(tf):
    v, w = tf.Variable(1.0, name="v"), tf.Variable(2.0, name="w", collections=[tf.GraphKeys.LOCAL_VARIABLES])
    ops = [tf.initialize_all_variables(), tf.initialize_local_variables(), tf.initialize_variables([v], name="some")]
    facts = {"all": [x.name for x in tf.all_variables()], "names": [op.name for op in ops],
             "models": len(tf.model_variables())}
    return Case(steps=[(op, None) for op in ops] + [([v, w], None)], facts=facts)


@program
def containers_and_outer_scopes(tf):
    with tf.container("shelf"):
        v = tf.Variable([1.0], name="v")
        w = tf.get_variable("w", [2], initializer=tf.zeros_initializer(), use_resource=True)
    with tf.name_scope("inner"), tf.control_dependencies([v.initializer]):
        with tf.init_scope():
            lifted = tf.constant(1.0, name="lifted")
        inside = tf.identity(lifted, name="inside")
    tf.add_to_collections(["a", "b"], inside)
    facts = {"container": [v.op.get_attr("container"), w.op.get_attr("container")],
             "known": tf.get_static_value(tf.constant([1, 2]) * 3) is None,
             "value": tf.get_static_value(tf.constant([1, 2])).tolist(), "refs": tf.get_collection_ref("a")[0].name}
    return Case(init=True, steps=[([v, w, inside], None)], facts=facts)


@program
def scatters_in_batches(tf):
    v = tf.Variable(np.zeros((2, 3), np.float32), name="v")
    update = tf.batch_scatter_update(v, [[0, 2], [1, 1]], [[1.0, 2.0], [3.0, 3.0]])
    either = [tf.convert_to_tensor_or_sparse_tensor([1, 2]),
              tf.convert_to_tensor_or_sparse_tensor(tf.SparseTensor([[0]], [1], [1]))]
    return Case(init=True, steps=[(update, None), (v, None), (either, None)])


@program
def histograms_and_fakes(tf):
    x = tf.constant([0.1, 0.5, 0.9, 2.0], name="x")
    out = [tf.histogram_fixed_width_bins(x, [0.0, 1.0], 4), tf.guarantee_const(x), tf.to_complex128(x),
           tf.fingerprint(tf.constant([b"a", b"b"]))]
    return Case(steps=[(out, None)], show=out)


@program
def variables_and_their_methods(tf):
    steps = []
    for v in (tf.Variable([[1.0], [2.0]], name="v"), tf.get_variable("w", initializer=[[1.0], [2.0]],
                                                                     use_resource=True)):
        rows = tf.IndexedSlices(tf.constant([[5.0]]), tf.constant([1]))
        ops = [v.scatter_update(rows), v.scatter_add(rows), v.scatter_sub(rows), v.scatter_mul(rows),
               v.scatter_div(rows), v.scatter_max(rows), v.scatter_min(rows), v.scatter_nd_update([[0]], [[3.0]]),
               v.scatter_nd_add([[0]], [[1.0]]), v.scatter_nd_sub([[0]], [[1.0]])]
        steps += [(op, None) for op in ops] + [(v, None)]
    counter = tf.Variable(0, name="counter")
    steps += [(v.sparse_read([1]), None), (v.gather_nd([[0]]), None), (counter.count_up_to(5), None), (counter, None)]
    return Case(init=True, steps=steps)


@program
def graphs_without_nodes_of_training(tf):
    """Checks and identities go; one with control edges stays, and one that had only a check to read has no input."""
    tried = {"switch": "s Switch x p, i Identity s, c Abs i", "port": "s Switch x p, i Identity s:1, c Abs i",
             "merge": "s Merge x p, i Identity s, c Merge i i", "two": "i Identity x, j Identity i, c Abs j ^y",
             "backwards": "c Abs j, j Identity i, i Identity x", "port 0": "i Identity x, c Abs i:0",
             "edge in": "i Identity x ^p, c Abs i", "edge out": "i Identity x, c Abs x ^i",
             "loop": "s Exit x, i Identity s, c Abs i", "reference": "s VariableV2, i Identity s, c RefIdentity i",
             "check": "k CheckNumerics x, c Add k y ^k", "check read": "k CheckNumerics x, i Identity k, c Abs i",
             "check's port": "k CheckNumerics x, c Abs k:0", "no input": "i Identity, c Abs i",
             "kept": "keep Identity x, kept CheckNumerics keep, c Abs kept"}

    def left(nodes):
        graph_def = tf.GraphDef()
        for words in nodes.split(", "):
            name, op = words.split()[:2]
            graph_def.node.add(name=name, op=op, input=words.split()[2:])
        try:
            rest = tf.graph_util.remove_training_nodes(graph_def, ["keep", "kept"])
        except IndexError as error:
            return str(error)
        return ", ".join(" ".join([node.name, node.op] + list(node.input)) for node in rest.node)

    return Case(facts={name: left(tried[name]) for name in sorted(tried)})
