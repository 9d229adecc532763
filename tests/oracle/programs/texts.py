"""Functions of strings in their usual forms."""

import numpy as np

from . import Case, program
from .functions import internal
from .saving import Folder
from .testing import answers


@program
def strings_split_and_joined(tf):
    lines = tf.constant(["a b c", "", "d,e"])
    p = tf.placeholder(tf.string, [None], name="p")
    parts, words = tf.string_split(lines), tf.string_split(p, ",", skip_empty=False)
    out = [parts.indices, parts.values, parts.dense_shape, words.values, tf.sparse_tensor_to_dense(parts, ""),
           tf.string_join([lines, p], ";"), tf.strings.join(["x", "y"]), tf.reduce_join(lines),
           tf.reduce_join([["a", "b"], ["c", "d"]], 0), tf.reduce_join([["a", "b"], ["c", "d"]], axis=[1, 0],
                                                                       separator="-", keep_dims=True),
           tf.reduce_join([["a", "b"]], reduction_indices=1, name="joined"),
           tf.strings.unsorted_segment_join(["a", "b", "c"], [0, 1, 0], 2, "+")]
    return Case(steps=[(out, {p: ["1,2", "3", "4,,5"]})], show=out)


@program
def strings_cut_and_changed(tf):
    s = tf.constant(["Hello World", "abc", "  x "])
    out = [tf.substr(s, 0, 2), tf.substr(s, [1, 0, 2], [3, 1, 1]), tf.strings.substr(s[0], -5, 5), tf.strings.length(s),
           tf.strings.lower(s), tf.strings.upper(s), tf.string_strip(s), tf.regex_replace(s, "[aeo]", "_"),
           tf.strings.regex_replace(s, "l+", "L", replace_global=False), tf.strings.regex_full_match(s, "[a-z]+"),
           tf.strings.length(b"caf\xc3\xa9", unit="UTF8_CHAR")]
    return Case(steps=[(out, None)], show=out)


@program
def strings_and_numbers(tf):
    p = tf.placeholder(tf.float32, [None], name="p")
    out = [tf.as_string([1.5, -2.0]), tf.as_string([1, 20]), tf.as_string(p, precision=2), tf.as_string([True]),
           tf.as_string([3.14159], scientific=True), tf.as_string([7], width=4, fill="0"),
           tf.string_to_number(["1.5", "-3"]), tf.string_to_number(["7"], tf.int64),
           tf.string_to_hash_bucket_fast(["a", "b"], 10), tf.string_to_hash_bucket_strong(["a"], 10, [1, 2]),
           tf.string_to_hash_bucket(["a", "b"], 10), tf.as_string(tf.constant(2 ** 40, tf.int64)),
           tf.as_string([1e10, 1e-5], shortest=True)]
    return Case(steps=[(out, {p: [0.125, 3.0]})], show=out)


@program
def strings_formatted(tf):
    x, p = tf.constant([[1, 2], [3, 4]]), tf.placeholder(tf.float32, [None], name="p")
    out = [tf.strings.format("x: {}", x), tf.strings.format("{} and {}", [x, p], name="both"),
           tf.strings.format("<%s>", p, placeholder="%s", summarize=1)]
    return Case(steps=[(out, {p: [1.0, 2.0, 3.0, 4.0]})], show=out)


@program
def strings_as_bytes(tf):
    raw = tf.constant(b"\x01\x00\x02\x00")
    out = [tf.decode_raw(raw, tf.uint8), tf.decode_raw(raw, tf.int16),
           tf.decode_raw([raw, raw], tf.int16, little_endian=False), tf.encode_base64("hello"),
           tf.decode_base64("aGVsbG8"), tf.encode_base64(["a"], pad=True),
           tf.strings.unicode_transcode("abc", "UTF-8", "UTF-16-BE"), tf.bitcast(tf.constant([1.0]), tf.uint8)]
    return Case(steps=[(out, None)], show=out)


@program
def strings_compared(tf):
    s, p = tf.constant(["a", "b", "a"]), tf.placeholder(tf.string, name="p")
    out = [tf.equal(s, "a"), tf.not_equal(s, p), tf.where(tf.equal(s, "a")), tf.boolean_mask(s, tf.equal(s, "a")),
           tf.unique(s)[0], tf.gather(s, [2, 1]), tf.concat([s, p], 0), tf.stack([s, s]), tf.tile(s, [2]),
           tf.reshape(s, [3, 1]), tf.fill([2], "x"), s[0], s + "!", tf.identity(p), tf.size(s),
           tf.one_hot([0], 2, "on", "off")]
    return Case(steps=[(out, {p: ["c", "b", "a"]})], show=out)


