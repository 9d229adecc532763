"""tf.config: a process in which no device is visible has no session."""
say("nothing visible", lambda: tf.config.experimental.set_visible_devices([]))
say("visible", tf.config.experimental.get_visible_devices())
say("session", lambda: tf.Session().list_devices())
