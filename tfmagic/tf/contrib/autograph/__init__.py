"""tf.contrib.autograph: the conversion of functions under its older names."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
