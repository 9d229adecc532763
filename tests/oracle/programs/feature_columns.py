"""What models take of records' features: numbers, ranges, words, crosses, embeddings, as nets and sums take them."""

import os

from . import Case, program
from .refused import refusals


def _refusals(steps):
    """As Python 3 writes types."""
    return [words.replace("<type '", "<class '") for words in refusals(steps)]


def _houses(tf):
    """Features of four houses, of a batch whose size is not known."""
    values = {"age": [[23.], [41.], [67.], [35.]], "size": [[1, 2], [3, 4], [5, 6], [7, 8]],
              "city": [["rome"], ["oslo"], ["bonn"], [""]], "marks": [0, 1, 2, 1],
              "tags": [["new", ""], ["old", "big"], ["", ""], ["new", "big"]],
              "rooms": tf.constant([[1], [2], [0], [4]], tf.int64)}
    return {name: tf.placeholder_with_default(value, [None] if name == "marks" else [
        None, 2 if name in ("size", "tags") else 1], name=name) for name, value in sorted(values.items())}


def _values(output):
    return [(output, None)]


@program
def columns_of_numbers(tf):
    column = tf.feature_column.numeric_column
    features = _houses(tf)
    scaled = tf.feature_column.input_layer(features, [
        column("size", shape=2), column("age", normalizer_fn=lambda ages: (ages - 40.) * .1)])
    one = tf.feature_column.input_layer(features, column("marks"))
    return Case(steps=[([scaled, one], None)], show=[scaled, one, column("age"), column("size", (2,), 1.5)])


@program
def columns_of_ranges(tf):
    numbers = tf.feature_column.numeric_column
    ages = tf.feature_column.bucketized_column(numbers("age"), [30, 40.5, 60])
    sizes = tf.feature_column.bucketized_column(numbers("size", shape=2), [2, 6])
    layer = tf.feature_column.input_layer(_houses(tf), [ages, sizes])
    summed = tf.feature_column.linear_model(_houses(tf), [sizes], units=2)
    return Case(init=True, steps=[([layer, summed], None)], show=[layer, summed, sizes])


@program
def columns_of_hashes(tf):
    fc = tf.feature_column
    city, rooms = fc.categorical_column_with_hash_bucket("city", 5), fc.categorical_column_with_hash_bucket(
        "rooms", 4, tf.int64)
    layer = fc.input_layer(_houses(tf), [fc.indicator_column(city), fc.indicator_column(rooms)])
    return Case(steps=_values(layer), show=[layer, city, fc.indicator_column(rooms)])


@program
def columns_of_words(tf):
    fc = tf.feature_column
    city = fc.categorical_column_with_vocabulary_list("city", ["rome", "oslo"], num_oov_buckets=2)
    tags = fc.categorical_column_with_vocabulary_list("tags", ("new", "big"), default_value=1)
    rooms = fc.categorical_column_with_vocabulary_list("rooms", [1, 2, 4])
    layer = fc.input_layer(_houses(tf), [fc.indicator_column(each) for each in (city, tags, rooms)])
    with tf.Session() as sess:
        sess.run(tf.tables_initializer())
        values = sess.run(layer).tolist()
    return Case(facts={"values": values}, show=[layer, city, rooms])


@program
def columns_of_words_in_a_file(tf):
    path = "feature_column_words.txt"
    with open(path, "w") as file:
        file.write("rome\noslo\nbonn\n")
    try:
        fc = tf.feature_column
        column = fc.categorical_column_with_vocabulary_file("city", path, num_oov_buckets=1)
        layer = fc.input_layer(_houses(tf), [fc.indicator_column(column)])
        with tf.Session() as sess:
            sess.run(tf.tables_initializer())
            values = sess.run(layer).tolist()
    finally:
        os.remove(path)
    return Case(facts={"values": values}, show=[layer, column])


@program
def columns_of_ids(tf):
    fc = tf.feature_column
    strict, loose = fc.categorical_column_with_identity("rooms", 5), fc.categorical_column_with_identity("marks", 2, 0)
    layer = fc.input_layer(_houses(tf), [fc.indicator_column(strict), fc.indicator_column(loose)])
    return Case(steps=_values(layer), show=[layer, strict, loose])


@program
def columns_crossed(tf):
    fc = tf.feature_column
    ages = fc.bucketized_column(fc.numeric_column("age"), [30, 40])
    rooms = fc.categorical_column_with_identity("rooms", 5)
    cross = fc.crossed_column(["city", ages], 10)
    of_three = fc.crossed_column([cross, rooms, "tags"], 12, hash_key=7)
    layer = fc.input_layer(_houses(tf), [fc.indicator_column(cross), fc.indicator_column(of_three)])
    summed = fc.linear_model(_houses(tf), [cross, of_three])
    return Case(init=True, steps=[([layer, summed], None)], show=[layer, summed, cross],
                facts={"names": [cross.name, of_three.name]})


