"""Decoders of CTC: what sequences say, step by step or by a search with beams."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import op
from tfmagic.ops.nn.ctc import collapsed, lengths_of, refused, within


def _check(op: Any, inputs: Any, lengths: Any) -> str | errors.OpError | None:
    """TensorFlow's words for shapes that do not fit."""
    if len(inputs) != 3:
        return "inputs is not a 3-Tensor"
    if len(lengths) != 1:
        return "sequence_length is not a vector"
    if inputs[0] == 0:
        return "max_time is 0"
    if lengths[0] != inputs[1]:
        return errors.FailedPreconditionError(None, None, "len(sequence_length) != batch_size.  "
                                              f"len(sequence_length):  {lengths[0]} batch_size: {inputs[1]}")
    return None


def _batch(inputs: Any, lengths: Any) -> Any:
    inputs, lengths = shape_rules.with_rank(inputs, 3), shape_rules.with_rank(lengths, 1)
    return shape_rules.merge_dim(None if inputs is None else inputs[1], None if lengths is None else lengths[0])


@op("CTCGreedyDecoder", check=_check, traced=False, because="as long as the values say")
class CTCGreedyDecoder:
    """The likeliest class of each step, without blanks: [time, batch, classes] -> a sparse [batch, n]."""

    def shape(op, inputs, lengths):
        return [(None, 2), (None,), (2,), (_batch(inputs, lengths), 1)]

    def kernel(op, inputs, lengths):
        inside = within(inputs, lengths_of(inputs, lengths))[:, :, 0]
        best, classes = inputs.max(2)
        scores = torch.where(inside, -best, 0.0).sum(0)
        kept = inside & (classes != inputs.shape[2] - 1)
        if op.merge_repeated:
            kept[1:] &= classes[1:] != classes[:-1]
        kept = kept.T
        places = kept.cumsum(1)
        indices = kept.nonzero()
        indices[:, 1] = places[kept] - 1
        longest = places[:, -1].max()
        return indices, classes.T[kept], torch.stack([torch.full_like(longest, len(kept)), longest]), scores[:, None]


@op("CTCBeamSearchDecoder", check=_check, traced=False, because="as long as the values say")
class CTCBeamSearchDecoder:
    """The likeliest sequences of labels by a search with beams: [time, batch, classes] -> sparse [batch, n]."""

    def shape(op, inputs, lengths):
        count = op.top_paths
        return [[(None, 2)] * count, [(None,)] * count, [(2,)] * count, (_batch(inputs, lengths), count)]

    def kernel(op, inputs, lengths):
        sizes = lengths_of(inputs, lengths)
        if op.top_paths > op.beam_width:
            raise refused("requested more paths than the beam width.")
        # Small calls are quick on the CPU; a device that is named to torch makes each of them take twice as long.
        with torch.device("cpu") if inputs.device.type != "cpu" else contextlib.nullcontext():
            found, scores = _beams(inputs.cpu(), sizes, op.beam_width, op.top_paths)
        merged = collapsed if op.merge_repeated else list
        parts = [_sparse([merged(paths[rank]) for paths in found], inputs.device) for rank in range(op.top_paths)]
        return (*(part[kind] for kind in range(3) for part in parts), scores.to(inputs.device))


def _sparse(paths: list[list[int]], device: Any) -> tuple[Any, Any, Any]:
    """Indices, values and shape of a sparse tensor with one row for each path."""
    indices = [[row, place] for row, path in enumerate(paths) for place in range(len(path))]
    longest = max(map(len, paths), default=0)
    return (torch.tensor(indices, dtype=torch.int64, device=device).reshape(-1, 2),
            torch.tensor([label for path in paths for label in path], dtype=torch.int64, device=device),
            torch.tensor([len(paths), longest], dtype=torch.int64, device=device))


