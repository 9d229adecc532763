"""tf.feature_column: what a model takes of the features in a program's records, and how."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
