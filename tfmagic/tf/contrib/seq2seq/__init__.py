"""tf.contrib.seq2seq: decoders, their helpers, attention, beam search and the loss of sequences."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
