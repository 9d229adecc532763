"""tf.sparse: sparse tensors."""

from tfmagic.tf.namespace import attach as _attach

__getattr__, __dir__ = _attach("sparse")
