"""tf.config: devices that do not exist, and what cannot change once the devices are listed."""
config, experimental = tf.config, tf.config.experimental
cpu = experimental.list_physical_devices("CPU")[0]
Virtual = experimental.VirtualDeviceConfiguration

say("visible word", lambda: experimental.set_visible_devices("CPU"))
say("visible of another kind", lambda: experimental.set_visible_devices([cpu], "GPU"))
say("growth of a word", lambda: experimental.set_memory_growth("CPU", True))
say("ask growth of a word", lambda: experimental.get_memory_growth("CPU"))
say("growth of a CPU", lambda: experimental.set_memory_growth(cpu, True))
say("ask growth of a CPU", lambda: experimental.get_memory_growth(cpu))
say("ask a word", lambda: experimental.get_virtual_device_configuration("CPU"))
say("divide a word", lambda: experimental.set_virtual_device_configuration("CPU", []))
say("no host", lambda: config.experimental_connect_to_host())
say("empty host", lambda: config.experimental_connect_to_host(""))
say("no cluster", lambda: config.experimental_connect_to_cluster(None))
say("cluster word", lambda: config.experimental_connect_to_cluster("x"))
say("no GPU", lambda: experimental.set_visible_devices([], "GPU"))
config.threading.set_intra_op_parallelism_threads(1)

say("listed", [name for name in config.experimental_list_devices() if "XLA" not in name])
say("same intra", lambda: config.threading.set_intra_op_parallelism_threads(1))
say("other intra", lambda: config.threading.set_intra_op_parallelism_threads(2))
say("inter", lambda: config.threading.set_inter_op_parallelism_threads(0))
say("log", lambda: tf.debugging.set_log_device_placement(False))
say("soft", lambda: config.set_soft_device_placement(True))
say("jit", lambda: config.optimizer.set_jit(True))
say("same visible", lambda: experimental.set_visible_devices(experimental.get_visible_devices("CPU"), "CPU"))
say("nothing visible", lambda: experimental.set_visible_devices([]))
say("divide", lambda: experimental.set_virtual_device_configuration(cpu, [Virtual(), Virtual()]))
say("virtual", experimental.get_virtual_device_configuration(cpu))
say("policy", lambda: experimental.set_device_policy("explicit"))
