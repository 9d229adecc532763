"""tf.contrib.slim.nets: networks of images as they were published."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
