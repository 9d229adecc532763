"""Test suites written as TensorFlow's own: what their internal modules offer them."""

import unittest

import numpy as np
import pytest
from absl.testing import parameterized

from tfmagic import tf
from tfmagic.tf import internal

test_util = internal.module("tensorflow.python.framework.test_util")
control_flow_util = internal.module("tensorflow.python.ops.control_flow_util")


def ran(cls):
    """How many tests of a class ran and were skipped; all pass."""
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(cls).run(result)
    assert not result.errors and not result.failures, result
    return {test._testMethodName for test, _ in result.skipped} - {"test_session"}


def test_methods_run_in_a_graph_with_a_session_whatever_mode_they_are_for():
    seen = []

    class Modes(tf.test.TestCase):
        @test_util.run_in_graph_and_eager_modes
        def testBoth(self):
            seen.append(self.evaluate(tf.constant(1) + 1))

        @test_util.run_in_graph_and_eager_modes(use_gpu=False)
        def testBothWithArguments(self):
            seen.append(tf.get_default_session() is not None)

        @test_util.run_deprecated_v1
        def testFirst(self):
            seen.append("first")

        @test_util.run_v1_only("b/1")
        def testFirstOnly(self):
            seen.append("only")

        @test_util.run_v2_only
        def testSecond(self):
            seen.append("second")

        @test_util.skip_if(lambda: True)
        def testNever(self):
            seen.append("never")

    assert ran(Modes) == {"testSecond"}
    assert sorted(map(str, seen)) == ["2", "True", "first", "only"]


def test_a_class_can_be_decorated_as_a_whole():
    @test_util.with_control_flow_v2
    @test_util.run_all_in_graph_and_eager_modes
    class Whole(tf.test.TestCase):
        def testOne(self):
            self.assertAllEqual(self.evaluate(tf.constant([1, 2])), [1, 2])

        @test_util.disable_control_flow_v2("b/2")
        def testTwo(self):
            pass

    assert ran(Whole) == set()


@pytest.mark.parametrize("name", ["run_deprecated_v1", "run_in_graph_and_eager_modes"])
def test_decorators_of_methods_refuse_classes(name):
    with pytest.raises(ValueError, match="only supports test methods"):
        getattr(test_util, name)(type("Some", (tf.test.TestCase,), {}))


def test_layouts_of_images():
    assert test_util.NHWCToNCHW([2, 3, 4, 5]) == [2, 5, 3, 4]
    assert test_util.NCHWToNHWC([2, 5, 3, 4]) == [2, 3, 4, 5]
    with tf.Graph().as_default():
        assert test_util.NHWCToNCHW(tf.zeros([2, 3, 4, 5, 6])).shape.as_list() == [2, 6, 3, 4, 5]


def test_nodes_that_must_be_there():
    with tf.Graph().as_default() as graph:
        tf.constant(1, name="one")
    assert set(test_util.assert_ops_in_graph({"one": "Const"}, graph)) == {"one"}
    with pytest.raises(ValueError, match="Not all expected ops are present"):
        test_util.assert_ops_in_graph({"two": "Const"}, graph)
    with pytest.raises(ValueError, match="is different"):
        test_util.assert_ops_in_graph({"one": "Add"}, graph)


def test_jacobians_of_a_function():
    checker = internal.module("tensorflow.python.ops.gradient_checker_v2")
    with tf.Graph().as_default(), tf.Session():
        theory, practice = checker.compute_gradient(lambda x, y: x * y, [tf.constant([1.0, 2.0]), [[3.0], [4.0]]])
    assert np.array_equal(theory[0], [[3, 0, 4, 0], [0, 3, 0, 4]]) and theory[1].shape == (2, 4)
    assert checker.max_error(theory, practice) < 1e-2


def test_the_internal_class_of_variables_is_that_of_tensorflow_2():
    variables = internal.module("tensorflow.python.ops.variables")
    with tf.Graph().as_default():
        second, first = variables.Variable(1.0), tf.Variable(1.0)
        assert second.op.type == "VarHandleOp" and first.op.type == "VariableV2"
        assert isinstance(first, variables.Variable) and issubclass(tf.Variable, variables.Variable)
        with pytest.raises(TypeError):
            variables.Variable(1.0, use_resource=False)


@pytest.mark.parametrize(("write", "said"), [
    (lambda v: v[0:1].assign([9.0, 8.0]), r"shape \[1\] does not match r-value shape \[2\]"),
    (lambda v: v[0:2].assign(1.0), r"shape \[2\] does not match r-value shape \[\]"),
    (lambda v: v[0].assign([1.0]), r"shape \[\] does not match r-value shape \[1\]")], ids=["longer", "scalar", "row"])
def test_what_is_written_into_a_slice_has_its_shape(write, said):
    with tf.Graph().as_default(), tf.Session() as sess:
        v = tf.Variable([1.0, 2.0, 3.0])
        sess.run(v.initializer)
        with pytest.raises(tf.errors.UnimplementedError, match="sliced l-value " + said):
            sess.run(write(v))


def test_floats_divide_without_rounding_where_integers_are_truncated():
    with tf.Graph().as_default(), tf.Session() as sess:
        assert sess.run(tf.truncatediv(-7.0, 2.0)) == -3.5
        assert sess.run(tf.truncatediv(-7, 2)) == -3


def test_layouts_with_channels_in_fours():
    assert test_util.NHWCToNCHW_VECT_C([1, 2, 3, 8]) == [1, 2, 2, 3, 4]
    assert test_util.NCHW_VECT_CToNHWC([1, 2, 3, 4, 4]) == [1, 3, 4, 8]
    with tf.Graph().as_default(), tf.Session() as session:
        there = test_util.NHWCToNCHW_VECT_C(tf.reshape(tf.range(48), [1, 2, 3, 8]))
        back = session.run(test_util.NCHW_VECT_CToNHWC(there))
    assert back.ravel().tolist() == list(range(48))
    with pytest.raises(ValueError, match="Last dimension of input must be evenly divisible by 4"):
        test_util.NHWCToNCHW_VECT_C([1, 2, 3, 7])
    with pytest.raises(ValueError, match="Last dimension of NCHW_VECT_C must be 4"):
        test_util.NCHW_VECT_CToNHWC([1, 2, 3, 4, 3])


def test_a_test_that_is_built_in_a_graph_and_a_function():
    class Built(parameterized.TestCase, tf.test.TestCase):
        @test_util.build_as_function_and_v1_graph
        def test_it(self):
            self.assertFalse(tf.executing_eagerly())

        @test_util.enable_control_flow_v2
        def test_flow(self):
            self.assertTrue(control_flow_util.ENABLE_CONTROL_FLOW_V2)

    assert ran(Built) == {"test_it_function"}
    assert not control_flow_util.ENABLE_CONTROL_FLOW_V2


def test_a_graph_of_an_older_producer():
    graph = tf.Graph()
    test_util.set_producer_version(graph, 12)
    assert graph.graph_def_versions.producer == 12
