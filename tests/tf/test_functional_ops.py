"""If, While and For of `functional_ops`: nodes that call functions made by Defun."""

import pytest

from tfmagic import tf
from tfmagic.tf.internal import module

functional_ops = module("tensorflow.python.ops.functional_ops")
Defun = module("tensorflow.python.framework.function").Defun


@pytest.fixture
def x():
    with tf.Graph().as_default():
        yield tf.placeholder(tf.float32, [], name="x")


def test_functions_are_chosen_and_repeated(x):
    @Defun(tf.float32)
    def twice(a):
        return a * 2.0

    @Defun(tf.float32)
    def minus(a):
        return -a

    @Defun(tf.float32)
    def below(a):
        return a < 50.0

    @Defun(tf.int32, tf.float32)
    def step(i, a):
        return a + tf.cast(i, tf.float32)

    results = [functional_ops.If(x > 0, [x], twice, minus), functional_ops.While([x], below, twice),
               functional_ops.For(0, 5, 1, [x], step)]
    assert [result[0].name for result in results] == ["If:0", "While:0", "For:0"]
    with tf.Session() as session:
        assert session.run(results, {x: 3.0}) == [[6.0], [96.0], [13.0]]
        assert session.run(results[0], {x: -3.0}) == [3.0]
    noted = functional_ops.While([x], below, twice, hostmem=[0], name="w")[0].op
    assert noted.get_attr("_input_hostmem") == noted.get_attr("_output_hostmem") == [0]


def test_a_condition_that_captures_is_refused(x):
    @Defun(tf.float32)
    def below(a):
        return a < x

    with pytest.raises(ValueError, match="While op 'cond' argument must be a function without implicitly captured"):
        functional_ops.While([x], below, below)


def body_that_gives(*results):
    @Defun(tf.int32, tf.float32)
    def body(i, a):
        given = {"i": i, "a": a, "next": i + 1}
        return [given[name] for name in results]

    return body


@pytest.mark.parametrize("body, message", [
    (("next",), "While loop body returned 1 arguments. Expected: 2"),
    (("next", "a", "a"), "While loop body returned 3 arguments. Expected: 2"),
    (("next", "i"), r"Expects arg\[1\] to be float but int32 is provided"),
])
def test_bodies_of_while_that_do_not_fit(x, body, message):
    @Defun(tf.int32, tf.float32)
    def below(i, a):
        return i < 3

    loop = functional_ops.While([0, x], below, body_that_gives(*body))
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match=message):
        session.run(loop, {x: 1.0})


def test_a_condition_of_two_results(x):
    loop = functional_ops.While([0, x], body_that_gives("i", "a"), body_that_gives("next", "a"))
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError,
                                                match="Expected a single scalar return value from WhileOp cond, got 2"):
        session.run(loop, {x: 1.0})


@pytest.mark.parametrize("numbers, body, message", [
    ((0, 3, 1), ("a", "a"), "For loop body returned 2 arguments. Expected: 1"),
    ((0, 3, 1), ("i",), r"Expects arg\[1\] to be float but int32 is provided"),
    ((0, 3, 0), ("a",), "Invalid start/limit/delta: 0 3 0"),
    ((0, 3, -1), ("a",), "Invalid start/limit/delta: 0 3 -1"),
    (([0], 3, 1), ("a",), r"start must be a scalar, but \[1\]"),
    ((0, [[3]], 1), ("a",), r"limit must be a scalar, but \[1,1\]"),
])
def test_for_refuses(x, numbers, body, message):
    loop = functional_ops.For(*numbers, [x], body_that_gives(*body))
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match=message):
        session.run(loop, {x: 1.0})


def test_what_is_no_function_is_refused(x):
    with pytest.raises(TypeError, match="Don't know how to convert 3 to a func for argument else_branch"):
        functional_ops.If(x > 0, [x], body_that_gives("a"), 3)
