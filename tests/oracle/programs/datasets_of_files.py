"""Datasets that are made of whole files in one call: CSV, examples."""

import contextlib
import os

import numpy as np

from . import Case, program
from .refused import refusals


@contextlib.contextmanager
def _files(**texts):
    """Files of the present folder, gone at the end of the block."""
    names = {key: "{}.of_datasets".format(key) for key in texts}
    for key, text in texts.items():
        with open(names[key], "w") as file:
            file.write(text)
    try:
        yield names
    finally:
        for name in names.values():
            os.remove(name)


def _plain(value):
    if isinstance(value, dict):
        return [[key, _plain(value[key])] for key in sorted(value)]
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return value.decode()
    return _plain(value.tolist()) if np.ndim(value) else np.asarray(value).item()


def _taken(tf, dataset, count):
    """Some elements of a dataset, as long as there are any."""
    following = dataset.make_one_shot_iterator().get_next()
    found = []
    with tf.Session() as sess:
        for _ in range(count):
            try:
                found.append(_plain(sess.run(following)))
            except tf.errors.OutOfRangeError:
                found.append("end")
                break
            except tf.errors.InvalidArgumentError as error:
                found.append(str(error).split("\n")[0].split("}} ")[-1])
    return found


TABLE = "x,y,s\n" + "".join("{},{},w{}\n".format(i, "" if i == 3 else i * .5, i) for i in range(7))
MORE = "x,y,s\n" + "".join("{},{},v{}\n".format(10 + i, i, i) for i in range(3))


@program
def csv_in_batches(tf):
    with _files(table=TABLE) as names:
        dataset = tf.data.experimental.make_csv_dataset(names["table"], 3, shuffle=False, num_epochs=1)
        return Case(facts={"values": _taken(tf, dataset, 4)}, show=[dataset])


@program
def csv_shuffled_with_labels(tf):
    with _files(table=TABLE, more=MORE) as names:
        dataset = tf.data.experimental.make_csv_dataset(
            [names["table"], names["more"]], 2, label_name="y", select_columns=["y", "s"], shuffle_seed=3,
            shuffle_buffer_size=5)
        return Case(facts={"values": _taken(tf, dataset, 8)}, show=[dataset])


@program
def csv_in_other_forms(tf):
    make = tf.data.experimental.make_csv_dataset
    plain = {"shuffle": False, "num_epochs": 1}
    with _files(types="a,b,c,d,e,f,g\n1,3000000000,1.5,1e300,x,,NA\n2,4,,2,y,,3\n", bare="1;2\n3;4\n5;\n") as names:
        types, bare = names["types"], names["bare"]
        datasets = [make(types, 2, **plain), make(types, 2, na_value="NA", num_rows_for_inference=1, **plain),
                    make(bare, 3, header=False, column_names=["p", "q"], field_delim=";", **plain),
                    make(bare, 3, header=False, column_names=["p", "q"], field_delim=";", num_epochs=2, shuffle=False,
                         column_defaults=[tf.int32, [7.]], prefetch_buffer_size=2, num_parallel_reads=2),
                    make(types, 2, select_columns=["e", 0], ignore_errors=True, **plain)]
        values = [_taken(tf, dataset, 3) for dataset in datasets]
        return Case(facts={"values": values}, show=datasets)


@program
def csv_files_refused(tf):
    make = tf.data.experimental.make_csv_dataset
    with _files(table="a,b\n1,2\n3,4\n", other="c,b\n1,2\n", bad="a,b\n1,2\nx\n", bare="1,2\n") as names:
        table, other, bad, bare = [names[key] for key in ("table", "other", "bad", "bare")]
        return Case(facts={"refused": refusals([
            lambda: make("not there", 2), lambda: make([], 2), lambda: make(bare, 2, header=False),
            lambda: make([table, other], 2), lambda: make(bad, 2), lambda: make(table, 2, label_name="z"),
            lambda: make(table, 2, column_names=["a", "a"]), lambda: make(table, 2, select_columns=["z"]),
            lambda: make(table, 2, select_columns=[7]), lambda: make(table, 2, select_columns=[1, 1])])})


