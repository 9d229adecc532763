"""tf.saved_model: folders with graphs, the values of their variables and what a program feeds and fetches."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
