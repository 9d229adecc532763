"""tf.contrib.summary: summaries that ops write as they run."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
