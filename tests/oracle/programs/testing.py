"""`tf.test`: what test cases accept and refuse, gradients beside differences, graphs that are equal."""

from __future__ import division

import logging

import numpy as np

from . import Case, program


def answers(tf, checks, lines=1):
    """What each check says: "ok", or its error's class and the first lines that say something."""
    found = []
    level = logging.getLogger("tensorflow").level
    logging.getLogger("tensorflow").setLevel(logging.CRITICAL)
    try:
        for check in checks:
            try:
                check()
                found.append("ok")
            except Exception as error:
                said = [line.replace(" u'", " '") for line in str(error).split("\n") if line.strip()]
                found.append([type(error).__name__] + said[:lines])
    finally:
        logging.getLogger("tensorflow").setLevel(level)
    return found


def a_case(tf):
    class Mine(tf.test.TestCase):
        def runTest(self):
            """Nothing: its methods are what counts."""

    return Mine()


@program
def test_case_compares_numbers(tf):
    """assertAllClose and its kin: which arrays are equal, and what the messages begin with."""
    t = a_case(tf)
    one, nan = np.float32(1), float("nan")
    close = [
        lambda: t.assertAllClose([1.0, 2.0], [1.0, 2.0 + 1e-7]), lambda: t.assertAllClose([1.0, 2.0], [1.0, 2.1]),
        lambda: t.assertAllClose([1.0, 2.0], [1.0]), lambda: t.assertAllClose({"a": [1.0]}, {"a": [2.0]}),
        lambda: t.assertAllClose({"a": [1.0]}, {"b": [1.0]}), lambda: t.assertAllClose({"a": [1.0]}, [1.0]),
        lambda: t.assertAllClose([[1.0], [2.0, 3.0]], [[1.0], [2.0, 4.0]]),
        lambda: t.assertAllClose((1.0, {"a": 2.0}), (1.0, {"a": 3.0}), msg="hello"),
        lambda: t.assertAllClose(nan, nan), lambda: t.assertAllClose([float("inf"), 1.0], [float("inf"), 2.0]),
        lambda: t.assertAllClose(1.0, 1.1, rtol=0.2), lambda: t.assertAllClose(1.0, 1.1, atol=0.2),
        lambda: t.assertAllCloseAccordingToType(np.float16(1), np.float16(1.01)),
        lambda: t.assertAllCloseAccordingToType(np.float16(1), np.float16(1.0005)),
        lambda: t.assertNotAllClose([1], [1]), lambda: t.assertNotAllClose([1], [2]),
        lambda: t.assertAllEqual([1, 2], np.array([1, 2])), lambda: t.assertAllEqual([1, 2], [1, 3]),
        lambda: t.assertAllEqual([1, 2], [1, 2, 3]), lambda: t.assertAllEqual([nan], [nan]),
        lambda: t.assertAllEqual(np.zeros([2, 2]), [[0, 0], [0, 5]]), lambda: t.assertNotAllEqual([1], [2]),
        lambda: t.assertNotAllEqual([1], [1])]
    other = [
        lambda: t.assertNear(1.0, 2.0, 1.5), lambda: t.assertNear(1.0, 2.0, 0.5, "why"),
        lambda: t.assertArrayNear([1.0, 2.0], [1.0, 3.0], 0.5), lambda: t.assertArrayNear([1.0], [1.0, 2.0], 0.5),
        lambda: t.assertNDArrayNear(np.array([1.0]), np.array([1.2]), 0.5),
        lambda: t.assertAllGreater([2, 3], 1), lambda: t.assertAllLess([2, 3], 4),
        lambda: t.assertAllGreaterEqual([2, 3], 2), lambda: t.assertAllLessEqual([2, 3], 3),
        lambda: t.assertAllInSet([1, 2], {1, 2}), lambda: t.assertAllInRange([1, 2], 1, 2),
        lambda: t.assertAllInRange([1, 2], 0, 1), lambda: t.assertAllInRange([1.0, 2.0], 1, 2, open_lower_bound=True),
        lambda: t.assertAllInRange([1.0, 2.0], 1, 2, open_upper_bound=True), lambda: t.assertAllInRange([nan], 0, 1),
        lambda: t.assertAllInRange(np.arange(30).reshape(5, 6), 0, 1),
        lambda: t.assertShapeEqual(np.zeros([2, 3]), tf.zeros([2, 3])),
        lambda: t.assertShapeEqual(np.zeros([2, 3]), tf.zeros([2, 4])),
        lambda: t.assertShapeEqual([1], tf.zeros([1])), lambda: t.assertShapeEqual(np.zeros([2]), [1]),
        lambda: t.assertDTypeEqual(one, np.float32)]
    return Case(facts={"close": answers(tf, close, 3), "other": answers(tf, other, 2)})