def _examples(tf, path):
    """Writes a file of examples: a number, and as many floats as its rest by 3."""
    with tf.python_io.TFRecordWriter(path) as writer:
        for i in range(7):
            features = {"a": tf.train.Feature(int64_list=tf.train.Int64List(value=[i])),
                        "b": tf.train.Feature(float_list=tf.train.FloatList(value=[.5 * i] * (i % 3))),
                        "w": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"w%d" % i]))}
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())


FEATURES = ("a", "b", "w")


def _wanted(tf):
    return {"a": tf.FixedLenFeature([], tf.int64), "b": tf.VarLenFeature(tf.float32),
            "w": tf.FixedLenFeature([1], tf.string, default_value="none")}


@program
def examples_of_a_dataset(tf):
    with _files(examples="") as names:
        _examples(tf, names["examples"])
        batches = tf.data.TFRecordDataset(names["examples"]).batch(3)
        parsed = batches.apply(tf.data.experimental.parse_example_dataset(_wanted(tf), num_parallel_calls=2))
        refused = refusals([
            lambda: tf.data.TFRecordDataset(names["examples"]).apply(
                tf.data.experimental.parse_example_dataset(_wanted(tf))),
            lambda: batches.apply(tf.data.experimental.parse_example_dataset({})),
            lambda: tf.data.experimental.parse_example_dataset(None),
            lambda: tf.data.Dataset.range(3).batch(3).apply(
                tf.data.experimental.parse_example_dataset(_wanted(tf)))])
        return Case(facts={"values": _taken(tf, parsed, 4), "refused": refused}, show=[parsed])


@program
def features_in_batches(tf):
    with _files(examples="") as names:
        _examples(tf, names["examples"])
        dataset = tf.data.experimental.make_batched_features_dataset(
            names["examples"], 3, _wanted(tf), label_key="a", num_epochs=1, shuffle=False)
        return Case(facts={"values": _taken(tf, dataset, 4)}, show=[dataset])


@program
def features_shuffled(tf):
    with _files(examples="") as names:
        _examples(tf, names["examples"])
        numbers = {"a": tf.FixedLenFeature([], tf.int64)}
        make = tf.data.experimental.make_batched_features_dataset
        endless = make(names["examples"], 2, numbers, shuffle_seed=5)
        once = make([names["examples"]], 2, numbers, num_epochs=1, shuffle_seed=7, drop_final_batch=True,
                    reader_num_threads=2, parser_num_threads=3, prefetch_buffer_size=2, reader_args=["", 100])
        return Case(facts={"values": [_taken(tf, endless, 9), _taken(tf, once, 5)], "refused": refusals([
            lambda: make(names["examples"], 2, numbers, label_key="zz"),
            lambda: make(names["examples"], 2, numbers, reader=tf.TFRecordReader)])}, show=[endless, once])


@program
def columns_of_sequences(tf):
    fc, layer = tf.contrib.feature_column, tf.contrib.feature_column.sequence_input_layer
    words = tf.sparse_placeholder(tf.string, [None, None], name="words")
    numbers = tf.sparse_placeholder(tf.float32, [None, None], name="numbers")
    features = {"words": words, "numbers": numbers}
    column = fc.sequence_categorical_column_with_hash_bucket("words", 4)
    embedded, length = layer(features, [tf.feature_column.embedding_column(
        column, 2, initializer=tf.ones_initializer())])
    several, lengths = layer(features, [
        tf.feature_column.indicator_column(column), fc.sequence_numeric_column("numbers", (2,), default_value=-1.)])
    feeds = {words: tf.SparseTensorValue([[0, 0], [0, 1], [2, 0]], [b"a", b"b", b"a"], [3, 2]),
             numbers: tf.SparseTensorValue([[0, 0], [0, 1], [0, 2], [0, 3], [2, 0], [2, 1]],
                                           [1., 2., 3., 4., 5., 6.], [3, 4])}
    plain = tf.feature_column
    return Case(init=True, steps=[([embedded, length, several, lengths], feeds)],
                show=[embedded, length, several, lengths], facts={"refused": refusals([
                    lambda: layer(features, []), lambda: fc.sequence_numeric_column("n", [0]),
                    lambda: layer(features, [plain.indicator_column(plain.crossed_column(["a", "b"], 3))])])[:2]})


