"""Queues and what waits like them: readers, accumulators, staging areas, barriers; objects of a session, their ops."""
