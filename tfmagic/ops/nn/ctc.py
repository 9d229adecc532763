"""CTC: the loss of sequences without alignment (`ctc_decoders` has the decoders of their outputs)."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import errors, shapes
from tfmagic.base.lazy import torch
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.array.shape_ops import expand_dims
from tfmagic.ops.declare import op
from tfmagic.ops.sparse.to_dense import out_of_order


def refused(message: str) -> errors.InvalidArgumentError:
    """What a kernel raises with these words."""
    return errors.InvalidArgumentError(None, None, message)


def _check_loss(op: Any, inputs: Any, indices: Any, values: Any, lengths: Any) -> str | None:
    """TensorFlow's words for shapes that do not fit."""
    for name, dims, rank, what in (("inputs", inputs, 3, "3-Tensor"), ("sequence_length", lengths, 1, "vector"),
                                   ("labels_indices", indices, 2, "matrix"), ("labels_values", values, 1, "vector")):
        if len(dims) != rank:
            return f"{name} is not a {what}"
    if indices[0] != values[0]:
        return ("labels_indices and labels_values must contain the same number of rows, but saw shapes: "
                f"{shapes.brackets(indices)} vs. {shapes.brackets(values)}")
    if indices[1] != 2:
        return "Order length must be SparseTensor rank."
    return None


def lengths_of(inputs: Any, lengths: Any, loss: bool = False) -> list[int]:
    """The lengths of the sequences as ints, checked; decoders take a negative one as 0."""
    steps, batch = inputs.shape[0], inputs.shape[1]
    if lengths.shape[0] != batch:
        raise refused(f"len(sequence_length) != batch_size.  len(sequence_length):  {lengths.shape[0]} batch_size: "
                      f"{batch}")
    found: list[int] = lengths.tolist()
    for row, length in enumerate(found):
        if length < 0 and loss:
            raise refused(f"seq_len({row}) < 0")
        if length > steps:
            kind = errors.InvalidArgumentError if loss else errors.FailedPreconditionError
            raise kind(None, None, f"sequence_length({row}) <= {steps}")
    return [max(length, 0) for length in found]


def within(steps: Any, sizes: list[int]) -> Any:
    """Which of the steps [time, batch, ...] are in their sequences: [time, batch, 1]."""
    times = torch.arange(len(steps), device=steps.device)
    return (times[:, None] < torch.tensor(sizes, device=steps.device)).unsqueeze(2)


def collapsed(labels: list[int]) -> list[int]:
    """The labels without those that repeat the one before."""
    return [label for i, label in enumerate(labels) if i == 0 or label != labels[i - 1]]


def _work(op: Any, inputs: Any, indices: Any, values: Any, lengths: Any) -> float:
    """Each place of a path, twice per label and once more, takes two sums of exponentials per step."""
    return 3200.0 * inputs[0] * (2 * values[0] + inputs[1])


@op("CTCLoss", check=_check_loss, traced=False, because="it looks at lengths and labels", work=_work)
class CTCLoss:
    """The negative log probability of labels: [time, batch, classes] -> [batch], with its gradient.

    The last class is the blank.
    """

    def shape(op, inputs, indices, values, lengths):
        inputs = shape_rules.with_rank(inputs, 3)
        indices, values = shape_rules.with_rank(indices, 2), shape_rules.with_rank(values, 1)
        lengths = shape_rules.with_rank(lengths, 1)
        shape_rules.merge((indices[0],), values)
        batch = shape_rules.merge_dim(inputs[1], lengths[0])
        return [(batch,), (inputs[0], batch, inputs[2])]

    def kernel(op, inputs, indices, values, lengths):
        batch, classes = inputs.shape[1], inputs.shape[2]
        if batch == 0:
            raise refused("batch_size must not be 0")
        given = _rows(indices, values, batch)
        sizes = lengths_of(inputs, lengths, loss=True)
        labels = [_labels(op, row, own, classes, size) for row, (own, size) in enumerate(zip(given, sizes))]
        counted = [row for row, own in enumerate(labels) if own is not None]
        if len(counted) == batch:
            return _losses(inputs, labels, sizes, op.ctc_merge_repeated)
        loss, slope = inputs.new_zeros(batch), torch.zeros_like(inputs)
        if counted:
            loss[counted], slope[:, counted] = _losses(inputs[:, counted], [labels[row] for row in counted],
                                                       [sizes[row] for row in counted], op.ctc_merge_repeated)
        return loss, slope

    def gradient(op, d_loss, d_gradient):
        message = ("Currently there is no way to take the second  derivative of ctc_loss due to the fused "
                   "implementation's interaction  with tf.gradients()")
        own = raw.prevent_gradient(op.op._outputs[1], message=message)
        return expand_dims(d_loss, -1) * own, None, None, None


def _rows(indices: Any, values: Any, batch: int) -> list[list[int]]:
    """The labels of each sequence, from coordinates and values; refused where coordinates are bad or out of order."""
    indices = indices.cpu().numpy()
    rows, columns = indices[:, 0], indices[:, 1]
    longest = int(columns.max(initial=-1)) + 1
    places = rows * longest + columns
    if (np.diff(places) <= 0).any() or ((columns < 0) | (rows < 0) | (rows >= batch)).any():
        words = out_of_order(indices.tolist(), [batch, longest])
        raise refused("label SparseTensor is not valid: " + str(words).split("\n")[0])
    labels = values.tolist()
    ends = np.cumsum(np.bincount(rows, minlength=batch)).tolist()
    return [labels[start:end] for start, end in zip([0, *ends], ends)]


