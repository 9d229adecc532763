"""Samples for the ops of tfmagic/ops/summary. Pictures are compared as pixels, by tests/ops/test_summaries.py."""

import numpy as np
from oracle.samples.values import D, f32, f64, i32, row, text

_WORD = b"\n\x06\n\x01a\x15\x00\x00\x80?"  # a Summary that has the tag "a"
_SOUND = f32([[0.1, -1.0, 1.0, 2.0, -0.3], [0.0, 0.5, 0.25, -0.5, 1e-5]])

SAMPLES = {
    "ScalarSummary": [row(tags=text("a"), values=D()), row(tags=text(["a", "b"]), values=f32([1.5, np.nan])),
                      row(tags=text([["a"], ["b"]]), values=f64([[1e300], [-0.1]])),
                      row(tags=text([]), values=f32([])), row(tags=text("a"), values=f32([1.0])),
                      row(tags=text(["a"]), values=f32([1.0, 2.0])), row(tags=text(["a"]), values=f32([[1.0]]))],
    "HistogramSummary": [row(tag=text("a"), values=D(7)), row(tag=text("a"), values=f32([])),
                         row(tag=text("a"), values=f32(3.0)), row(tag=text(["a"]), values=f32([1.0])),
                         row(tag=text("a"), values=f32([[1.0, -1.0], [0.0, 1e30]])),
                         row(tag=text("a"), values=f32([1.0, np.nan])), row(tag=text("a"), values=f32([np.inf])),
                         row(tag=text("a"), values=f64([1e-300, 5.0, -5.0, 5.5, 6.0]))],
    "MergeSummary": [row(inputs=[text(_WORD)]), row(inputs=[text(_WORD), text(_WORD)]), row(inputs=[text("")]),
                     row(inputs=[text([_WORD.replace(b"a", b"b"), b""]), text(_WORD)]), row(inputs=[text("nonsense")])],
    "TensorSummary": [row(tensor=D(2, 3)), row(tensor=text(["a", "b"]), display_name="shown"),
                      row(tensor=f32(1.0), description="about it"), row(tensor=i32([]))],
    "TensorSummaryV2": [row(tag=text("a"), tensor=D(2, 3), serialized_summary_metadata=text("")),
                        row(tag=text("a"), tensor=text(["x"]), serialized_summary_metadata=text(b"\x12\x01d")),
                        row(tag=text(["a"]), tensor=f32(1.0), serialized_summary_metadata=text("")),
                        row(tag=text("a"), tensor=f32(1.0), serialized_summary_metadata=text("nonsense")),
                        row(tag=text("a"), tensor=f32(1.0), serialized_summary_metadata=text([""]))],
    "AudioSummary": [row(tag=text("a"), tensor=_SOUND[:, :5], sample_rate=8000.0),
                     row(tag=text("a"), tensor=_SOUND.reshape(1, 5, 2), sample_rate=8000.0, max_outputs=1),
                     row(tag=text("a"), tensor=_SOUND[0], sample_rate=8000.0)],
    "AudioSummaryV2": [row(tag=text("a"), tensor=_SOUND[:, :3], sample_rate=f32(8000.0)),
                       row(tag=text("a"), tensor=_SOUND[:, :3, None], sample_rate=f32(44100.0), max_outputs=1),
                       row(tag=text("a"), tensor=_SOUND[:, :3], sample_rate=f32([8000.0])),
                       row(tag=text(["a"]), tensor=_SOUND[:, :3], sample_rate=f32(8000.0)),
                       row(tag=text("a"), tensor=_SOUND[None, :, :, None], sample_rate=f32(8000.0))],
}
