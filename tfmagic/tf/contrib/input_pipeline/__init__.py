"""tf.contrib.input_pipeline: strings taken in turn."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
