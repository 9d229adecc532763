"""tf.layers: layers as classes and functions."""

from tfmagic.tf.namespace import attach as _attach

__getattr__, __dir__ = _attach("layers")
