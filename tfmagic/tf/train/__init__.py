"""tf.train: optimizers, the global step, learning rates and moving averages."""

import importlib as _importlib

from tfmagic.tf.namespace import attach as _attach

for _name in ("adadelta", "adagrad", "adagrad_da", "adam", "ftrl", "global_step", "gradient_descent",
              "learning_rate_decay", "momentum", "moving_averages", "optimizer", "proximal", "rmsprop", "slots"):
    _importlib.import_module(f"{__name__}.{_name}")
    globals().pop(_name, None)  # `tf.train.global_step` is the function

__getattr__, __dir__ = _attach("train")
