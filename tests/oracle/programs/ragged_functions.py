"""Functions of tensors given ragged ones: element-wise, broadcast, reduced, joined, gathered, masked, repeated."""

from . import Case, program
from .functions import internal
from .refused import refusals


def parts(ragged):
    """The tensors of which ragged ones consist."""
    return [part for each in ragged for part in (
        [each.flat_values] + list(each.nested_row_splits) if hasattr(each, "flat_values") else [each])]


def case(made, feed=None, facts=None):
    """A case that shows and fetches ragged tensors."""
    return Case(steps=[(parts(made), feed)], show=made, facts=facts or {})


def refused(calls):
    """What is said of calls that are refused, each by its name."""
    said = {}
    for name, call in calls:
        try:
            said[name] = "made " + str(call())
        except Exception as error:
            said[name] = "{}: {}".format(type(error).__name__, str(error).split("\n")[0])
    return said


def placeholders(tf):
    """A ragged matrix, a ragged tensor of three dimensions, and what is fed for them."""
    v, s = tf.placeholder(tf.float32, [None], name="v"), tf.placeholder(tf.int64, [None], name="s")
    w = tf.placeholder(tf.float32, [None], name="w")
    outer, inner = tf.placeholder(tf.int64, [None], name="outer"), tf.placeholder(tf.int64, [None], name="inner")
    matrix = tf.RaggedTensor.from_row_splits(v, s, validate=False)
    deep = tf.RaggedTensor.from_nested_row_splits(w, [outer, inner], validate=False)
    return matrix, deep, {v: [1.0, -2.0, 3.0], s: [0, 2, 2, 3], w: [1.0, 2.0, 3.0, 4.0], outer: [0, 2, 2, 3],
                          inner: [0, 1, 3, 4]}


@program
def ragged_elementwise(tf):
    matrix, deep, feed = placeholders(tf)
    made = [tf.abs(matrix), -deep, tf.cast(matrix, tf.int32, name="as_ints"), tf.zeros_like(deep),
            tf.ones_like(matrix, dtype=tf.int32), tf.identity(matrix), tf.clip_by_value(matrix, -1.0, 2.0),
            matrix + 1.0, 2 * deep, tf.square(matrix, name="squares"), matrix > 0.0, ~(matrix > 0.0),
            tf.equal(matrix, 1.0), tf.pow(2.0, matrix), tf.add_n([matrix, matrix]), tf.round(matrix),
            tf.maximum(matrix, 0.0), tf.floor(matrix), tf.debugging.check_numerics(matrix, "no number"),
            tf.dtypes.saturate_cast(matrix, tf.uint8), tf.one_hot(tf.cast(matrix, tf.int32), 4),
            tf.math.subtract(3.0, matrix), tf.floordiv(matrix, 2.0), matrix % 2.0]
    return case(made, feed)


@program
def ragged_strings_elementwise(tf):
    words = tf.ragged.constant([["a", "bc "], [], ["12"]])
    made = [tf.strings.length(words), tf.strings.join([words, "-", words]), tf.strings.strip(words),
            tf.strings.regex_replace(words, "b", "x"), tf.strings.substr(words, 0, 1),
            tf.strings.to_hash_bucket_fast(words, 7), tf.strings.regex_full_match(words, "[0-9]+"),
            tf.strings.reduce_join(words, axis=1, separator="+"), tf.strings.reduce_join(words, axis=0),
            tf.strings.as_string(tf.ragged.constant([[1], [2, 3]])), tf.io.encode_base64(words)]
    return case(made)


@program
def ragged_broadcast(tf):
    matrix, deep, feed = placeholders(tf)
    column = tf.placeholder(tf.float32, [None, 1], name="column")
    row = tf.placeholder(tf.float32, [1], name="row")
    made = [matrix + matrix, matrix * column, matrix - row]
    made += [tf.ragged.constant([[1, 2], [3]], row_splits_dtype=tf.int32) * [[10], [100]]]
    feed.update({column: [[1.0], [10.0], [100.0]], row: [5.0]})
    return case(made, feed)


