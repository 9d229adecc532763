"""State: variables (reference and resource), their assignment, scattered updates, and the update rules of training."""
