"""tf.contrib.deprecated: the summaries' names of before 1.0."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
