"""tf.contrib.distributions.bijectors: functions with an inverse, that know how they stretch volumes."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
