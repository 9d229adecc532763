"""Queues and what is kept like them: readers, accumulators, staging areas, barriers; objects of a session, and their ops."""
