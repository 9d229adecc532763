"""The former feature columns of tf.contrib.layers as linear models, nets and sequences take them."""

import os
import tempfile

import numpy as np

from . import Case, program
from .refused import refusals


def _shops(tf):
    """Features of four shops: words, ids, weights, numbers, of a batch whose size is not known."""
    words = tf.SparseTensor([[0, 0], [0, 1], [2, 0], [3, 1]],
                            tf.placeholder_with_default(["tea", "ink", "tea", "oil"], [None]), [4, 2])
    return {
        "town": tf.placeholder_with_default([["rome", ""], ["oslo", "bonn"], ["", ""], ["rome", "rome"]], [None, 2]),
        "goods": words,
        "share": tf.SparseTensor(words.indices, [0.5, 2.0, 1.0, 3.0], words.dense_shape),
        "codes": tf.SparseTensor(
            words.indices, tf.placeholder_with_default(np.array([3, 12, 7, 3], np.int64), [None]), words.dense_shape),
        "floors": tf.constant([[1], [2], [3], [1]]),
        "size": tf.placeholder_with_default([[1., 2.], [3., 4.], [5., 6.], [7., 8.]], [None, 2]),
        "age": tf.constant([10., 20., 30., 40.]),
    }


def _columns(tf):
    layers = tf.contrib.layers
    return {
        "town": layers.sparse_column_with_keys("town", ["rome", "oslo"]),
        "goods": layers.sparse_column_with_hash_bucket("goods", 7),
        "codes": layers.sparse_column_with_integerized_feature("codes", 5, combiner="mean"),
        "size": layers.real_valued_column("size", 2),
        "age": layers.real_valued_column("age"),
        "ranges": layers.bucketized_column(layers.real_valued_column("size", 2), [2.5, 5.]),
    }


def _started(tf):
    """The step that fills the tables of words."""
    return [(tf.tables_initializer(), None)]


def _as_said(columns):
    return [str(each).split(" object at ")[0] for each in columns]


@program
def former_columns_wide(tf):
    columns = _columns(tf)
    total, variables, bias = tf.contrib.layers.weighted_sum_from_feature_columns(
        _shops(tf), list(columns.values()), 2, weight_collections=["mine"])
    weights = [each for own in variables.values() for each in own]
    fill = tf.group(*[tf.assign(each, tf.ones_like(each) * 0.5) for each in sorted(weights, key=lambda v: v.name)])
    names = sorted("{}: {}".format(column.name, [each.name for each in own]) for column, own in variables.items())
    return Case(init=True, steps=_started(tf) + [(total, None), (fill, None), (total, None)],
                show=[total, bias] + names)


@program
def former_columns_wide_weighted(tf):
    layers, columns = tf.contrib.layers, _columns(tf)
    weighted = layers.weighted_sparse_column(columns["goods"], "share")
    whole = layers.weighted_sparse_column(columns["codes"], "floors", tf.int32)
    total, variables, _ = layers.weighted_sum_from_feature_columns(_shops(tf), [weighted], 1, scope="model",
                                                                   trainable=False)
    return Case(init=True, steps=_started(tf) + [(total, None)], show=[total, weighted, whole, len(variables)])


@program
def former_columns_wide_crossed(tf):
    layers, columns = tf.contrib.layers, _columns(tf)
    plain = layers.crossed_column([columns["town"], columns["goods"]], 9)
    ranges = layers.crossed_column([columns["ranges"], columns["goods"], columns["codes"]], 11, combiner="sqrtn",
                                   hash_key=77)
    twice = layers.crossed_column([plain, columns["codes"]], 13)
    total, variables, _ = layers.weighted_sum_from_feature_columns(_shops(tf), [plain, ranges, twice], 1)
    flat = [each for own in sorted(variables.items(), key=lambda item: item[0].key) for each in own[1]]
    fill = [tf.assign(each, tf.reshape(tf.cast(tf.range(each.shape[0].value), tf.float32), [-1, 1])) for each in flat]
    return Case(init=True, steps=_started(tf) + [(fill, None), (total, None)],
                show=[total, plain.name, ranges.name, twice.name, plain.key, twice.length])


