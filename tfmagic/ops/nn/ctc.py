"""CTC: the loss of sequences without alignment, and the decoders of its outputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import errors, shapes
from tfmagic.base.lazy import torch
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.array.shape_ops import expand_dims
from tfmagic.ops.declare import op
from tfmagic.ops.sparse.to_dense import out_of_order


def _inputs_dims(inputs: Any, lengths: Any) -> tuple[Any, Any]:
    """The inputs' dims and the batch size."""
    inputs, lengths = shape_rules.with_rank(inputs, 3), shape_rules.with_rank(lengths, 1)
    return inputs, shape_rules.merge_dim(None if inputs is None else inputs[1], None if lengths is None else lengths[0])


def _refused(message: str) -> errors.InvalidArgumentError:
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


def _check_decoder(op: Any, inputs: Any, lengths: Any) -> str | errors.OpError | None:
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


def _lengths(inputs: Any, lengths: Any, loss: bool = False) -> list[int]:
    """The lengths of the sequences as ints, checked; decoders take a negative one as 0."""
    steps, batch = inputs.shape[0], inputs.shape[1]
    if lengths.shape[0] != batch:
        raise _refused(f"len(sequence_length) != batch_size.  len(sequence_length):  {lengths.shape[0]} batch_size: "
                       f"{batch}")
    found: list[int] = lengths.tolist()
    for row, length in enumerate(found):
        if length < 0 and loss:
            raise _refused(f"seq_len({row}) < 0")
        if length > steps:
            kind = errors.InvalidArgumentError if loss else errors.FailedPreconditionError
            raise kind(None, None, f"sequence_length({row}) <= {steps}")
    return [max(length, 0) for length in found]


def _collapsed(labels: list[int]) -> list[int]:
    return [label for i, label in enumerate(labels) if i == 0 or label != labels[i - 1]]


def _log_likelihood(log_probs: Any, labels: list[int], merge: bool) -> Any:
    """The log probability of the labels, by the paths with blanks between them, step by step."""
    blank = log_probs.shape[1] - 1
    path = [blank, *(part for label in labels for part in (label, blank))]
    own = log_probs[:, path]
    # Where one may come from two places before: from label to another label, or to the same one if repeats stay.
    skips = [i >= 2 and path[i] != blank and (not merge or path[i] != path[i - 2]) for i in range(len(path))]
    none = torch.full((len(path),), -float("inf"), dtype=log_probs.dtype, device=log_probs.device)
    barred = torch.where(torch.tensor(skips, device=log_probs.device), 0.0, none)
    stays = [merge or part == blank for part in path]
    stay = torch.where(torch.tensor(stays, device=log_probs.device), 0.0, none)
    start = none.clone()
    start[:2] = 0.0
    alpha = own[0] + start
    for time in range(1, len(own)):
        one, two = torch.cat([none[:1], alpha[:-1]]), torch.cat([none[:2], alpha[:-2]])[:len(path)]
        rows = torch.stack([alpha + stay, one, two + barred])
        alpha = own[time] + _log_sum(rows)
    return _log_sum(alpha[-2:].unsqueeze(1))[0]


def _log_sum(rows: Any) -> Any:
    """logsumexp over the first axis whose gradient is 0 where all is -inf."""
    largest = rows.max(0).values
    safe = torch.where(torch.isinf(largest), torch.zeros_like(largest), largest).detach()
    total = torch.exp(rows - safe).sum(0)
    none = total == 0
    return torch.where(none, torch.full_like(total, -float("inf")), torch.log(torch.where(none, 1.0, total)) + safe)


