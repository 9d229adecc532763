"""tf.contrib.testing: what summaries a test has written."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