@program
def ragged_broadcast_in_more_dimensions(tf):
    deep = tf.ragged.constant([[[1, 2], [3]], [], [[4]]])
    made = [deep + tf.constant([[[10]], [[20]], [[30]]]), deep * [2],
            tf.ragged.constant([[1, 2], [3, 4, 5]])
            + [[10], [20]], deep + deep]
    return case(made)


@program
def ragged_reductions(tf):
    matrix, deep, feed = placeholders(tf)
    made = [tf.reduce_sum(matrix), tf.reduce_sum(matrix, 0), tf.reduce_sum(matrix, axis=1), tf.reduce_sum(deep, -1),
            tf.reduce_sum(deep, 1, name="sums"), tf.reduce_sum(deep, [0, 1]), tf.reduce_sum(deep, [1, 2]),
            tf.reduce_prod(matrix, 1), tf.reduce_max(deep, 2), tf.reduce_min(deep, 0), tf.reduce_mean(deep, 2),
            tf.reduce_mean(matrix), tf.reduce_any(matrix > 0.0, 1), tf.reduce_all(matrix > 0.0, 0),
            tf.reduce_any(matrix > 2.0), tf.reduce_sum(deep, tf.constant(2)), tf.size(deep), tf.rank(deep)]
    return case(made, feed)


@program
def ragged_segments(tf):
    matrix, deep, feed = placeholders(tf)
    numbers = tf.placeholder(tf.int32, [None], name="numbers")
    places = matrix.with_values(tf.cast(matrix.values > 0.0, tf.int32))
    math = tf.math
    made = [math.unsorted_segment_sum(matrix, numbers, 2), math.unsorted_segment_max(deep, numbers, 2),
            math.unsorted_segment_min(matrix, places, 2), math.unsorted_segment_prod(matrix, numbers, 2),
            math.unsorted_segment_mean(matrix, numbers, 2), math.unsorted_segment_sqrt_n(matrix, places, 2)]
    feed[numbers] = [0, 1, 0]
    return case(made, feed)


@program
def ragged_joined(tf):
    matrix, deep, feed = placeholders(tf)
    dense = tf.placeholder(tf.float32, [None, None], name="dense")
    made = [tf.concat([matrix, matrix], 0), tf.concat([matrix, dense, matrix], axis=1), tf.concat([deep, deep], -1),
            tf.concat([matrix], 1), tf.stack([matrix, matrix]), tf.stack([matrix, dense], axis=1),
            tf.ragged.stack([deep, deep], axis=3), tf.ragged.stack([dense, dense]), tf.ragged.stack([matrix]),
            tf.ragged.stack([dense], axis=1), tf.ragged.stack([deep, deep], axis=2, name="stacked"),
            tf.ragged.stack([[1, 2], [3, 4]], axis=1), tf.concat([deep, deep], 1)]
    feed[dense] = [[1.0], [2.0], [3.0]]
    return case(made, feed)


@program
def ragged_gathered(tf):
    matrix, deep, feed = placeholders(tf)
    dense = tf.placeholder(tf.float32, [None, None], name="dense")
    numbers = tf.placeholder(tf.int32, [None], name="numbers")
    pairs = tf.placeholder(tf.int32, [None, 2], name="pairs")
    places = tf.ragged.constant([[0], [], [0, 0]])
    made = [tf.gather(matrix, numbers), tf.gather(deep, [0, 2]), tf.gather(dense, places), tf.gather(matrix, places),
            tf.gather(matrix, numbers[0]), tf.gather(deep, tf.expand_dims(numbers, 1)), tf.gather_nd(matrix, pairs),
            tf.gather_nd(deep, pairs), tf.gather_nd(matrix, tf.expand_dims(numbers, 1)),
            tf.batch_gather(matrix, places), tf.batch_gather(dense, places), tf.batch_gather(deep, places),
            tf.gather_nd(dense, tf.ragged.constant([[[0, 0]], [[1, 0], [2, 0]]], ragged_rank=1))]
    feed.update({dense: [[1.0], [2.0], [3.0]], numbers: [0, 2], pairs: [[0, 0], [2, 0]]})
    return case(made, feed)


