"""tf.GradientTape: gradients of what was built while a tape watched, and whole Jacobians."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from tfmagic.base import dtypes, nest, tf_logging
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.gradients import UnconnectedGradients
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.tape import Tape
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.tf.control.custom_gradients import handles_read, variable_of
from tfmagic.tf.control.functional import map_fn


@export("GradientTape")
class GradientTape:
    """Watches operations being built, and builds their gradients.

    Args:
      persistent: whether `gradient` can be asked more than once.
      watch_accessed_variables: whether trainable resource variables that are read are watched.
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True):
        self._persistent = persistent
        self._watch_accessed_variables = watch_accessed_variables
        self._made: list[Operation] = []
        self._watched: dict[Tensor, None] = {}
        self._recording: Any = None
        self._current: list[Operation] = []
        self._created = True
        self._used = False

    # --- recording --------------------------------------------------------------------------------------------

    def __enter__(self) -> GradientTape:
        self._push()
        return self

    def __exit__(self, typ: Any, value: Any, traceback: Any) -> None:
        if self._recording is not None:
            self._pop()

    def _push(self) -> None:
        if self._recording is not None:
            raise ValueError("Tape is already recording.")
        self._recording = get_default_graph()._watch()
        self._current = self._recording.__enter__()

    def _pop(self) -> None:
        if self._recording is None:
            raise ValueError("Tape is not recording.")
        self._recording.__exit__(None, None, None)
        self._made += self._current
        self._recording, self._current = None, []

    def watch(self, tensor: Any) -> None:
        """Follow the influence of tensors or variables.

        Args:
          tensor: a tensor or variable, or a nest of them.
        """
        for each in nest.flatten(tensor):
            if not each.dtype.is_floating and not each.dtype.is_complex:
                tf_logging.warning("The dtype of the watched tensor must be floating (e.g. tf.float32), got %r",
                                   each.dtype)
            self._watched[getattr(each, "handle", each)] = None

    @contextlib.contextmanager
    def stop_recording(self) -> Iterator[None]:
        """A context within which nothing is recorded.

        Raises:
          ValueError: the tape does not record.
        """
        if self._recording is None:
            raise ValueError("Tape is not recording.")
        self._pop()
        try:
            yield
        finally:
            self._push()

    def reset(self) -> None:
        """Forget all that was recorded, and go on."""
        self._pop()
        self._made, self._watched, self._used = [], {}, False
        self._push()

    def _all_made(self) -> list[Operation]:
        return [*self._made, *self._current]

    def _read(self) -> list[Any]:
        """The trainable resource variables that were read."""
        if not self._watch_accessed_variables:
            return []
        found = [variable_of(handle) for handle in handles_read(self._all_made(), ())]
        return [variable for variable in found if getattr(variable, "trainable", False)]

    def watched_variables(self) -> tuple[Any, ...]:
        """The variables that are watched."""
        given = [variable_of(tensor) for tensor in self._watched if tensor.dtype is dtypes.resource]
        return tuple(dict.fromkeys([*given, *self._read()]))

    # --- gradients --------------------------------------------------------------------------------------------

    def gradient(self, target: Any, sources: Any, output_gradients: Any = None,
                 unconnected_gradients: UnconnectedGradients = UnconnectedGradients.NONE) -> Any:
        """The gradients of targets, summed up, with respect to each source.

        Args:
          target: a tensor, or a nest of them.
          sources: tensors or variables, or a nest of them.
          output_gradients: for each target the gradient that comes in; ones by default.
          unconnected_gradients: what stands for the gradient of a source without influence: None or zeros.

        Returns:
          Gradients in the structure of `sources`.

        Raises:
          RuntimeError: the tape is not persistent, and was asked before.
        """
        if self._used:
            raise RuntimeError("GradientTape.gradient can only be called once on non-persistent tapes.")
        if self._recording is not None:
            if not self._persistent:
                self._pop()
            else:
                tf_logging.warning(
                    "Calling GradientTape.gradient on a persistent tape inside its context is significantly less "
                    "efficient than calling it outside the context (it causes the gradient ops to be recorded on the "
                    "tape, leading to increased CPU and memory usage). Only call GradientTape.gradient inside the "
                    "context if you actually want to trace the gradient in order to compute higher order derivatives.")
        targets = [getattr(each, "handle", each) for each in nest.flatten(target)]
        given = None if output_gradients is None else nest.flatten(output_gradients)
        found = self._gradients(targets, nest.flatten(sources), given, unconnected_gradients)
        self._used = not self._persistent
        return nest.pack_sequence_as(sources, found)

    def _gradients(self, targets: list[Any], sources: list[Any], given: list[Any] | None,
                   unconnected: UnconnectedGradients) -> list[Any]:
        read = [variable.handle for variable in self._read()]
        watched = {*self._watched, *read}
        own = [getattr(source, "handle", source) for source in sources]
        tape = Tape((), watched)
        tape.record(self._all_made())
        followed = [source for source in own if tape.follows(source)]
        pairs = [(target, given[i] if given is not None else constants.ones(
            target.shape if target.shape.is_fully_defined() else shape_ops.shape(target), target.dtype))
            for i, target in enumerate(targets) if tape.follows(target)]
        grads = iter(tape.gradients([target for target, _ in pairs], [grad for _, grad in pairs], followed))
        found = [next(grads) if tape.follows(source) else None for source in own]
        if UnconnectedGradients(unconnected) is UnconnectedGradients.ZERO:
            found = [constants.zeros(raw.shape(api.convert_to_tensor(source)), source.dtype) if grad is None else grad
                     for source, grad in zip(sources, found)]
        return found

    def jacobian(self, target: Tensor, sources: Any,
                 unconnected_gradients: UnconnectedGradients = UnconnectedGradients.NONE,
                 parallel_iterations: int | None = None, experimental_use_pfor: bool = True) -> Any:
        """The gradient of each element of a target with respect to each source, by a loop over the elements.

        Args:
          target: a tensor.
          sources: tensors or variables, or a nest of them.
          unconnected_gradients: what stands for the gradient of a source without influence.
          parallel_iterations: kept for compatibility.
          experimental_use_pfor: kept for compatibility.

        Returns:
          In the structure of `sources`, tensors of shape `target.shape + source.shape`.
        """
        size, shape = api.size(target), shape_ops.shape(target)

        def incoming(i: Any) -> Tensor:
            return api.reshape(api.one_hot(i, size, dtype=target.dtype), shape)

        flat = nest.flatten(sources)
        found = self._looped(target, flat, incoming, size, unconnected_gradients)
        result = []
        for source, grad in zip(flat, found):
            if grad is not None:
                grad = api.reshape(grad, api.concat([shape, shape_ops.shape(source)], 0))
                grad.set_shape(target.shape.concatenate(source.shape))
            result.append(grad)
        return nest.pack_sequence_as(sources, result)

    def batch_jacobian(self, target: Tensor, source: Tensor,
                       unconnected_gradients: UnconnectedGradients = UnconnectedGradients.NONE,
                       parallel_iterations: int | None = None, experimental_use_pfor: bool = True) -> Tensor:
        """The Jacobian of each row of a target with respect to the same row of a source.

        Args:
          target: a tensor of shape [b, y...], of which each row depends on the same row of `source` alone.
          source: a tensor of shape [b, x...].
          unconnected_gradients: what stands for the gradient of a source without influence.
          parallel_iterations: kept for compatibility.
          experimental_use_pfor: kept for compatibility.

        Returns:
          A tensor of shape [b, y..., x...].

        Raises:
          ValueError: the numbers of rows differ, or a rank is unknown or less than 2.
        """
        if target.shape.ndims is None or target.shape.as_list()[0] is None or (
                not target.shape[:1].is_compatible_with(source.shape[:1])):
            raise ValueError(f"Need first dimension of target shape ({target.shape}) and source shape "
                             f"({source.shape}) to match.")
        shape = shape_ops.shape(target)
        columns = api.reduce_prod(shape[1:])

        def incoming(i: Any) -> Tensor:
            row = api.reshape(api.one_hot(i, columns, dtype=target.dtype), api.concat([[1], shape[1:]], 0))
            return api.tile(row, api.concat([shape[:1], constants.ones_like(shape[1:])], 0))

        (found,) = self._looped(target, [source], incoming, columns, unconnected_gradients)
        if found is None:
            return constants.zeros(api.concat([shape, shape_ops.shape(source)[1:]], 0))
        rows = api.transpose(api.reshape(found, api.stack([columns, shape[0], -1])), [1, 0, 2])
        result = api.reshape(rows, api.concat([shape, shape_ops.shape(source)[1:]], 0))
        result.set_shape(target.shape.concatenate(source.shape[1:]))
        return result

    def _looped(self, target: Tensor, sources: list[Any], incoming: Callable[[Any], Tensor], count: Any,
                unconnected: UnconnectedGradients) -> list[Any]:
        """For each number below `count` the gradients for what comes in then, stacked; None without influence."""
        if self._used:
            raise RuntimeError("GradientTape.gradient can only be called once on non-persistent tapes.")
        if self._recording is not None and not self._persistent:
            self._pop()
        tried = self._gradients([target], sources, [incoming(0)], unconnected)  # which are there, and of which types
        kept = [source for source, grad in zip(sources, tried) if grad is not None]
        self._used = not self._persistent
        if not kept:
            return tried

        def row(i: Any) -> list[Any]:
            return [api.convert_to_tensor(grad) for grad in self._gradients([target], kept, [incoming(i)], unconnected)]

        stacked = iter(map_fn(row, api.range(count), [source.dtype.base_dtype for source in kept]))
        return [None if grad is None else next(stacked) for grad in tried]


@export("vectorized_map")
def vectorized_map(fn: Callable[[Any], Any], elems: Any) -> Any:
    """What a function gives for each row of tensors, stacked: computed by a loop, as by `tf.map_fn`.

    Args:
      fn: takes a row of each tensor, in the structure of `elems`, and gives a tensor or a nest of them.
      elems: a tensor or a nest of them.
    """
    first = fn(nest.map_structure(lambda tensor: api.convert_to_tensor(tensor)[0], elems))  # what types it gives
    return map_fn(fn, elems, dtype=nest.map_structure(lambda tensor: api.convert_to_tensor(tensor).dtype, first))