@op("CTCLoss", check=_check_loss, traced=False, because="it looks at lengths and labels")
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
            raise _refused("batch_size must not be 0")
        places = indices.tolist()
        longest = max((column + 1 for _, column in places), default=0)
        unordered = out_of_order(places, [batch, longest])
        if unordered:
            raise _refused("label SparseTensor is not valid: " + unordered.split("\n")[0])
        sizes = _lengths(inputs, lengths, loss=True)
        labels: list[list[int]] = [[] for _ in range(batch)]
        for (row, _), label in zip(places, values.tolist()):
            labels[row].append(label)
        with torch.inference_mode(False), torch.enable_grad():
            given = inputs.clone().requires_grad_()
            rows = [_loss_of_row(op, given[:sizes[row], row], labels[row], classes, row) for row in range(batch)]
            loss = torch.stack([loss for loss, _ in rows])
            gradient = torch.autograd.grad(torch.stack([sloped for _, sloped in rows]).sum(), given)[0]
        return loss.detach(), gradient

    def gradient(op, d_loss, d_gradient):
        message = ("Currently there is no way to take the second  derivative of ctc_loss due to the fused "
                   "implementation's interaction  with tf.gradients()")
        own = raw.prevent_gradient(op.op._outputs[1], message=message)
        return expand_dims(d_loss, -1) * own, None, None, None


def _loss_of_row(op: Any, logits: Any, labels: list[int], classes: int, row: int) -> tuple[Any, Any]:
    """The loss of one sequence, and what has the slope that TensorFlow gives it: mostly the same."""
    if not labels:
        raise _refused(f"Labels length is zero in batch {row}")
    end = next((i for i, label in enumerate(labels) if label >= classes - 1), len(labels))
    taken = _collapsed(labels[:end]) if op.preprocess_collapse_repeated else labels[:end]
    if any(label < classes - 1 for label in labels[end:]):
        raise _refused(f"Saw a non-null label (index >= num_classes - 1) following a null label, batch: {row} "
                       f"num_classes: {classes} labels: {','.join(map(str, labels))} "
                       f"labels seen so far: {','.join(map(str, taken))}")
    if taken and min(taken) < 0:
        raise _refused(f"All labels must be nonnegative integers, batch: {row} labels: {','.join(map(str, taken))}")
    needed, steps = len(labels), logits.shape[0]
    if needed > steps:
        if not op.ignore_longer_outputs_than_inputs:
            raise _refused(f"Not enough time for target transition sequence (required: {needed}, available: {steps}"
                           f"){row}You can turn this error into a warning by using the flag "
                           "ignore_longer_outputs_than_inputs")
        nothing = logits.sum() * 0.0
        return nothing, nothing
    log_probs = torch.log_softmax(logits, 1)
    if not taken and steps > 1:
        # 1.15 starts backwards in two places, of which a path of one blank has but one: the last step counts as 1 + p.
        before, last = log_probs[:-1, -1].sum(), log_probs[-1, -1].detach()
        share = torch.sigmoid(last)
        ending = torch.logsumexp(logits[-1], 0) - share * logits[-1, -1]
        return -before - torch.log1p(torch.exp(last)), ending - before
    loss = -_log_likelihood(log_probs, taken, op.ctc_merge_repeated)
    # Where no path leads to the labels every class goes down.
    return loss, torch.logsumexp(logits, 1).sum() if torch.isinf(loss) else loss


def _sparse(paths: list[list[int]], device: Any) -> tuple[Any, Any, Any]:
    """Indices, values and shape of a sparse tensor with one row for each path."""
    indices = [[row, place] for row, path in enumerate(paths) for place in range(len(path))]
    longest = max(map(len, paths), default=0)
    return (torch.tensor(indices, dtype=torch.int64, device=device).reshape(-1, 2),
            torch.tensor([label for path in paths for label in path], dtype=torch.int64, device=device),
            torch.tensor([len(paths), longest], dtype=torch.int64, device=device))


