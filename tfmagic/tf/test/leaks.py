"""Decorators of tests that watch what is left behind, and layouts of vectors of channels, as `test_util` has them."""

from __future__ import annotations

import functools
import gc
from typing import Any

from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.ops.array import shape_ops


def assert_no_new_tensors(f: Any) -> Any:
    """Decorator of a test after which no tensor may be alive that was not before, but those of the default graph."""

    @functools.wraps(f)
    def run(self: Any, **kwargs: Any) -> Any:
        def alive() -> dict[int, Tensor]:
            return {id(thing): thing for thing in gc.get_objects() if isinstance(thing, Tensor)}

        before, graph = set(alive()), get_default_graph()
        with graph.as_default():
            result = f(self, **kwargs)
        gc.collect()
        left = [thing for key, thing in alive().items() if key not in before and thing.graph is not graph]
        if left:
            raise AssertionError(f"{len(left)} Tensors not deallocated after test: {left}")
        return result

    return run


def assert_no_garbage_created(f: Any) -> Any:
    """Decorator of a test that may not leave cycles of objects behind."""

    @functools.wraps(f)
    def run(self: Any, **kwargs: Any) -> Any:
        enabled = gc.isenabled()
        gc.collect()
        gc.disable()
        flags = gc.get_debug()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            before = len(gc.garbage)
            result = f(self, **kwargs)
            gc.collect()
            self.assertEqual(before, len(gc.garbage))
            return result
        finally:
            gc.set_debug(flags)
            del gc.garbage[:]
            if enabled:
                gc.enable()

    return run


def nhwc_to_nchw_vect_c(shape_or_tensor: Any) -> Any:
    """A shape, or a tensor, of images with the channels last as one with vectors of four channels last.

    Raises:
      ValueError: four does not divide the channels.
    """
    is_tensor = isinstance(shape_or_tensor, Tensor)
    shape = shape_or_tensor.shape.as_list() if is_tensor else list(shape_or_tensor)
    if shape[-1] % 4:
        raise ValueError("Last dimension of input must be evenly divisible by 4 to convert to NCHW_VECT_C.")
    rank = len(shape) - 2
    order = [0, rank + 1, *range(1, rank + 1), rank + 2]
    split = [*shape[:-1], shape[-1] // 4, 4]
    if is_tensor:
        return api.transpose(shape_ops.reshape(shape_or_tensor, split), order)
    return [split[axis] for axis in order]


def nchw_vect_c_to_nhwc(shape_or_tensor: Any) -> Any:
    """The inverse of `nhwc_to_nchw_vect_c`.

    Raises:
      ValueError: the last dimension is not four.
    """
    is_tensor = isinstance(shape_or_tensor, Tensor)
    shape = shape_or_tensor.shape.as_list() if is_tensor else list(shape_or_tensor)
    if shape[-1] != 4:
        raise ValueError("Last dimension of NCHW_VECT_C must be 4.")
    rank = len(shape) - 3
    order = [0, *range(2, rank + 2), 1, rank + 2]
    joined = [shape[0], *shape[2:-1], shape[1] * shape[-1]]
    return shape_ops.reshape(api.transpose(shape_or_tensor, order), joined) if is_tensor else joined
