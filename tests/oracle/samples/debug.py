"""Samples for the ops of tfmagic/ops/debug: assertions, printing, Python functions."""

import numpy as np
from oracle.samples.values import N, P, boolean, f32, f64, i32, row, scene, text


def made_by(call, **arguments):
    """A call of one of the functions of `run_op` that make a node."""
    made = scene(**arguments)
    made.more["call"] = call
    return made


_WATCHED = {"tensor_name": "x:0"}
SAMPLES = {
    "Copy": [row(input=N(2, 3)), row(input=text(["a", "b"]))],
    "CopyHost": [row(input=N(2, 3)), row(input=text(["a", "b"]))],
    "DebugIdentity": [row(input=N(2), **_WATCHED), row(input=N(2)),
                      row(input=i32(4), **_WATCHED)],
    "DebugNanCount": [row(input=N(2, 3)), row(input=N(2, 3), **_WATCHED),
                      row(input=f32([np.nan, 1, np.nan]), **_WATCHED), row(input=f64([]), **_WATCHED)],
    "DebugNumericSummary": [
        row(input=N(2)),
        row(input=N(2, 3), **_WATCHED), row(input=f32([np.nan, 1, -2, np.inf, -np.inf, 0]), **_WATCHED),
        row(input=f32([]), **_WATCHED), row(input=f32([[5, -7, 0.5]]), lower_bound=-1.0, upper_bound=2.0, **_WATCHED),
        row(input=f32([1, 2]), mute_if_healthy=True, **_WATCHED),
        row(input=f32([np.nan]), mute_if_healthy=True, **_WATCHED),
        row(input=boolean([True, False, True]), **_WATCHED)],
    "Assert": [
        row(condition=boolean(True), data=[f32([1, 2])]),
        row(condition=boolean(False), data=[f32([1, 2.5]), i32(3), text("seen"), boolean([True, False])]),
        row(condition=boolean(False), data=[i32(list(range(9)))]),
        row(condition=boolean(False), data=[i32(list(range(9)))], summarize=5),
        row(condition=boolean(False), data=[f32([[1, 2], [3, 4]])], summarize=-1),
        row(condition=boolean([True, False]), data=[f32(1)]),
        row(condition=boolean(True), data=[]),
    ],
    "Print": [row(input=N(2), data=[f32([1, 2])], message="seen: "), row(input=N(2, 3), data=[i32(1), text(["a"])]),
              row(input=f32(1), data=[f32(2)], first_n=0)],
    "PrintV2": [row(input=text("seen")), row(input=text("seen"), output_stream="stdout"),
                row(input=text("seen"), output_stream="nowhere"), row(input=text(["a", "b"]))],
    "PyFunc": [made_by("py_func", input=P(2, 3)), made_by("py_func_raises", input=f32(1)),
               made_by("py_func_wrong", input=f32(1)), made_by("py_func_memory", input=f32(1)),
               made_by("py_func_count", input=f32(1))],
    "PyFuncStateless": [made_by("py_func", input=P(2, 3), stateful=False)],
    "EagerPyFunc": [made_by("py_function", input=P(2, 3))],
}