@program
def ragged_chosen(tf):
    matrix, deep, feed = placeholders(tf)
    rows = tf.placeholder(tf.bool, [None], name="rows")
    dense = tf.placeholder(tf.float32, [None, None], name="dense")
    mask = tf.placeholder(tf.bool, [None, None], name="mask")
    made = [tf.where(matrix > 0.0), tf.where(deep > 1.0), tf.where(matrix > 0.0, matrix, -matrix),
            tf.where(rows, matrix, -matrix), tf.ragged.boolean_mask(dense, mask), tf.ragged.boolean_mask(matrix, rows),
            tf.ragged.boolean_mask(matrix, matrix > 0.0), tf.ragged.boolean_mask(deep, rows),
            tf.ragged.boolean_mask(deep, deep > 2.0), tf.ragged.boolean_mask(dense, rows),
            tf.ragged.boolean_mask(tf.expand_dims(dense, 2), tf.expand_dims(mask, 2))]
    feed.update({rows: [True, False, True], dense: [[1.0], [2.0], [3.0]], mask: [[True], [False], [True]]})
    return case(made, feed)


@program
def ragged_repeated(tf):
    matrix, deep, feed = placeholders(tf)
    multiples = tf.placeholder(tf.int32, [2], name="multiples")
    made = [tf.tile(matrix, [2, 3]), tf.tile(matrix, [2, 1]), tf.tile(matrix, multiples), tf.tile(deep, [1, 2, 3]),
            tf.tile(matrix.with_values(tf.expand_dims(matrix.values, 1)), [1, 2, 2]),
            tf.expand_dims(matrix, 0), tf.expand_dims(deep, axis=-1), tf.expand_dims(matrix, dim=1),
            tf.squeeze(tf.expand_dims(deep, 0), [0]), tf.squeeze(tf.expand_dims(matrix, 1), axis=1),
            tf.squeeze(tf.expand_dims(matrix, 2), [2])]
    feed[multiples] = [1, 2]
    return case(made, feed)


@program
def ragged_partitions(tf):
    matrix, deep, feed = placeholders(tf)
    numbers = tf.placeholder(tf.int32, [None], name="numbers")
    count = tf.placeholder(tf.int32, [], name="count")
    partition = tf.ragged.stack_dynamic_partitions
    made = [partition([1, 2, 3], numbers, 3), partition(matrix, numbers, count), partition([5, 6], 1, 2),
            partition(matrix, matrix.with_values(tf.constant([0, 1, 1])), 2),
            partition([[1, 2], [3, 4]], [[0, 1], [1, 2]], 3)]
    made += tf.dynamic_partition(matrix, numbers, 2) + tf.dynamic_partition(deep, numbers, 2)
    feed.update({numbers: [1, 0, 1], count: 4})
    return case(made, feed)


@program
def ragged_mapped(tf):
    matrix, deep, feed = placeholders(tf)
    made = [tf.ragged.map_flat_values(tf.multiply, matrix, 2.0), tf.ragged.map_flat_values(tf.nn.relu, deep),
            tf.ragged.map_flat_values(tf.add, matrix, matrix), tf.ragged.map_flat_values(tf.nn.relu, [1.0, -1.0]),
            tf.ragged.map_flat_values(lambda values: tf.stack(values, axis=1), [matrix, matrix])]
    return case(made, feed)


