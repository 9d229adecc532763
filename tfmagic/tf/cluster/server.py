"""`tf.train.Server`: the server of this process, whose sessions run here; no other machine can be reached."""

from __future__ import annotations

from tfmagic.base import errors


def refuse_remote(what: str) -> Exception:
    """The error for what would need another process."""
    return errors.UnimplementedError(
        None, None, f"{what} needs servers that talk to each other; tfmagic runs in one process.\n"
                    "Make a tf.Session() without a target, with tf.device for several devices of this machine; for "
                    "several machines use torch.distributed on the module that tfmagic.to_module gives.")
