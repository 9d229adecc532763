"""Decoders of CTC: what sequences say, step by step or by a search with beams."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import op
from tfmagic.ops.nn.ctc import collapsed, lengths_of, refused, within
from tfmagic.ops.nn.incomparable import best_places, sorted_places


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
        best, classes = _best_class(inputs)
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


def _best_class(inputs: Any) -> tuple[Any, Any]:
    """The greatest of the classes of each step, and which it is: a first one that is NaN, else none that is."""
    best, classes = inputs.max(2)
    missing = best.isnan()
    if missing.any():
        others, besides = inputs.masked_fill(inputs.isnan(), -torch.inf).max(2)
        missing = inputs[:, :, 0].isnan()
        best, classes = others.masked_fill(missing, torch.nan), besides.masked_fill(missing, 0)
    return best, classes


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
        found, scores = _beams(inputs.cpu(), sizes, op.beam_width, op.top_paths)
        merged = collapsed if op.merge_repeated else list
        parts = [_sparse([merged(paths[rank]) for paths in found], inputs.device) for rank in range(op.top_paths)]
        return (*(part[kind] for kind in range(3) for part in parts), torch.from_numpy(scores).to(inputs.device))


def _sparse(paths: list[list[int]], device: Any) -> tuple[Any, Any, Any]:
    """Indices, values and shape of a sparse tensor with one row for each path."""
    indices = [[row, place] for row, path in enumerate(paths) for place in range(len(path))]
    longest = max(map(len, paths), default=0)
    return (torch.tensor(indices, dtype=torch.int64, device=device).reshape(-1, 2),
            torch.tensor([label for path in paths for label in path], dtype=torch.int64, device=device),
            torch.tensor([len(paths), longest], dtype=torch.int64, device=device))


def _beams(logits: Any, sizes: list[int], width: int, count: int) -> tuple[list[list[list[int]]], np.ndarray]:
    """The best label sequences of each sequence in [time, batch, classes], and their log probabilities [batch, count].

    A beam is a prefix, with the log probabilities to have it so far and to end in a blank, or in its last label. The
    beams of all sequences are [batch, width], the best first; those that are missing have the log probability -inf.
    Prefixes have numbers: each is known by that of the prefix before its last label, and by this label. From a step on
    of which nothing is known (NaN) a sequence keeps its beams, and nothing is known of these.
    """
    _, batch, classes = logits.shape
    blank, nothing = classes - 1, -np.inf
    log_probs = torch.log_softmax(logits, 2).numpy()
    unknown = np.isnan(log_probs[:, :, blank])
    begins = [int(column.argmax()) if column.any() else size for column, size in
              ((unknown[:max(size, 0), row], size) for row, size in enumerate(sizes))]
    for row, size in enumerate(begins):  # after the end of a sequence blanks are certain, and change nothing
        log_probs[size:, row] = nothing
        log_probs[size:, row, blank] = 0.0
    # The empty prefix of a sequence has the sequence's number; missing ones have the number after these.
    known = {-1 - row: row for row in range(batch + 1)}
    prefix, before = np.full((2, batch, width), batch)
    prefix[:, 0] = np.arange(batch)
    last = np.full_like(prefix, blank)
    of_blank, of_label, total = np.full((3, batch, width), nothing, log_probs.dtype)
    of_blank[:, 0] = total[:, 0] = 0.0
    slots, slot_of = np.arange(width), np.zeros(len(known), np.int64)
    sequences = np.arange(batch)[:, None]
    first_beams, first_classes = sequences * width, sequences * classes
    # What may become of beams: all as they are, then each with a label more (in the place of the blank is nothing). Of
    # equals the first are kept, as 1.15 does where few are equal; among many its order may be another.
    coming = np.empty((batch, width * (classes + 1)), log_probs.dtype)
    longer = coming[:, width:].reshape(batch, width, classes)
    for own in log_probs[:max(begins, default=0)]:
        if len(known) > len(slot_of):
            slot_of = np.zeros(2 * len(known), np.int64)
        # Where what is before the last label is a beam too, that one may go on to the label.
        slot_of[prefix] = slots
        origin = slot_of[before]
        there = origin + first_beams
        goes_on = prefix.take(there) == before
        gained = np.where(last == last.take(there), of_blank.take(there), total.take(there))
        again = own.take(last + first_classes)
        gained[~goes_on] = nothing
        of_label = np.logaddexp(of_label, gained) + again
        np.add(total[:, :, None], own[:, None], out=longer)
        # The same label once more needs a blank between.
        longer[sequences, slots, last] = of_blank + again
        gone = goes_on.nonzero()
        longer[gone[0], origin[gone], last[gone]] = nothing
        longer[:, :, blank] = nothing
        of_blank = total + own[:, blank:]
        as_it_is = coming[:, :width]
        np.logaddexp(of_blank, of_label, out=as_it_is)
        total, chosen = _best(coming, width)
        pushed_out = goes_on & (origin < slots) & (as_it_is < total[:, -1:])
        if pushed_out.any() and _leave_out(longer, as_it_is, origin, last, pushed_out):
            total, chosen = _best(coming, width)
        stays = chosen < width
        slot = (chosen - width) // classes
        label = chosen - width - slot * classes
        at = np.where(stays, chosen, slot) + first_beams
        of_blank = np.where(stays, of_blank.take(at), nothing)
        of_label = np.where(stays, of_label.take(at), total)
        shorter = prefix.take(at)
        last, before = np.where(stays, last.take(at), label), np.where(stays, before.take(at), shorter)
        prefix = np.where(stays, shorter, batch)
        missing = total == nothing
        last[missing], before[missing], prefix[missing] = blank, batch, batch
        new = ~(stays | missing)
        keys = (shorter * classes + label)[new].tolist()
        prefix[new] = [known.setdefault(key, len(known)) for key in keys]
    if not (total[:, :count] > nothing).all():
        raise refused("Less leaves in the beam search than requested.")
    for row, (begin, size) in enumerate(zip(begins, sizes)):
        if begin < size:
            places = _unordered(int((total[row] > nothing).sum()), size - begin - 1, count)
            prefix[row, :count], total[row, :count] = prefix[row, places], np.nan
    ways = list(known)

    def labels_of(number: int) -> list[int]:
        found: list[int] = []
        while number > batch:
            number, label = divmod(ways[number], classes)
            found.append(label)
        return found[::-1]

    return [[labels_of(number) for number in row] for row in prefix[:, :count].tolist()], total[:, :count]


def _unordered(beams: int, steps: int, count: int) -> list[int]:
    """Which beams are the best, where nothing is known of any, after some steps that sorted them."""
    places, again = list(range(beams)), sorted_places(beams)
    for _ in range(steps):
        places = [places[place] for place in again]
    return [places[place] for place in best_places(beams, count)]


def _best(coming: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The best of what may become of beams, [batch, any]: their log probabilities, and where they stand.

    Of equals the first are kept.
    """
    worse = -coming
    chosen = np.empty((len(coming), width), np.int64)
    for row, cut, places in zip(worse, np.partition(worse, width - 1, 1)[:, width - 1], chosen):
        kept = np.flatnonzero(~(row > cut))  # those that equal the last one, too
        places[:] = kept[row[kept].argsort(kind="stable")[:width]]
    return coming[np.arange(len(coming))[:, None], chosen], chosen


def _leave_out(longer: np.ndarray, as_it_is: np.ndarray, origin: np.ndarray, last: np.ndarray,
               pushed_out: np.ndarray) -> bool:
    """Take out of `longer` how those beams go on that 1.15 loses on its way; whether there was any.

    It takes the beams one after the other, the best first. One that others have pushed out before its own origin is
    looked at is begun anew from there, in vain, and is forgotten with what it could have become.
    """
    _, width, classes = longer.shape
    lost = set()
    for row, beam in np.argwhere(pushed_out).tolist():
        source, least = origin[row, beam], as_it_is[row, beam]
        taken = longer[row].reshape(-1)[:source * classes + last[row, beam]]
        better = np.count_nonzero(taken > least) + np.count_nonzero(as_it_is[row] > least)
        if better >= width and (row, source) not in lost:
            lost.add((row, beam))
            longer[row, beam] = -np.inf
    return bool(lost)
