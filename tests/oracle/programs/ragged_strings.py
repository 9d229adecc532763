# coding: utf-8
"""String functions that give ragged tensors, and ragged tensors that are indexed."""

from . import Case, program


def parts(*values):
    """The tensors that ragged tensors consist of, and tensors as they are."""
    found = []
    for value in values:
        found += [value.flat_values] + list(value.nested_row_splits) if hasattr(value, "nested_row_splits") else [value]
    return found


@program
def unicode_decode_tensors(tf):
    one = tf.placeholder(tf.string, [], name="one")
    many = tf.placeholder(tf.string, [None], name="many")
    square = tf.placeholder(tf.string, [2, None], name="square")
    words = tf.ragged.constant([["ab"], ["c", u"d\xe9f".encode("utf-8")]])
    made = [tf.strings.unicode_decode(one, "UTF-8"), tf.strings.unicode_decode(many, "UTF-8", errors="ignore"),
            tf.strings.unicode_decode(square, "UTF-16-BE", replacement_char=63, name="wide"),
            tf.strings.unicode_decode(words, "UTF-8", replace_control_characters=True)]
    with_offsets = [tf.strings.unicode_decode_with_offsets(one, "UTF-8"),
                    tf.strings.unicode_decode_with_offsets(many, "UTF-8", name="q"),
                    tf.strings.unicode_decode_with_offsets(words, "UTF-8")]
    made += [each for pair in with_offsets for each in pair]
    feed = {one: u"a\xe9\u6f22".encode("utf-8"), many: [b"ab", b"c\xff\xe9d", b""], square: [[b"\0a\0b"], [b"\0c"]]}
    return Case(steps=[(parts(*made), feed)], show=made)


@program
def unicode_split_and_encode(tf):
    one = tf.placeholder(tf.string, [], name="one")
    many = tf.placeholder(tf.string, [2], name="many")
    words = tf.ragged.constant([["ab"], ["c", "def"]])
    split = [tf.strings.unicode_split(one, "UTF-8"), tf.strings.unicode_split(many, "UTF-8", errors="ignore"),
             tf.strings.unicode_split(words, "UTF-8")]
    split += list(tf.strings.unicode_split_with_offsets(one, "UTF-8"))
    split += list(tf.strings.unicode_split_with_offsets(many, "UTF-8", name="s"))
    points = tf.placeholder(tf.int32, [None, None], name="points")
    vector = tf.placeholder(tf.int32, [None], name="vector")
    encoded = [tf.strings.unicode_encode(points, "UTF-8"), tf.strings.unicode_encode(vector, "UTF-16-BE"),
               tf.strings.unicode_encode(tf.ragged.constant([[[97, 98]], [[99], []]]), "UTF-8"),
               tf.strings.unicode_encode(tf.ragged.constant([[97, 8364], [99]]), "UTF-8", errors="ignore"),
               tf.strings.unicode_encode([[[97, 98]]], "UTF-32-BE", name="cube"),
               tf.strings.unicode_encode(tf.ragged.constant([[[97, 98]], [[99, 100]]], ragged_rank=1), "UTF-8")]
    feed = {one: u"a\xe9".encode("utf-8"), many: [b"ab", b"c\xff"], points: [[97, 98], [1114112, 99]], vector: [97, 98]}
    return Case(steps=[(parts(*(split + encoded)), feed)], show=split + encoded)


@program
def unicode_scripts(tf):
    x = tf.placeholder(tf.int32, [None], name="x")
    script = tf.strings.unicode_script(x)
    return Case(steps=[(script, {x: [97, 0x3b1, 0x5d0, 0x4e00, 0x1f600, 0xe000, -5, 0x110000]})], show=[script])


@program
def strings_bytes_split(tf):
    one = tf.placeholder(tf.string, [], name="one")
    many = tf.placeholder(tf.string, [None], name="many")
    square = tf.placeholder(tf.string, [2, None], name="square")
    made = [tf.strings.bytes_split(one), tf.strings.bytes_split(many), tf.strings.bytes_split(square, name="b"),
            tf.strings.bytes_split(tf.ragged.constant([["ab"], ["c", "def"]])),
            tf.strings.bytes_split(tf.ragged.constant([[["ab"]], [["c"], ["d"]]], inner_shape=(1,)))]
    feed = {one: "abc", many: ["ab", "", "c"], square: [["ab"], ["c"]]}
    return Case(steps=[(parts(*made), feed)], show=made)


