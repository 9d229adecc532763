"""Refused by parsers of examples and lines while they run."""

from . import refused


def _example(tf, **lists):
    features = {}
    for name, values in lists.items():
        if values and isinstance(values[0], float):
            features[name] = tf.train.Feature(float_list=tf.train.FloatList(value=values))
        else:
            features[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=values))
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def _fixed(shape, dtype, default=None):
    return lambda tf: tf.FixedLenFeature(shape, getattr(tf, dtype), default)


def _examples(name, feature, words, alone_words, **lists):
    """A batch, and an example alone, that do not fit a feature."""

    def batch(tf, sess):
        sess.run(tf.parse_example([_example(tf, a=[1], b=[1.0]), _example(tf, **lists)], {"a": feature(tf)})["a"])

    def alone(tf, sess):
        sess.run(tf.parse_single_example(_example(tf, **lists), {"a": feature(tf)})["a"])

    batch.__name__, alone.__name__ = "examples_" + name, "example_alone_" + name
    refused(words)(batch)
    refused(alone_words)(alone)


_examples("of_another_size", _fixed([1], "int64"), "Values size: 2 but output shape: [1]", "Can't parse serialized",
          a=[1, 2])
_examples("of_another_type", _fixed([1], "int64"), "Data type: float but expected type: int64",
          "Data type: float but expected type: int64", a=[1.0])
_examples("that_are_missing", _fixed([1], "int64"), "Feature: a (data type: int64) is required",
          "Feature: a (data type: int64) is required", b=[1.0])
_examples("empty_with_default", _fixed([], "int64", 3), "Values size: 0", "Can't parse serialized", a=[])
_examples("of_another_type_sparse", lambda tf: tf.VarLenFeature(tf.int64), "Expected type: int64, Actual type: float",
          "Expected type: int64, Actual type: float", a=[1.0])
_examples("of_no_whole_row", lambda tf: tf.FixedLenSequenceFeature([2], tf.int64, allow_missing=True),
          "is not a multiple of stride length", "Can't parse serialized", a=[1, 2, 3])


@refused("Could not parse example input, value: 'abc'")
def examples_that_are_none(tf, sess):
    sess.run(tf.parse_example([b"abc"], {"a": tf.VarLenFeature(tf.int64)})["a"])


@refused("Could not parse example input, value: 'abc'")
def example_alone_that_is_none(tf, sess):
    sess.run(tf.parse_single_example(b"abc", {"a": tf.VarLenFeature(tf.int64)})["a"])


@refused("Expected len(names) == len(serialized)")
def examples_with_too_many_names(tf, sess):
    sess.run(tf.parse_example([b""], {"a": tf.VarLenFeature(tf.int64)}, example_names=["a", "b"])["a"])


@refused("Name: first, Key: a, Index: 0.")
def examples_with_a_name(tf, sess):
    sess.run(tf.parse_example([_example(tf, a=[1])], {"a": tf.FixedLenFeature([2], tf.int64)},
                              example_names=["first"])["a"])


@refused("Expected serialized to be a vector, got shape: []")
def examples_in_a_scalar(tf, sess):
    sess.run(tf.parse_example(tf.placeholder_with_default("", None), {"a": tf.VarLenFeature(tf.int64)})["a"])


@refused("Expected serialized to be a scalar, got shape: [1]")
def example_alone_in_a_vector(tf, sess):
    sess.run(tf.parse_single_example(tf.placeholder_with_default([""], None), {"a": tf.VarLenFeature(tf.int64)})["a"])


def _lines(name, lines, words, **options):
    def run(tf, sess):
        sess.run(tf.decode_csv(lines, [tf.constant([], tf.int32), [""]], **options))

    run.__name__ = "csv_" + name
    refused(words)(run)