@program
def former_columns_wide_joint(tf):
    columns = _columns(tf)
    joint = tf.contrib.layers.joint_weighted_sum_from_feature_columns
    codes = tf.contrib.layers.sparse_column_with_integerized_feature("codes", 5)
    total, variables, bias = joint(_shops(tf), [columns["town"], columns["goods"], codes], 2)
    one, _, _ = joint(_shops(tf), [columns["town"]], 1, scope="one")
    fill = tf.assign(variables[0], tf.reshape(tf.cast(tf.range(28), tf.float32), [14, 2]))
    return Case(init=True, steps=_started(tf) + [(fill, None), ([total, one], None)], show=[total, one, bias])


@program
def former_columns_wide_words_of_a_file(tf):
    path = os.path.join(tempfile.mkdtemp(), "words")
    with open(path, "w") as file:
        file.write("tea\nink\nzip\n")
    with tf.Graph().as_default(), tf.Session() as sess:  # its nodes hold the path
        layers = tf.contrib.layers
        words = layers.sparse_column_with_vocabulary_file("goods", path, num_oov_buckets=2, vocab_size=3)
        few = layers.sparse_column_with_vocabulary_file("codes", path, vocab_size=2, dtype=tf.int64)
        total, variables, _ = layers.weighted_sum_from_feature_columns(_shops(tf), [words, few], 1)
        sess.run([tf.global_variables_initializer(), tf.tables_initializer()])
        for own in variables.values():
            sess.run(tf.assign(own[0], tf.reshape(tf.cast(tf.range(own[0].shape[0].value), tf.float32), [-1, 1])))
        found = sess.run(total).tolist()
        ops = sorted(op.name + " " + op.type for op in sess.graph.get_operations())
    os.remove(path)
    return Case(facts={"found": found, "ops": ops, "length": words.length})


@program
def former_columns_wide_integers_as_words(tf):
    layers = tf.contrib.layers
    numbers = tf.SparseTensor([[0, 0], [1, 1]], np.array([3, 12], np.int32), [2, 2])
    features = {"n": numbers, "d": tf.constant([[1, 2], [3, -1]])}
    total, _, _ = layers.weighted_sum_from_feature_columns(features, [
        layers.sparse_column_with_hash_bucket("n", 10, dtype=tf.int64),
        layers.sparse_column_with_integerized_feature("d", 10)], 1)
    return Case(init=True, steps=[(total, None)], show=[total])


@program
def former_columns_wide_in_parts(tf):
    columns = _columns(tf)
    with tf.variable_scope("ps", partitioner=tf.fixed_size_partitioner(2)):
        total, variables, _ = tf.contrib.layers.weighted_sum_from_feature_columns(
            _shops(tf), [columns["town"], columns["codes"]], 2)
    return Case(init=True, steps=_started(tf) + [(total, None)],
                show=[total] + sorted(str([each.name for each in own]) for own in variables.values()))


@program
def former_columns_deep(tf):
    layers, columns, outs = tf.contrib.layers, _columns(tf), {}
    tf.set_random_seed(5)
    net = layers.input_from_feature_columns(_shops(tf), [
        columns["size"], columns["age"], columns["ranges"], layers.one_hot_column(columns["town"]),
        layers.embedding_column(columns["goods"], 3),
        layers.embedding_column(columns["codes"], 2, "sum", max_norm=0.5)],
        weight_collections=["mine"], cols_to_outs=outs)
    return Case(init=True, steps=_started(tf) + [(net, None)], show=[net] + sorted(
        "{} {}".format(column.name, out.shape) for column, out in outs.items()))


@program
def former_columns_deep_weighted(tf):
    layers, columns = tf.contrib.layers, _columns(tf)
    tf.set_random_seed(6)
    weighted = layers.weighted_sparse_column(columns["goods"], "share")
    net = layers.input_from_feature_columns(_shops(tf), [
        layers.one_hot_column(weighted), layers.embedding_column(weighted, 2, combiner="sqrtn")])
    dense = layers.input_from_feature_columns(
        {"w": tf.constant([["a"], ["b"]]), "x": tf.constant([[2.], [3.]])},
        [layers.embedding_column(layers.weighted_sparse_column(layers.sparse_column_with_hash_bucket("w", 4), "x"), 2)])
    return Case(init=True, steps=_started(tf) + [([net, dense], None)], show=[net, dense])


