"""tf.train: optimizers, the global step, learning rates and moving averages."""

from tfmagic.tf.namespace import attach as _attach
from tfmagic.tf.train import (  # noqa: F401  # modules that export
    adadelta,
    adagrad,
    adagrad_da,
    adam,
    ftrl,
    global_step,
    gradient_descent,
    learning_rate_decay,
    momentum,
    moving_averages,
    proximal,
    rmsprop,
)

__getattr__, __dir__ = _attach("train")
