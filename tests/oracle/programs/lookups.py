"""Lookup tables in their usual forms."""

import os
import tempfile

from . import Case, program
from .functions import internal
from .queues import Runs
from .refused import refusals


def _observed(tf, build):
    """Nodes and values of a graph whose names of tables are drawn by chance."""
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        fetches = build()
        sess.run(tf.tables_initializer())
        values = [value.tolist() for value in sess.run(fetches)]
        nodes = [[node.name, node.type, [t.name for t in node.inputs], [str(t.shape) for t in node.outputs]]
                 for node in graph.get_operations()]
        tables = len(tf.get_collection(tf.GraphKeys.TABLE_INITIALIZERS))
    return {"values": [_text(value) for value in values], "nodes": nodes, "initializers": tables,
            "assets": len(graph.get_collection(tf.GraphKeys.ASSET_FILEPATHS))}


def _text(value):
    if isinstance(value, list):
        return [_text(item) for item in value]
    return value.decode() if isinstance(value, bytes) else value


def _long(tf, values):
    return tf.constant(values, tf.int64)


@program
def lookup_words_of_a_tensor(tf):
    lookup = tf.contrib.lookup

    def build():
        table = lookup.index_table_from_tensor(["a", "b", "c"], num_oov_buckets=2, default_value=-1)
        back = lookup.index_to_string_table_from_tensor(["a", "b", "c"], default_value="none")
        numbers = lookup.index_table_from_tensor(tf.constant([5, 7, 9]), num_oov_buckets=3, dtype=tf.int64, name="T",
                                                 hasher_spec=lookup.StrongHashSpec([1, 2]))
        plain = lookup.index_table_from_tensor(["x", "y"])
        return [table.lookup(tf.constant([["a", "z"], ["c", "q"]])), table.size(), back.lookup(_long(tf, [2, 7])),
                numbers.lookup(_long(tf, [7, 4, 3])), numbers.size(), plain.lookup(tf.constant(["y", "q"])),
                plain.size()]

    return Case(facts=_observed(tf, build))


@program
def lookup_vocabulary(tf):
    def build():
        filled = tf.lookup.KeyValueTensorInitializer(["a", "b"], _long(tf, [0, 1]))
        table = tf.lookup.StaticVocabularyTable(filled, 2)
        static = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["p", "q"], [1.5, 2.5]), -1.0, name="S")
        hashed = tf.contrib.lookup.IdTableWithHashBuckets(None, 4)
        sparse = table.lookup(tf.SparseTensor([[0, 1]], ["b"], [1, 2]))
        return [table.lookup(tf.constant(["b", "q"])), table.size(), static.lookup(tf.constant(["q", "r"])),
                hashed.lookup(tf.constant(["a", "b"])), sparse.values, sparse.dense_shape]

    return Case(facts=_observed(tf, build))


@program
def lookup_words_of_a_file(tf):
    folder = tempfile.mkdtemp()
    words, pairs = os.path.join(folder, "words"), os.path.join(folder, "pairs")
    with open(words, "w") as file:
        file.write("emerson\nlake\npalmer\n")
    with open(pairs, "w") as file:
        file.write("a 10\nb 20\n")
    lookup, index = tf.contrib.lookup, tf.lookup.TextFileIndex

    def build():
        table = lookup.index_table_from_file(words, num_oov_buckets=1)
        back = lookup.index_to_string_table_from_file(words, vocab_size=2)
        static = tf.lookup.StaticHashTable(tf.lookup.TextFileInitializer(
            words, tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER), 7)
        columns = lookup.HashTable(lookup.TextFileInitializer(pairs, tf.string, 0, tf.int64, 1, delimiter=" "), -1)
        return [table.lookup(tf.constant(["lake", "x"])), back.lookup(_long(tf, [1, 2])),
                static.lookup(tf.constant(["palmer", "y"])), columns.lookup(tf.constant(["b", "c"])), columns.size()]

    return Case(facts=_observed(tf, build))


@program
def lookup_table_of_two_tensors(tf):
    lookup = tf.contrib.lookup
    table = lookup.HashTable(lookup.KeyValueTensorInitializer(["a", "b"], [1, 2]), -1, name="Words")
    keys = tf.placeholder(tf.string, [None, 2], name="keys")
    found, ids = table.lookup(keys), table.lookup(tf.SparseTensor([[0, 0]], ["a"], [1, 1]))
    start = tf.tables_initializer()
    return Case(steps=[(start, None), ([found, ids.values, table.size()], {keys: [["a", "z"]]}), (start, None),
                       (table.size(), None)], show=[found, table.initializer, table.default_value])


