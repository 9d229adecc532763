"""What tables, strings, CSV, sparse tensors and files say of what is wrong, and what they take all the same."""

import numpy as np

from . import Case, program
from .datasets_failing import given
from .datasets_of_files import _files
from .functions import internal
from .queues import Runs
from .refused import refusals


@program
def attrs_of_the_wrong_kind_are_refused_first(tf):
    array_ops, nn_ops = (internal(tf, "tensorflow.python.ops.gen_" + name) for name in ("array_ops", "nn_ops"))
    calls = [lambda: array_ops.placeholder(tf.int32, "a"), lambda: array_ops.placeholder("x"),
             lambda: array_ops.bitcast("a", "b"), lambda: array_ops.bitcast("a", None),
             lambda: nn_ops.avg_pool("a", [1], ["x"], "VALID"), lambda: nn_ops.avg_pool("a", ["x"], ["x"], 3),
             lambda: nn_ops.avg_pool("a", 3, ["x"], 3), lambda: nn_ops.avg_pool("a", [1] * 4, [1] * 4, "Q"),
             lambda: tf.as_string("a", precision="q"), lambda: tf.strings.length(3, unit=3),
             lambda: tf.string_join("ab"), lambda: tf.as_dtype("i4"), lambda: tf.as_dtype("f")]
    names = ("Placeholder", "Bitcast", "AvgPool", "AsString", "StringLength")
    with tf.Graph().as_default() as graph:
        words = refusals(calls)
        return Case(facts={"words": words, "names": [graph.unique_name(name, False) for name in names]})


@program
def strings_joined_cased_and_parted(tf):
    run = Runs(tf)
    empty, pairs = np.zeros((2, 0), "S1"), tf.constant([["a", "b"], ["c", "d"]])
    for value, axis in ((empty, 1), (empty, 0), (empty.T, 1), (empty, []), (pairs, [0, -2])):
        run(tf.strings.reduce_join(value, axis, keepdims=True))
    for encoding in ("utf-8", "UTF-8"):
        run(tf.strings.lower(["A"], encoding=encoding))
    run(tf.strings.unicode_transcode(empty[0], "nonsense", "UTF-8"))
    lines = ["1,\n2", "\n1,2", "1,2\n", "\n", '"a"\n', '1,"2"\n', "1\n2", ",\n"]
    for line in lines:
        run(tf.io.decode_csv([line], [["p"], ["q"]]))
    run(tf.io.decode_csv(["1\n2"], [["p"], ["q"]], field_delim="\n"))
    run(tf.io.decode_csv(['"a""b",2'], [["p"], ["q"]], field_delim='"'))
    with tf.Graph().as_default():
        none = [tf.zeros([0], tf.string), tf.constant("a", tf.string, [2, 0]), tf.constant(["a"], tf.string, [0])]
    return run.case(none=[[value.op.type, value.shape.as_list()] for value in none])


@program
def tables_filled_wrongly(tf):
    lookup_ops = internal(tf, "tensorflow.python.ops.lookup_ops")
    pairs, run = lookup_ops.KeyValueTensorInitializer, Runs(tf)
    for keys, values, dtype in ((["a", "a"], [1.5, 2], tf.float32), (["a", "a"], [1.1, 1e-8], tf.float32),
                                (["a", "a"], [1.1234567, 2e10], tf.float64), ([], [], tf.int64)):
        run(lookup_ops.HashTable(pairs(tf.constant(keys, tf.string), values, tf.string, dtype), 0).initializer)
    with _files(words="a\nb\na\n", numbers="a\t1\nb\t2\n") as names:
        for name, more in (("words", {"vocab_size": 9}), ("numbers", {"vocab_size": 9}), ("words", {"delimiter": ""}),
                           ("numbers", {"delimiter": "ab"})):
            run(lookup_ops.HashTable(lookup_ops.TextFileIdTableInitializer(names[name], **more), -1).initializer)
    run(tf.contrib.lookup.MutableHashTable(tf.string, tf.int64, [[1]]).size())
    table = lookup_ops.HashTable(pairs(["a"], tf.constant([0], tf.int64)), -1)
    named = lookup_ops.IdTableWithHashBuckets(table, 2, name="own")
    static = tf.lookup.StaticVocabularyTable
    calls = [lambda: static(pairs(["a"], tf.constant([0], tf.int64)), 1, tf.int64),
             lambda: static(pairs(["a"], tf.constant([0], tf.int64)), 1, tf.float32), lambda: static(None, 0)]
    return run.case(names=[named.name, named.size().name, static(None, 1).initializer.name,
                           static(None, 1, tf.int64).key_dtype.name], refused=refusals(calls))


@program
def sparse_tensors_treated_wrongly(tf):
    sparse_ops = internal(tf, "tensorflow.python.ops.sparse_ops")
    run, one = Runs(tf), tf.SparseTensor([[0, 1], [1, 0]], [1.0, 2.0], [2, 3])
    run(tf.sparse.to_dense(one, [1.0]))
    many = tf.io.serialize_many_sparse(one)
    run(tf.io.deserialize_many_sparse(many, tf.int32).values)
    run(tf.io.deserialize_many_sparse([["a", "b", "c"]], tf.int32).values)
    run(tf.io.serialize_many_sparse(tf.SparseTensor([[1, 0], [0, 1]], [1.0, 2.0], [2, 3])))
    run(sparse_ops.deserialize_sparse(sparse_ops.serialize_sparse_v2(one), tf.float32).values)
    run(sparse_ops.sparse_reduce_sum_v2(one, 1, True))
    run(sparse_ops.sparse_reduce_max_v2(one, 0, output_is_sparse=True).values)
    run(tf.sparse.transpose(one).values)
    calls = [lambda: tf.sparse.concat(0, one), lambda: tf.sparse.concat(0, [one, 3]),
             lambda: tf.sparse.split(sp_input=one, num_split=2, split_dim=0),
             lambda: tf.sparse.reset_shape(one, [1, 1]),
             lambda: tf.sparse.reduce_sum(tf.sparse_placeholder(tf.float32))]
    return run.case(refused=refusals(calls), shape=tf.shape(one, out_type=tf.int64).op.type)


@program
def files_that_cannot_be_read(tf):
    data, more = tf.data, tf.data.experimental

    def told(make, count=3):
        with tf.Graph().as_default():
            return given(tf, make(), count)

    with _files(rows="a,b\n1,2.5,x\n", cut="abcdef") as names:
        found = {
            "lines": told(lambda: data.TextLineDataset("none.of_datasets")),
            "records": told(lambda: data.TFRecordDataset("none.of_datasets")),
            "csv": told(lambda: more.CsvDataset("none.of_datasets", [tf.int32]).map(lambda x: x)),
            "less than a header": told(lambda: data.TFRecordDataset(names["cut"])),
            "no buffer of lines": told(lambda: data.TextLineDataset(names["cut"], buffer_size=-1)),
            "no buffer of records": told(lambda: data.TFRecordDataset(names["cut"], buffer_size=-1)),
            "a field before the count": told(lambda: more.CsvDataset(
                names["rows"], [tf.int32, tf.int32], header=True).map(lambda x, y: x))}
    kinds = [str(dtype) for dtype in more.CsvDataset("f", [1, 2.0, "q", "int64"]).output_types]
    first = data.Dataset.range(3).make_initializable_iterator("shared")
    second = data.Dataset.from_tensors("a").make_initializable_iterator("shared")
    run = Runs(tf)
    run(first.initializer)
    run(second.initializer)
    return run.case(found=found, kinds=kinds)
