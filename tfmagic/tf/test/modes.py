"""What test suites written as TensorFlow's own are use: the modes in which tests run, devices, layouts of images.

They stand in `tensorflow.python.framework.test_util`. There is no eager execution here: tests for both modes run in a
graph, and those for TensorFlow 2 alone are skipped, as TensorFlow 1.15 skips them.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import itertools
import unittest
from collections.abc import Callable, Iterator
from typing import Any

from tfmagic.base import tf_logging
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.ops.control_flow import toggles

_TO_NCHW = {4: [0, 3, 1, 2], 5: [0, 4, 1, 2, 3]}
_TO_NHWC = {4: [0, 2, 3, 1], 5: [0, 2, 3, 4, 1]}


def _of_methods(function: Any, decorate: Callable[[Any], Any]) -> Any:
    """Decorate a method, or all tests of a class."""
    if not isinstance(function, type):
        return decorate(function)
    for name, value in list(vars(function).items()):
        if callable(value) and name.startswith(unittest.TestLoader.testMethodPrefix):
            setattr(function, name, decorate(value))
    return function


def for_all_test_methods(decorator: Any, *args: Any, **kwargs: Any) -> Any:
    """Decorator of a class: its tests are decorated by `decorator(*args, **kwargs)`."""
    return lambda cls: _of_methods(cls, decorator(*args, **kwargs))


# --- modes ------------------------------------------------------------------------------------------------------


def run_in_graph_and_eager_modes(func: Any = None, config: Any = None, use_gpu: bool = True, reset_test: bool = True,
                                 assert_no_eager_garbage: bool = False) -> Any:
    """Decorator of a test that runs in both modes: it runs in a graph, with a session around it.

    Raises:
      ValueError: it is put on a class.
    """

    def decorate(test: Any) -> Any:
        if isinstance(test, type):
            raise ValueError("`run_in_graph_and_eager_modes` only supports test methods. Did you mean to use "
                             "`run_all_in_graph_and_eager_modes`?")

        @functools.wraps(test)
        def run(self: Any, *args: Any, **kwargs: Any) -> None:
            with self.test_session(use_gpu=use_gpu, config=config):
                test(self, *args, **kwargs)

        return run

    return decorate if func is None else decorate(func)


def run_all_in_graph_and_eager_modes(cls: Any) -> Any:
    """Decorator of a class: see `run_in_graph_and_eager_modes`."""
    for name, value in list(vars(cls).items()):
        if callable(value) and name.startswith(unittest.TestLoader.testMethodPrefix) and not (
                name.startswith(("testSkipEager", "test_skip_eager")) or name == "test_session"):
            setattr(cls, name, run_in_graph_and_eager_modes(value))
    return cls


def run_deprecated_v1(func: Any = None) -> Any:
    """Decorator of a test that TensorFlow 2 runs in a graph: it runs as it is.

    Raises:
      ValueError: it is put on a class.
    """

    def decorate(test: Any) -> Any:
        if isinstance(test, type):
            raise ValueError("`run_deprecated_v1` only supports test methods.")
        return test

    return decorate if func is None else decorate(func)


def run_v1_only(reason: str, func: Any = None) -> Any:
    """Decorator of a test or class of TensorFlow 1: it runs as it is.

    Raises:
      ValueError: the reason is no text: it was forgotten.
    """
    if not isinstance(reason, str):
        raise ValueError(f"'reason' should be string, got {type(reason)}")
    return (lambda test: test) if func is None else func


def run_v2_only(func: Any = None) -> Any:
    """Decorator of a test of TensorFlow 2: it is skipped."""
    return _skipping(func, "Test is only compatible with v2", lambda: True)


def deprecated_graph_mode_only(func: Any = None) -> Any:
    """Decorator of a test or class that runs in a graph: it runs as it is."""
    return (lambda test: test) if func is None else func


def _skipping(func: Any, why: str, whether: Callable[[], bool]) -> Any:
    def decorate(test: Any) -> Any:
        @functools.wraps(test)
        def run(self: Any, *args: Any, **kwargs: Any) -> Any:
            if whether():
                self.skipTest(why)
            return test(self, *args, **kwargs)

        return run

    def decorate_all(function: Any) -> Any:
        return _of_methods(function, decorate)

    return decorate_all if func is None else decorate_all(func)


def skip_if(condition: Any) -> Any:
    """Decorator of a test that does nothing where a condition, or what it gives when called, holds."""

    def decorate(test: Any) -> Any:
        @functools.wraps(test)
        def run(*args: Any, **kwargs: Any) -> Any:
            skipped = condition() if callable(condition) else condition
            return None if skipped else test(*args, **kwargs)

        return run

    return decorate


def disable_control_flow_v2(unused_msg: str) -> Any:
    """Decorator of a test that `with_control_flow_v2` leaves alone."""

    def decorate(test: Any) -> Any:
        test._disable_control_flow_v2 = True
        return test

    return decorate


def enable_control_flow_v2(fn: Any) -> Any:
    """Decorator of a test in which branches and loops are `If` and `While`."""

    @functools.wraps(fn)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        before = toggles.control_flow_v2_enabled()
        toggles.enable_control_flow_v2()
        try:
            return fn(*args, **kwargs)
        finally:
            if not before:
                toggles.disable_control_flow_v2()

    return wrapper


def with_control_flow_v2(cls: Any) -> Any:
    """Decorator of a class whose tests run a second time with branches and loops that are `If` and `While`."""
    if toggles.control_flow_v2_enabled():
        return cls
    for name, value in list(vars(cls).items()):
        if callable(value) and name.startswith(unittest.TestLoader.testMethodPrefix) and not getattr(
                value, "_disable_control_flow_v2", False):
            setattr(cls, name + "WithControlFlowV2", enable_control_flow_v2(value))
    return cls


def disable_xla(description: str) -> Any:
    """Decorator of a test that is not for XLA, which is not used here: it runs as it is."""
    return lambda test: test


no_xla_auto_jit = xla_allow_fallback = disable_xla


def is_xla_enabled() -> bool:
    """Whether tests are compiled by XLA: no."""
    return False


def use_deterministic_cudnn(func: Any) -> Any:
    """Decorator of a test that wants the same sums in each run: kernels here are deterministic."""
    return func


def with_c_shapes(cls: Any) -> Any:
    """Decorator of a class whose tests want shapes inferred by the ops' own rules: they always are."""
    return cls


