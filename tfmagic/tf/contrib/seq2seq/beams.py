"""Arithmetic of beams: tiling, gathering, scores and their penalties."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes, nest
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api, raw

gather_tree = export("contrib.seq2seq.gather_tree")(raw.gather_tree)


@export("contrib.seq2seq.tile_batch")
def tile_batch(t: Any, multiplier: int, name: str | None = None) -> Any:
    """Repeats each row of a batch: [batch, ...] -> [batch * multiplier, ...].

    Args:
      t: a tensor, or a structure of such.
      multiplier: how often.

    Raises:
      ValueError: a rank is unknown.
    """
    with name_scope(name, "tile_batch", [*nest.flatten(t), multiplier]):
        return nest.map_structure(lambda part: _tiled(part, multiplier), t)


def _tiled(t: Any, multiplier: int) -> Tensor:
    t = convert_to_tensor(t, name="t")
    sizes = api.shape(t)
    if t.shape.ndims is None or t.shape.ndims < 1:
        raise ValueError("t must have statically known rank")
    batch = t.shape.dims[0].value
    result = api.tile(api.expand_dims(t, 1), [1, multiplier, *[1] * (t.shape.ndims - 1)])
    result = raw.reshape(result, api.concat(([sizes[0] * multiplier], sizes[1:]), 0))
    result.set_shape(TensorShape([None if batch is None else batch * multiplier]).concatenate(t.shape[1:]))
    return result


def gather_tree_from_array(t: Tensor, parent_ids: Any, sequence_length: Any) -> Tensor:
    """Steps [time, batch, beam, ...] in the order of the final beams."""
    sizes = [size.value if size.value is not None else api.shape(parent_ids)[axis]
             for axis, size in enumerate(parent_ids.shape.dims)]
    steps, batch, beam = sizes
    own = api.tile(api.expand_dims(api.expand_dims(api.range(beam), 0), 0), [steps, batch, 1])
    longest = api.cast(api.reduce_max(sequence_length, axis=1), dtypes.int32)
    order = gather_tree(step_ids=own, parent_ids=parent_ids, max_sequence_lengths=longest, end_token=beam + 1)
    inside = api.transpose(api.sequence_mask(sequence_length, maxlen=steps), perm=[2, 0, 1])
    order = api.where(inside, x=order, y=own)
    time_index = api.tile(raw.reshape(api.range(steps), [-1, 1, 1]), [1, batch, beam])
    batch_index = api.tile(raw.reshape(api.range(batch), [-1, 1, 1]), [1, steps, beam])
    batch_index = api.transpose(batch_index, perm=[1, 0, 2])
    indices = api.stack([time_index, batch_index, order], -1)
    whole = api.shape(t)
    ordered = raw.reshape(api.gather_nd(raw.reshape(t, [steps, batch, beam, -1]), indices), whole)
    ordered.set_shape(t.shape)
    return ordered


def masked_log_probs(probs: Tensor, eos_token: Any, finished: Tensor) -> Tensor:
    """Log probabilities with which beams that are over stay at the end token."""
    classes = api.shape(probs)[2]
    row = api.one_hot(eos_token, classes, dtype=probs.dtype,
                      on_value=convert_to_tensor(0.0, dtype=probs.dtype), off_value=probs.dtype.min)
    rows = api.tile(raw.reshape(row, [1, 1, -1]), api.concat([api.shape(finished), [1]], 0))
    mask = api.tile(api.expand_dims(finished, 2), [1, 1, classes])
    return api.where(mask, rows, probs)


def gather_beams(gather_indices: Tensor, gather_from: Tensor, batch_size: Any, range_size: Any,
                 gather_shape: list[Any], name: str | None = None) -> Tensor:
    """Of each row of a batch the elements at `gather_indices`."""
    kept = 1 + len(gather_shape)
    with name_scope(name, "tensor_gather_helper"):
        start = api.expand_dims(api.range(batch_size) * range_size, 1)
        indices = raw.reshape(gather_indices + start, [-1])
        output = api.gather(raw.reshape(gather_from, gather_shape), indices)
        final = api.shape(gather_from)[:kept]
        static = TensorShape([known_size(batch_size)]).concatenate(gather_from.shape[1:kept])
        output = raw.reshape(output, final, name="output")
        output.set_shape(static)
        return output


def known_size(size: Any) -> int | None:
    """A number, or what a scalar tensor is known to hold."""
    known = constant_value(size) if isinstance(size, Tensor) else size
    return None if known is None else int(known)


def beam_scores(log_probs: Tensor, sequence_lengths: Tensor, length_penalty_weight: Any, coverage_penalty_weight: Any,
                finished: Tensor, accumulated_attention_probs: Tensor | None) -> Tensor:
    """Log probabilities with the penalties for short sequences and for places without attention."""
    attention = accumulated_attention_probs
    penalty = api.cast(_length_penalty(sequence_lengths, length_penalty_weight), dtype=log_probs.dtype)
    scores = log_probs / penalty
    weight = convert_to_tensor(coverage_penalty_weight, name="coverage_penalty_weight")
    if weight.shape.ndims != 0:
        raise ValueError(f"coverage_penalty_weight should be a scalar, but saw shape: {weight.shape}")
    if attention is None:
        return scores
    seen = api.where(api.equal(attention, 0.0), api.ones_like(attention), attention)
    missing = api.reduce_sum(api.log(api.minimum(seen, 1.0)), 2)
    missing = missing * api.cast(finished, dtype=attention.dtype)
    return scores + api.expand_dims(missing * weight, 2)


def _length_penalty(sequence_lengths: Tensor, penalty_factor: Any) -> Any:
    penalty_factor = convert_to_tensor(penalty_factor, name="penalty_factor")
    penalty_factor.set_shape(())
    known = constant_value(penalty_factor)
    if known is not None and known == 0:
        return 1.0
    return api.div((5.0 + api.cast(sequence_lengths, dtypes.float32)) ** penalty_factor, (5.0 + 1.0) ** penalty_factor)
