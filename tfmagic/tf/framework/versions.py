"""Which TensorFlow the API is that of: `tf.VERSION`, `tf.version.GRAPH_DEF_VERSION`, and `tf.newaxis`."""

import platform

from tfmagic.base.export import export

export("version.VERSION")("1.15.2")
export("version.GIT_VERSION")("v1.15.2-tfmagic")
export("version.COMPILER_VERSION")(f"Python {platform.python_version()}")
export("version.GRAPH_DEF_VERSION")(134)
export("version.GRAPH_DEF_VERSION_MIN_CONSUMER")(0)
export("version.GRAPH_DEF_VERSION_MIN_PRODUCER")(0)
export("sysconfig.CXX11_ABI_FLAG")(0)
export("sysconfig.MONOLITHIC_BUILD")(0)
export("newaxis")(None)