@program
def datasets_paced(tf):
    ops, from_variant = tf.raw_ops, tf.data.experimental.from_variant
    numbers = tf.data.Dataset.range(4)
    batches = tf.data.Dataset.range(10).batch(4)
    one = {"output_types": [tf.int64], "output_shapes": [tf.TensorShape([])]}
    rows = {"output_types": [tf.int64], "output_shapes": [tf.TensorShape([None])]}

    def few(count):
        return tf.constant(count, tf.int64)

    made = [
        (ops.SleepDataset(input_dataset=numbers._variant_tensor, sleep_microseconds=few(10), **one), []),
        (ops.ThreadPoolDataset(input_dataset=numbers._variant_tensor, thread_pool=ops.ThreadPoolHandle(
            num_threads=2, display_name="pool"), **one), []),
        (ops.ExperimentalChooseFastestDataset(input_datasets=[numbers._variant_tensor] * 2, num_experiments=2, **one),
         [])]
    made += [(ops.RebatchDataset(input_dataset=batches._variant_tensor, num_replicas=few(count), **rows), [None])
             for count in (1, 2, 3, 4)]
    structure = tf.data.experimental.TensorStructure
    following = [tf.compat.v1.data.make_initializable_iterator(from_variant(variant, structure(
        tf.int64, shape))) for variant, shape in made]
    steps = [([iterator.initializer for iterator in following], None)]
    steps += [([iterator.get_next() for iterator in following], None)] * 2
    return Case(steps=steps)


@program
def contrib_data_of_files(tf):
    old = tf.contrib.data
    with _files(table=TABLE, examples="") as names:
        _examples(tf, names["examples"])
        numbers = {"a": tf.FixedLenFeature([], tf.int64)}
        datasets = [
            old.make_csv_dataset(names["table"], 3, shuffle=False, num_epochs=1),
            old.CsvDataset(names["table"], [[0], [0.], [""]], header=True),
            old.make_batched_features_dataset(names["examples"], 3, numbers, num_epochs=1, shuffle=False),
            tf.data.TFRecordDataset(names["examples"]).batch(2).apply(old.parse_example_dataset(numbers))]
        batch = old.read_batch_features(names["examples"], 2, numbers, num_epochs=1, randomize_input=False)
        with tf.Session() as sess:
            first = _plain(sess.run(batch))
        return Case(facts={"values": [_taken(tf, dataset, 3) for dataset in datasets], "first": first}, show=datasets)


@program
def dataset_failures(tf):
    """What is left after an error in a batch, of errors that are ignored; folders that are not there."""
    said = []

    def taken(data):
        following = tf.compat.v1.data.make_one_shot_iterator(data).get_next()
        with tf.Session() as session:
            said.append(int(session.run(tf.data.experimental.cardinality(data))))
            for _ in range(6):
                try:
                    said.append(np.round(session.run(following), 4).tolist())
                except tf.errors.OutOfRangeError:
                    said.append("end")
                    break
                except tf.errors.OpError as error:
                    said.append([type(error).__name__, error.message.split("}} ")[-1].split("\n")[0].strip()])

    def inverse(x):
        return tf.check_numerics(tf.reciprocal(tf.cast(x - 2, tf.float32)), "bad")

    numbers = tf.data.Dataset.range(9)
    taken(numbers.map(inverse).batch(3))
    taken(numbers.map(inverse).batch(2))
    taken(numbers.map(inverse).batch(4, drop_remainder=True))
    taken(numbers.map(inverse, num_parallel_calls=2).batch(3))
    taken(numbers.map(inverse).filter(lambda x: x < 2).batch(3))
    taken(numbers.map(inverse).apply(tf.data.experimental.ignore_errors()))
    taken(numbers.map(inverse).apply(tf.data.experimental.ignore_errors()).batch(4))
    taken(numbers.map(lambda x: tf.fill([x], x)).apply(tf.data.experimental.dense_to_sparse_batch(4, [2])).map(
        tf.sparse_tensor_to_dense))
    for pattern in ("/no_such_folder/*", "/no_such_folder/x", "/no_such_fold*/x", "/tmp/no_such_file*"):
        for find in (tf.gfile.Glob, lambda it: tf.Session().run(tf.matching_files(it)).tolist()):
            try:
                said.append(find(pattern))
            except tf.errors.OpError as error:
                said.append([type(error).__name__, error.message.split("\n")[0]])
    return Case(facts={"said": said})
