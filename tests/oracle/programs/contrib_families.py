"""Small families of tf.contrib: kernel_methods, copy_graph, periodic_resample, predictor; kernels of convolutions."""

import os
import tempfile

import numpy as np

from . import Case, program


def messages(*calls):
    """What the calls say, which fail."""
    said = []
    for call in calls:
        try:
            call()
        except Exception as error:
            said.append([type(error).__name__, str(error).split("\n")[0]])
    return said


@program
def random_fourier_features(tf):
    mapper = tf.contrib.kernel_methods.RandomFourierFeatureMapper(3, 4, 2.0, seed=5, name="mapper")
    x = tf.constant([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]])
    mapped = mapper.map(x), mapper.map(2.0 * x)
    return Case(steps=[(mapped, None)], show=mapped, facts={
        "is": [mapper.name, mapper.input_dim, mapper.output_dim],
        "said": messages(lambda: mapper.map(tf.constant([[1.0, 2.0]])), lambda: mapper.map(tf.constant([1.0])))})


@program
def sparse_multiclass_hinge_loss(tf):
    loss = tf.contrib.kernel_methods.sparse_multiclass_hinge_loss
    logits, labels = tf.placeholder(tf.float32, [4, 3], name="logits"), tf.placeholder(tf.int64, [4], name="labels")
    plain = loss(labels, logits)
    each = loss(tf.expand_dims(labels, 1), logits, weights=tf.constant([1.0, 0.0, 2.0, 1.0]), reduction="none",
                scope="mine")
    feeds = {logits: np.arange(12).reshape(4, 3) % 5 - 2.0, labels: [0, 2, 1, 2]}
    return Case(steps=[([plain, each], feeds)], show=[plain, each], facts={"said": messages(
        lambda: loss(labels, tf.constant([1.0])), lambda: loss(tf.constant([1.0]), logits))})


@program
def copy_graph(tf):
    copy = tf.contrib.copy_graph
    other = tf.Graph()
    v = tf.get_variable("v", initializer=[1.0, 2.0])
    w = tf.get_variable("w", initializer=[1.0, 1.0], trainable=False)
    x = tf.placeholder(tf.float32, [2], name="x")
    with tf.control_dependencies([tf.identity(x, name="first")]):
        y = tf.multiply(x, v, name="y") + w
    tf.add_to_collection("mine", y)
    made = [copy.copy_variable_to_graph(each, other, "scope") for each in (v, w)]
    copied = copy.copy_op_to_graph(y, other, made, "scope")
    with tf.Session(graph=other) as session:
        session.run([each.initializer for each in made])
        value = session.run(copied, {"scope/x:0": [1.0, 2.0]})
    return Case(facts={
        "nodes": [[op.name, op.type, [t.name for t in op.inputs], [c.name for c in op.control_inputs]]
                  for op in other.get_operations()],
        "again": copy.copy_op_to_graph(y, other, made, "scope") is copied, "value": value.tolist(),
        "found": [str(copy.get_copied_op(each, other, "scope")) for each in (y, v)],
        "collections": sorted([key, [each.name for each in other.get_collection(key)]]
                              for key in other.get_all_collection_keys()),
        "said": messages(lambda: copy.copy_variable_to_graph(3, other), lambda: copy.copy_op_to_graph(v, other, []))})


@program
def periodic_resample(tf):
    resample = tf.contrib.periodic_resample.periodic_resample
    x = tf.constant(np.arange(12.0).reshape(3, 4), tf.float32)
    z = tf.constant(np.arange(24).reshape(2, 3, 4))
    a = resample(x, [4, None])
    b = resample(x, [6, None])  # it has every element, so that TensorFlow fills the whole gradient
    gradient = tf.gradients(b * np.float32(np.arange(12).reshape(6, 2)), x)[0]
    results = [a, b, gradient, resample(z, [4, 6, None]), resample(z, [4, None, 4], name="mine")]
    unknown = [resample(tf.placeholder(tf.float32, [None, 4]), [4, None]),
               resample(tf.placeholder(tf.float32), [4, None])]
    return Case(steps=[(results, None)], show=results + unknown)


@program
def orthogonal_kernels(tf):
    framework = tf.contrib.framework
    tf.set_random_seed(2)
    made, configs, said = [], [], []

    def look(kind, shape):
        initializer = kind(gain=2.0, seed=3)
        made.append(initializer(shape))
        configs.append(sorted(initializer.get_config().items()))
        said.extend(messages(lambda: initializer([2, 4]), lambda: initializer(shape[:-2] + [4, 2]),
                             lambda: kind(dtype=tf.int32)))

    look(framework.convolutional_delta_orthogonal, [3, 3, 2, 4])
    look(framework.convolutional_orthogonal_1d, [4, 2, 4])
    look(framework.convolutional_orthogonal_2d, [3, 3, 2, 4])
    look(framework.convolutional_orthogonal_3d, [2, 2, 2, 2, 3])
    look(framework.convolutional_orthogonal_2d, [1, 1, 2, 3])
    return Case(steps=[(made, None)], show=made, facts={"configs": configs, "said": said})


@program
def predictor_of_saved_model(tf):
    load = tf.contrib.predictor.from_saved_model
    where = os.path.join(tempfile.mkdtemp(), "model")
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        w = tf.get_variable("w", initializer=[[1.0], [2.0]])
        y = tf.matmul(x, w, name="y")
        z = tf.add(y, 1.0, name="z")
        session.run(w.initializer)
        builder = tf.saved_model.builder.SavedModelBuilder(where)
        signature = tf.saved_model.signature_def_utils.predict_signature_def
        builder.add_meta_graph_and_variables(session, ["serve"], {
            "serving_default": signature({"x": x}, {"y": y}), "other": signature({"x": x}, {"z": z})})
        builder.save()
    names = {"input_names": {"a": "x:0"}, "output_names": {"b": "z:0", "c": "y:0"}}
    made = [load(where), load(where, signature_def_key="other"), load(where, **names),
            load(where, signature_def_key="missing")]
    values = [predictor({key: [[1.0, 2.0]] for key in predictor.feed_tensors}) for predictor in made[:3]]
    said = messages(lambda: load(where, input_names={"a": "x:0"}), lambda: load(where, signature_def_key="o", **names),
                    lambda: load(where, tags="serve,gpu"))
    return Case(facts={
        "feeds": [sorted((str(k), t.name) for k, t in predictor.feed_tensors.items()) for predictor in made],
        "fetches": [sorted((str(k), t.name) for k, t in predictor.fetch_tensors.items()) for predictor in made],
        "values": [sorted((str(k), v.tolist()) for k, v in value.items()) for value in values], "said": said})


@program
def infer_real_valued_columns(tf):
    learn = tf.contrib.learn
    found = [learn.infer_real_valued_columns_from_input(x) for x in (
        np.zeros((3, 4), np.float32), np.zeros((3, 4, 2), np.int64), np.zeros(3, np.int32),
        {"b": np.zeros((3, 2)), "a": np.zeros(3)}, iter([np.zeros(3)]))]
    found += [learn.infer_real_valued_columns_from_input_fn(input_fn) for input_fn in (
        lambda: ({"b": tf.zeros([3, 2]), "a": tf.zeros([3, 1], tf.int32)}, None), lambda: (tf.zeros([3, 2, 4]), None))]
    return Case(facts={"columns": [[str(column) for column in columns] for columns in found], "said": messages(
        lambda: learn.infer_real_valued_columns_from_input([[1, 2]]),
        lambda: learn.infer_real_valued_columns_from_input(np.array(["a", "b"])))})
