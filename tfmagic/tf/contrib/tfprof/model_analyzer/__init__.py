"""tf.contrib.tfprof.model_analyzer: profiles and advice."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
