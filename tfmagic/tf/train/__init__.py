"""tf.train: optimizers, the global step, learning rates and moving averages."""

from tfmagic.tf.namespace import attach as _attach
from tfmagic.tf.train import (  # noqa: F401  # modules that export
    adam,
    global_step,
    gradient_descent,
    momentum,
)

__getattr__, __dir__ = _attach("train")