@program
def test_case_compares_texts(tf):
    """Protos, devices, errors and texts."""
    t = a_case(tf)
    definition = tf.Graph().as_graph_def()

    def raises(expected, error):
        with t.assertRaisesOpError(expected):
            if error is not None:
                raise error

    def fits(kind, expected, error):
        with t.assertRaisesWithPredicateMatch(kind, expected):
            raise error

    refused = tf.errors.InvalidArgumentError(None, None, "has foo")
    checks = [
        lambda: t.assertProtoEquals(definition, definition), lambda: t.assertProtoEqualsVersion("", definition),
        lambda: t.assertProtoEquals("versions { producer: 134 }", definition),
        lambda: t.assertDeviceEqual("/cpu:0", "/device:CPU:0"),
        lambda: t.assertStartsWith("abc", "ab"), lambda: t.assertStartsWith("abc", "b"),
        lambda: t.assertStartsWith("abc", "b", "why"), lambda: t.assertRegexMatch("abc", ["x", "b"]),
        lambda: raises("foo", refused), lambda: raises("bar", refused), lambda: fits(ValueError, "x", ValueError("yx")),
        lambda: fits(ValueError, lambda error: "x" in str(error), ValueError("yx")),
        lambda: fits(ValueError, lambda error: "z" in str(error), KeyError("yx")),
        lambda: t.assertEmpty([1]), lambda: t.assertNotEmpty([]), lambda: t.assertLen([1], 2),
        lambda: t.assertSameElements([1, 2], [2, 1, 1]), lambda: t.assertItemsEqual([1, 2], [2, 1]),
        lambda: t.assertSameStructure({"a": 1}, {"a": 2}), lambda: t.assertEndsWith("a", "b")]
    said = [answer if answer == "ok" else [answer[0]] + [text.replace(
        "<type 'exceptions.KeyError'>", "<class 'KeyError'>") for text in answer[1:]]
            for answer in answers(tf, checks)]
    return Case(facts={"said": said})


@program
def test_case_sessions(tf):
    """Graphs, seeds, devices and which session is which."""
    t = a_case(tf)
    t.setUp()
    facts = {"seeds": [tf.random.get_seed(None), float(np.random.rand())]}
    with t.session() as first:
        a = tf.constant(3, name="a")
        facts["first"] = [first is tf.get_default_session(), int(a.eval()), int(t.evaluate(a)), a.device]
    with t.test_session(use_gpu=True) as kept:
        b = tf.constant(4, name="b")
        facts["kept"] = [int(kept.run(b)), b.device]
    with t.cached_session() as again:
        facts["again"] = [again is kept, int(t.evaluate({"b": b})["b"])]
    with t.session(force_gpu=True):
        facts["forced"] = tf.constant(5, name="c").device
    with t.test_session(graph=tf.Graph()) as other:
        facts["other"] = [other.graph is tf.get_default_graph(), tf.random.get_seed(None)]

    def strict():
        with t.cached_session(graph=tf.Graph()):
            return

    thread = t.checkedThread(lambda: {}["nothing"])
    thread.start()
    fine = t.checkedThread(lambda: 1)
    fine.start()
    fine.join()
    facts["said"] = answers(tf, [strict, lambda: first.run(a), thread.join])
    t.tearDown()
    facts["closed"] = answers(tf, [lambda: kept.run(b)])
    return Case(facts=facts)


@program
def test_compute_gradient(tf):
    """Matrices of derivatives: several tensors, sparse ones, complex ones; the nodes that they take."""
    facts = {}
    with tf.Session():
        x = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="x")
        start = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)

        def rounded(pair):
            return [np.round(matrix.astype(np.float64), 2).tolist() for matrix in pair]

        facts["cube"] = rounded(tf.test.compute_gradient(x, [2, 2], tf.reduce_sum(x * x * x), [], start, 0.01))
        facts["rows"] = rounded(tf.test.compute_gradient(x, [2, 2], tf.gather(x, [1]), [1, 2], start, 0.01))
        w, b = tf.constant(2.0, tf.float64), tf.constant([1.0, 2.0], tf.float64)
        values = [np.array(2.0), np.array([1.0, 2.0])]
        facts["two"] = [rounded(pair) for pair in tf.test.compute_gradient([w, b], [[], [2]], w * b, [2], values)]
        facts["small"] = bool(tf.test.compute_gradient_error([w, b], [[], [2]], w * b, [2], values) < 1e-6)
        c = tf.complex(tf.constant([1.0]), tf.constant([2.0]))
        facts["complex"] = rounded(tf.test.compute_gradient(c, [1], c * c, [1], np.array([1 + 2j], np.complex64), 0.01))
        np.random.seed(3)
        facts["drawn"] = rounded(tf.test.compute_gradient(x, [2, 2], tf.square(x), [2, 2], delta=0.01))
        p, q = tf.placeholder(tf.float32, [2]), tf.placeholder(tf.float32, [])
        facts["fed"] = rounded(tf.test.compute_gradient(p, [2], p * q, [2], np.array([1.0, 2.0], np.float32),
                                                        extra_feed_dict={q: 3.0}))
        facts["said"] = answers(tf, [
            lambda: tf.test.compute_gradient(tf.constant([1]), [1], tf.constant([2]), [1]),
            lambda: tf.test.compute_gradient(x, [3, 2], tf.square(x), [2, 2]),
            lambda: tf.test.compute_gradient(x, [2, 2], tf.constant([1.0]), [1])])
    return Case(facts=facts)


