"""State: variables (reference and resource), their assignment, scattered updates, and the update rules of training."""

from tfmagic.ops.state import assign, scatter, training, variables  # noqa: F401  # modules that declare
