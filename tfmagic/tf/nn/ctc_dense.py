"""CTC of dense labels: forward and backward over states in logarithms, as in `tensorflow.python.ops.ctc_ops`.

Labels [batch, n] become 2 * (n + 1) states of each sequence: a start, n labels, and the n + 1 blanks around them.
"""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.shapes import dimension_value
from tfmagic.base.slots import Slot
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import api, raw
from tfmagic.ops.math.reduce import reduce_logsumexp
from tfmagic.ops.sparse.layout import sparse_reshape
from tfmagic.tf.control.custom_gradients import custom_gradient

_scan: Any = Slot("scans by While nodes")


def get_dim(tensor: Any, i: int) -> Any:
    """The length of dimension `i`: an int where it is known, else an int32 scalar; `tensor` may be an array."""
    return dimension_value(tensor.shape[i]) or api.shape(tensor)[i]


def ctc_loss_dense(labels: Any, logits: Any, label_length: Any, logit_length: Any, logits_time_major: bool = True,
                   unique: Any = None, blank_index: int = 0, name: str | None = None) -> Tensor:
    """The loss of dense labels (see `tf.nn.ctc_loss_v2`); class `blank_index` is the blank."""
    with name_scope(name, "ctc_loss_dense", [logits, labels, label_length, logit_length]):
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        label_length = convert_to_tensor(label_length, name="label_length")
        logit_length = convert_to_tensor(logit_length, name="logit_length")
        if not logits_time_major:
            logits = api.transpose(logits, perm=[1, 0, 2])
        if blank_index != 0:
            if blank_index is None or blank_index < 0:
                blank_index += get_dim(logits, 2)
            logits = api.concat([logits[:, :, blank_index:blank_index + 1], logits[:, :, :blank_index],
                                 logits[:, :, blank_index + 1:]], axis=2)
            labels = api.where(labels < blank_index, labels + 1, labels)
        args = [logits, labels, label_length, logit_length]
        if unique:
            args.extend(unique)

        @custom_gradient
        def loss_of(logits: Tensor, labels: Tensor, label_length: Tensor, logit_length: Tensor, *unique: Tensor) -> Any:
            loss, slope = ctc_loss_and_grad(logits, labels, label_length, logit_length, unique or None)

            def gradient(d_loss: Tensor) -> list[Any]:
                return [api.reshape(d_loss, [1, -1, 1]) * slope] + [None] * (len(args) - 1)

            return loss, gradient

        result: Tensor = loss_of(*args)
        return result


def ctc_loss_and_grad(logits: Tensor, labels: Tensor, label_length: Tensor, logit_length: Tensor,
                      unique: Any = None) -> tuple[Tensor, Tensor]:
    """The loss of each sequence, [batch], and its gradient of the logits [time, batch, classes]; class 0 is the blank.

    Args:
      logits: float32 [time, batch, classes].
      labels: int [batch, n].
      label_length, logit_length: int [batch].
      unique: what `tf.nn.ctc_unique_labels` says of the labels; with it less is computed.
    """
    classes, most = get_dim(logits, 2), get_dim(labels, 1)
    log_probs = api.nn.log_softmax(logits)
    observed = ilabel_to_state(labels, classes, log_probs)
    transitions = ctc_state_trans(labels)
    initial, final = ctc_state_log_probs(label_length, most)
    states, log_likelihood = forward_backward_log(raw.log(transitions), initial, final, observed, logit_length)
    expected = (state_to_olabel_unique(labels, classes, states, unique) if unique
                else state_to_olabel(labels, classes, states))
    slope = raw.exp(log_probs) - raw.exp(expected)
    return -log_likelihood, slope


