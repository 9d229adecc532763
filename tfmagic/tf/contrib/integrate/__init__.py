"""tf.contrib.integrate: ordinary differential equations."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
