"""tf.test: what people's own test suites stand on: test cases, checks of gradients, benchmarks, stubs."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