@program
def ragged_refused(tf):
    matrix = tf.ragged.constant([[1.0, 2.0], [3.0]])
    deep = tf.ragged.constant([[[1.0]], [[2.0], [3.0, 4.0]]])
    narrow = tf.ragged.constant([[1.0]], row_splits_dtype=tf.int32)
    ragged = tf.ragged
    unknown = tf.placeholder(tf.bool)
    facts = refused([
        ("relu", lambda: tf.nn.relu(matrix)), ("truth", lambda: bool(matrix)), ("splits", lambda: matrix + narrow),
        ("text", lambda: matrix + "a"), ("keep", lambda: tf.reduce_sum(matrix, 1, keepdims=True)),
        ("axis", lambda: tf.reduce_sum(matrix, 7)), ("axis none", lambda: tf.concat([matrix, matrix], None)),
        ("fed axis", lambda: tf.reduce_sum(matrix, tf.placeholder(tf.int32, []))),
        ("ranks", lambda: tf.concat([matrix, deep], 0)), ("none", lambda: ragged.stack([])),
        ("stack axis", lambda: ragged.stack([matrix], 9)), ("gather axis", lambda: tf.gather(matrix, [0], axis=1)),
        ("batch", lambda: tf.gather(matrix, matrix.with_values(tf.constant([0, 0, 0])), batch_dims=1)),
        ("rows", lambda: ragged.map_flat_values(tf.add, matrix, deep)), ("squeeze", lambda: tf.squeeze(matrix)),
        ("where", lambda: tf.where(matrix > 0.0, matrix)),
        ("where two", lambda: tf.where(matrix > 0.0, [[1.0]], matrix)),
        ("mask", lambda: ragged.boolean_mask([[1]], unknown)), ("scalar mask", lambda: ragged.boolean_mask([1], True)),
        ("parts", lambda: ragged.stack_dynamic_partitions([1], tf.placeholder(tf.int32), 2)),
        ("expand", lambda: tf.expand_dims(matrix, None)), ("nd", lambda: tf.gather_nd(matrix, [[0]], batch_dims=1)),
        ("number", lambda: tf.strings.to_number(ragged.constant([["1"]]))),
        ("convert", lambda: tf.convert_to_tensor(matrix)), ("identical", lambda: matrix == matrix),
        ("other", lambda: matrix == deep), ("tile", lambda: tf.tile(matrix, 2)),
        ("join", lambda: tf.strings.join([matrix, "x"]))])
    return Case(facts=facts)


@program
def ragged_tensors_of_unknown_rank(tf):
    ragged = tf.RaggedTensor
    values, part = tf.placeholder(tf.float32), tf.placeholder(tf.int64)
    for make in (ragged.from_row_splits, ragged.from_row_lengths, ragged.from_row_starts, ragged.from_row_limits,
                 ragged.from_value_rowids):
        make(values, part)
    loose = ragged.from_row_splits(values, part, validate=False)
    tf.reduce_sum(loose, [0, 1])
    tf.reduce_sum(loose, [1, 2])
    refused = refusals([
        lambda: tf.reduce_sum(loose, -1), lambda: tf.concat([loose, loose], -1), lambda: tf.stack([loose, loose], -1),
        lambda: tf.squeeze(loose, -1), lambda: loose.row_lengths(-1), lambda: tf.expand_dims(loose, -1),
        lambda: tf.reduce_sum(loose, [5, -1]), lambda: tf.reduce_sum(loose, ["a", 0])])
    narrow = tf.ragged.constant([[1.0, 0.0], [3.0]], row_splits_dtype=tf.int32)
    known = [tf.fill([number], 1) for number in (
        tf.unsorted_segment_max([3, 1, 2], [0, 1, 0], 2)[0], tf.segment_sum([3, 1, 2], [0, 0, 1])[0],
        tf.argmax([3, 9, 2]), tf.bincount([1, 2, 2])[2], tf.bitwise.bitwise_or(1, 2))]
    select = tf.where(tf.placeholder(tf.bool, [2]), tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32))
    summed = tf.unsorted_segment_sum(narrow, [0, 1], 2)
    return Case([([tf.where(narrow), summed.values], None)] + [(known, None)], facts={
        "refused": refused, "select": str(select.shape), "summed": str(summed.values.shape)})


