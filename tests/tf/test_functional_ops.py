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
