"""Clusters of machines: their description, placing on them, and the server of this process."""
