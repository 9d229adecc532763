"""tf.contrib.receptive_field: how much of a picture an element of a convolutional network sees."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
