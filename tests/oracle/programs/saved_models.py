"""SavedModels: what is in their files, loading them, signatures, freezing graphs."""

from __future__ import division

import os

import numpy as np

from . import Case, program
from .meta_graphs import digest, model
from .saving import Folder, Seeded, attempt


def parsed(tf, folder):
    """The SavedModel of a folder as plain data."""
    from google.protobuf import text_format

    if tf.__name__.startswith("tfmagic"):
        from tfmagic.tf.saved_model.models import parse_saved_model
    else:
        from tensorflow.python.saved_model.loader_impl import parse_saved_model
    found = []
    for meta in parse_saved_model(folder).meta_graphs:
        item = digest(meta)
        del item["defs"]
        item["signatures"] = {key: text_format.MessageToString(value) for key, value in meta.signature_def.items()}
        item["assets"] = [str(asset) for asset in meta.asset_file_def]
        found.append(item)
    return found


def sorted_lines(facts):
    """Entries of maps are in no particular order."""
    for meta in facts:
        meta["signatures"] = {key: sorted(value.splitlines()) for key, value in meta["signatures"].items()}
    return facts


@program
def saved_model_of_a_model(tf):
    with Folder() as folder, Seeded():
        with tf.Graph().as_default(), tf.Session() as sess:
            x, y, _, _ = model(tf)
            sess.run(tf.global_variables_initializer())
            tf.saved_model.simple_save(sess, folder("out"), {"x": x}, {"y": y})
        facts = {"files": folder.files(), "model": sorted_lines(parsed(tf, folder("out"))),
                 "is": [tf.saved_model.contains_saved_model(folder(name)) for name in ("out", "none")]}
        with tf.Session() as sess:
            meta = tf.saved_model.load(sess, ["serve"], folder("out"))
            signature = meta.signature_def["serving_default"]
            facts["y"] = sess.run(signature.outputs["y"].name, {signature.inputs["x"].name: [[1.0, 1.0]]}).tolist()
            facts["variables"] = [v.name for v in tf.global_variables()]
    return Case(facts=facts)


@program
def saved_model_with_several_graphs(tf):
    with Folder() as folder, Seeded():
        builder = tf.saved_model.Builder(folder("out"))
        with tf.Graph().as_default(), tf.Session() as sess:
            x, y, loss, _ = model(tf)
            sess.run(tf.global_variables_initializer())
            signature = tf.saved_model.predict_signature_def({"x": x}, {"y": y, "loss": loss})
            facts = {"early": attempt(builder.add_meta_graph, ["serve"])}
            builder.add_meta_graph_and_variables(sess, [tf.saved_model.TRAINING], {"train": signature},
                                                 main_op=tf.no_op(name="begin"), strip_default_attrs=True)
            facts["again"] = attempt(builder.add_meta_graph_and_variables, sess, ["x"])
        with tf.Graph().as_default():
            x, y, _, _ = model(tf)
            builder.add_meta_graph([tf.saved_model.SERVING, "cpu"], {"serve": tf.saved_model.predict_signature_def(
                {"x": x}, {"y": y})}, clear_devices=True)  # fmt: skip
        facts["path"] = folder.plain(builder.save(as_text=True).decode())
        facts["files"] = sorted(folder.files())
        facts["model"] = [[sorted(meta["tags"]), sorted(meta["signatures"]), meta["collections"]]
                          for meta in parsed(tf, folder("out"))]
        facts["full"] = folder.plain(attempt(tf.saved_model.Builder, folder("out")))
        with tf.Graph().as_default(), tf.Session() as sess:
            facts["tags"] = attempt(tf.saved_model.load, sess, ["nothing"], folder("out"))[:1]
            facts["none"] = folder.plain(attempt(tf.saved_model.load, sess, ["serve"], folder("none"))[1])
        with tf.Session() as sess:
            tf.saved_model.load(sess, ["cpu", "serve"], folder("out"), import_scope="in")
            facts["y"] = sess.run("in/y:0", {"in/x:0": [[1.0, 1.0]]}).tolist()
    return Case(facts=facts)


