"""Examples, lines of CSV and tensors in bytes, read in the usual ways."""

import functools

from . import Case, program
from .refused import outcome, refusals
from .testing import answers


def _example(tf, **features):
    """A serialized example; a list of bytes, floats or integers by name, or None for a feature without values."""
    made = {}
    for name, values in features.items():
        if values is None:
            made[name] = tf.train.Feature()
        elif values and isinstance(values[0], bytes):
            made[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
        elif values and isinstance(values[0], float):
            made[name] = tf.train.Feature(float_list=tf.train.FloatList(value=values))
        else:
            made[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=values))
    return tf.train.Example(features=tf.train.Features(feature=made)).SerializeToString(deterministic=True)


def _parts(found):
    """What a parser gave, in the order of the names."""
    return [found[key] for key in sorted(found)]


@program
def examples_in_a_batch(tf):
    serialized = tf.placeholder(tf.string, [None], name="serialized")
    found = tf.parse_example(serialized, {
        "image": tf.FixedLenFeature([2], tf.float32), "label": tf.FixedLenFeature([], tf.int64, default_value=3),
        "words": tf.VarLenFeature(tf.string), "steps": tf.FixedLenSequenceFeature([], tf.int64, allow_missing=True)})
    feeds = [_example(tf, image=[1.0, 2.0], label=[7], words=[b"a", b"bc"], steps=[1, 2, 3]),
             _example(tf, image=[3.0, 4.0]), _example(tf, image=[5.0, 6.0], steps=[4], label=None)]
    return Case(steps=[(_parts(found), {serialized: feeds}), (_parts(found), {serialized: []})],
                show=[found["image"], found["words"].values, found["steps"], found["label"]])


@program
def example_alone(tf):
    serialized = tf.placeholder(tf.string, [], name="serialized")
    found = tf.parse_single_example(serialized, features={
        "image_raw": tf.FixedLenFeature([], tf.string), "height": tf.FixedLenFeature([], tf.int64),
        "box": tf.FixedLenFeature([2, 2], tf.float32), "words": tf.VarLenFeature(tf.string),
        "ids": tf.VarLenFeature(tf.int64), "path": tf.FixedLenSequenceFeature([2], tf.int64, allow_missing=True)})
    image = tf.reshape(tf.decode_raw(found["image_raw"], tf.uint8), [2, 2])
    feeds = _example(tf, image_raw=[b"\x01\x02\x03\x04"], height=[28], box=[1.0, 2.0, 3.0, 4.0], words=[b"x", b"y"],
                     path=[1, 2, 3, 4])
    return Case(steps=[([image] + _parts(found), {serialized: feeds})],
                show=[found["box"], found["path"], found["ids"].indices, image])


@program
def example_alone_of_unknown_shape(tf):
    serialized = tf.placeholder(tf.string, name="serialized")
    found = tf.io.parse_single_example(serialized, {"a": tf.io.FixedLenFeature([1], tf.int64, [5])}, name="Parsed")
    return Case(steps=[(found["a"], {serialized: _example(tf)}), (found["a"], {serialized: _example(tf, a=[9])})],
                show=[found["a"]])


@program
def examples_with_names(tf):
    serialized = [_example(tf, a=[1.0, 2.0], v=[1, 2])]
    batch = tf.parse_example(serialized, {"a": tf.FixedLenFeature([2], tf.float32)}, name="Batch",
                             example_names=["first"])
    alone = tf.parse_single_example(serialized[0], {"a": tf.FixedLenFeature([2], tf.float32),
                                                    "v": tf.VarLenFeature(tf.int64)}, example_names="only")
    return Case(steps=[(batch["a"], None), (_parts(alone), None)],
                show=[batch["a"], alone["v"].dense_shape])