def _beams(logits: Any, sizes: list[int], width: int, count: int) -> tuple[list[list[list[int]]], Any]:
    """The best label sequences of each sequence in [time, batch, classes], and their log probabilities [batch, count].

    A beam is a prefix, with the log probabilities to have it so far and to end in a blank, or in its last label. The
    beams of all sequences are [batch, width], the best first; those that are missing have the log probability -inf.
    Prefixes have numbers: each is known by that of the prefix before its last label, and by this label.
    """
    _, batch, classes = logits.shape
    blank, nothing = classes - 1, -float("inf")
    # After the end of a sequence blanks are certain, and change nothing.
    certain = torch.where(torch.arange(classes) == blank, 0.0, nothing)
    log_probs = torch.where(within(logits, sizes), torch.log_softmax(logits, 2), certain)
    # The empty prefix of a sequence has the sequence's number; missing ones have the number after these.
    known = {-1 - row: row for row in range(batch + 1)}
    prefix, before = torch.full((2, batch, width), batch)
    prefix[:, 0] = torch.arange(batch)
    last = torch.full_like(prefix, blank)
    of_blank, of_label, total = logits.new_full((3, batch, width), nothing)
    of_blank[:, 0] = total[:, 0] = 0.0
    slots, slot_of = torch.arange(width).expand(batch, -1), prefix.new_zeros(len(known))
    for own in log_probs:
        if len(known) > len(slot_of):
            slot_of = prefix.new_zeros(2 * len(known))
        # Where what is before the last label is a beam too, that one may go on to the label.
        slot_of[prefix] = slots
        origin = slot_of[before]
        goes_on = prefix.gather(1, origin) == before
        coming = torch.where(last == last.gather(1, origin), of_blank.gather(1, origin), total.gather(1, origin))
        again = own.gather(1, last)
        of_label = torch.logaddexp(of_label, torch.where(goes_on, coming, nothing)) + again
        longer = total.unsqueeze(2) + own.unsqueeze(1)
        # The same label once more needs a blank between.
        longer.scatter_(2, last.unsqueeze(2), (of_blank + again).unsqueeze(2))
        longer = longer.view(batch, -1).scatter_(1, torch.where(goes_on, origin * classes + last, blank), nothing)
        # In the place of the blank stands the prefix as it is.
        of_blank = total + own[:, blank:]
        as_it_is = torch.logaddexp(of_blank, of_label)
        longer.view(batch, width, classes)[:, :, blank] = as_it_is
        total, chosen = _best(longer, width)
        pushed_out = goes_on & (origin < slots) & (as_it_is < total[:, -1:])
        if pushed_out.any() and _leave_out(longer, as_it_is, origin, last, pushed_out):
            total, chosen = _best(longer, width)
        slot, label = chosen // classes, chosen % classes
        stays, there = label == blank, total > nothing
        of_blank = torch.where(stays, of_blank.gather(1, slot), nothing)
        of_label = torch.where(stays, of_label.gather(1, slot), total)
        last = torch.where(there, torch.where(stays, last.gather(1, slot), label), blank)
        shorter = prefix.gather(1, slot)
        before = torch.where(there, torch.where(stays, before.gather(1, slot), shorter), batch)
        prefix = torch.where(there & stays, shorter, batch)
        new = there & ~stays
        keys = (shorter * classes + label)[new].tolist()
        prefix[new] = torch.tensor([known.setdefault(key, len(known)) for key in keys], dtype=torch.int64)
    if not (total[:, :count] > nothing).all():
        raise refused("Less leaves in the beam search than requested.")
    ways = list(known)

    def labels_of(number: int) -> list[int]:
        found: list[int] = []
        while number > batch:
            number, label = divmod(ways[number], classes)
            found.append(label)
        return found[::-1]

    return [[labels_of(number) for number in row] for row in prefix[:, :count].tolist()], total[:, :count]


def _best(longer: Any, width: int) -> tuple[Any, Any]:
    """The best of what may become of beams, [batch, width * classes]: their log probabilities, and where they stand.

    Of equals 1.15 keeps those that were beams before, then those of better beams.
    """
    total, chosen = longer.topk(min(width + 1, longer.shape[1]))
    last, following = total[:, width - 1], total[:, -1]
    if width < longer.shape[1] and ((last == following) & (last > -float("inf"))).any():
        places = torch.arange(longer.shape[1]).view(width, -1)
        places = torch.cat([places[:, -1], places[:, :-1].reshape(-1)])
        total, order = longer[:, places].sort(dim=1, descending=True, stable=True)
        chosen = places[order]
    return total[:, :width], chosen[:, :width]


def _leave_out(longer: Any, as_it_is: Any, origin: Any, last: Any, pushed_out: Any) -> bool:
    """Take out of `longer` how those beams go on that 1.15 loses on its way; whether there was any.

    It takes the beams one after the other, the best first. One that others have pushed out before its own origin is
    looked at is begun anew from there, in vain, and is forgotten with what it could have become.
    """
    width = as_it_is.shape[1]
    classes = longer.shape[1] // width
    values, stays, origins, labels = longer.numpy(), as_it_is.numpy(), origin.numpy(), last.numpy()
    lost = set()
    for row, beam in pushed_out.nonzero().tolist():
        source, least = origins[row, beam], stays[row, beam]
        taken = values[row, :source * classes + labels[row, beam]]
        better = np.count_nonzero(taken > least) + np.count_nonzero(stays[row, source:] > least)
        if better >= width and (row, source) not in lost:
            lost.add((row, beam))
            values[row, beam * classes:(beam + 1) * classes - 1] = -np.inf
    return bool(lost)