@program
def strings_split_into_rows(tf):
    one = tf.placeholder(tf.string, [], name="one")
    many = tf.placeholder(tf.string, [None], name="many")
    square = tf.placeholder(tf.string, [2, 2], name="square")
    any_rank = tf.placeholder(tf.string, None, name="any_rank")
    words = tf.ragged.constant([["ab"], ["c", "d ef"]])
    made = [tf.strings.split(each, result_type="RaggedTensor") for each in (one, many, square, any_rank, words)]
    made += [tf.strings.split(many, sep=",", maxsplit=1, result_type="RaggedTensor", name="comma"),
             tf.string_split(many, result_type="RaggedTensor"),
             tf.string_split(many, ", ", skip_empty=False, result_type="RaggedTensor", name="old")]
    sparse = [tf.strings.split(many), tf.strings.split(square, name="s"), tf.strings.split(any_rank),
              tf.strings.split(words)]
    feed = {one: "a b", many: ["a b", "c", ""], square: [["a b", "c"], ["", "d, e"]], any_rank: ["a b"]}
    return Case(steps=[(parts(*made) + sparse, feed)], show=made + sparse)


@program
def strings_ngrams(tf):
    row = tf.placeholder(tf.string, [None], name="row")
    rows = tf.placeholder(tf.string, [2, None], name="rows")
    cube = tf.placeholder(tf.string, [2, None, 2], name="cube")
    ragged = tf.ragged.constant([["a", "b", "c"], ["d"]])
    make = tf.strings.ngrams
    made = [make(row, 2), make(rows, (2, 3), pad_values=("l", "r"), padding_width=1), make(cube, 2, name="n"),
            make(ragged, 2, separator="-", pad_values="p", preserve_short_sequences=True),
            make(tf.ragged.constant([[["a", "b", "c"], ["d"]], []]), [1, 3], preserve_short_sequences=True),
            make(ragged, 3, pad_values=("", "x"), name="q")]
    feed = {row: ["a", "b", "c"], rows: [["a", "b", "c"]] * 2, cube: [[["a", "b"], ["c", "d"]]] * 2}
    return Case(steps=[(parts(*made), feed)], show=made)


@program
def ragged_items(tf):
    x = tf.ragged.constant([[[1, 2], [3]], [], [[4, 5, 6], [], [7]]])
    y = tf.ragged.constant([[[1, 2], [3, 4]], [], [[5, 6]]], ragged_rank=1)
    made = [x[0], x[2, 0], x[-1, -1, 0], x[1:], x[:2], x[::2], x[::-1], x[:, 1:], x[:, :-1], x[:, ::2], x[:, -1:],
            x[1:, :, 1:], x[tf.newaxis], x[:, tf.newaxis], x[1:2, tf.newaxis, 0:3], x[tf.newaxis, 0],
            x[tf.constant(2)], x[tf.constant(1):], x[:, tf.constant(1):], x[:, :tf.constant(-1, tf.int64)], x[()],
            y[0], y[..., 1], y[:, :, 0], y[0, ..., 1], y[1:, ..., tf.newaxis], y[...], y[..., :, :, 1], y[:, 1:-1:2]]
    return Case(steps=[(parts(*made), None)], show=made)


@program
def ragged_in_variants(tf):
    raw = tf.raw_ops
    splits = [tf.constant([0, 2, 3], tf.int64), tf.constant([0, 1, 3, 4], tf.int64)]
    values = tf.placeholder(tf.float32, [4, 1], name="values")

    def decoded(encoded, given, rank):
        found = raw.RaggedTensorFromVariant(encoded_ragged=encoded, input_ragged_rank=given, output_ragged_rank=rank,
                                            Tvalues=tf.float32, Tsplits=tf.int64)
        return list(found.output_nested_splits) + [found.output_dense_values]

    rows = raw.RaggedTensorToVariant(rt_nested_splits=splits, rt_dense_values=values, batched_input=True)
    whole = raw.RaggedTensorToVariant(rt_nested_splits=splits, rt_dense_values=values, batched_input=False)
    flat = raw.RaggedTensorToVariant(rt_nested_splits=splits[1:], rt_dense_values=values, batched_input=True)
    found = decoded(rows, 1, 2) + decoded(whole, -1, 2) + decoded([whole, whole], 2, 3) + decoded(flat, 0, 1)
    found += decoded(tf.stack([rows, rows]), 1, 3)
    return Case(steps=[(found, {values: [[1.0], [2.0], [3.0], [4.0]]})], show=found + [rows, whole])
