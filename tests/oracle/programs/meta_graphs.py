"""Graphs with their collections as MetaGraphDefs and SavedModels, written and read back."""

from __future__ import division

import re
import zlib

import numpy as np

from . import Case, program
from .functions import defun, internal
from .saving import Folder, attempt


def collections_of(meta):
    """The collections of a MetaGraphDef as plain data."""
    found = {}
    for key, value in meta.collection_def.items():
        kind = value.WhichOneof("kind")
        items = getattr(value, kind).value
        found[key] = [kind, len(items) if kind in ("bytes_list", "any_list") else list(items)]
    return found


def copy(meta):
    """TensorFlow 1.15 changes the SaverDef of what it imports under a scope."""
    return type(meta).FromString(meta.SerializeToString())


def digest(meta):
    """What a MetaGraphDef holds, as plain data."""
    info = meta.meta_info_def
    return {"ops": [op.name for op in info.stripped_op_list.op], "tags": list(info.tags),
            "version": info.tensorflow_version, "stripped": info.stripped_default_attrs,
            "nodes": [[node.name, node.op, [text for text in node.input if text[0] != "^"] +
                       sorted(text for text in node.input if text[0] == "^"), node.device, sorted(node.attr)]
                      for node in meta.graph_def.node],
            "collections": collections_of(meta), "saver": str(meta.saver_def),
            "defs": [[op.name, [str(arg) for arg in list(op.input_arg) + list(op.output_arg)],
                      [str(attr) for attr in op.attr], op.is_stateful, op.is_commutative,
                      op.allows_uninitialized_input] for op in info.stripped_op_list.op]}  # fmt: skip


def model(tf):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    with tf.variable_scope("layer"):
        w = tf.get_variable("w", initializer=[[1.0], [2.0]])
        b = tf.get_variable("b", initializer=[0.5], use_resource=True)
    y = tf.add(tf.matmul(x, w), b, name="y")
    loss = tf.reduce_mean(tf.square(y), name="loss")
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss, global_step=tf.train.get_or_create_global_step())
    tf.add_to_collection("outputs", y)
    tf.add_to_collection("outputs", loss)
    tf.add_to_collection("train_op", train)
    tf.add_to_collection("names", "one")
    tf.add_to_collection("names", "two")
    tf.add_to_collection("counts", 3)
    tf.add_to_collection("rates", 0.5)
    return x, y, loss, train


@program
def meta_graph_of_a_model(tf):
    model(tf)
    saver = tf.train.Saver()
    meta = tf.train.export_meta_graph(saver_def=saver.as_saver_def())
    return Case(facts={"meta": digest(meta), "fewer": collections_of(saver.export_meta_graph(
        collection_list=["names", "variables"]))})  # fmt: skip


