"""tf.summary: files of events for TensorBoard; the ops that make summaries stand in `ops.summary`."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
