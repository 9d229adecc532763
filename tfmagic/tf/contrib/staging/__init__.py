"""tf.contrib.staging: areas between the step that computes something and the step that uses it."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