enable_c_shapes = with_c_shapes


# --- devices ----------------------------------------------------------------------------------------------------


def _has_gpu(cuda_only: bool = False) -> bool:
    return bool(api.test.is_gpu_available(cuda_only=cuda_only))


def run_gpu_only(func: Any = None) -> Any:
    """Decorator of a test that is skipped where there is no GPU."""
    return _skipping(func, "Test requires GPU", lambda: not _has_gpu())


def run_cuda_only(func: Any = None) -> Any:
    """Decorator of a test that is skipped where there is no CUDA GPU."""
    return _skipping(func, "Test requires CUDA GPU", lambda: not _has_gpu(cuda_only=True))


@contextlib.contextmanager
def device(use_gpu: bool) -> Iterator[None]:
    """The first GPU if it is wanted and there is one, else the CPU."""
    with api.device("/device:GPU:0" if use_gpu and _has_gpu() else "/device:CPU:0"):
        yield


@contextlib.contextmanager
def use_gpu() -> Iterator[None]:
    """The first GPU if there is one, else the CPU."""
    with device(use_gpu=True):
        yield


@contextlib.contextmanager
def force_gpu() -> Iterator[None]:
    """The first GPU."""
    with api.device("/device:GPU:0"):
        yield


@contextlib.contextmanager
def force_cpu() -> Iterator[None]:
    """The CPU."""
    with api.device("/device:CPU:0"):
        yield


def is_google_cuda_enabled() -> bool:
    """Whether GPUs of Nvidia can be used by this build."""
    return bool(api.test.is_built_with_cuda())