_lines("with_a_field_missing", ["1,a", ",b"], "Field 0 is required but missing in record 1!")
_lines("with_too_few_fields", ["1,a", "1"], "Expect 2 fields but have 1 in record 1")
_lines("with_too_many_fields", "1,a,", "Expect 2 fields but have 3 in record 0")
_lines("with_an_empty_line", "", "Expect 2 fields but have 0 in record 0")
_lines("with_no_number", "a,b", "Field 0 in record 0 is not a valid int32: a")
_lines("with_a_number_too_large", "99999999999,b", "Field 0 in record 0 is not a valid int32: 99999999999")
_lines("with_a_quote_inside", "1,a\"b", "Unquoted fields cannot have quotes/CRLFs inside")
_lines("with_a_quote_that_stays_open", "1,\"b", "Quoted field has to end with quote followed by delim or end")
_lines("with_text_after_a_quote", "1,\"a\"b", "Quote inside a string has to be escaped by another quote")
_lines("with_a_line_end", "1,b\n", "Unquoted fields cannot have quotes/CRLFs inside")
_lines("with_a_long_delimiter", "1,b", "field_delim should be only 1 char", field_delim="||")
_lines("with_a_column_missing", "1,b", "Expect 2 fields but have 1 in record 0", select_cols=[1, 3])


@refused("Type mismatch between parsed tensor (float) and dtype (int32)")
def tensor_parsed_as_another_type(tf, sess):
    sess.run(tf.parse_tensor(tf.serialize_tensor([1.0]), tf.int32))


def _sequence(tf, context, **lists):
    features = [tf.train.Features.FromString(b"")]
    for row in [context] + [row for rows in lists.values() for row in rows]:
        features.append(tf.train.Example.FromString(_example(tf, f=row)).features)
    rows = iter(features[2:])
    found = {name: tf.train.FeatureList(feature=[next(rows).feature["f"] for _ in given])
             for name, given in sorted(lists.items())}
    return tf.train.SequenceExample(
        context=tf.train.Features(feature={"a": features[1].feature["f"]}),
        feature_lists=tf.train.FeatureLists(feature_list=found)).SerializeToString()


def _sequences(name, features, alone_words, words, context=(1,), **lists):
    """A sequence example alone, and one in a batch, that do not fit a feature."""

    def alone(tf, sess):
        sess.run(tf.parse_single_sequence_example(_sequence(tf, list(context), **lists), *features(tf),
                                                  example_name="it"))

    def batch(tf, sess):
        sess.run(tf.io.parse_sequence_example([_sequence(tf, list(context), **lists)], *features(tf),
                                              example_names=["it"]))

    alone.__name__, batch.__name__ = "sequence_alone_" + name, "sequences_" + name
    refused(alone_words)(alone)
    refused(words)(batch)


_sequences("without_a_feature", lambda tf: ({"b": tf.FixedLenFeature([], tf.int64)}, {}), "feature 'b' is required",
           "feature b: 0 vs 1")
_sequences("of_another_type", lambda tf: ({"a": tf.FixedLenFeature([], tf.float32)}, {}), "Data types don't match",
           "Error in context feature a in example it")
_sequences("of_another_size", lambda tf: ({"a": tf.FixedLenFeature([3], tf.int64)}, {}), "values size: 1 but output",
           "feature a: 1 vs 1")
_sequences("without_a_list", lambda tf: ({}, {"b": tf.FixedLenSequenceFeature([], tf.int64)}),
           "Feature list 'b' is required", "Missing feature b in example it")
_sequences("with_a_list_of_another_type", lambda tf: ({}, {"b": tf.VarLenFeature(tf.float32)}),
           "Data types don't match", "Error in sequence feature b in example it", b=[[1], [2]])
_sequences("with_rows_of_another_size", lambda tf: ({}, {"b": tf.FixedLenSequenceFeature([2], tf.int64)}),
           "Number of int64 values != expected", "Unexpected number of elements in feature b, example it",
           b=[[1, 2], [3], [4]])
_sequences("with_a_list_of_another_size", lambda tf: ({}, {"b": tf.FixedLenSequenceFeature([2], tf.int64)}),
           "Number of int64 values != expected", "Unexpected shape error in feature b", b=[[1, 2], [3]])