@program
def test_equal_graphs(tf):
    """The first difference of two GraphDefs."""
    from google.protobuf import text_format

    def read(text):
        return text_format.Merge(text, tf.GraphDef())

    a = ('node { name: "a" op: "Const" attr { key: "dtype" value { type: DT_INT32 } } attr { key: "value" value { '
         'tensor { dtype: DT_INT32 tensor_shape {} int_val: 1 } } } }\n')
    b = 'node { name: "b" op: "Identity" input: "a" attr { key: "T" value { type: DT_INT32 } } }\n'
    c = ('node { name: "c" op: "Foo" attr { key: "_s" value { s: "aa" } } attr { key: "l" value { list { i: 1 i: 2 } } '
         '} attr { key: "sh" value { shape { dim { size: 2 } } } } attr { key: "f" value { func { name: "q" } } } }\n')
    saved = ('node { name: "k" op: "Const" attr { key: "value" value { tensor { dtype: DT_STRING tensor_shape {} '
             'string_val: "_temp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/part" } } } }')
    table = 'node { name: "h" op: "HashTableV2" attr { key: "shared_name" value { s: "hash_table_1" } } }'
    pairs = [(a + b, b + a), (a + b, a), (a, a + b), (a + b, a + b.replace("Identity", "Neg")),
             (b, b.replace('"a"', '"a:1"')), (b, b.replace('"a"', '"a" input: "^a"')),
             (b, b.replace('"a"', '"a" device: "/cpu:0"')), (b, b.replace("DT_INT32", "DT_FLOAT")),
             (b, b.replace('attr { key: "T" value { type: DT_INT32 } }', "")),
             (b.replace('attr { key: "T" value { type: DT_INT32 } }', ""), b),
             (a, a.replace("int_val: 1", "int_val: 7")),
             (a + "versions { producer: 3 }", a), (c, c.replace('"aa"', '"bb"')), (c, c.replace("i: 2", "i: 3")),
             (c, c.replace("size: 2", "size: 4")), (c, c.replace('"q"', '"r"')),
             (saved, saved.replace("aaaa", "bbbb")), (table, table.replace("_1", "_2"))]
    equal = tf.test.assert_equal_graph_def
    checks = [lambda one=one, other=other: equal(read(one), read(other)) for one, other in pairs]
    checks += [lambda: equal(read(saved), read(saved.replace("aaaa", "bbbb")), checkpoint_v2=True),
               lambda: equal(read(table), read(table.replace("_1", "_2")), hash_table_shared_name=True),
               lambda: equal(tf.Graph(), read(a)), lambda: equal(read(a), 3)]
    return Case(facts={"said": answers(tf, checks)})


@program
def test_gradients_refused(tf):
    """What the checkers of gradients say of types, shapes and tensors that do not depend on each other."""
    check = tf.test
    x, whole = tf.constant([1.0, 2.0]), tf.constant([1, 2])
    v = tf.Variable([1.0, 2.0])
    y, start = tf.square(x), np.array([1.0, 2.0, 3.0], np.float32)
    with tf.Session() as session:
        checks = [lambda: check.compute_gradient(whole, [2], y, [2]),
                  lambda: check.compute_gradient(x, [2], whole, [2]),
                  lambda: check.compute_gradient(x, [2], y, [2], start),
                  lambda: check.compute_gradient(x, [2], tf.square(v), [2], init_targets=[v.initializer]),
                  lambda: check.compute_gradient_error(v, [2], v * v, [2], init_targets=v.initializer)]
        said = answers(tf, checks)
        session.run(v.initializer)
        kind = type(check.compute_gradient_error(v, [2], v * v, [2])).__name__
    return Case(facts={"said": said, "error": kind})