def ctc_state_trans(label_seq: Tensor) -> Tensor:
    """Which state follows which: [batch, states, states] of ones and zeros, from the second to the first."""
    with name_scope("ctc_state_trans"):
        label_seq = convert_to_tensor(label_seq, name="label_seq")
        batch = get_dim(label_seq, 0)
        half = get_dim(label_seq, 1) + 1
        count = 2 * half
        label = api.range(half)
        blank = label + half
        pairs = api.concat([[[1, 0]], api.stack([label[1:], blank[:-1]], 1), api.stack([blank, label], 1)], axis=0)
        always = api.scatter_nd(pairs, api.ones([get_dim(pairs, 0)]), [count, count]) + api.eye(count)
        # A label follows the one before it without a blank if it is another one.
        places = api.stack([api.zeros_like(label[2:]), label[2:], label[1:-1]], 1)
        places = api.tile(api.expand_dims(places, 0), [batch, 1, 1])
        rows = api.expand_dims(api.range(batch), 1) * [1, 0, 0]
        places = places + api.expand_dims(rows, 1)
        others = 1.0 - api.cast(api.equal(label_seq[:, :-1], label_seq[:, 1:]), dtypes.float32)
        direct = api.scatter_nd(places, others, [batch, count, count])
        return api.expand_dims(always, 0) + direct


def ctc_state_log_probs(seq_lengths: Tensor, max_seq_length: Any) -> tuple[Tensor, Tensor]:
    """The logarithms of where sequences begin and end: 0 there and about -707 elsewhere, both [batch, states]."""
    batch = get_dim(seq_lengths, 0)
    half = max_seq_length + 1
    count = 2 * half
    log_zero = api.cast(raw.log(api.cast(0, dtypes.float64) + 1e-307), dtypes.float32)
    initial = api.one_hot(indices=api.zeros([batch], dtype=dtypes.int32), depth=count, on_value=0.0,
                          off_value=log_zero, axis=1)
    last = api.one_hot(seq_lengths, depth=half, axis=0)
    final = (1.0 - api.ones([2, 1, batch]) * last) * log_zero
    return initial, api.transpose(api.reshape(final, [count, batch]))


def ilabel_to_state(labels: Tensor, num_labels: Any, ilabel_log_probs: Tensor) -> Tensor:
    """Log probabilities of classes [time, batch, classes] as those of states, [time, batch, states]."""
    most = get_dim(labels, 1)
    blank = api.tile(ilabel_log_probs[:, :, :1], [1, 1, most + 1])
    which = api.expand_dims(api.one_hot(labels, depth=num_labels), 0)
    label = api.reduce_sum(api.expand_dims(ilabel_log_probs, 2) * which, axis=3)
    both = api.concat([label, blank], axis=2)
    return api.pad(both, [[0, 0], [0, 0], [1, 0]], constant_values=raw.log(0.0))


def state_to_olabel(labels: Tensor, num_labels: Any, states: Tensor) -> Tensor:
    """Log probabilities of states [time, batch, states] as those of classes, [time, batch, classes]."""
    half = get_dim(labels, 1) + 1
    label, blank = states[:, :, 1:half], states[:, :, half:]
    which = api.one_hot(labels - 1, depth=num_labels - 1, on_value=0.0, off_value=raw.log(0.0))
    which = api.expand_dims(which, 0)
    label = reduce_logsumexp(api.expand_dims(label, 3) + which, axis=2)
    return api.concat([reduce_logsumexp(blank, axis=2, keepdims=True), label], axis=-1)


def state_to_olabel_unique(labels: Tensor, num_labels: Any, states: Tensor, unique: Any) -> Tensor:
    """What `state_to_olabel` gives, by way of the labels that differ."""
    half = get_dim(labels, 1) + 1
    label, blank = states[:, :, 1:half], states[:, :, half:]
    found, places = unique
    sums = sum_states(places, label)
    frames, batch, count = states.shape[0], states.shape[1], half - 1  # 1.15 computes it for known lengths alone
    sums = api.reshape(api.transpose(sums, perm=[1, 2, 0]), [batch * count, frames])
    offsets = api.range(batch, dtype=found.dtype) * num_labels
    indices = api.reshape(found + api.expand_dims(offsets, -1), [-1, 1])
    spread = api.scatter_nd(indices, sums, [batch * num_labels, frames])
    spread = api.reshape(spread, [batch, num_labels, frames])
    # What no label has is still zero.
    none = api.equal(spread, 0.0)
    spread = api.where(none, api.fill(api.shape(spread), raw.log(0.0)), spread)
    label = api.transpose(spread, [2, 0, 1])[:, :, 1:]
    return api.concat([reduce_logsumexp(blank, axis=2, keepdims=True), label], axis=-1)