@program
def strings_edited(tf):
    first = tf.SparseTensor([[0, 0], [0, 1]], ["a", "b"], [1, 2])
    second = tf.SparseTensor([[0, 0], [0, 1], [0, 2]], ["a", "c", "d"], [1, 3])
    out = [tf.edit_distance(first, second, normalize=False), tf.edit_distance(first, second)]
    return Case(steps=[(out, None)], show=out)


@program
def strings_as_ragged_parts(tf):
    parts = tf.strings.split(tf.constant(["a b", "c"]), sep=" ", result_type="SparseTensor")
    return Case(steps=[([parts.indices, parts.values, parts.dense_shape], None)], show=[parts.values])


@program
def words_at_the_most(tf):
    """As many words as asked for are followed by a rest, even an empty one."""
    texts = ["a b c", " a  b ", "a", "", "  ", "a\tb \n c  d "]
    found = [tf.strings.split(tf.constant(texts), sep=sep, maxsplit=most)
             for most in (-1, 0, 1, 2, 3, 4) for sep in ("", " ")]  # fmt: skip
    return Case(steps=[([tensor for parts in found for tensor in (parts.indices, parts.values)], None)])


@program
def numbers_filled_with_zeros(tf):
    """Only digits are filled."""
    numbers = tf.constant([float("nan"), float("inf"), -float("inf"), 1.5, -2.25])
    return Case(steps=[([tf.as_string(numbers, width=9, fill=fill, precision=2) for fill in ("0", " ", "-", "+")]
                        + [tf.as_string(tf.complex(numbers, numbers), width=9, fill="0")], None)])


@program
def strings_refused_when_they_are_read(tf):
    """Base64, patterns, numbers, and parts of strings that are none, whatever the graph knew of them."""
    strings, decode, calls = tf.strings, tf.io.decode_base64, []
    for text in ("a", "abcde", "abcd=", "ab==", "ab=", "a===", "AAA=A", "abcd====", "+/+/", "-_-_", "a\n"):
        calls.append(lambda text=text: decode(text))
    for pattern in ("(?<n>a)", "(?P<n>a)", "[(?<]a", "\\(?<", ")"):
        calls.append(lambda pattern=pattern: strings.regex_replace("ab", pattern, "x"))
    for number in ("infinity", "-inf", "nan", "0x1F", "1e5"):
        calls.append(lambda number=number: strings.to_number(number))
    for unit in ("BYTE", "UTF8_CHAR"):
        for at in (5, [5], [0, 5], [[0, 0], [5, 0]], [[0], [5]]):
            calls.append(lambda at=at, unit=unit: strings.substr(
                tf.placeholder_with_default([["ab", "abc"], ["a", "b"]], None), at, np.ones_like(at), unit=unit))
    calls += [lambda: strings.substr("ab", [1, 1], [1]), lambda: strings.substr(
                  tf.placeholder(tf.string), tf.placeholder(tf.int32, [None]), tf.placeholder(tf.int32, [2])),
              lambda: strings.substr(np.full([2, 1, 2], "abc"), np.zeros([1, 2, 1], int), np.ones([1, 2, 1], int)),
              lambda: strings.reduce_join(tf.placeholder_with_default([["a"]], None), 2)]

    def shown(call):
        return lambda: repr(np.asarray(tf.Session().run(call())).tolist()).replace("b'", "'")

    def answered(call):
        given = []
        said = answers(tf, [lambda: given.append(shown(call)())])[0]
        return given or said

    return Case(facts={"found": [answered(call) for call in calls]})


@program
def strings_of_what_is_empty(tf):
    """Of a value that has no elements only its outermost brackets are shown."""
    empty = [tf.zeros([0]), tf.zeros([1, 0]), tf.zeros([0, 3]), tf.zeros([2, 0, 3])]
    out = [tf.strings.format("{}", [x]) for x in empty] + [tf.strings.format("{}", [x], summarize=0)
                                                           for x in (tf.constant(3), tf.constant([1, 2]))]
    return Case(steps=[(out + [tf.strings.to_hash_bucket_fast("a", 2.5)], None)])


