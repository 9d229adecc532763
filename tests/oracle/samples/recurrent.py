"""Samples for the ops of recurrent nets: tfmagic/ops/nn/rnn_blocks.py and ctc.py."""

import numpy as np
from oracle.samples.values import N, f32, i32, i64, row


def small(*shape):
    """Fixed values like those of gates. The gradients over time, and CTC, are compared in float32 alone: in half
    precision the order of the sums shows, and double precision 1.15 gives up for that of its constants."""
    return f32(0.5 + 0.4 * np.sin(np.arange(int(np.prod(shape))) * 1.3).reshape(shape))


LSTM = row(w=N(5, 12), wci=N(3), wcf=N(3), wco=N(3), b=N(12))
STATES = row(cs_prev=N(2, 3), h_prev=N(2, 3))
STEP = {name: N(2, 3) for name in ("i", "cs", "f", "o", "ci", "co")}
STEPS = {name: small(4, 2, 3) for name in ("i", "cs", "f", "o", "ci", "co", "h")}
SMALL = row(cs_prev=small(2, 3), h_prev=small(2, 3), w=small(5, 12), wci=small(3), wcf=small(3), wco=small(3),
            b=small(12))
GRU = row(x=N(2, 2), h_prev=N(2, 3), w_ru=N(5, 6), w_c=N(5, 3), b_ru=N(6), b_c=N(3))
LABELS = row(labels_indices=i64([[0, 0], [0, 1], [1, 0]]), labels_values=i32([0, 2, 1]), sequence_length=i32([4, 3]))

SAMPLES = {
    "LSTMBlockCell": [
        row(x=N(2, 2), **STATES, **LSTM), row(x=N(2, 2), **STATES, **LSTM, use_peephole=True),
        row(x=N(2, 2), **STATES, **LSTM, forget_bias=0.5, cell_clip=0.2),
        row(x=N(2, 2), **STATES, **LSTM, cell_clip=-1.0),
        row(x=N(2, 4), **STATES, **LSTM),
    ],
    "LSTMBlockCellGrad": [
        row(x=N(2, 2), **STATES, **LSTM, **STEP, cs_grad=N(2, 3), h_grad=N(2, 3), use_peephole=peephole)
        for peephole in (False, True)
    ],
    "GRUBlockCell": [row(**GRU), row(**{**GRU, "x": N(2, 3)})],
    "GRUBlockCellGrad": [row(**GRU, r=N(2, 3), u=N(2, 3), c=N(2, 3), d_h=N(2, 3))],
    "BlockLSTM": [
        row(seq_len_max=i64(3), x=N(4, 2, 2), **STATES, **LSTM),
        row(seq_len_max=i64(4), x=N(4, 2, 2), **STATES, **LSTM, use_peephole=True, cell_clip=0.3, forget_bias=0.0),
    ],
    "BlockLSTMV2": [
        row(seq_len_max=i64(3), x=N(4, 2, 2), **STATES, **LSTM),
        row(seq_len_max=i64(4), x=N(4, 2, 2), **STATES, **LSTM, use_peephole=True, cell_clip=0.3),
    ],
    **{name: [row(seq_len_max=i64(length), x=small(4, 2, 2), **SMALL, **STEPS, cs_grad=small(4, 2, 3),
                  h_grad=small(4, 2, 3), use_peephole=peephole) for length, peephole in ((4, False), (3, True))]
       for name in ("BlockLSTMGrad", "BlockLSTMGradV2")},
    "CTCLoss": [
        row(inputs=small(4, 2, 4), **LABELS), row(inputs=small(4, 2, 4), **LABELS, ctc_merge_repeated=False),
        row(inputs=small(4, 2, 3), **LABELS), row(inputs=small(3, 2, 4), **LABELS),
        row(inputs=small(4, 2, 4), **{**LABELS, "labels_values": i32([1, 1, 1])}, preprocess_collapse_repeated=True),
        row(inputs=small(4, 2, 4), **{**LABELS, "sequence_length": i32([1, 3])}),
        row(inputs=small(4, 2, 4), **{**LABELS, "sequence_length": i32([1, 3])},
            ignore_longer_outputs_than_inputs=True),
        row(inputs=small(4, 3, 4), **{**LABELS, "sequence_length": i32([4, 3, 4])}),
    ],
    "CTCGreedyDecoder": [
        row(inputs=small(4, 2, 4), sequence_length=i32([4, 2])),
        row(inputs=small(4, 2, 4), sequence_length=i32([5, 2])),
        row(inputs=f32([[[0, 1, 0]], [[0, 1, 0]], [[0, 0, 1]], [[0, 1, 0]]]), sequence_length=i32([4])),
        row(inputs=f32([[[0, 1, 0]], [[0, 1, 0]], [[0, 0, 1]], [[0, 1, 0]]]), sequence_length=i32([4]),
            merge_repeated=True),
    ],
    "CTCBeamSearchDecoder": [
        row(inputs=small(4, 2, 4), sequence_length=i32([4, 2]), beam_width=4, top_paths=2),
        row(inputs=small(4, 2, 4), sequence_length=i32([4, 2]), beam_width=3, top_paths=1, merge_repeated=False),
        row(inputs=small(4, 2, 4), sequence_length=i32([4, 2]), beam_width=1, top_paths=2),
        row(inputs=small(4, 2, 4), sequence_length=i32([5, 2]), beam_width=2, top_paths=1),
    ],
}
