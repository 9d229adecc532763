"""Files of pictures: read and refused as TensorFlow 1.15 does, and written so that all is there again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.oracle import record_codecs
from tfmagic import tf

RECORD = json.loads((Path(record_codecs.__file__).parent / "data" / "codecs.json").read_text("utf-8"))
CASES = {name: rest for name, *rest in record_codecs.cases()}


@pytest.mark.parametrize("name", sorted(CASES))
def test_files_are_read_and_refused_as_1_15_does(name: str) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        assert record_codecs.observe(tf, session, *CASES[name]) == RECORD[name]


def written(function: str, array: np.ndarray, **options: object) -> np.ndarray:
    """An array written as a file and read again."""
    with tf.Graph().as_default(), tf.Session() as session:
        data = getattr(tf.image, function)(tf.constant(array), **options)
        reader = tf.image.decode_png if function == "encode_png" else tf.image.decode_jpeg
        return session.run(reader(data, **({"dtype": tf.uint16} if array.dtype == np.uint16 else {})))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_png_holds_every_byte(channels: int) -> None:
    array = np.random.RandomState(0).randint(0, 256, (5, 7, channels)).astype("u1")
    assert np.array_equal(written("encode_png", array), array)
    assert np.array_equal(written("encode_png", array, compression=9), array)


def test_a_png_holds_sixteen_bits_of_grey() -> None:
    array = np.random.RandomState(0).randint(0, 65536, (5, 7, 1)).astype("u2")
    assert np.array_equal(written("encode_png", array), array)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_jpeg_is_near_the_picture_and_nearer_with_more_quality(channels: int) -> None:
    ramp = np.add.outer(np.arange(32) * 4, np.arange(32) * 3).astype("u1")
    array = np.repeat(ramp[:, :, None], channels, 2)
    far, near = (np.abs(written("encode_jpeg", array, quality=quality).astype(int) - array).mean()
                 for quality in (10, 98))
    assert near < far and near < 2


@pytest.mark.parametrize(("function", "shape", "options", "words"), [
    ("encode_jpeg", [4, 4, 2], {}, "image must have 1 or 3 channels, got [4,4,2]"),
    ("encode_jpeg", [4, 4, 3], {"format": "grayscale"}, "format grayscale expects 1 channels, got [4,4,3]"),
    ("encode_jpeg", [4, 4, 3], {"quality": 200}, "quality must be in [0,100], got 200"),
    ("encode_png", [4, 4, 5], {}, "image must have 1, 2, 3, or 4 channels, got 5"),
])
def test_what_cannot_be_written_is_refused_in_its_words(function: str, shape: list[int], options: dict[str, object],
                                                        words: str) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        data = getattr(tf.image, function)(np.zeros(shape, "u1"), **options)
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            session.run(data)
    assert str(caught.value).startswith(words)
