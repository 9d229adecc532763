"""tf.contrib.eager: what of it means something in graphs."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