@program
def former_columns_deep_shared(tf):
    layers = tf.contrib.layers
    tf.set_random_seed(7)
    columns = layers.shared_embedding_columns([layers.sparse_column_with_keys("town", ["rome", "oslo"]),
                                               layers.sparse_column_with_keys("home", ["rome", "oslo"])], 2)
    features = {"town": tf.constant([["rome"], ["oslo"]]), "home": tf.constant([["oslo"], ["bonn"]])}
    first = layers.input_from_feature_columns(features, columns)
    again = layers.input_from_feature_columns(features, columns, scope="again")
    hashed = [layers.sparse_column_with_hash_bucket(name, 9) for name in "dbace"]
    names = [layers.shared_embedding_columns(hashed, 3)[0]]
    return Case(init=True, steps=_started(tf) + [([first, again], None)],
                show=[first, again] + _as_said(columns) + [each.shared_embedding_name for each in names])


@program
def former_columns_deep_crossed_and_scattered(tf):
    layers, columns = tf.contrib.layers, _columns(tf)
    tf.set_random_seed(8)
    crossed = layers.crossed_column([columns["town"], columns["goods"]], 20, hash_key=7)
    net = layers.input_from_feature_columns(_shops(tf), [
        layers.embedding_column(crossed, 3, "sqrtn"), layers.one_hot_column(crossed),
        layers.scattered_embedding_column("goods", 30, 4, 10)], trainable=False)
    return Case(init=True, steps=_started(tf) + [(net, None)],
                show=[net, layers.scattered_embedding_column("s", 3, 2, 1).name])


@program
def former_columns_deep_of_other_ranks(tf):
    layers = tf.contrib.layers
    tf.set_random_seed(9)
    words = tf.SparseTensor([[0, 0, 0], [1, 0, 1]], ["x", "w"], [2, 2, 2])
    ids = layers.sparse_column_with_keys("a", ["x", "w"])
    net = layers.input_from_feature_columns(
        {"a": words, "r": tf.placeholder_with_default(np.arange(8, dtype=np.float32).reshape(2, 2, 2), [None, 2, 2])},
        [layers.embedding_column(ids, 2), layers.one_hot_column(ids), layers.real_valued_column("r", 4)])
    unknown = layers.input_from_feature_columns({"u": tf.placeholder(tf.float32)}, [layers.real_valued_column("u", 2)])
    flat = layers.input_from_feature_columns({"w": tf.constant(["a", "b"])}, [
        layers.embedding_column(layers.sparse_column_with_hash_bucket("w", 3), 2)])
    return Case(init=True, steps=_started(tf) + [([net, flat], None)], show=[net, unknown, flat])


@program
def former_columns_deep_in_parts(tf):
    layers = tf.contrib.layers
    tf.set_random_seed(10)
    with tf.variable_scope("ps", partitioner=tf.fixed_size_partitioner(2)):
        net = layers.input_from_feature_columns(_shops(tf), [
            layers.embedding_column(_columns(tf)["goods"], 2), layers.scattered_embedding_column("goods", 8, 2, 1)])
    return Case(init=True, steps=[(net, None)], show=[net])


@program
def former_columns_of_sequences(tf):
    layers = tf.contrib.layers
    tf.set_random_seed(11)
    words = tf.SparseTensor([[0, 0, 0], [0, 1, 0], [1, 0, 1]], ["x", "w", "x"], [2, 3, 2])
    ids = layers.sparse_column_with_hash_bucket("a", 5)
    net = layers.sequence_input_from_feature_columns(
        {"a": words, "r": tf.ones([2, 3, 2]), "n": tf.ones([2, 3])},
        [layers.embedding_column(ids, 3), layers.one_hot_column(ids), layers.real_valued_column("r", 2),
         layers.real_valued_column("n", normalizer=lambda x: x + 1.)])
    return Case(init=True, steps=[(net, None)], show=[net])


