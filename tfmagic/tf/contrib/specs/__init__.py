"""tf.contrib.specs: networks as short texts."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
