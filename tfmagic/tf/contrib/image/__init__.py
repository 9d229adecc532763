"""tf.contrib.image: pictures turned, shifted, bent and taken apart."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