@program
def lookup_mutable_table(tf):
    table = tf.contrib.lookup.MutableHashTable(tf.string, tf.int64, -1)
    rows = tf.contrib.lookup.MutableHashTable(tf.string, tf.float32, [0.0, 0.5], name="Rows")
    keys = tf.constant(["a", "b"])
    put, drop = table.insert(keys, _long(tf, [5, 6])), table.remove(tf.constant(["a", "other"]))
    put_rows = rows.insert(keys, [[1.0, 2.0], [3.0, 4.0]])
    look = [table.lookup(tf.constant(["b", "z"])), table.size(), rows.lookup(tf.constant([["a", "c"]]))]
    return Case(steps=[(look, None), ([put, put_rows], None), (look, None), (drop, None), (look, None),
                       (table.export(), None)], show=look + [put])


@program
def lookup_dense_table(tf):
    table = tf.contrib.lookup.MutableDenseHashTable(tf.int64, tf.float32, [0.0, 1.0], empty_key=-1, deleted_key=-2)
    put = table.insert(_long(tf, [1, 9]), tf.constant([[1.0, 2.0], [3.0, 4.0]]))
    look = [table.lookup(_long(tf, [9, 4])), table.size()]
    return Case(steps=[(put, None), (look, None), (table.remove(_long(tf, [9])), None), (look, None)], show=look)


@program
def lookup_refused(tf):
    lookup = tf.contrib.lookup
    pairs, words = lookup.KeyValueTensorInitializer, lookup.TextFileInitializer
    calls = [
        lambda: lookup.index_table_from_tensor(None), lambda: lookup.index_table_from_tensor([1, 2]),
        lambda: lookup.index_table_from_tensor(["a"], num_oov_buckets=-1),
        lambda: lookup.index_table_from_tensor([1.], dtype=tf.float32), lambda: lookup.index_table_from_file(""),
        lambda: lookup.index_table_from_file("f", vocab_size=0),
        lambda: lookup.index_table_from_file("f", num_oov_buckets=-1),
        lambda: lookup.index_to_string_table_from_file(None),
        lambda: lookup.index_to_string_table_from_tensor(None),
        lambda: lookup.index_to_string_table_from_file("f", vocab_size=0),
        lambda: lookup.IdTableWithHashBuckets(None, 0), lambda: lookup.HashTable(pairs(["a"], [1]), "x"),
        lambda: lookup.HashTable(pairs(["a"], [1, 2]), -1), lambda: words("", tf.int64, 0, tf.int64, -1),
        lambda: words("f", tf.string, -1, tf.int64, -1),
        lambda: tf.lookup.StaticVocabularyTable(pairs(["a"], [1]), 1),
        lambda: lookup.HashTable(pairs(["a"], [1]), -1).lookup(tf.constant([1]))]
    return Case(facts={"refused": refusals(calls)})


@program
def lookup_tables_by_older_names(tf):
    folder = tempfile.mkdtemp()
    words = os.path.join(folder, "words")
    with open(words, "w") as file:
        file.write("emerson\nlake\npalmer\n")
    lookup = tf.contrib.lookup

    def build():
        table = lookup.string_to_index_table_from_tensor(["a", "b"], 2)
        named = lookup.string_to_index_table_from_tensor(tf.constant(["a", "b"]), default_value=7, name="N")
        lines = lookup.string_to_index_table_from_file(words, num_oov_buckets=1)
        return [table.lookup(tf.constant(["b", "q"])), named.lookup(tf.constant(["q", "b"])),
                lines.lookup(tf.constant(["lake", "x"]))]

    facts = _observed(tf, build)
    for refused in (None, [1, 2]):
        try:
            lookup.string_to_index_table_from_tensor(refused)
        except ValueError as error:
            facts.setdefault("refused", []).append(str(error))
    return Case(facts=facts)