def is_mkl_enabled() -> bool:
    """Whether TensorFlow's own kernels of MKL are there: no."""
    return False


# --- graphs and images ------------------------------------------------------------------------------------------


def assert_ops_in_graph(expected_ops: dict[str, str], graph: Any) -> dict[str, Any]:
    """The nodes of a graph by their names, among which some must be.

    Args:
      expected_ops: the types of nodes by their names.

    Raises:
      ValueError: one is not there, or has another type.
    """
    actual_ops = {}
    for node in graph.as_graph_def().node:
        if node.name in expected_ops:
            if expected_ops[node.name] != node.op:
                raise ValueError(f"Expected op for node {node.name} is different. {expected_ops[node.name]} vs "
                                 f"{node.op}")
            actual_ops[node.name] = node
    if set(expected_ops) != set(actual_ops):
        raise ValueError(f"Not all expected ops are present. Expected {expected_ops.keys()}, found "
                         f"{actual_ops.keys()}")
    return actual_ops


def get_node_def_from_graph(node_name: str, graph_def: Any) -> Any:
    """The node of this name, or None."""
    return next((node for node in graph_def.node if node.name == node_name), None)


def _in_order(value: Any, orders: dict[int, list[int]]) -> Any:
    if isinstance(value, Tensor):
        return api.transpose(value, orders[len(value.shape)])
    return [value[axis] for axis in orders[len(value)]]


def nhwc_to_nchw(input_tensor: Any) -> Any:
    """A tensor of images, or its shape, with the channels before the pixels."""
    return _in_order(input_tensor, _TO_NCHW)


def nchw_to_nhwc(input_tensor: Any) -> Any:
    """A tensor of images, or its shape, with the channels after the pixels."""
    return _in_order(input_tensor, _TO_NHWC)


def generate_combinations_with_testcase_name(**kwargs: Any) -> list[dict[str, Any]]:
    """All combinations of arguments, each with a name for `parameterized.named_parameters`."""
    keys = sorted(kwargs)
    made = []
    for values in itertools.product(*(kwargs[key] for key in keys)):
        name = "".join(f"_{_letters(key)}_{_letters(str(value))}" for key, value in zip(keys, values))
        made.append({**dict(zip(keys, values)), "testcase_name": f"_test{name}"})
    return made


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


# --- what a test leaves behind ----------------------------------------------------------------------------------


def assert_no_new_tensors(f: Any) -> Any:
    """Decorator of a test that may leave no tensor or variable alive but those of the default graph.

    Raises:
      AssertionError: when the test has run, there are such.
    """

    @functools.wraps(f)
    def decorated(self: Any, **kwargs: Any) -> Any:
        before = {id(thing) for thing in gc.get_objects() if isinstance(thing, Tensor)}
        outside = Graph()
        with outside.as_default():
            result = f(self, **kwargs)
        del outside
        gc.collect()
        left = [thing for thing in gc.get_objects() if isinstance(thing, Tensor) and id(thing) not in before]
        if left:
            raise AssertionError(f"{len(left)} Tensors not deallocated after test: {left}")
        return result

    return decorated


def assert_no_garbage_created(f: Any) -> Any:
    """Decorator of a test that may leave no cycles of references.

    Raises:
      AssertionError: when the test has run, the garbage collector finds some.
    """

    @functools.wraps(f)
    def decorated(self: Any, **kwargs: Any) -> Any:
        was_enabled, flags_before = gc.isenabled(), gc.get_debug()
        gc.disable()
        try:
            gc.collect()
            before = len(gc.garbage)
            gc.set_debug(gc.DEBUG_SAVEALL)
            result = f(self, **kwargs)
            gc.collect()
            found = gc.garbage[before:]
            for number, thing in enumerate(found):
                tf_logging.error("Object %d of %d is part of a cycle: %s", number, len(found), type(thing))
            self.assertEqual(0, len(found))
            return result
        finally:
            gc.set_debug(flags_before)
            del gc.garbage[before:]
            if was_enabled:
                gc.enable()

    return decorated
