"""tf.contrib.opt: more optimizers, and those that wrap one."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
