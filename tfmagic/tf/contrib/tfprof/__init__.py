"""tf.contrib.tfprof: the profiler under its old names."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