@program
def examples_with_defaults(tf):
    serialized = [_example(tf, rows=[1, 2, 3, 4]), _example(tf, rows=[]), _example(tf, rows=[5, 6], words=[b"z"])]
    found = tf.parse_example(serialized, {
        "rows": tf.FixedLenSequenceFeature([2], tf.int64, allow_missing=True, default_value=9),
        "pair": tf.FixedLenFeature([2], tf.string, default_value=["p", "q"]),
        "a name/with marks?": tf.FixedLenFeature((), tf.float32, default_value=2),
        "tensor": tf.FixedLenFeature([2], tf.int64, default_value=tf.constant([1, 2], tf.int64)),
        "matrix": tf.FixedLenFeature([2, 2], tf.float32, default_value=[1., 2., 3., 4.]),
        "words": tf.FixedLenSequenceFeature([], tf.string, allow_missing=True)})
    return Case(steps=[(_parts(found), None)], show=_parts(found))


@program
def features_refused(tf):
    s, fixed, rows = "abc", tf.FixedLenFeature, tf.FixedLenSequenceFeature
    return Case(facts={"refused": refusals([
        lambda: tf.parse_example(s, {}), lambda: tf.parse_example(s, None), lambda: tf.parse_single_example(s, None),
        lambda: tf.parse_example([s], {"a": fixed(None, tf.float32)}),
        lambda: tf.parse_example([s], {"a": fixed([None], tf.float32)}),
        lambda: tf.parse_example([s], {"a": fixed([2], None)}),
        lambda: tf.parse_example([s], {"a": tf.VarLenFeature(None)}),
        lambda: tf.parse_example([s], {"a": rows([2], tf.float32)}),
        lambda: tf.parse_example([s], {"a": rows([2], None, True)}),
        lambda: tf.parse_example([s], {"a": 3}),
        lambda: tf.parse_single_example(s, {"a": fixed([2], tf.int32)}),
        lambda: tf.parse_example([s], {"a": fixed([2], tf.float32, default_value=[1.])}),
        lambda: tf.parse_example([s], {"a": rows([2], tf.int64, True, default_value=[9, 8])}),
        lambda: tf.parse_example(s, {"a": fixed([2], tf.float32)}),
        lambda: tf.parse_single_example([s], {"a": fixed([2], tf.float32)})]),
        "features": [repr(fixed([2], tf.int64)), repr(tf.VarLenFeature(tf.string)), repr(rows([], tf.int64)),
                     repr(tf.SparseFeature("i", "v", tf.int64, 4))]})


@program
def records_of_examples(tf):
    serialized = [_example(tf, x=[float(i), float(i * i)], y=[i], w=[b"w"] * (i % 3 + 1)) for i in range(10)]

    def parsed(record):
        found = tf.parse_single_example(record, {"x": tf.FixedLenFeature([2], tf.float32),
                                                 "y": tf.FixedLenFeature([], tf.int64)})
        return found["x"], found["y"]

    by_one = tf.data.Dataset.from_tensor_slices(serialized).map(parsed).shuffle(10, seed=1).batch(4)
    by_batch = tf.data.Dataset.from_tensor_slices(serialized).batch(4).map(
        lambda batch: tf.parse_example(batch, {"x": tf.FixedLenFeature([2], tf.float32),
                                               "w": tf.VarLenFeature(tf.string)}))
    one, batch = by_one.make_one_shot_iterator().get_next(), by_batch.make_one_shot_iterator().get_next()
    return Case(steps=[(one, None)] * 3 + [(_parts(batch), None)] * 3, show=[one, batch["x"]])


@program
def lines_of_csv(tf):
    lines = tf.placeholder(tf.string, name="lines")
    out = tf.decode_csv(lines, [[1], tf.constant([2.]), ["a"], tf.constant([], tf.float64),
                                tf.constant([7], tf.int64)])
    return Case(steps=[(out, {lines: ["3,4.5,bc,1e-3,9", ",,,0.5,"]}), (out, {lines: "1, 2,\"x, \"\"y\"\"\",3,4"}),
                       (out, {lines: [["1,2,3,4,5"], ["6,7,8,9,10"]]})],
                show=out)


