"""tf.contrib.periodic_resample: a tensor's elements dealt out over another shape."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
