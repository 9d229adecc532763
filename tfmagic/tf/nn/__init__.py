"""tf.nn: what neural networks are made of, where it takes several nodes."""

from tfmagic.tf.namespace import attach as _attach

__getattr__, __dir__ = _attach("nn")