@program
def lines_of_csv_in_other_forms(tf):
    lines = tf.constant(["1|2|NA|x\"", "5|6|7|y"])
    out = tf.decode_csv(lines, [[0], [-1.], ["z"]], field_delim="|", use_quote_delim=False, na_value="NA",
                        select_cols=[0, 2, 3], name="columns")
    rows = tf.stack(tf.io.decode_csv(["1,2", "3,4"], [[0.], [0.]]), axis=1)
    return Case(steps=[(out, None), (rows, None)], show=out + [rows])


@program
def csv_refused(tf):
    return Case(facts={"refused": refusals([
        lambda: tf.decode_csv("1,2", [[[1, 2]], [2]]), lambda: tf.decode_csv("1,2", []),
        lambda: tf.decode_csv("1,2", [[1], [2]], select_cols=[1]),
        lambda: tf.decode_csv("1,2", [[1], [2]], select_cols=[1, 0]),
        lambda: tf.decode_csv("1,2", [[1, 2], [2]]), lambda: tf.decode_csv("1,2", [[2], [True]]),
        lambda: tf.decode_csv("1,2", [tf.placeholder(tf.float32, [None, 2])])])})


@program
def tensors_as_bytes(tf):
    numbers, words = tf.io.serialize_tensor([[1.0, 2.0]]), tf.serialize_tensor(["a", "bc"])
    back, texts = tf.parse_tensor(numbers, tf.float32), tf.io.parse_tensor(words, tf.string, name="texts")
    return Case(steps=[([numbers, words, back, texts], None)], show=[numbers, back, texts])


def _sequence(tf, context, **lists):
    """A serialized sequence example: the features of its context, and lists of features by name."""
    def features(named):
        made = tf.train.Example.FromString(_example(tf, **named)).features
        return made

    found = {name: tf.train.FeatureList(feature=[features({"f": row}).feature["f"] for row in rows])
             for name, rows in lists.items()}
    return tf.train.SequenceExample(context=features(context), feature_lists=tf.train.FeatureLists(
        feature_list=found)).SerializeToString(deterministic=True)


def _of_a_sentence(tf):
    return ({"length": tf.FixedLenFeature([], tf.int64), "id": tf.FixedLenFeature([2], tf.int64, default_value=[8, 9]),
             "tags": tf.VarLenFeature(tf.string)},
            {"tokens": tf.FixedLenSequenceFeature([], tf.int64), "vectors": tf.FixedLenSequenceFeature([2], tf.float32),
             "words": tf.VarLenFeature(tf.string), "marks": tf.FixedLenSequenceFeature([1], tf.int64,
                                                                                      allow_missing=True)})


def _sentences(tf):
    return [_sequence(tf, {"length": [3], "tags": [b"x", b"y"]}, tokens=[[1], [2], [3]],
                      vectors=[[1., 2.], [3., 4.], [5., 6.]], words=[[b"a"], None, [b"b", b"c"]], marks=[[7]]),
            _sequence(tf, {"length": [1], "id": [1, 2]}, tokens=[[4]], vectors=[[7., 8.]])]


@program
def sequence_example_alone(tf):
    serialized = tf.placeholder(tf.string, [], name="serialized")
    context, lists = tf.parse_single_sequence_example(serialized, *_of_a_sentence(tf))
    named = tf.io.parse_single_sequence_example(serialized, sequence_features={"tokens": tf.VarLenFeature(tf.int64)},
                                                example_name="first", name="Named")[1]
    return Case(steps=[(_parts(context) + _parts(lists) + _parts(named), {serialized: text})
                       for text in _sentences(tf)],
                show=[context["id"], context["tags"].values, lists["vectors"], lists["words"].indices, lists["marks"]])


@program
def sequence_examples_in_a_batch(tf):
    serialized = tf.placeholder(tf.string, [None], name="serialized")
    context, lists, lengths = tf.io.parse_sequence_example(serialized, *_of_a_sentence(tf))
    fetches = _parts(context) + _parts(lists) + _parts(lengths)
    return Case(steps=[(fetches, {serialized: _sentences(tf)}), (fetches, {serialized: _sentences(tf)[1:]})],
                show=fetches[:2] + [lists["vectors"], lists["words"].dense_shape, lengths["tokens"]])


