"""Lookup tables in their usual forms."""

import os
import tempfile

from . import Case, program
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
