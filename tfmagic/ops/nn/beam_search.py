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
        times = torch.arange(steps, device=step_ids.device)[:, None, None]
        inside = times < lengths.long()[:, None]
        # Where a sequence has ended already each beam is its own parent.
        own = torch.arange(beam, device=step_ids.device).expand(batch, beam)
        parents = torch.where(inside, parent_ids.long(), own)
        proper = bool(((parents >= 0) & (parents < beam)).all())
        place, found = own, []
        for time in range(steps - 1, -1, -1):
            if not proper and bool((wrong := (place < 0) | (place >= beam)).any()):
                row, column = (int(i) for i in wrong.nonzero()[0])
                raise errors.InvalidArgumentError(
                    None, None, f"Saw invalid parent id {int(place[row, column])} at (batch, time, beam) == "
                    f"({row}, {time}, {column})")
            found.append(step_ids[time].gather(1, place))
            place = parents[time].gather(1, place)
        result = torch.where(inside, torch.stack(found[::-1]), end_token) if found else step_ids
        ended = (result == end_token).long().cumsum(0) > 0
        return torch.where(ended, end_token.to(result.dtype), result)