@program
def sequence_examples_with_names(tf):
    alone = tf.io.parse_single_sequence_example(_sentences(tf)[0], {"length": tf.FixedLenFeature([], tf.int64)})
    many = tf.io.parse_sequence_example(_sentences(tf), {"length": tf.FixedLenFeature([1], tf.int64)}, {},
                                        example_names=["a", "b"], name="Many")
    only = tf.io.parse_sequence_example(_sentences(tf), sequence_features={"words": tf.VarLenFeature(tf.string)})
    return Case(steps=[([alone[0]["length"], many[0]["length"], only[1]["words"]], None)],
                show=[alone, many], facts={"empty": [len(alone[1]), len(many[1]), len(many[2]), len(only[2])]})


@program
def records_of_sequences(tf):
    serialized = _sentences(tf) * 3
    parsed = tf.data.Dataset.from_tensor_slices(serialized).map(
        lambda text: tf.parse_single_sequence_example(text, sequence_features={
            "tokens": tf.FixedLenSequenceFeature([], tf.int64)})[1]["tokens"]).padded_batch(4, [None])
    following = parsed.make_one_shot_iterator().get_next()
    return Case(steps=[(following, None)] * 2, show=[following])


@program
def sequence_features_refused(tf):
    one, many, fixed, rows, s = (tf.io.parse_single_sequence_example, tf.io.parse_sequence_example, tf.FixedLenFeature,
                                 tf.FixedLenSequenceFeature, "abc")
    steps = [lambda: one(s), lambda: many([s]), lambda: one(s, {}, {}), lambda: one([s], {"a": fixed([], tf.int64)}),
             lambda: many(s, {"a": fixed([], tf.int64)})]
    for parse, text in ((one, s), (many, [s])):
        steps += [functools.partial(parse, text, context, lists) for context, lists in (
            ({"a": rows([], tf.int64, True)}, None), ({}, {"a": fixed([], tf.int64)}),
            ({"a": tf.SparseFeature("i", "v", tf.int64, 3)}, None), ({"a": fixed(None, tf.int64)}, None),
            ({"a": fixed([None], tf.int64)}, None), ({}, {"a": rows([], None)}), ({}, {"a": tf.VarLenFeature(None)}),
            ({}, {"a": rows([], tf.int64, default_value=3)}))]
    return Case(facts={"refused": refusals(steps)})


@program
def sparse_features(tf):
    serialized = [_example(tf, i=[3, 1], j=[0, 2], v=[1., 2.], other=[5]), _example(tf),
                  _example(tf, i=[2], j=[1], v=[3.])]
    found = tf.parse_example(serialized, {
        "pair": tf.SparseFeature(["i", "j"], "v", tf.float32, [5, 6]),
        "single": tf.SparseFeature("i", "v", tf.float32, 5, already_sorted=True),
        "other": tf.FixedLenFeature([], tf.int64, default_value=0)})
    alone = tf.parse_single_example(serialized[0], {"a": tf.SparseFeature("i", "v", tf.float32, 4)})
    named = tf.parse_example(serialized[:1], {"a": tf.SparseFeature("i", "v", tf.float32, 4)}, name="Named")
    return Case(steps=[(_parts(found) + [alone["a"], named["a"]], None)], facts={
        "keys": [sorted(found), sorted(alone)], "refused": refusals([
            lambda: tf.parse_example(serialized, {"a": tf.SparseFeature("", "v", tf.float32, 4)}),
            lambda: tf.parse_example(serialized, {"a": tf.SparseFeature("i", "", tf.float32, 4)}),
            lambda: tf.parse_example(serialized, {"a": tf.SparseFeature("i", "v", None, 4)}),
            lambda: tf.parse_example(serialized, {"a": tf.SparseFeature("i", "v", tf.float32, 4),
                                                  "v": tf.VarLenFeature(tf.int64)}),
            lambda: tf.parse_example(serialized, {"a": tf.SparseFeature("i", "v", tf.float32, 4),
                                                  "b": tf.SparseFeature("i", "v", tf.int64, 4)})])})


