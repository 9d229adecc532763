"""tf.compat.v1: every name of `tf`, without a warning that it is an old one."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
