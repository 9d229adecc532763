"""The state of a session: one file per kind of resource, each with commit, rollback, cancel and close."""
