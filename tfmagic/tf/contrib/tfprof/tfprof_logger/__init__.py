"""tf.contrib.tfprof.tfprof_logger: what is known of nodes, written to a file."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