@program
def columns_weighted(tf):
    fc = tf.feature_column
    features = _houses(tf)
    features["weight"] = tf.placeholder_with_default([[.5, 0.], [1., 2.], [0., 0.], [3., 4.]], [None, 2])
    column = fc.weighted_categorical_column(fc.categorical_column_with_hash_bucket("tags", 6), "weight")
    shown = fc.input_layer(features, [fc.indicator_column(column)])
    summed = fc.linear_model(features, [column], sparse_combiner="mean")
    return Case(init=True, steps=[([shown, summed], None)], show=[shown, summed, column])


@program
def columns_embedded(tf):
    tf.set_random_seed(3)
    fc = tf.feature_column
    tags = fc.categorical_column_with_hash_bucket("tags", 6)
    variables, outputs = {}, {}
    columns = [fc.embedding_column(tags, 3), fc.numeric_column("age"),
               fc.embedding_column(fc.categorical_column_with_identity("rooms", 5), 2, combiner="sqrtn", max_norm=.5,
                                   initializer=tf.ones_initializer(), trainable=False)]
    layer = fc.input_layer(_houses(tf), columns, weight_collections=["mine"], cols_to_vars=variables,
                           cols_to_output_tensors=outputs)
    loss = tf.reduce_sum(layer * layer)
    step = tf.train.GradientDescentOptimizer(.1).minimize(loss)
    return Case(init=True, steps=[(layer, None), (step, None), (layer, None)], show=[layer] + [
        outputs[column] for column in columns], facts={
            "variables": [[variable.name for variable in variables[column]] for column in columns]})


@program
def columns_with_shared_embeddings(tf):
    tf.set_random_seed(4)
    fc = tf.feature_column
    first, second = fc.shared_embedding_columns([
        fc.categorical_column_with_vocabulary_list(key, ["new", "big"]) for key in ("tags", "city")], 2)
    third, = fc.shared_embedding_columns([fc.categorical_column_with_identity("rooms", 5)], 3, combiner="sum",
                                         shared_embedding_collection_name="of_rooms")
    layer = fc.input_layer(_houses(tf), [first, second, third])
    return Case(show=[layer], facts={"names": [each.name for each in (first, second, third)]})


@program
def columns_of_sparse_features(tf):
    fc = tf.feature_column
    features = {"words": tf.sparse_placeholder(tf.string, name="words"), "ids": tf.SparseTensor(
        [[0, 0], [2, 1]], tf.constant([3, 1], tf.int64), [3, 2]), "lone": tf.placeholder(tf.string, [None], "lone"),
        "unknown": tf.placeholder(tf.float32, name="unknown")}
    layer = fc.input_layer(features, [
        fc.indicator_column(fc.categorical_column_with_hash_bucket("words", 4)), fc.indicator_column(
            fc.categorical_column_with_identity("ids", 4)), fc.indicator_column(
            fc.categorical_column_with_hash_bucket("lone", 3)), fc.numeric_column("unknown")])
    words = tf.SparseTensorValue([[0, 0], [1, 0], [1, 1]], [b"a", b"b", b"c"], [3, 2])
    return Case(steps=[(layer, {features["words"]: words, features["lone"]: ["x", "y", ""],
                                features["unknown"]: [1., 2., 3.]})], show=[layer])


@program
def sums_of_columns(tf):
    fc = tf.feature_column
    features = _houses(tf)
    variables = {}
    columns = [fc.numeric_column("age"), fc.categorical_column_with_hash_bucket("tags", 6), fc.indicator_column(
        fc.categorical_column_with_identity("rooms", 5)), fc.bucketized_column(fc.numeric_column("size", 2), [4])]
    logits = fc.linear_model(features, columns, units=2, cols_to_vars=variables, weight_collections=["mine"])
    again = fc.linear_model(features, columns[:1], trainable=False)
    loss = tf.losses.mean_squared_error([[1., 0.]] * 4, logits)
    step = tf.train.GradientDescentOptimizer(.001).minimize(loss)
    return Case(init=True, steps=[([logits, again], None)] + [([step, loss], None)] * 2 + [(logits, None)],
                show=[logits, again], facts={"variables": [[variable.name for variable in variables[column]]
                                                           for column in columns + ["bias"]]})


@program
def sums_of_lists(tf):
    fc = tf.feature_column
    logits = fc.linear_model({"x": [[1.], [2.]], "y": [[3, 4], [5, 6]]}, [fc.numeric_column("x"),
                                                                        fc.numeric_column("y", 2)])
    return Case(init=True, steps=_values(logits), show=[logits])


