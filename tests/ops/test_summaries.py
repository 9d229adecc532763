"""Pictures of summaries: the pixels that TensorFlow 1.15 packs; and in which bucket of a histogram a value is."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.oracle import record_pictures
from tfmagic import tf
from tfmagic.ops.summary import values

BATCHES = record_pictures.batches()
RECORD = json.loads((Path(record_pictures.__file__).parent / "data" / "pictures.json").read_text("utf-8"))


def pixels(packed: bytes) -> list:
    return np.asarray(Image.open(io.BytesIO(packed))).tolist()


@pytest.mark.parametrize("name", sorted(BATCHES))
def test_pictures_have_the_pixels_of_1_15(name: str) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        summary = tf.Summary.FromString(session.run(tf.summary.image("p", tf.constant(BATCHES[name]))))
    found = [[value.tag.partition("/")[2], value.image.height, value.image.width, value.image.colorspace,
              pixels(value.image.encoded_image_string)] for value in summary.value]
    assert found == [[*row[:4], pixels(base64.b64decode(row[4]))] for row in RECORD[name]]


@pytest.mark.parametrize("shape", [[1, 2, 2, 2], [2, 2, 2], [1, 2, 2, 5]])
def test_other_shapes_are_refused_in_its_words(shape: list[int]) -> None:
    with tf.Graph().as_default(), tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError) as caught:
        session.run(tf.summary.image("p", tf.zeros(shape)))
    shown = ",".join(map(str, shape))
    assert str(caught.value).startswith(f"Tensor must be 4-D with last dim 1, 3, or 4, not [{shown}]")


def test_a_bad_colour_of_ones_own() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        packed = tf.raw_ops.ImageSummary(tag="p", tensor=np.full([1, 1, 1, 3], np.nan, "f"),
                                         bad_color=np.array([1, 2, 3], "u1"))
        summary = tf.Summary.FromString(session.run(packed))
    assert pixels(summary.value[0].image.encoded_image_string) == [[[1, 2, 3]]]


def test_buckets_are_those_that_a_search_finds():
    limits = values._limits()
    beside = [np.nextafter(limits, np.inf), np.nextafter(limits, -np.inf)]
    near = np.concatenate([limits, *beside, [-0.0, 5e-324, -5e-324]])
    rng = np.random.RandomState(0)
    spread = rng.randn(20000) * 10.0 ** rng.randint(-15, 22, 20000)
    for numbers in (near[np.isfinite(near)], spread, spread[::2]):
        np.testing.assert_array_equal(values._buckets(numbers), np.searchsorted(limits, numbers, side="right"))
