"""tf.initializers: how variables get their first values."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