@program
def strings_split_in_the_second_form(tf):
    """`string_split_v2` of two internal modules: a sparse tensor of a vector, a ragged tensor of anything."""
    plain = internal(tf, "tensorflow.python.ops.string_ops").string_split_v2
    ragged = internal(tf, "tensorflow.python.ops.ragged.ragged_string_ops").string_split_v2
    sparse = [plain(["a b c", "", " d"]), plain(["a,b", ",c"], ",", 1)]
    out = [part for one in sparse for part in (one.indices, one.values, one.dense_shape)]
    rows = [ragged(["a b c", "d"]), ragged([["a,b", "c"]], ",", name="cut")]
    return Case(steps=[(out + [ragged("a b")] + [part for one in rows for part in (one.flat_values,
                                                                                  one.row_splits)], None)])


TOKENS = [
    "0x10", "0X1F", "0x1p3", "0x1.8", "-0x10", "+5", "+5.5", "infinity", "Infinity", "INF", "-inf", "+inf",
    "NaN", "NAN", "-nan", "nan(1)", "1e5", "1E5", "1e", "1e+", ".5", "5.", ".", "-", "1_0", "1.5f", "1e400",
    "-1e400", "1e-400", "1e39", "3.4028236e38", "0b1", "00012", "-00.5", "--5", "e5", "+", "9007199254740993",
    "2147483648", "9223372036854775807", "9223372036854775808", "-9223372036854775809", " 5", "5 ", "\t5\n",
    "\x0b5", "5\x0c", "5 5", "1e 5", "+ 5"]  # fmt: skip


@program
def numbers_that_texts_write(tf):
    """What is a number, and which: read from strings, from a line of CSV, from several, and from a file of CSV."""
    text = tf.compat.v1.placeholder(tf.string, [], name="text")
    reads = []
    for dtype in (tf.float32, tf.float64, tf.int32, tf.int64):
        default = [tf.zeros([1], dtype)]
        reads += [tf.string_to_number(text, dtype), tf.io.decode_csv(text, default)[0],
                  tf.io.decode_csv(tf.stack([text, "1"]), default)[0][0]]

    def answered(sess, value, feed=None):
        try:
            return repr(float(sess.run(value, feed)))
        except tf.errors.OpError as error:
            return "{}: {}".format(type(error).__name__, error.message.split("\n")[0])

    with tf.compat.v1.Session() as sess:
        found = {token: [answered(sess, read, {text: token}) for read in reads] for token in TOKENS}
    with Folder() as folder:
        for token in TOKENS:
            if "\n" in token:
                continue
            with open(folder("one.csv"), "w") as file:
                file.write(token + "\n")
            for dtype in (tf.float32, tf.float64, tf.int32, tf.int64):
                with tf.Graph().as_default(), tf.compat.v1.Session() as sess:
                    records = tf.data.experimental.CsvDataset(folder("one.csv"), [dtype])
                    value = tf.compat.v1.data.make_one_shot_iterator(records).get_next()[0]
                    found[token].append(answered(sess, value))
    return Case(facts={"found": [[token, found[token]] for token in TOKENS]})


SMALL = ["1e-40", "-1e-40", "1e-45", "3e-46", "1e-38", "1.1754944e-38", "1e-310", "-5e-324", "1e-320", "1.5", "0x1"]


