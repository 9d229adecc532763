"""Test cases of iterators whose positions are saved and restored."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfmagic.base import errors
from tfmagic.graph import keys
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Tensor
from tfmagic.tf.data.dataset_v1 import (
    get_output_classes,
    get_output_shapes,
    get_output_types,
    make_initializable_iterator,
)
from tfmagic.tf.data.experimental.saving import make_saveable_from_iterator
from tfmagic.tf.saving.saver import Saver
from tfmagic.tf.saving.state import latest_checkpoint
from tfmagic.tf.test.case import TensorFlowTestCase

Source = Callable[[], Any]


def remove_variants(get_next_op: Any) -> Any:
    """An element without the data sets in it, which a run cannot give: () stands for each."""
    if isinstance(get_next_op, (list, tuple)) and not hasattr(get_next_op, "_fields"):
        return type(get_next_op)(remove_variants(part) for part in get_next_op)
    if isinstance(get_next_op, tuple):
        return type(get_next_op)(*(remove_variants(part) for part in get_next_op))
    if isinstance(get_next_op, dict):
        return {key: remove_variants(part) for key, part in get_next_op.items()}
    return () if isinstance(get_next_op, Tensor) and get_next_op.dtype.base_dtype.name == "variant" else get_next_op


class DatasetSerializationTestBase(TensorFlowTestCase):
    """A test case that runs data sets with breaks, at which positions are saved and restored."""

    def tearDown(self) -> None:
        """Delete the checkpoint."""
        self._delete_ckpt()
        super().tearDown()

    # --- what tests call --------------------------------------------------------------------------------------

    def run_core_tests(self, ds_fn: Source, num_outputs: int, sparse_tensors: bool = False) -> None:
        """Check a data set with breaks before it, in it and after it.

        Args:
          ds_fn: makes the data set.
          num_outputs: how many elements it has.
          sparse_tensors: whether its elements are sparse.
        """
        self.verify_unused_iterator(ds_fn, num_outputs, sparse_tensors=sparse_tensors)
        self.verify_fully_used_iterator(ds_fn, num_outputs, sparse_tensors=sparse_tensors)
        self.verify_exhausted_iterator(ds_fn, num_outputs, sparse_tensors=sparse_tensors)
        self.verify_multiple_breaks(ds_fn, num_outputs, sparse_tensors=sparse_tensors)
        self.verify_reset_restored_iterator(ds_fn, num_outputs, sparse_tensors=sparse_tensors)

    def verify_unused_iterator(self, ds_fn: Source, num_outputs: int, sparse_tensors: bool = False,
                               verify_exhausted: bool = True) -> None:
        """Check a break before the first element."""
        self.verify_run_with_breaks(ds_fn, [0], num_outputs, sparse_tensors, verify_exhausted)

    def verify_fully_used_iterator(self, ds_fn: Source, num_outputs: int, sparse_tensors: bool = False) -> None:
        """Check a break after the last element."""
        self.verify_run_with_breaks(ds_fn, [num_outputs], num_outputs, sparse_tensors)

    def verify_exhausted_iterator(self, ds_fn: Source, num_outputs: int, sparse_tensors: bool = False) -> None:
        """Check that an iterator that was saved at its end is there when it is restored."""
        self.gen_outputs(ds_fn, [], num_outputs, verify_exhausted=True, sparse_tensors=sparse_tensors)
        self.assertEmpty(self.gen_outputs(ds_fn, [], 0, ckpt_saved=True, verify_exhausted=True,
                                          sparse_tensors=sparse_tensors))

    def verify_multiple_breaks(self, ds_fn: Source, num_outputs: int, num_breaks: int = 10,
                               sparse_tensors: bool = False, verify_exhausted: bool = True) -> None:
        """Check several breaks."""
        self.verify_run_with_breaks(ds_fn, self.gen_break_points(num_outputs, num_breaks), num_outputs, sparse_tensors,
                                    verify_exhausted)

    def verify_reset_restored_iterator(self, ds_fn: Source, num_outputs: int, break_point: int | None = None,
                                       sparse_tensors: bool = False, verify_exhausted: bool = True) -> None:
        """Check that an iterator that was restored begins anew when it is initialised."""
        first = break_point or num_outputs // 2
        expected = self.gen_outputs(ds_fn, [], num_outputs, sparse_tensors=sparse_tensors,
                                    verify_exhausted=verify_exhausted)
        self.gen_outputs(ds_fn, [], first, sparse_tensors=sparse_tensors, verify_exhausted=False)
        with Graph().as_default() as graph:
            init, following, saver = self._build_graph(ds_fn, sparse_tensors)
            with self.session(graph=graph) as sess:
                self._initialize(init, sess)
                self._restore(saver, sess)
                self._initialize(init, sess)
                actual = [sess.run(following) for _ in range(num_outputs)]
                if verify_exhausted:
                    with self.assertRaises(errors.OutOfRangeError):
                        sess.run(following)
        self.match(expected, actual)

    def verify_run_with_breaks(self, ds_fn: Source, break_points: Sequence[int], num_outputs: int,
                               sparse_tensors: bool = False, verify_exhausted: bool = True) -> None:
        """Check that breaks change no element."""
        expected = self.gen_outputs(ds_fn, [], num_outputs, sparse_tensors=sparse_tensors,
                                    verify_exhausted=verify_exhausted)
        self.match(expected, self.gen_outputs(ds_fn, break_points, num_outputs, sparse_tensors=sparse_tensors,
                                              verify_exhausted=verify_exhausted))

    def verify_error_on_save(self, ds_fn: Source, num_outputs: int, error: Any, break_point: int | None = None,
                             sparse_tensors: bool = False) -> None:
        """Check that a position cannot be saved.

        Args:
          error: the class of the error.
          break_point: after how many elements; by default half of them.
        """
        with Graph().as_default() as graph:
            init, following, saver = self._build_graph(ds_fn, sparse_tensors)
            with self.session(graph=graph) as sess:
                self._initialize(init, sess)
                for _ in range(break_point or num_outputs // 2):
                    sess.run(following)
                with self.assertRaises(error):
                    self._save(sess, saver)

    def gen_outputs(self, ds_fn: Source, break_points: Sequence[int], num_outputs: int, ckpt_saved: bool = False,
                    sparse_tensors: bool = False, verify_exhausted: bool = True,
                    save_checkpoint_at_end: bool = True) -> list[Any]:
        """The elements of a data set.

        Args:
          break_points: after how many elements positions are saved and restored in another graph and session.
          num_outputs: how many elements are taken.
          ckpt_saved: whether it goes on where a position was saved before.
          verify_exhausted: whether that has to be all of them.
          save_checkpoint_at_end: whether the position at the end is saved.
        """
        outputs: list[Any] = []
        bounds = [0, *break_points, num_outputs]
        for index, (start, stop) in enumerate(zip(bounds, bounds[1:])):
            last = index == len(break_points)
            with Graph().as_default() as graph:
                init, following, saver = self._build_graph(ds_fn, sparse_tensors)
                following = remove_variants(following)
                with self.session(graph=graph) as sess:
                    self._initialize(init, sess)
                    if ckpt_saved:
                        self._restore(saver, sess)
                    outputs += [sess.run(following) for _ in range(stop - start)]
                    if last and verify_exhausted:
                        with self.assertRaises(errors.OutOfRangeError):
                            sess.run(following)
                    if not last or save_checkpoint_at_end:
                        self._save(sess, saver)
                        ckpt_saved = True
        return outputs

    def gen_break_points(self, num_outputs: int, num_samples: int = 10) -> Any:
        """Points at even distances."""
        return np.linspace(0, num_outputs, num_samples, dtype=int)

    def match(self, expected: Any, actual: Any) -> None:
        """Check that two values are equal, part by part."""
        if isinstance(expected, np.ndarray):
            self.assertAllEqual(expected, actual)
        elif isinstance(expected, (list, tuple)):
            self.assertEqual(len(expected), len(actual))
            for one, other in zip(expected, actual):
                self.match(one, other)
        elif isinstance(expected, dict):
            for (key, one), (other_key, other) in zip(expected.items(), actual.items()):
                self.assertEqual(key, other_key)
                self.match(one, other)
        else:
            self.assertEqual(type(expected), type(actual))
            self.assertEqual(expected, actual)

    def does_not_match(self, expected: Any, actual: Any) -> None:
        """Check that two values are not equal."""
        with self.assertRaises(AssertionError):
            self.match(expected, actual)

    # --- graphs and checkpoints -------------------------------------------------------------------------------

    def _build_graph(self, ds_fn: Source, sparse_tensors: bool = False) -> tuple[Any, Any, Saver]:
        iterator = make_initializable_iterator(ds_fn())
        get_default_graph().add_to_collection(keys.GraphKeys.SAVEABLE_OBJECTS, make_saveable_from_iterator(iterator))
        return iterator.initializer, iterator.get_next(), Saver(allow_empty=True)

    def _get_output_types(self, ds_fn: Source) -> Any:
        with Graph().as_default():
            return get_output_types(ds_fn())

    def _get_output_shapes(self, ds_fn: Source) -> Any:
        with Graph().as_default():
            return get_output_shapes(ds_fn())

    def _get_output_classes(self, ds_fn: Source) -> Any:
        with Graph().as_default():
            return get_output_classes(ds_fn())

    def _ckpt_path(self) -> str:
        return os.path.join(self.get_temp_dir(), "iterator")

    def _latest_ckpt(self) -> str | None:
        return latest_checkpoint(self.get_temp_dir())

    def _save(self, sess: Any, saver: Saver) -> None:
        saver.save(sess, self._ckpt_path())

    def _restore(self, saver: Saver, sess: Any) -> None:
        sess.run(self._tables())
        saver.restore(sess, self._latest_ckpt())

    def _initialize(self, init_op: Any, sess: Any) -> None:
        graph = sess.graph
        sess.run([variable.initializer for variable in graph.get_collection(keys.GraphKeys.GLOBAL_VARIABLES)])
        sess.run(self._tables())
        sess.run(init_op)

    def _tables(self) -> list[Any]:
        return get_default_graph().get_collection(keys.GraphKeys.TABLE_INITIALIZERS)

    def _delete_ckpt(self) -> None:
        for name in os.listdir(self.get_temp_dir()):
            if name.startswith(("iterator", "checkpoint")):
                path = os.path.join(self.get_temp_dir(), name)
                shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
