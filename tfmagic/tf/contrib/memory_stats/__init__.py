"""tf.contrib.memory_stats: how much memory a device has in use."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
