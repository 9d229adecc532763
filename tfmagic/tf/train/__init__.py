"""tf.train: optimizers, the global step, learning rates and moving averages."""

from tfmagic.tf.namespace import attach as _attach

__getattr__, __dir__ = _attach("train")
