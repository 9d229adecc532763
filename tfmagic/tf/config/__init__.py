"""tf.config: what the process asks of its devices, threads and optimizer, for sessions without a ConfigProto."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