@program
def examples_that_are_cut_off(tf):
    """A last field that says that it is longer than what is there counts as far as it is there, if it is not needed."""
    whole = b"\n\x10\n\x0e\n\x01a\x12\t\x1a\x07\n\x05\x01\x02\x03\x04\x05"
    longer = b"\n\x30" + whole[2:]
    numbers = {"a": tf.VarLenFeature(tf.int64)}
    lists = {"f": tf.FixedLenSequenceFeature([], tf.int64)}
    found = [tf.parse_example([b"junk", whole, longer], numbers)["a"],
             tf.parse_single_example(longer, numbers)["a"], tf.parse_single_example(b"junk", numbers)["a"]]
    single = lambda features: tf.parse_single_example(whole, features)  # noqa: E731
    run = lambda made: tf.Session().run(made)  # noqa: E731
    checks = [lambda: run(tf.parse_example([whole[:-1]], numbers)),
              lambda: run(tf.parse_single_example(b"junk", {"a": tf.FixedLenFeature([], tf.int64)})),
              lambda: run(tf.io.parse_sequence_example([b"junk"], sequence_features=lists)),
              lambda: run(tf.io.parse_single_sequence_example(b"junk", sequence_features=lists)),
              lambda: single({"a": tf.FixedLenFeature([2, None], tf.int64)}),
              lambda: single({"a": tf.FixedLenSequenceFeature([None], tf.int64, allow_missing=True)}),
              lambda: tf.io.parse_single_sequence_example(whole, sequence_features={
                  "f": tf.FixedLenSequenceFeature([None], tf.int64)}),
              lambda: run(tf.parse_example([b"\n\x0d\n\x0b\n\x01c\x12\x06\n\x04\n\x00\n\x00"], {
                  "c": tf.FixedLenFeature([], tf.string)}))]
    return Case(steps=[([part for one in found for part in (one.indices, one.values, one.dense_shape)], None)],
                facts={"refused": answers(tf, checks)})


@program
def bytes_decoded_at_the_edges(tf):
    """Complex numbers whose bytes are turned round as a whole, line ends in unquoted fields, truth without a width."""
    turned = tf.decode_raw(bytes(bytearray(range(16))), tf.complex64, little_endian=False)
    checks = [lambda: tf.Session().run(tf.decode_csv("1,a\n", [[1], ["d"]], use_quote_delim=False)),
              lambda: tf.decode_raw("a")]
    return Case(steps=[([turned, tf.as_string([True, False], width=8, fill="0")], None)],
                facts={"refused": answers(tf, checks)})


@program
def what_is_refused_first_of_sequences(tf):
    """Contexts before lists; in a list each step's type, then its size."""
    def example(context, lists):
        made = tf.train.SequenceExample()
        for key, values in context.items():
            feature = made.context.feature[key]
            (feature.int64_list if isinstance(values[0], int) else feature.float_list).value.extend(values)
        for key, steps in lists.items():
            for values in steps:
                feature = made.feature_lists.feature_list[key].feature.add()
                (feature.int64_list if isinstance(values[0], int) else feature.float_list).value.extend(values)
        return made.SerializeToString()

    context = {"c": tf.FixedLenFeature([], tf.int64)}
    steps = {"a": tf.FixedLenSequenceFeature([], tf.int64)}
    pairs = {"a": tf.FixedLenSequenceFeature([2], tf.int64)}
    came = []
    with tf.Session() as session:
        def look(parse, serialized, lists, which):
            came.append(outcome(lambda: session.run(parse(serialized, context, lists)[which])))

        for serialized, lists in (
                ([example({}, {}), example({"c": [1]}, {})], steps), ([example({"c": [1.5]}, {})], steps),
                ([example({"c": [1]}, {})], steps),
                ([example({"c": [1]}, {"a": [[1]]}), example({"c": [1, 2]}, {})], pairs)):
            look(tf.io.parse_sequence_example, serialized, lists, 2)
            for one in serialized:
                look(tf.parse_single_sequence_example, one, lists, 1)
        look(tf.parse_single_sequence_example, example({"c": [1]}, {"a": [[1], [1.5, 2.5]]}), pairs, 1)
    return Case(facts={"came": came})