@program
def lookup_buckets_of_a_dense_table(tf):
    gen_lookup_ops = internal(tf, "tensorflow.python.ops.gen_lookup_ops")
    lookup_ops = internal(tf, "tensorflow.python.ops.lookup_ops")

    run = Runs(tf)
    numbers = lookup_ops.DenseHashTable(tf.int64, tf.int64, -1, 0, -5, initial_num_buckets=8)
    put = lambda table, keys, values: run(table.insert(_long(tf, keys), _long(tf, values)))  # noqa: E731
    run(numbers.export())
    put(numbers, [11, 3], [1, 2])
    put(numbers, [19, 27, 4], [5, 6, 7])
    run(numbers.export())
    run(numbers.remove(_long(tf, [19, 1000])))
    run(numbers.export())
    put(numbers, [35], [8])
    put(numbers, [43, 51, 59, 12, 13, 14, 15], [1] * 7)
    run([numbers.export(), numbers.size()])
    run(numbers.lookup(_long(tf, [[3, 999]])))
    run(numbers.lookup(_long(tf, 0)))
    put(numbers, [-5], [1])
    run(gen_lookup_ops.lookup_table_import_v2(numbers.resource_handle, _long(tf, [7, 8]), _long(tf, [1, 2])))
    pairs = lookup_ops.DenseHashTable(tf.int64, tf.int64, [7, 8], [0, 0], [-1, -1], initial_num_buckets=4)
    put(pairs, [[1, 2], [3, 4], [5, 6]], [[1, 1], [2, 2], [3, 3]])
    run(pairs.export())
    for keys in ([[3, 4], [0, 1]], [[0, 0]], [3, 4], [[1, 2, 3]], [[[3, 4], [1, 2]]]):
        run(pairs.lookup(_long(tf, keys)))
    put(pairs, [[7, 8], [9, 10]], [[1, 1], [2, 2]])
    run([pairs.export(), pairs.size()])
    words = lookup_ops.DenseHashTable(tf.string, tf.int64, 0, "", "x", initial_num_buckets=8)
    run(words.insert(tf.constant(["a", "b", "c", "hello"]), _long(tf, [1, 2, 3, 4])))
    run(words.export())
    for empty, deleted, buckets in ((0, 0, 4), (0, 1, 3), (0, 1, 2), ([0], [1, 2], 4)):
        run(lookup_ops.DenseHashTable(tf.int64, tf.int64, 0, empty, deleted, initial_num_buckets=buckets).size())
    run(gen_lookup_ops.lookup_table_insert_v2(numbers.resource_handle, ["a"], [1]))
    run(gen_lookup_ops.lookup_table_remove_v2(numbers.resource_handle, ["a"]))
    return run.case(shapes=[str(t.shape) for t in numbers.export() + pairs.export()])


@program
def lookup_words_of_more_refusals(tf):
    gen_lookup_ops = internal(tf, "tensorflow.python.ops.gen_lookup_ops")
    lookup_ops = internal(tf, "tensorflow.python.ops.lookup_ops")

    pairs, words = lookup_ops.KeyValueTensorInitializer, lookup_ops.TextFileInitializer
    table = lookup_ops.StaticHashTable(pairs(["a"], [1]), -1)
    dense = lookup_ops.DenseHashTable(tf.int64, tf.int64, 0, 0, 1)
    find, other = gen_lookup_ops.lookup_table_find_v2, pairs(["a"], [1.0])
    calls = [
        lambda: lookup_ops.index_table_from_tensor(None), lambda: lookup_ops.index_table_from_tensor([1.5]),
        lambda: lookup_ops.index_to_string_table_from_tensor(None),
        lambda: lookup_ops.index_table_from_file(tf.constant("file"), vocab_size=0),
        lambda: lookup_ops.IdTableWithHashBuckets(None, 1, key_dtype=tf.float32),
        lambda: lookup_ops.IdTableWithHashBuckets(table, 1, key_dtype=tf.int64),
        lambda: lookup_ops.IdTableWithHashBuckets(lookup_ops.StaticHashTable(pairs([1], [1]), -1), 1),
        lambda: lookup_ops.IdTableWithHashBuckets(None, 1, lookup_ops.HasherSpec("x", None)).lookup(tf.constant("a")),
        lambda: words("f", tf.string, -3, tf.int64, -1), lambda: words("f", tf.string, -2, tf.int64, -3),
        lambda: words("f", tf.string, -2, tf.float32, -2), lambda: other.initialize(table),
        lambda: find(dense.resource_handle, [1, 2], _long(tf, 0)), lambda: find(dense.resource_handle, _long(tf, 1), 0),
        lambda: gen_lookup_ops.lookup_table_export_v2(dense.resource_handle, tf.int32, tf.int64)]
    run = Runs(tf)
    run(table.export())
    run(table.lookup(tf.constant("a")))
    run(gen_lookup_ops.lookup_table_insert_v2(table.resource_handle, ["a"], [1]))
    run(gen_lookup_ops.lookup_table_remove_v2(table.resource_handle, ["a"]))
    run(table._init_op)
    run(find(table.resource_handle, ["a"], [1, 2]))
    run(find(table.resource_handle, [1], 1))
    return run.case(refused=refusals(calls))
