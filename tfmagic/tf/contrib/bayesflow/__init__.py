"""tf.contrib.bayesflow: means over samples."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