@op("CTCGreedyDecoder", check=_check_decoder, traced=False, because="as long as the values say")
class CTCGreedyDecoder:
    """The likeliest class of each step, without blanks: [time, batch, classes] -> a sparse [batch, n]."""

    def shape(op, inputs, lengths):
        _, batch = _inputs_dims(inputs, lengths)
        return [(None, 2), (None,), (2,), (batch, 1)]

    def kernel(op, inputs, lengths):
        sizes = _lengths(inputs, lengths)
        blank = inputs.shape[2] - 1
        best, places = inputs.max(2)
        scores = torch.zeros((inputs.shape[1], 1), dtype=inputs.dtype, device=inputs.device)
        paths = []
        for row, size in enumerate(sizes):
            found = places[:size, row].tolist()
            scores[row, 0] = -best[:size, row].sum()
            paths.append([label for i, label in enumerate(found) if label != blank and not (
                op.merge_repeated and i and found[i - 1] == label)])
        return (*_sparse(paths, inputs.device), scores)


@op("CTCBeamSearchDecoder", check=_check_decoder, traced=False, because="as long as the values say")
class CTCBeamSearchDecoder:
    """The likeliest sequences of labels by a search with beams: [time, batch, classes] -> sparse [batch, n]."""

    def shape(op, inputs, lengths):
        _, batch = _inputs_dims(inputs, lengths)
        count = op.top_paths
        return [[(None, 2)] * count, [(None,)] * count, [(2,)] * count, (batch, count)]

    def kernel(op, inputs, lengths):
        sizes = _lengths(inputs, lengths)
        if op.top_paths > op.beam_width:
            raise _refused("requested more paths than the beam width.")
        numbers = inputs.detach().cpu().numpy()
        rows = [_beams(numbers[:size, row], op.beam_width, op.top_paths) for row, size in enumerate(sizes)]
        merged = _collapsed if op.merge_repeated else list
        parts = [_sparse([merged(found[rank][0]) for found in rows], inputs.device) for rank in range(op.top_paths)]
        scores = torch.tensor([[score for _, score in found] for found in rows], dtype=inputs.dtype,
                              device=inputs.device).reshape(len(rows), op.top_paths)
        return (*(part[kind] for kind in range(3) for part in parts), scores)


def _beams(logits: np.ndarray, width: int, count: int) -> list[tuple[list[int], float]]:
    """The best label sequences of one [time, classes], with their log probabilities.

    Each prefix has the log probability to end in a blank, and to end in its last label.
    """
    blank = logits.shape[1] - 1
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, -np.inf)}
    for step in logits:
        log_probs = step - step.max()
        log_probs = log_probs - np.log(np.exp(log_probs).sum())
        totals = {prefix: float(np.logaddexp(*parts)) for prefix, parts in beams.items()}
        found: dict[tuple[int, ...], tuple[float, float]] = {}
        for prefix, (_, of_label) in beams.items():
            if prefix:
                parent = prefix[:-1]
                if parent in beams:
                    before = beams[parent][0] if parent and parent[-1] == prefix[-1] else totals[parent]
                    of_label = float(np.logaddexp(of_label, before))
                of_label += log_probs[prefix[-1]]
            found[prefix] = (totals[prefix] + log_probs[blank], of_label)
        for prefix, total in totals.items():
            if total == -np.inf:
                continue
            for label in range(blank):
                longer = (*prefix, label)
                if longer not in beams:
                    before = beams[prefix][0] if prefix and prefix[-1] == label else total
                    found[longer] = (-np.inf, before + log_probs[label])
        scores = {prefix: float(np.logaddexp(*parts)) for prefix, parts in found.items()}
        ranked = sorted((prefix for prefix in found if scores[prefix] > -np.inf), key=lambda prefix: -scores[prefix])
        beams = {prefix: found[prefix] for prefix in ranked[:width]}
    ranked = sorted(beams, key=lambda prefix: -np.logaddexp(*beams[prefix]))[:count]
    if len(ranked) < count:
        raise _refused("Less leaves in the beam search than requested.")
    return [(list(prefix), float(np.logaddexp(*beams[prefix]))) for prefix in ranked]
