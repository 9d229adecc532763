"""tf.contrib.framework: arg_scope, model variables and how they are found, checks of shapes."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