def _labels(op: Any, row: int, labels: list[int], classes: int, steps: int) -> list[int] | None:
    """The labels that a sequence is to have, which end before the first blank; None if it is to be left out."""
    if not labels:
        raise refused(f"Labels length is zero in batch {row}")
    end = len(labels)
    if max(labels) >= classes - 1:
        end = next(i for i, label in enumerate(labels) if label >= classes - 1)
    taken = collapsed(labels[:end]) if op.preprocess_collapse_repeated else labels[:end]
    if end < len(labels) and min(labels[end:]) < classes - 1:
        raise refused(f"Saw a non-null label (index >= num_classes - 1) following a null label, batch: {row} "
                      f"num_classes: {classes} labels: {','.join(map(str, labels))} "
                      f"labels seen so far: {','.join(map(str, taken))}")
    if taken and min(taken) < 0:
        raise refused(f"All labels must be nonnegative integers, batch: {row} labels: {','.join(map(str, taken))}")
    if len(labels) <= steps:
        return taken
    if not op.ignore_longer_outputs_than_inputs:
        raise refused(f"Not enough time for target transition sequence (required: {len(labels)}, available: {steps}"
                      f"){row}You can turn this error into a warning by using the flag "
                      "ignore_longer_outputs_than_inputs")
    return None


# The log probability of what cannot be: finite, so that no difference of two of them is NaN.
_NEVER = -1e30


def _losses(logits: Any, labels: list[list[int]], sizes: list[int], merge: bool) -> tuple[Any, Any]:
    """The losses of sequences, and their slopes by the logits [time, batch, classes]."""
    probs = torch.softmax(logits, 2)
    # 1.15 takes the logarithm of a probability, which is 0 where it is too small for a normal number.
    log_probs = torch.where(probs < torch.finfo(probs.dtype).tiny, _NEVER, torch.log(probs))
    loss, slope = (_merged if merge else _unmerged)(log_probs, labels, sizes)
    silent = [row for row, said in enumerate(labels) if not said and sizes[row] > 1]
    if silent:
        # 1.15 starts backwards in two places, of which a path of blanks has but one: the last step counts as 1 + p.
        ends = [sizes[row] - 1 for row in silent]
        last = log_probs[ends, silent, -1]
        loss[silent] += last - torch.log1p(torch.exp(last))
        slope[ends, silent, -1] += torch.sigmoid(-last)
    lost = loss > -0.1 * _NEVER
    if lost.any():
        # Where no path leads to the labels every class goes down.
        loss = torch.where(lost, float("inf"), loss)
        slope = torch.where(lost[:, None], torch.where(within(probs, sizes), probs, 0.0), slope)
    return loss, slope


def _merged(log_probs: Any, labels: list[list[int]], sizes: list[int]) -> tuple[Any, Any]:
    """The negative log probability of labels, each of which may last for several steps, and its slope by the logits."""
    targets = torch.tensor([label for row in labels for label in row], dtype=torch.int64, device=log_probs.device)
    counts, blank = [len(row) for row in labels], log_probs.shape[2] - 1
    loss, paths = torch.ops.aten._ctc_loss(log_probs, targets, sizes, counts, blank)
    slope = torch.ops.aten._ctc_loss_backward(torch.ones_like(loss), log_probs, targets, sizes, counts, loss, paths,
                                              blank)
    return loss, slope


def _unmerged(log_probs: Any, labels: list[list[int]], sizes: list[int]) -> tuple[Any, Any]:
    """The same where each label takes one step, so that all others are blanks.

    What counts of a path is then how many labels it has said: one loop sums over paths from the start and, in a second
    half of the batch that is turned round, over paths to the end.
    """
    steps, batch, longest = len(log_probs), len(labels), max(map(len, labels))
    said = torch.tensor([[*row, *[0] * (longest - len(row))] for row in labels], dtype=torch.int64,
                        device=log_probs.device).expand(steps, -1, -1)
    inside = within(log_probs, sizes)
    # After the end of a sequence blanks are certain, and change nothing.
    own = torch.where(inside, log_probs.gather(2, said), _NEVER)
    blank = torch.where(inside, log_probs[:, :, -1:], 0.0)
    paths = log_probs.new_full((steps + 1, 2 * batch, longest + 1), _NEVER)
    paths[0, :batch, 0] = 0.0
    paths[0, range(batch, 2 * batch), [longest - len(row) for row in labels]] = 0.0
    for before, after, quiet, spoken, more, said_one in zip(
            paths, paths[1:], torch.cat([blank, blank.flip(0)], 1), torch.cat([own, own.flip(0, 2)], 1),
            paths[:, :, :-1], paths[1:, :, 1:]):
        torch.add(before, quiet, out=after)
        torch.logaddexp(said_one, more + spoken, out=said_one)
    from_start, to_end = paths[:-1, :batch], paths[:-1, batch:].flip(0, 2)
    total = paths[-1, range(batch), [len(row) for row in labels]]
    from_start = from_start - total[:, None]
    shares = torch.zeros_like(log_probs)
    shares.scatter_add_(2, said, torch.exp(from_start[:, :, :-1] + own + to_end[:, :, 1:]))
    shares[:, :, -1] += torch.exp(from_start + blank + to_end).sum(2)
    return -total, torch.where(inside, torch.exp(log_probs) - shares, 0.0)