@program
def meta_graph_without_defaults_and_devices(tf):
    with tf.device("/cpu:0"):
        model(tf)
    tf.nn.max_pool(tf.ones([1, 4, 4, 1]), [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    meta = tf.train.export_meta_graph(strip_default_attrs=True, clear_devices=True)
    return Case(facts={"meta": digest(meta)})


@program
def meta_graph_with_odd_collections(tf):
    a = tf.Variable(1.0, name="a")
    tf.add_to_collection("objects", object())
    tf.add_to_collection("lists", [1, 2])
    tf.add_to_collection("mixed", 1)
    tf.add_to_collection("mixed", "text")
    tf.add_to_collection("dicts", {"a": 1})
    tf.add_to_collection("true", True)
    tf.add_to_collection("array", np.float32(1.0))
    tf.add_to_collection("some variables", a)
    tf.add_to_collection(3, "three")
    tf.add_to_collection("savers", tf.train.Saver())
    meta = tf.train.export_meta_graph()
    return Case(facts={"collections": collections_of(meta)})


@program
def meta_graph_imported(tf):
    with tf.Graph().as_default():
        model(tf)
        saver = tf.train.Saver()
        meta = tf.train.export_meta_graph(saver_def=saver.as_saver_def())
    saver = tf.train.import_meta_graph(meta)
    facts = {"saver": str(saver.as_saver_def()), "variables": [str(v) for v in tf.global_variables()],
             "trainable": [v.name for v in tf.trainable_variables()],
             "same": tf.trainable_variables()[0] is tf.global_variables()[0],
             "names": tf.get_collection("names"), "counts": tf.get_collection("counts"),
             "rates": tf.get_collection("rates"), "step": str(tf.train.get_global_step())}  # fmt: skip
    graph = tf.get_default_graph()
    steps = [("y:0", {"x:0": [[1.0, 1.0]]}), (graph.get_collection("train_op")[0], {"x:0": [[1.0, 1.0]]}),
             ("layer/w:0", None), ("global_step:0", None)]
    return Case(init=True, steps=steps, facts=facts)


@program
def meta_graph_imported_twice_in_scopes(tf):
    with tf.Graph().as_default():
        model(tf)
        meta = tf.train.export_meta_graph(saver_def=tf.train.Saver().as_saver_def())
    first = tf.train.import_meta_graph(copy(meta), import_scope="one")
    second = tf.train.import_meta_graph(copy(meta), import_scope="one")
    third = tf.train.import_meta_graph(copy(meta), import_scope="two", clear_devices=True)
    facts = {"savers": [str(s.as_saver_def()) for s in (first, second, third)],
             "variables": [v.name for v in tf.global_variables()], "names": tf.get_collection("names"),
             "counts": tf.get_collection("counts")}
    return Case(init=True, steps=[("two/y:0", {"two/x:0": [[1.0, 1.0]]})], facts=facts)


@program
def meta_graph_of_loops_and_branches(tf):
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [], name="x")
        c = tf.cond(x > 0.0, lambda: tf.cond(x > 1.0, lambda: x * 2.0, lambda: x * 3.0), lambda: -x)
        _, y = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * c), [0, x])
        tf.identity(y, name="y")
        meta = tf.train.export_meta_graph()
    tf.train.import_meta_graph(meta, import_scope="in")
    x, y = tf.get_default_graph().get_tensor_by_name("in/x:0"), tf.get_default_graph().get_tensor_by_name("in/y:0")
    steps = [(y, {x: 0.5}), (y, {x: 2.0}), (y, {x: -1.0})]
    return Case(steps=steps, facts={"collections": collections_of(meta)})


@program
def meta_graph_of_partitioned_and_averaged_variables(tf):
    with tf.Graph().as_default():
        with tf.variable_scope("p", partitioner=tf.fixed_size_partitioner(2)):
            tf.get_variable("v", [4, 2], initializer=tf.ones_initializer())
        a = tf.get_variable("a", initializer=1.0)
        tf.train.ExponentialMovingAverage(0.9).apply([a])
        tf.get_variable("l", initializer=1.0, collections=[tf.GraphKeys.LOCAL_VARIABLES])
        meta = tf.train.export_meta_graph()
    tf.train.import_meta_graph(meta)
    saver = tf.train.Saver()
    facts = {"collections": collections_of(meta), "local": [v.name for v in tf.local_variables()],
             "specs": [v._get_save_slice_info().spec for v in tf.global_variables() if v.name.startswith("p/")],
             "averaged": [v.name for v in tf.moving_average_variables()], "def": str(saver.as_saver_def())}  # fmt: skip
    return Case(facts=facts)


@program
def meta_graph_within_a_scope(tf):
    with tf.Graph().as_default():
        a = tf.constant(1.0, name="outside")
        with tf.name_scope("inner"):
            v = tf.Variable(2.0, name="v")
            y = tf.add(a, v, name="y")
            with tf.device("/cpu:0"):
                tf.multiply(y, 2.0, name="z")
        tf.add_to_collection("outputs", y)
        tf.Variable(3.0, name="w")
        meta = tf.train.export_meta_graph(export_scope="inner")
    facts = {"meta": digest(meta), "unbound": attempt(tf.train.import_meta_graph, meta)}
    b = tf.constant(5.0, name="given")
    tf.train.import_meta_graph(meta, import_scope="new", input_map={"$unbound_inputs_outside": b})
    return Case(init=True, steps=[("new/z:0", None)], facts=facts)


