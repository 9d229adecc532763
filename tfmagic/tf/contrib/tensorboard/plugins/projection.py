"""tf.contrib.tensorboard.plugins.projector: the file that tells TensorBoard which embeddings to show, and how."""

from __future__ import annotations

import os
from typing import Any

from tfmagic.base.export import export
from tfmagic.ops import api

_FILE = "projector_config.pbtxt"


def _messages() -> Any:
    from tensorboard.plugins.projector import projector_config_pb2  # the messages are TensorBoard's own

    return projector_config_pb2


EmbeddingInfo = export("contrib.tensorboard.plugins.projector.EmbeddingInfo")(_messages().EmbeddingInfo)
ProjectorConfig = export("contrib.tensorboard.plugins.projector.ProjectorConfig")(_messages().ProjectorConfig)
SpriteMetadata = export("contrib.tensorboard.plugins.projector.SpriteMetadata")(_messages().SpriteMetadata)


@export("contrib.tensorboard.plugins.projector.visualize_embeddings")
def visualize_embeddings(summary_writer: Any, config: Any) -> None:
    """Write what the projector shows into the folder of a summary writer.

    Raises:
      ValueError: the writer has no folder.
    """
    from google.protobuf import text_format

    logdir = summary_writer.get_logdir()
    if logdir is None:
        raise ValueError("Summary writer must have a logdir")
    with api.gfile.Open(os.path.join(logdir, _FILE), "w") as file:
        file.write(text_format.MessageToString(config))