@program
def saved_model_with_files(tf):
    with Folder() as folder, Seeded():
        with open(folder("words.txt"), "w") as file:
            file.write("one two")
        with tf.Graph().as_default(), tf.Session() as sess:
            v = tf.Variable(1.0, name="v")
            name = tf.constant(folder("words.txt"), name="asset")
            tf.add_to_collection(tf.GraphKeys.ASSET_FILEPATHS, name)
            words = tf.get_variable("words", initializer=["none"], trainable=False)
            begin = tf.group(tf.assign(words, tf.reshape(name, [1])), name="begin")
            sess.run(tf.global_variables_initializer())
            tf.saved_model.simple_save(sess, folder("out"), {"v": tf.identity(v)}, {"w": words}, begin)
        facts = {"files": sorted(folder.files()),
                 "assets": [[folder.plain(a) for a in meta["assets"]] for meta in parsed(tf, folder("out"))],
                 "collections": parsed(tf, folder("out"))[0]["collections"]}  # fmt: skip
        with tf.Session() as sess:
            tf.saved_model.load(sess, ["serve"], folder("out"))
            facts["words"] = folder.plain(sess.run("words:0")[0].decode())
    asset = tf.get_default_graph().get_operation_by_name("asset")  # it holds the name of the folder
    asset._set_attr("value", tf.compat.v1.AttrValue(tensor=tf.make_tensor_proto("asset")))
    return Case(facts=facts)


@program
def saved_model_with_files_of_one_name(tf):
    """A file that says what the first of its name says is not copied again."""
    with Folder() as folder, Seeded():
        paths = []
        for name, content in [("x/a", "1"), ("y/a", "1"), ("z/a", "2"), ("u/a", "2"), ("u/b", "1"), ("v/a", "3")]:
            tf.gfile.MakeDirs(os.path.dirname(folder(name)))
            with open(folder(name), "w") as file:
                file.write(content)
            paths.append(folder(name))
        with tf.Graph().as_default(), tf.Session() as sess:
            v = tf.Variable(1.0, name="v")
            for path in paths + paths[:1]:
                tf.add_to_collection(tf.GraphKeys.ASSET_FILEPATHS, tf.constant(path))
            sess.run(tf.global_variables_initializer())
            tf.saved_model.simple_save(sess, folder("out"), {"v": tf.identity(v)}, {"w": v})
        facts = {"files": {name: tf.gfile.GFile(folder("out/assets/" + name)).read()
                           for name in tf.gfile.ListDirectory(folder("out/assets"))},
                 "collections": parsed(tf, folder("out"))[0]["collections"]["saved_model_assets"]}
    return Case(facts=facts)


@program
def signatures_of_all_kinds(tf):
    examples = tf.placeholder(tf.string, [None], name="examples")
    scores = tf.placeholder(tf.float32, [None, 3], name="scores")
    classes = tf.placeholder(tf.string, [None, 3], name="classes")
    sparse = tf.sparse_placeholder(tf.float32, [2, 3], name="sparse")
    unknown = tf.placeholder(tf.int64, name="unknown")
    sm = tf.saved_model
    made = [sm.regression_signature_def(examples, scores), sm.classification_signature_def(examples, classes, scores),
            sm.classification_signature_def(examples, None, scores), sm.predict_signature_def({"a": scores}, {
                "b": classes, "c": unknown}), sm.build_signature_def({"s": sm.build_tensor_info(sparse)}, {}, "own"),
            sm.build_signature_def()]  # fmt: skip
    facts = {"made": [sorted(str(item).splitlines()) for item in made],
             "valid": [sm.is_valid_signature(item) for item in made],
             "tensors": [str(sm.get_tensor_from_tensor_info(sm.build_tensor_info(item))) for item in
                         (examples, unknown)],
             "refused": [attempt(sm.regression_signature_def, None, scores),
                         attempt(sm.regression_signature_def, examples, None),
                         attempt(sm.regression_signature_def, examples, classes),
                         attempt(sm.regression_signature_def, scores, scores),
                         attempt(sm.classification_signature_def, examples, None, None),
                         attempt(sm.classification_signature_def, examples, scores, scores),
                         attempt(sm.predict_signature_def, {}, {"a": scores}),
                         attempt(sm.predict_signature_def, {"a": scores}, None)]}  # fmt: skip
    return Case(facts=facts)