@program
def meta_graph_files(tf):
    with Folder() as folder:
        with tf.Graph().as_default(), tf.Session() as sess:
            x, y, loss, train = model(tf)
            sess.run(tf.global_variables_initializer())
            sess.run(train, {x: [[1.0, 1.0]]})
            saver = tf.train.Saver()
            path = saver.save(sess, folder("m"), global_step=1)
            tf.train.export_meta_graph(folder("text"), as_text=True)
            tf.train.export_meta_graph(folder("sub/binary"))
            tf.train.write_graph(sess.graph, folder("graphs"), "graph.pbtxt")
            tf.train.write_graph(sess.graph_def, folder("graphs"), "graph.pb", as_text=False)
        facts = {"files": sorted(folder.files())}
        facts["missing"] = folder.plain(attempt(tf.train.import_meta_graph, folder("none"))[1])
        saver = tf.train.import_meta_graph(path + ".meta")
        with tf.Session() as sess:
            saver.restore(sess, path)
            facts["w"] = sess.run("layer/w:0").tolist()
            facts["y"] = sess.run("y:0", {"x:0": [[1.0, 2.0]]}).tolist()
        with tf.Graph().as_default():
            facts["text"] = str(tf.train.import_meta_graph(folder("text")).as_saver_def())
        with tf.Graph().as_default():
            tf.constant(1.0)
            tf.train.export_meta_graph(folder("empty"))
        with tf.Graph().as_default():
            facts["empty"] = str(tf.train.import_meta_graph(folder("empty")))
        with tf.Graph().as_default():
            facts["elements"] = attempt(tf.train.import_meta_graph, path + ".meta", return_elements=["y:0"])[:30]
    return Case(facts=facts)


@program
def meta_graph_of_functions(tf):
    with tf.Graph().as_default():
        @defun(tf, tf.float32, func_name="Twice")
        def twice(x):
            return x * 2.0

        tf.identity(twice(tf.constant(1.5)), name="y")
        meta = tf.train.export_meta_graph()
    tf.train.import_meta_graph(meta)
    return Case(steps=[("y:0", None)], facts={"meta": digest(meta)["ops"]})


@program
def every_op_definition(tf):
    """The definitions of all ops, attrs in order: a checksum of each."""
    definitions = internal(tf, "tensorflow.python.framework.op_def_registry").get_registered_ops()
    return Case(facts={name: zlib.crc32(definitions[name].SerializeToString()) & 0xffffffff
                       for name in sorted(definitions) if hasattr(tf.raw_ops, name)})


@program
def protos_of_collections(tf):
    ops = internal(tf, "tensorflow.python.framework.ops")
    facts = {}
    for key in sorted(getattr(tf.GraphKeys, name) for name in dir(tf.GraphKeys) if name.isupper() and name[0] != "_"):
        kind = ops.get_collection_proto_type(key)
        facts[key] = [kind and kind.__name__, ops.get_to_proto_function(key) is not None,
                      ops.get_from_proto_function(key) is not None]
    facts["taken"] = attempt(ops.register_proto_function, "variables", proto_type=int)[1][:52]
    facts["no function"] = [attempt(ops.register_proto_function, "mine", to_proto=3),
                            attempt(ops.register_proto_function, "mine", from_proto=3)]
    return Case(facts=facts)


@program
def meta_graph_definitions_of_functions(tf):
    """Versions, and the bodies of functions with and without shapes: those of data sets, of callables, of `Defun`."""
    function = internal(tf, "tensorflow.python.framework.function")

    def old():
        return function.Defun(tf.float32, tf.int32, func_name="OldForm")(
            lambda x, n: (tf.reshape(x, [2, 3]) * 2.0, n))(tf.placeholder(tf.float32), 1)

    def of_data():
        data = tf.data.Dataset.from_tensor_slices((tf.zeros([4, 3]), [1, 2, 3, 4])).map(lambda a, b: (a + 1.0, b))
        return tf.compat.v1.data.make_one_shot_iterator(data.repeat()).get_next() and data

    def callable_(x, pair):
        return x + pair[0] + pair[1]

    facts = {}
    for name, build in (("old", old), ("data", of_data),
                        ("callable", lambda: tf.function(callable_)(tf.zeros([2]), [tf.ones([2]), tf.ones([])]))):
        with tf.Graph().as_default() as graph:
            build()
            for shapes in (False, True):
                definition = graph.as_graph_def(add_shapes=shapes)
                bodies = [re.sub(r"_\d+\"", '_N"', str(body)) for body in definition.library.function]
                facts["%s %s" % (name, shapes)] = [definition.versions.min_consumer, sorted(
                    re.sub(r"\s+", " ", text) for text in bodies if "_make_dataset" not in text)]
            ops = tf.train.export_meta_graph().meta_info_def.stripped_op_list.op
            facts["ops of " + name] = [op.name for op in ops]
    return Case(facts=facts)


@program
def meta_graph_of_running_means(tf):
    """How variables are kept in step: of normalised layers they tell so."""
    for options in ({}, {"renorm": True}, {"fused": False, "virtual_batch_size": 1}):
        tf.layers.batch_normalization(tf.zeros([2, 4, 4, 3]), training=True, **options)
    return Case(facts={variable.name: str(variable.to_proto()) for variable in tf.global_variables()})