@program
def former_columns_transformed(tf):
    layers, columns = tf.contrib.layers, _columns(tf)
    made = layers.transform_features(_shops(tf), [
        columns["age"], columns["town"], columns["ranges"], layers.one_hot_column(columns["town"]),
        layers.weighted_sparse_column(columns["goods"], "share")])
    holders = layers.make_place_holder_tensors_for_base_features(
        [columns["ranges"]])
    inferred = layers.infer_real_valued_columns(tf.ones([2, 3])) + layers.infer_real_valued_columns(
        {"b": tf.ones([2, 3]), "a": tf.ones([2], tf.int32)})
    return Case(steps=_started(tf) + [([made[columns["age"]], made[columns["ranges"]], made[columns["town"]]], None)],
                show=[sorted(column.name for column in made), sorted(holders), holders["size"]] + inferred)


@program
def former_columns_parsed(tf):
    layers, columns = tf.contrib.layers, _columns(tf)
    feature = {"town": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"oslo", b"bonn"]))}
    example = tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()
    wanted = [columns["town"], layers.bucketized_column(layers.real_valued_column("size", 2, [3., 9.]), [5.])]
    found = layers.parse_feature_columns_from_examples([example], wanted)
    context, steps = layers.parse_feature_columns_from_sequence_examples(
        tf.placeholder(tf.string, [], "s"), [columns["age"]], [columns["town"], columns["size"]])
    spec = sorted(layers.create_feature_spec_for_parsing(wanted + [layers.one_hot_column(columns["town"])]).items())
    return Case(steps=_started(tf) + [([found[wanted[0]], found[wanted[1]], found["size"]], None)],
                show=[spec, sorted(context), sorted(steps), steps["size"]])


@program
def former_columns_in_the_new_layers(tf):
    layers, columns = tf.contrib.layers, _columns(tf)
    tf.set_random_seed(12)
    net = tf.feature_column.input_layer(_shops(tf), [
        columns["size"], columns["ranges"], layers.embedding_column(columns["town"], 2),
        layers.one_hot_column(columns["goods"])])
    linear = tf.feature_column.linear_model(_shops(tf), [columns["town"], columns["age"]])
    return Case(init=True, steps=_started(tf) + [([net, linear], None)], show=[net, linear])


@program
def former_columns_written_out(tf):
    layers, columns = tf.contrib.layers, _columns(tf)
    town = columns["town"]
    some = [town, columns["codes"], layers.real_valued_column("r", 3, [1, 2, 3], tf.int32),
            layers.real_valued_column("r", 2, 1.5), columns["ranges"], layers.one_hot_column(town),
            layers.crossed_column([columns["ranges"], town], 100)]
    vectors = [layers.embedding_column(town, 3), layers.scattered_embedding_column("s", 9, 2, 1)]
    same = [town == layers.sparse_column_with_keys("town", ["rome", "oslo"]), vectors[0] == vectors[0],
            len({layers.real_valued_column("n"): 1, layers.real_valued_column("n", 2): 2})]
    return Case(show=some + [each.key for each in vectors + some[:3]] + _as_said(vectors)
                + [(each.name, sorted(each.config.items())) for each in some] + same)


def _asserted(joint, features, columns):
    try:
        joint(features, columns, 1)
    except AssertionError as error:
        message = "asserted: " + str(error)
    else:
        message = "accepted"
    raise ValueError(message)


