"""tf.image: pictures turned, cut, resized and coloured; the ops of files, sizes and colours stand in `ops.image`."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
