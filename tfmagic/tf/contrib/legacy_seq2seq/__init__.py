"""tf.contrib.legacy_seq2seq: models from sequence to sequence, unrolled over lists."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