def sum_states(idx: Tensor, states: Tensor) -> Tensor:
    """Log sums over the states with the same number: [time, batch, states], ordered by those numbers.

    Args:
      idx: int [batch, states], the numbers.
      states: float32 [time, batch, states].
    """
    with name_scope("sum_states"):
        idx = convert_to_tensor(idx, name="idx")
        count = get_dim(states, 2)
        states = api.expand_dims(states, 2)
        which = api.one_hot(idx, depth=count, on_value=0.0, off_value=raw.log(0.0), axis=1)
        result: Tensor = reduce_logsumexp(states + which, axis=-1)
        return result


def forward_backward_log(state_trans_log_probs: Any, initial_state_log_probs: Any, final_state_log_probs: Any,
                         observed_log_probs: Any, sequence_length: Any) -> tuple[Tensor, Tensor]:
    """The log probabilities of being in each state at each step, and of the whole.

    Args:
      state_trans_log_probs: [batch, states, states] or [states, states]: of going from the last to the one before it.
      initial_state_log_probs, final_state_log_probs: [batch, states].
      observed_log_probs: [time, batch, states].
      sequence_length: int [batch], the steps of each sequence.

    Returns:
      [time, batch, states], -inf behind the end of a sequence, and [batch].

    Raises:
      ValueError: the transitions have neither two nor three dimensions.
    """
    dims = state_trans_log_probs.get_shape().ndims
    if dims not in (2, 3):
        raise ValueError(f"state_trans_log_probs rank must be known and == 2 or 3, is: {dims}")
    backwards = api.transpose(state_trans_log_probs, [1, 0] if dims == 2 else [0, 2, 1])
    batch = get_dim(observed_log_probs, 1)

    def forward(state: Tensor, observed: Tensor) -> Tensor:
        state = reduce_logsumexp(api.expand_dims(state, 1) + state_trans_log_probs, axis=-1) + observed
        return state - reduce_logsumexp(state, axis=-1, keepdims=True)

    def backward(accs: Any, elems: Any) -> list[Tensor]:
        (state, total), (observed, mask) = accs, elems
        state = reduce_logsumexp(api.expand_dims(state + observed, 1) + backwards, axis=-1)
        scale = reduce_logsumexp(state, axis=-1, keepdims=True)
        state = state - scale
        total = total + api.squeeze(scale) * mask
        mask = api.expand_dims(mask, 1)
        return [state * mask + final_state_log_probs * (1.0 - mask), total]

    ahead = _scan(forward, observed_log_probs, initial_state_log_probs, inclusive=True)
    nothing = api.zeros([batch])
    longest = get_dim(observed_log_probs, 0)
    mask = api.transpose(api.sequence_mask(sequence_length, longest, dtypes.float32))
    behind, total = _scan(backward, (observed_log_probs, mask), (final_state_log_probs, nothing), reverse=True,
                          inclusive=True)
    both = ahead[1:] + behind[1:]
    both = both - reduce_logsumexp(both, axis=2, keepdims=True)
    both = both + raw.log(api.expand_dims(mask, 2))
    return both, behind[0, :, 0] + total[0]


def dense_labels_to_sparse(dense: Tensor, length: Tensor) -> SparseTensor:
    """Dense labels [batch, n] of which the first `length` of each row count, as a `SparseTensor` [batch, longest]."""
    flat = api.reshape(dense, [-1])
    places = api.range(api.shape(flat, out_type=dtypes.int64)[0])
    mask = api.reshape(api.sequence_mask(length, maxlen=api.shape(dense)[1]), [-1])
    indices = api.expand_dims(api.boolean_mask(places, mask), 1)
    values = api.boolean_mask(flat, mask)
    sparse = SparseTensor(indices, values, api.shape(mask, out_type=dtypes.int64))
    sparse = sparse_reshape(sparse, api.shape(dense))
    longest = api.reduce_max(length)
    return SparseTensor(sparse.indices, sparse.values, [sparse.dense_shape[0], api.cast(longest, dtypes.int64)])
