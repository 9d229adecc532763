"""Pictures of noise, and files of records of them: what tests of readers read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfmagic.base import messages
from tfmagic.ops import api
from tfmagic.tf.platform.tf_record import TFRecordWriter


def generate_image(image_shape: Sequence[int], image_format: str = "jpeg", label: int = 0) -> tuple[Any, bytes]:
    """A picture of noise, and a serialized `tf.train.Example` of it; a default session is needed.

    Args:
      image_shape: height, width and channels.
      image_format: "jpeg" or "png".
      label: its class.

    Returns:
      The picture, whole numbers below 256, and the example, with "image/encoded", "image/format" and
      "image/class/label".

    Raises:
      AssertionError: there is no such format.
    """
    image = np.random.randint(256, size=image_shape)
    assert image_format in ("jpeg", "png")
    pixels = api.constant(image, dtype="uint8")
    encoded = (api.image.encode_jpeg(pixels) if image_format == "jpeg" else api.image.encode_png(pixels)).eval()
    example = messages.module("example_pb2").Example()
    feature = example.features.feature
    feature["image/encoded"].bytes_list.value.append(encoded)
    feature["image/format"].bytes_list.value.append(image_format.encode())
    feature["image/class/label"].int64_list.value.append(label)
    return image, example.SerializeToString()


def create_tfrecord_files(output_dir: str, num_files: int = 3, num_records_per_file: int = 10) -> list[str]:
    """Write files of records, each a picture of noise as `generate_image` makes it; a default session is needed.

    Args:
      output_dir: the folder, which is there.
      num_files: how many files.
      num_records_per_file: how many records in each.

    Returns:
      The paths.
    """
    paths = []
    for number in range(num_files):
        path = os.path.join(output_dir, f"flowers.tfrecord-{number}-of-{num_files}")
        with TFRecordWriter(path) as writer:
            for _ in range(num_records_per_file):
                writer.write(generate_image((10, 10, 3))[1])
        paths.append(path)
    return paths
