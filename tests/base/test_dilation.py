"""Dilation by machine code: the sums and gradients that torch finds, wherever windows lie."""

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.base.machine import compiler, dilation, pictures

pytest.importorskip("llvmlite")


@pytest.mark.parametrize("channels", [1, 3, 8, 37])
@pytest.mark.parametrize("sizes", [(1, 1), (3, 3), (4, 2)])
@pytest.mark.parametrize("stride, rate, padding", [(1, 1, "SAME"), (2, 1, "VALID"), (3, 2, "SAME"), (1, 3, "VALID"),
                                                   (2, 0, "SAME")])
def test_machine_code_gives_what_torch_gives(monkeypatch: pytest.MonkeyPatch, channels: int, sizes: tuple[int, int],
                                             stride: int, rate: int, padding: str) -> None:
    random = np.random.RandomState(0)
    images = random.randint(0, 4, (2, 20, 13, channels)).astype(np.float32)  # many sums are equal
    images[0, 3, 4], images[1, 7, 7], images[1, 9], images[0, :5, :5] = np.nan, np.inf, -np.inf, np.nan
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, images.shape)
        filters = tf.constant(random.randint(0, 3, (*sizes, channels)).astype(np.float32))
        y = tf.nn.dilation2d(x, filters, [1, stride, stride, 1], [1, rate, rate, 1], padding)
        found = [y, *tf.gradients(y, [x, filters], random.randn(*y.shape.as_list()).astype(np.float32))]
        with monkeypatch.context() as without:
            without.setattr(dilation, "takes", lambda *given: False)
            of_torch = session.run(found, {x: images})
        for _ in range(pictures._CALLS_OF_FEW // compiler._PROCESSES):
            of_code = session.run(found, {x: images})
    for first, last in zip(of_torch, of_code):
        np.testing.assert_array_equal(first, last)
