"""tf.metrics: figures that add up over the batches of a data set, in local variables."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