@program
def former_columns_refused(tf):
    layers, columns = tf.contrib.layers, _columns(tf)
    town, size = columns["town"], columns["size"]
    wide, deep = layers.weighted_sum_from_feature_columns, layers.input_from_feature_columns
    joint = layers.joint_weighted_sum_from_feature_columns
    features = _shops(tf)
    return Case(facts={"said": refusals([
        lambda: layers.real_valued_column("r", 2, [1, 2.5], tf.int32),
        lambda: layers.real_valued_column("r", 2, ["a"]),
        lambda: layers.real_valued_column("r", None),
        lambda: layers.real_valued_column("r", 0),
        lambda: layers.real_valued_column("r", 1, dtype=tf.string),
        lambda: layers.real_valued_column("r", 2.),
        lambda: layers.real_valued_column("r", 2, "s"),
        lambda: layers.bucketized_column(size, [2., 1.]),
        lambda: layers.bucketized_column(size, []),
        lambda: layers.bucketized_column(town, [1.]),
        lambda: layers.crossed_column([town], 100),
        lambda: layers.crossed_column([town, "b"], 100),
        lambda: layers.crossed_column([town, size], 100),
        lambda: layers.crossed_column([town, town], 1),
        lambda: layers.crossed_column([town, town], 10, ckpt_to_load_from="x"),
        lambda: layers.sparse_column_with_keys("a", ["x"], dtype=tf.float32),
        lambda: layers.sparse_column_with_hash_bucket("a", 0),
        lambda: layers.sparse_column_with_hash_bucket("a", 5, hash_keys=[1, 2]),
        lambda: layers.sparse_column_with_hash_bucket("a", 5, hash_keys=3),
        lambda: layers.sparse_column_with_integerized_feature("a", 5, dtype=tf.string),
        lambda: layers.sparse_column_with_vocabulary_file("a", "f"),
        lambda: layers.weighted_sparse_column(town, "w", dtype=tf.string),
        lambda: layers.embedding_column(town, 3, initializer=4),
        lambda: layers.embedding_column(town, 3, ckpt_to_load_from="u"),
        lambda: layers.shared_embedding_columns([], 3),
        lambda: layers.shared_embedding_columns([town, columns["goods"]], 3),
        lambda: layers.shared_embedding_columns([town, size], 3),
        lambda: layers.scattered_embedding_column("a", 0, 8, 10),
        lambda: layers.scattered_embedding_column("a", 10, 8, 10, combiner="max"),
        lambda: wide(features, [town, town], 1),
        lambda: wide(features, [layers.one_hot_column(town)], 1),
        lambda: wide(features, [], 1),
        lambda: deep(features, [town]),
        lambda: deep(features, [layers.crossed_column([town, columns["goods"]], 9)]),
        lambda: deep(features, [layers.weighted_sparse_column(town, "share")]),
        lambda: deep(features, []),
        lambda: deep({"n": 1.}, [layers.real_valued_column("n")]),
        lambda: joint(features, [size], 1),
        lambda: _asserted(joint, features, []),
        lambda: _asserted(joint, features, [columns["codes"]]),
        lambda: _asserted(joint, features, [layers.weighted_sparse_column(columns["goods"], "share")]),
        lambda: layers.sequence_input_from_feature_columns(features, [columns["ranges"]]),
        lambda: layers.sequence_input_from_feature_columns({"u": tf.placeholder(tf.float32, [None])},
                                                           [layers.real_valued_column("u")]),
        lambda: layers.infer_real_valued_columns(tf.constant(["a"])).append(1),
    ])})


@program
def former_columns_crossed_by_hand(tf):
    cross = tf.contrib.slim.sparse_feature_cross
    words = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], ["a", "b", "c"], [2, 2])
    numbers = tf.constant([[3], [4]])
    made = [cross([words, numbers]), cross([words, numbers], True, 100), cross([words, numbers], True, hash_key=5),
            cross([numbers], True), cross([words], True, 0, name="own")]
    buckets = tf.contrib.slim.bucketize(tf.constant([1., 5., 3.]), boundaries=[2., 4.], name="b")
    return Case(steps=[(made + [buckets], None)], show=[tf.contrib.layers.SPARSE_FEATURE_CROSS_DEFAULT_HASH_KEY])


@program
def former_columns_scattered_by_hand(tf):
    scattered = tf.contrib.slim.scattered_embedding_lookup
    sparse = tf.contrib.slim.scattered_embedding_lookup_sparse
    parts = [tf.constant([1., 2, 3, 4]), tf.constant([5., 6, 7, 8])]

    def held(values):  # of constants TensorFlow would say at once how many combinations there are
        return tf.placeholder_with_default(values, [None] * np.ndim(values))

    words = tf.SparseTensor([[0, 0], [2, 0]], held(["a", "b"]), [3, 2])
    numbers = tf.SparseTensor([[0, 0], [2, 0]], held([2, 3]), [3, 2])
    made = [scattered(parts, held([["a", "b"]]), 3, hash_key=7), scattered(parts[0], held([5, 6]), 2),
            sparse(parts[0], words, 3, combiner="sum", default_value="z"), sparse(parts, numbers, 3, name="n"),
            tf.contrib.layers.safe_embedding_lookup_sparse(tf.ones([4, 2]), tf.cast(numbers, tf.int64))]
    return Case(steps=[(made, None)], show=made)
