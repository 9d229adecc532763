"""tf.contrib.resampler: pictures read between their pixels."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
