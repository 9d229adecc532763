"""tf.contrib.learn: vocabularies, data sets, feeds and small classes; its estimators are not there."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
