"""tf.contrib.compiler.jit: scopes of nodes that are compiled."""

from tfmagic.tf.xla.scopes import experimental_jit_scope as experimental_jit_scope
