"""GatherTree: whole sequences from the steps of a beam search (an op of tf.contrib.seq2seq)."""

from __future__ import annotations

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import op


@op("GatherTree", traced=False, because="it looks at the lengths and the parents")
class GatherTree:
    """Follows the parents of each beam from the last step to the first: [time, batch, beam] -> the same."""

    def shape(op, step_ids, parent_ids, lengths, end_token):
        steps = shape_rules.merge(shape_rules.with_rank(step_ids, 3), shape_rules.with_rank(parent_ids, 3))
        batch = shape_rules.merge_dim(steps[1], shape_rules.with_rank(lengths, 1)[0])
        shape_rules.with_rank(end_token, 0)
        return steps[0], batch, steps[2]

    def kernel(op, step_ids, parent_ids, lengths, end_token):
        steps, batch, beam = step_ids.shape
        result = torch.full_like(step_ids, int(end_token))
        own = torch.arange(beam, device=step_ids.device).expand(batch, beam)
        parents = own
        last = (lengths.long().clamp(max=steps) - 1)[:, None]
        for time in range(steps - 1, -1, -1):
            inside = time <= last
            parents = torch.where(time == last, own, parents)
            wrong = inside & ((parents < 0) | (parents >= beam))
            if bool(wrong.any()):
                row, column = (int(i) for i in wrong.nonzero()[0])
                raise errors.InvalidArgumentError(
                    None, None, f"Saw invalid parent id {int(parents[row, column])} at (batch, time, beam) == "
                    f"({row}, {time}, {column})")
            place = torch.where(inside, parents, own)
            result[time] = torch.where(inside, step_ids[time].gather(1, place), result[time])
            parents = torch.where(inside, parent_ids[time].long().gather(1, place), parents)
        ended = (result == end_token).long().cumsum(0) > 0
        return torch.where(ended, end_token.to(result.dtype), result)