@program
def ragged_names_never_public(tf):
    """The functions that TensorFlow's own code imports from its ragged modules."""
    def module(name):
        return internal(tf, "tensorflow.python.ops.ragged." + name)

    rows = tf.ragged.constant([[1.0, 2.0], [], [3.0]])
    shapes, math, arrays = module("ragged_tensor_shape"), module("ragged_math_ops"), module("ragged_array_ops")
    dynamic = shapes.RaggedTensorDynamicShape
    whole = [math.reduce_sum(rows, 1), math.reduce_mean(rows, axis=1), math.reduce_max(rows, 0),
             arrays.size(rows), arrays.rank(rows), arrays.tile(rows, [1, 2]).values,
             arrays.expand_dims(rows, 0).flat_values, module("ragged_concat_ops").concat([rows, rows], 1).values,
             module("ragged_gather_ops").gather(rows, [2, 0]).values,
             module("ragged_squeeze_op").squeeze(arrays.expand_dims(rows, 0), 0).values,
             module("ragged_where_op").where([True, False, True], rows, rows + 1.0).values,
             module("ragged_conversion_ops").to_tensor(rows, 9.0),
             module("ragged_conversion_ops").from_tensor([[1, 2], [3, 0]], padding=0).values,
             module("ragged_util").lengths_to_splits([2, 0, 1]), math.segment_sum(rows, [0, 1, 0], 2).values,
             module("ragged_string_ops").reduce_join(tf.as_string(rows), 1, separator="-"),
             shapes.broadcast_to(tf.constant([[1.0], [2.0], [3.0]]), dynamic.from_tensor(rows)).values]
    kind = module("ragged_tensor").RaggedTensorType(tf.float32, 2)
    refused = refusals([
        lambda: dynamic([2], []), lambda: dynamic([[2]], []), lambda: dynamic([2, [[1]]], []),
        lambda: dynamic.from_dim_sizes([[1]]), lambda: dynamic.from_dim_sizes([2, [[1]]]),
        lambda: dynamic.from_tensor(rows).broadcast_to_rank(1), lambda: dynamic.from_tensor(rows).is_ragged(9),
        lambda: dynamic.from_tensor(rows).with_dim_size_dtype(tf.float32),
        lambda: module("ragged_util").convert_to_int_tensor("a", "n"),
        lambda: tf.RaggedTensor.from_tensor([[1, 2]], lengths="a"), lambda: tf.tile(rows, [1.0, 2.0])])
    return Case([(whole, None)], facts={
        "refused": refused, "shape": str(dynamic.from_dim_sizes([3, [2, 0, 1], 4])),
        "kind": [kind.dtype.name, kind.ragged_rank, kind.row_splits_dtype.name]})


@program
def ragged_rows_mapped(tf):
    def module(name):
        return internal(tf, "tensorflow.python.ops.ragged." + name)

    map_fn, kind = module("ragged_map_ops").map_fn, module("ragged_tensor").RaggedTensorType
    rows = tf.ragged.constant([[1, 2], [], [3]])
    numbers = kind(tf.int32, 1)
    sums = map_fn(tf.reduce_sum, rows, dtype=tf.int32)
    more = map_fn(lambda x: x + 1, rows, dtype=numbers, infer_shape=False)
    ranges = map_fn(tf.range, tf.constant([1, 2]), dtype=numbers, infer_shape=False)
    several = map_fn(lambda x: (x + 1, tf.reduce_sum(x), tf.ragged.range(x)), rows,
                     dtype=(numbers, tf.int32, kind(tf.int32, 2)), infer_shape=False)
    both = map_fn(lambda x: x["a"] * x["b"], {"a": rows, "b": tf.constant([1, 2, 3])}, dtype=numbers,
                  infer_shape=False)
    deep = map_fn(lambda x: x, tf.ragged.constant([[[[1], [2, 3]], []], [[[4]]]]), dtype=kind(tf.int32, 3),
                  infer_shape=False)
    refused = refusals([lambda: map_fn(3, rows), lambda: map_fn(lambda x: x, rows, dtype=kind(tf.int32, 2))])
    fetched = [sums, several[1]]
    for ragged in (more, ranges, several[0], several[2], both, deep):
        fetched += [ragged.flat_values] + list(ragged.nested_row_splits)
    return Case([(fetched, None)], facts={"refused": refused})
