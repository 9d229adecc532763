"""tf.contrib.batching: functions that are computed for several runs at once."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
