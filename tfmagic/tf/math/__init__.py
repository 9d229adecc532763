"""tf.math: functions on numbers that are made of several nodes."""

from tfmagic.tf.namespace import attach as _attach

__getattr__, __dir__ = _attach("math")
