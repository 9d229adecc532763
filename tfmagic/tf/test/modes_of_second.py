"""More of `tensorflow.python.framework.test_util`: decorators of tests for TensorFlow 2, versions and layouts.

What they run eagerly under TensorFlow runs in a graph here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from absl.testing import parameterized

from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.tf.test.graph_defs import assert_equal_graph_def


def _as_it_is(f: Any) -> Any:
    """The test itself."""
    return f


py_func_if_in_function = enable_output_all_intermediates = _as_it_is


def also_run_as_tf_function(f: Any) -> Any:
    """Decorator of a test that runs once more as a function where there is eager execution; it returns nothing."""

    @functools.wraps(f)
    def decorated(*args: Any, **kwargs: Any) -> None:
        f(*args, **kwargs)

    return decorated


def assert_no_new_pyobjects_executing_eagerly(f: Any) -> Any:
    """Decorator of a test that runs several times, and would leave no objects behind where it runs eagerly."""

    @functools.wraps(f)
    def decorated(self: Any, *args: Any, **kwargs: Any) -> None:
        for _ in range(5):
            with Graph().as_default():
                f(self, *args, **kwargs)

    return decorated


def enable_tf_xla_constant_folding(description: str) -> Callable[[Any], Any]:
    """Decorator of a test for which XLA folds constants; sessions fold them anyway."""
    return _as_it_is


def build_as_function_and_v1_graph(func: Any = None) -> Any:
    """Decorator of a test that is built in a graph, and in a function where there is eager execution.

    Raises:
      ValueError: it is put on a class.
    """

    def decorator(f: Any) -> Any:
        if isinstance(f, type):
            raise ValueError("`run_in_graph_mode_and_function` only supports test methods.")

        @parameterized.named_parameters(("_v1_graph", "v1_graph"), ("_function", "function"))
        @functools.wraps(f)
        def decorated(self: Any, run_mode: str, *args: Any, **kwargs: Any) -> None:
            if run_mode == "function":
                self.skipTest("there is no eager execution here that would call the function")
            with Graph().as_default():
                f(self, *args, **kwargs)

        return decorated

    return decorator if func is None else decorator(func)


def set_producer_version(graph: Any, producer_version: int) -> None:
    """Let a graph be one that an older TensorFlow wrote.

    Args:
      graph: an empty graph.
      producer_version: the version of its GraphDef.
    """
    from tfmagic.base import messages

    versions = messages.module("graph_pb2").GraphDef()
    versions.versions.producer = producer_version
    with graph.as_default():
        api.import_graph_def(versions)
    assert graph.graph_def_versions.producer == producer_version


def assert_equal_graph_def_v2(expected: Any, actual: Any) -> None:
    """Check that two graphs have the same nodes, whatever the random parts of their names."""
    assert_equal_graph_def(actual, expected, checkpoint_v2=True, hash_table_shared_name=True)


def assert_meta_graph_protos_equal(tester: Any, a: Any, b: Any) -> None:
    """Check that two `MetaGraphDef`s are equal, lists of a collection in any order of its keys."""
    tester.assertEqual(set(a.collection_def), set(b.collection_def))
    for key in a.collection_def:
        tester.assertEqual(a.collection_def[key], b.collection_def[key])
    one, other = type(a)(), type(b)()
    one.CopyFrom(a)
    other.CopyFrom(b)
    one.ClearField("collection_def")
    other.ClearField("collection_def")
    assert_equal_graph_def(one.graph_def, other.graph_def)
    one.ClearField("graph_def")
    other.ClearField("graph_def")
    tester.assertProtoEquals(one, other)


def nhwc_to_nchw_vect_c(input_shape_or_tensor: Any) -> Any:
    """A tensor of images, or its shape, with the channels in fours before and behind the pixels.

    Raises:
      ValueError: the number of channels is no multiple of 4.
    """
    is_tensor = isinstance(input_shape_or_tensor, Tensor)
    shape = input_shape_or_tensor.shape.as_list() if is_tensor else list(input_shape_or_tensor)
    if shape[-1] % 4 != 0:
        raise ValueError("Last dimension of input must be evenly divisible by 4 to convert to NCHW_VECT_C.")
    shape[-1] //= 4
    shape.append(4)
    order = {5: [0, 3, 1, 2, 4], 6: [0, 4, 1, 2, 3, 5]}[len(shape)]
    if is_tensor:
        return api.transpose(api.reshape(input_shape_or_tensor, shape), order)
    return [shape[axis] for axis in order]


def nchw_vect_c_to_nhwc(input_shape_or_tensor: Any) -> Any:
    """A tensor of images, or its shape, with the channels behind the pixels again.

    Raises:
      ValueError: the last dimension is not 4.
    """
    is_tensor = isinstance(input_shape_or_tensor, Tensor)
    shape = input_shape_or_tensor.shape.as_list() if is_tensor else list(input_shape_or_tensor)
    if shape[-1] != 4:
        raise ValueError("Last dimension of NCHW_VECT_C must be 4.")
    order = {5: [0, 2, 3, 1, 4], 6: [0, 2, 3, 4, 1, 5]}[len(shape)]
    joined = [shape[axis] for axis in order]
    joined[-2:] = [joined[-2] * joined[-1]]
    return api.reshape(api.transpose(input_shape_or_tensor, order), joined) if is_tensor else joined