@program
def columns_in_records(tf):
    fc = tf.feature_column
    tags = fc.categorical_column_with_hash_bucket("tags", 6)
    spec = fc.make_parse_example_spec([
        fc.numeric_column("age", default_value=3.), fc.bucketized_column(fc.numeric_column("size", 2), [4]),
        fc.embedding_column(fc.weighted_categorical_column(tags, "weight"), 2),
        fc.crossed_column(["city", "street"], 9),
        fc.indicator_column(fc.categorical_column_with_identity("rooms", 5)),
        fc.sequence_categorical_column_with_hash_bucket("steps", 4)])
    return Case(show=[spec[key] for key in sorted(spec)], facts={"keys": sorted(spec)})


@program
def columns_refused(tf):
    fc = tf.feature_column
    numbers, hashes = fc.numeric_column("x"), fc.categorical_column_with_hash_bucket("c", 10)
    ids = fc.categorical_column_with_identity("d", 10)
    number, bucket, cross, embed = fc.numeric_column, fc.bucketized_column, fc.crossed_column, fc.embedding_column
    words, of_file = fc.categorical_column_with_vocabulary_list, fc.categorical_column_with_vocabulary_file
    calls = [
        (number, "x", [0]), (number, "x", "a"), (number, "x", [1.5]), (number, "x", 2, [1.]), (number, "x", 1, "a"),
        (number, "x", 1, None, tf.string), (number, "x", 1, 1.5, tf.int32), (number, "x", 1, None, tf.float32, 3),
        (bucket, "x", [1]), (bucket, number("x", [2, 3]), [1]), (bucket, numbers, []), (bucket, numbers, [3, 1]),
        (bucket, numbers, 3), (bucket, hashes, [1]), (fc.categorical_column_with_hash_bucket, "c", None),
        (fc.categorical_column_with_hash_bucket, "c", 0), (fc.categorical_column_with_hash_bucket, "c", 3, tf.float32),
        (words, "c", []), (words, "c", None), (words, "c", ["a", "a"]), (words, "c", ["a"], tf.int64),
        (words, "c", [1.5]), (words, "c", ["a"], None, -1, -1), (words, "c", ["a"], None, 0, 1), (words, "c", [True]),
        (of_file, "c", None), (of_file, "c", "not/there"), (of_file, "c", "f", 0), (of_file, "c", "f", 3, -1),
        (of_file, "c", "f", 3, 1, 2), (of_file, "c", "f", 3, 0, None, tf.float32),
        (fc.categorical_column_with_identity, "c", 0), (fc.categorical_column_with_identity, "c", 3, 4),
        (cross, ["a"], 3), (cross, None, 3), (cross, ["a", "b"], 0), (cross, ["a", numbers], 3),
        (cross, ["a", hashes], 3), (cross, ["a", 3], 3), (embed, hashes, 0), (embed, hashes, None),
        (embed, hashes, 2, "mean", None, "a"), (embed, hashes, 2, "mean", 3),
        (fc.weighted_categorical_column, hashes, "w", tf.string), (fc.shared_embedding_columns, [hashes], 0),
        (fc.shared_embedding_columns, [hashes, fc.categorical_column_with_hash_bucket("d", 11)], 2),
        (fc.sequence_numeric_column, "x", [0]), (fc.sequence_numeric_column, "x", 1, 0., tf.string),
        (fc.make_parse_example_spec, ["x"]), (fc.make_parse_example_spec, [numbers, number("x", 2)])]
    given = {"x": tf.constant([[1.]]), "y": tf.constant([[1.], [2.]]), "c": tf.constant([["a"]]),
             "d": tf.constant([["a"]]), "f": tf.constant([[1.]]), "s": tf.sparse_placeholder(tf.float32)}
    seen = fc.indicator_column
    calls += [(fc.input_layer, given, columns) for columns in (
        [], [hashes], [numbers, numbers], ["x"], {"x": numbers}, [number("nothing")], [number("s")],
        [numbers, number("y")], [seen(ids)], [seen(fc.categorical_column_with_hash_bucket("f", 3))],
        [seen(fc.categorical_column_with_hash_bucket("c", 3, tf.int64))])]
    calls += [(fc.linear_model, given, columns) for columns in ([], ["x"], [numbers, numbers], {"x": numbers})]
    return Case(facts={"refused": _refusals([lambda call=call: call[0](*call[1:]) for call in calls])})


@program
def features_crossed(tf):
    words = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], tf.constant(["a", "b", "c"]), [3, 2])
    numbers = tf.SparseTensor([[0, 0], [1, 0], [2, 1]], tf.constant([1, 2, 3], tf.int64), [3, 2])
    dense, small = tf.constant([["x", "y"], ["z", ""], ["u", "v"]]), tf.constant([[7], [8], [-9]])
    both = tf.sparse.cross([words, dense])
    mixed = tf.sparse.cross([numbers, small], name="mixed")
    hashed = tf.sparse.cross_hashed([words, numbers, dense, small])
    few = tf.sparse.cross_hashed([words, dense], num_buckets=100, hash_key=5, name="few")
    return Case(steps=[([both, mixed, hashed, few], None)], show=[both, mixed, hashed, few])
