"""Non-maximum suppression: what stays is what stays when boxes are looked at one by one."""

import numpy as np
import pytest

from tfmagic import tf


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    sides = np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0)
    return float(sides.prod() / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - sides.prod()))


@pytest.mark.parametrize("equal", [False, True])
@pytest.mark.parametrize("most", [0, 1, 40, 500])
@pytest.mark.parametrize("threshold", [0.1, 0.5])
def test_a_box_stays_that_is_unlike_all_better_ones_that_stay(equal: bool, most: int, threshold: float) -> None:
    random = np.random.RandomState(0)
    corners = random.rand(300, 2)
    boxes = np.concatenate([corners, corners + 0.05 + random.rand(300, 2) * 0.3], 1).astype(np.float32)
    scores = random.permutation(300).astype(np.float32)
    if equal:  # two far from all others
        scores[:2], boxes[:2] = 1000, [[5, 5, 6, 6], [7, 7, 8, 8]]
    expected: list[int] = []
    for index in np.argsort(-scores, kind="stable"):
        if len(expected) < most and all(overlap(boxes[index], boxes[other]) <= threshold for other in expected):
            expected.append(int(index))
    with tf.Graph().as_default(), tf.Session() as session:
        found = session.run(tf.image.non_max_suppression(boxes, scores, most, threshold)).tolist()
    assert sorted(found[:2]) + found[2:] == sorted(expected[:2]) + expected[2:]
