"""What TensorFlow's internal modules say of the process's state, and what can be set in them."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.base import tf_logging
from tfmagic.tf import internal

STACK = internal.module("tensorflow.python.framework.ops")._default_graph_stack


def test_the_stack_of_default_graphs_follows_scopes() -> None:
    outer, inner = tf.Graph(), tf.Graph()
    with outer.as_default():
        assert STACK.get_default() is outer
        with STACK.get_controller(inner):
            assert tf.get_default_graph() is inner
            assert STACK.stack[-2:] == [outer, inner]
        assert tf.get_default_graph() is outer
        assert not STACK.is_cleared()


def test_a_scope_that_ends_too_early_is_refused() -> None:
    with tf.Graph().as_default():
        controller = STACK.get_controller(tf.Graph())
        controller.__enter__()
        with tf.Graph().as_default(), pytest.raises(AssertionError, match="Nesting violated for default stack of"):
            controller.__exit__(None, None, None)
        STACK.stack.pop()


def test_numpy_types_have_their_element_types() -> None:
    known = internal.module("tensorflow.python.framework.dtypes")._NP_TO_TF
    assert known[np.float32] is tf.float32
    assert known[np.bool_] is tf.bool
    assert known[np.str_] is known[np.bytes_] is tf.string


def test_control_flow_v2_is_switched_by_setting_the_switch() -> None:
    util = internal.module("tensorflow.python.ops.control_flow_util")
    assert util.ENABLE_CONTROL_FLOW_V2 is False
    util.ENABLE_CONTROL_FLOW_V2 = True
    try:
        with tf.Graph().as_default() as graph:
            tf.cond(tf.constant(True), lambda: 1, lambda: 2)
        assert tf.control_flow_v2_enabled()
        assert not any(op.type == "Switch" for op in graph.get_operations())
    finally:
        util.ENABLE_CONTROL_FLOW_V2 = False
    assert not tf.control_flow_v2_enabled()


def test_contexts_answer_by_tensorflows_names() -> None:
    seen = []

    def body(i):
        seen.append(tf.get_default_graph()._get_control_flow_context())
        return i + 1

    with tf.Graph().as_default():
        tf.while_loop(lambda i: i < 3, body, [0])
        tf.cond(tf.placeholder_with_default(True, []), lambda: body(1), lambda: 2)
    loop, branch = seen
    assert loop.GetWhileContext() is loop
    assert branch.GetWhileContext() is None
    assert branch.GetControlPivot().name == "cond/switch_t:0"
    assert "while/Merge:0" in loop._values
    assert list(branch._external_values) == ["cond/pred_id:0"]
    assert not loop.IsXLAContext()


def test_what_takes_the_place_of_a_function_is_called_by_its_module() -> None:
    logging = internal.module("tensorflow.python.platform.tf_logging")
    logged: list[tuple[object, ...]] = []
    actual = logging.info
    logging.info = lambda *args: logged.append(args)
    try:
        _log_a_tensor()
    finally:
        logging.info = actual
    _log_a_tensor()
    assert logged == [("%s", "foo = 1.0")]


def test_a_mocked_function_is_back_after_the_mock() -> None:
    logging = internal.module("tensorflow.python.platform.tf_logging")
    logging.__dict__.pop("warning", None)  # as if nobody had asked for it
    with mock.patch.object(logging, "warning") as warning:
        assert tf_logging.warning is warning
    assert tf_logging.warning is logging.warning is not warning


def _log_a_tensor() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.constant(1.0, name="foo")
        hook = tf.train.LoggingTensorHook(["foo"], every_n_iter=1)
        hook.begin()
        fetched = session.run(hook.before_run(None).fetches)
        hook.after_run(None, tf.train.SessionRunValues(fetched, None, None))