@program
def numbers_too_small_to_be_normal(tf):
    """Bit by bit: what is read from texts and messages, handed on by data sets and tables, or written as text."""
    small32, small64 = np.array([1e-40, 1e-45, 1.5], np.float32), np.array([1e-310, 5e-324, 1.5])
    example = tf.train.Example()
    example.features.feature["a"].float_list.value.extend(small32[:2])
    lists = tf.train.SequenceExample()
    lists.context.feature["c"].float_list.value.append(small32[0])
    lists.feature_lists.feature_list["l"].feature.add().float_list.value.extend(small32[:2])
    fixed, default = tf.io.FixedLenFeature, tf.io.FixedLenFeature([1], tf.float32, default_value=[small32[0]])
    features = {"a": fixed([2], tf.float32), "lacks": default}
    sparse = tf.io.VarLenFeature(tf.float32)

    def texts(sess, first32, first64):
        text = tf.compat.v1.placeholder(tf.string, None)
        line = tf.io.decode_csv(text, [first32, first64])
        found = [line, tf.string_to_number(text, tf.float32), tf.string_to_number(text, tf.float64)]
        lines = [token + "," + token for token in SMALL] + [","]
        yield sess.run(found[0], {text: lines}) + sess.run(found[1:], {text: SMALL})
        for token in SMALL:
            yield sess.run(found[0], {text: token + "," + token}) + sess.run(found[1:], {text: token})
        yield sess.run(found[0], {text: ","})
        yield sess.run(found[1:], {text: [SMALL[0]] * 200})

    def elements(sess, records):
        value = tf.compat.v1.data.make_one_shot_iterator(records).get_next()
        for _ in range(20):
            try:
                yield sess.run(value)
            except tf.errors.OutOfRangeError:
                return

    def files(sess, first32, first64):
        with Folder() as folder:
            with open(folder("small.csv"), "w") as file:
                file.write("".join("{0},{0},\n".format(token) for token in SMALL))
            records = tf.data.experimental.CsvDataset(folder("small.csv"), [tf.float32, tf.float64, first32])
            for found in (records, records.batch(4), records.map(lambda x, y, z: (x * 1, y * 1, z))):
                for element in elements(sess, found):
                    yield element

    def examples(sess, first32, first64):
        given = tf.compat.v1.placeholder(tf.string, None)
        batch = tf.io.parse_example(given, dict(features, s=sparse))
        alone = tf.io.parse_single_example(given, features)
        one = tf.io.parse_single_sequence_example(given, {"c": fixed([], tf.float32)}, {
            "l": tf.io.FixedLenSequenceFeature([2], tf.float32)})
        many = tf.io.parse_sequence_example(given, {"c": fixed([], tf.float32)}, {
            "l": tf.io.FixedLenSequenceFeature([2], tf.float32)})
        tensor = tf.io.parse_tensor(given, tf.float32)
        data, listed = example.SerializeToString(), lists.SerializeToString()
        yield sess.run([batch["a"], batch["s"].values, batch["lacks"]], {given: [data, data]})
        for _ in range(40):
            last = sess.run([alone["a"], alone["lacks"]], {given: data})
        yield last
        yield sess.run([one[0]["c"], one[1]["l"]], {given: listed})
        yield sess.run([many[0]["c"], many[1]["l"]], {given: [listed]})
        for array in (small32, small32[0]):
            yield sess.run([tensor], {given: tf.compat.v1.make_tensor_proto(array).SerializeToString()})

    def handed_on(sess, first32, first64):
        records = tf.data.Dataset.from_tensors(small32)
        for element in elements(sess, records.padded_batch(1, [5], small32[0])):
            yield [element]
        table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a"], first32), small32[1])
        sess.run(tf.compat.v1.tables_initializer())
        yield [sess.run(table.lookup(tf.constant(["a", "b"])))]
        given = tf.SparseTensor([[0, 0]], first32, [2, 2])
        yield sess.run([tf.sparse.fill_empty_rows(given, first32[0])[0].values,
                        tf.sparse.to_dense(given, first32[0])])
        summary = tf.compat.v1.Summary()
        summary.ParseFromString(sess.run(tf.compat.v1.summary.scalar("small", first32[0])))
        yield [np.float32(summary.value[0].simple_value)]

    def written(sess, first32, first64):
        values = [tf.compat.v1.placeholder_with_default(array, [3]) for array in (small32, small64)]
        yield sess.run([tf.as_string(value, **form) for value in values for form in (
            {}, {"scientific": True}, {"shortest": True}, {"precision": 3, "scientific": True})])
        yield sess.run([tf.strings.format("{}", value) for value in values])

    def bits(value):
        value = np.asarray(value)
        if value.dtype.kind == "f":
            return [hex(number).rstrip("L") for number in value.view("u{}".format(value.itemsize)).ravel().tolist()]
        return [item.decode() for item in value.ravel().tolist()]

    facts = {}
    for part in (texts, files, examples, handed_on, written):
        with tf.Graph().as_default():
            first = tf.constant(small32[:1]), tf.constant(small64[:1])
            with tf.compat.v1.Session() as sess:
                facts[part.__name__] = [[bits(value) for value in values] for values in part(sess, *first)]
    return Case(facts=facts)