@program
def saved_model_refusals(tf):
    with Folder() as folder, tf.Session() as sess:
        x, y, _, _ = model(tf)
        sess.run(tf.global_variables_initializer())
        signature = tf.saved_model.predict_signature_def({"x": x}, {"y": y})
        wrong = tf.saved_model.predict_signature_def({"x": x}, {"y": y})
        wrong.inputs["x"].ClearField("name")
        untyped = tf.saved_model.predict_signature_def({"x": x}, {"y": y})
        untyped.inputs["x"].ClearField("dtype")
        builder = tf.saved_model.Builder(folder("out"))
        facts = {"wrong": attempt(builder.add_meta_graph_and_variables, sess, ["a"], {"s": wrong}),
                 "untyped": attempt(builder.add_meta_graph_and_variables, sess, ["a"], {"s": untyped}),
                 "op": attempt(builder.add_meta_graph_and_variables, sess, ["a"], {"s": signature}, main_op=y),
                 "info": attempt(tf.saved_model.get_tensor_from_tensor_info, wrong.inputs["x"])}  # fmt: skip
    return Case(facts=facts)


@program
def frozen_graphs(tf):
    x, y, _, _ = model(tf)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        frozen = tf.graph_util.convert_variables_to_constants(sess, sess.graph_def, ["y"])
        some = tf.graph_util.convert_variables_to_constants(sess, sess.graph_def, ["y"],
                                                            variable_names_blacklist=["layer/w"])
    describe = [[[node.name, node.op, list(node.input), sorted(node.attr)] for node in graph.node]
                for graph in (frozen, some)]
    part, trained = tf.graph_util.extract_sub_graph(frozen, ["y"]), tf.graph_util.remove_training_nodes(frozen)
    whole = tf.graph_util.extract_sub_graph(tf.get_default_graph().as_graph_def(), ["y"])
    versions = [[graph.HasField("versions"), graph.versions.producer, graph.HasField("library")]
                for graph in (frozen, some, part, trained, whole)]
    with tf.Graph().as_default(), tf.Session() as sess:
        out, = tf.import_graph_def(frozen, name="", return_elements=["y:0"])
        value = sess.run(out, {"x:0": [[1.0, 1.0]]}).tolist()
    return Case(facts={"nodes": describe, "value": value, "versions": versions})


@program
def graphs_frozen_from_files(tf):
    if tf.__name__.startswith("tfmagic"):
        from tfmagic.tf.internal import module

        freeze = module("tensorflow.python.tools.freeze_graph").freeze_graph
    else:
        from tensorflow.python.tools.freeze_graph import freeze_graph as freeze
    # TensorFlow 1.15 freezes in the default graph, whose nodes must not be there yet.
    with Folder() as folder, Seeded():
        with tf.Graph().as_default(), tf.Session() as sess:
            x = tf.placeholder(tf.float32, [None, 2], name="x")
            y = tf.matmul(x, tf.get_variable("w", initializer=[[1.0], [2.0]]), name="y")
            tf.get_variable("unused", initializer=3.0)
            sess.run(tf.global_variables_initializer())
            path = tf.train.Saver().save(sess, folder("m"))
            tf.train.write_graph(sess.graph_def, folder.path, "graph.pbtxt")
            tf.saved_model.simple_save(sess, folder("out"), {"x": x}, {"y": y})
        found = []
        for graph, meta, saved, name in ((folder("graph.pbtxt"), None, None, "a"), (None, path + ".meta", None, "b"),
                                         (None, None, folder("out"), "c")):
            with tf.Graph().as_default():
                out = freeze(graph, "", meta is not None, path if saved is None else None, "y", "save/restore_all",
                             "save/Const:0", folder(name), True, "", input_meta_graph=meta, input_saved_model_dir=saved)
            found.append([[node.name, node.op, list(node.input)] for node in out.node])
        facts = {"nodes": found, "files": sorted(name for name in os.listdir(folder.path) if len(name) == 1),
                 "refused": [folder.plain(attempt(freeze, graph, "", False, checkpoint, node, "", "", folder("x"), True,
                                                  "")[1]) for graph, checkpoint, node in (
                                 (folder("none"), path, "y"), (folder("graph.pbtxt"), folder("none"), "y"),
                                 (folder("graph.pbtxt"), path, ""))]}  # fmt: skip
        with tf.Graph().as_default(), tf.Session() as sess:
            graph = tf.GraphDef()
            with open(folder("a"), "rb") as file:
                graph.ParseFromString(file.read())
            out, = tf.import_graph_def(graph, name="", return_elements=["y:0"])
            facts["y"] = np.asarray(sess.run(out, {"x:0": [[1.0, 1.0]]})).tolist()
    return Case(facts=facts)
