"""tf.data.experimental: transformations for `Dataset.apply`, and other sources of datasets."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
