"""tf.math: functions on numbers that are made of several nodes."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
