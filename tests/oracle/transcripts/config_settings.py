"""tf.config: what is set can be asked for, and sessions without a ConfigProto follow it."""
config, experimental = tf.config, tf.config.experimental
cpu = experimental.list_physical_devices("CPU")[0]
Virtual = experimental.VirtualDeviceConfiguration

say("soft placement", config.get_soft_device_placement())
say("log placement", tf.debugging.get_log_device_placement())
say("inter", config.threading.get_inter_op_parallelism_threads())
say("intra", config.threading.get_intra_op_parallelism_threads())
say("jit", config.optimizer.get_jit())
say("options", sorted(config.optimizer.get_experimental_options().items()))
say("policy", experimental.get_device_policy())
say("synchronous", experimental.get_synchronous_execution())
say("CPUs", experimental.list_physical_devices("CPU"))
say("of no kind", experimental.list_physical_devices("FOO"))
say("visible", experimental.get_visible_devices("CPU"))
say("virtual", experimental.get_virtual_device_configuration(cpu))
say("equal", cpu == experimental.list_physical_devices("CPU")[0])
say("kind", type(cpu).__name__)

with tf.Graph().as_default() as graph, tf.device("/gpu:7"):
    far = tf.constant(1.0, name="far")


def outcome(**options):
    """What a run on a GPU that does not exist gives."""
    try:
        return float(tf.Session(graph=graph, **options).run(far))
    except tf.errors.InvalidArgumentError as error:
        return str(error)[:50]


say("before", outcome())
say("set soft", config.set_soft_device_placement(True))
say("soft placement", config.get_soft_device_placement())
say("after", outcome())
say("with a proto of its own", outcome(config=tf.ConfigProto()))
config.set_soft_device_placement(False)
say("taken back", outcome())

say("set log", tf.debugging.set_log_device_placement(True))
say("log placement", tf.debugging.get_log_device_placement())
tf.debugging.set_log_device_placement(False)
say("set intra", config.threading.set_intra_op_parallelism_threads(1))
say("intra", config.threading.get_intra_op_parallelism_threads())
say("set inter", config.threading.set_inter_op_parallelism_threads(3))
say("inter", config.threading.get_inter_op_parallelism_threads())
say("set jit", config.optimizer.set_jit(True))
say("jit", config.optimizer.get_jit())
config.optimizer.set_jit(False)
say("jit", config.optimizer.get_jit())
for name in ["layout_optimizer", "constant_folding", "shape_optimization", "remapping", "arithmetic_optimization",
             "dependency_optimization", "loop_optimization", "function_optimization", "debug_stripper",
             "disable_model_pruning", "scoped_allocator_optimization", "pin_to_host_optimization",
             "implementation_selector", "auto_mixed_precision", "disable_meta_optimizer", "min_graph_nodes",
             "unheard_of"]:
    config.optimizer.set_experimental_options({name: True})
say("options", sorted(config.optimizer.get_experimental_options().items()))
config.optimizer.set_experimental_options({"remapping": False, "auto_mixed_precision": False})
say("options", sorted(config.optimizer.get_experimental_options().items()))

for policy in ("warn", "explicit", "silent_for_int32", "loud", None):
    say("policy {}".format(policy), lambda policy=policy: experimental.set_device_policy(policy))
    say("policy", experimental.get_device_policy())
for mode in (False, None, True):
    experimental.set_synchronous_execution(mode)
    say("synchronous {}".format(mode), experimental.get_synchronous_execution())

say("a limit", Virtual(memory_limit=10))
say("no limit", Virtual())
say("limit of a CPU", lambda: experimental.set_virtual_device_configuration(cpu, [Virtual(memory_limit=3)]))
say("two CPUs", lambda: experimental.set_virtual_device_configuration(cpu, [Virtual(), Virtual()]))
say("virtual", experimental.get_virtual_device_configuration(cpu))
say("growth of a divided CPU", lambda: experimental.set_memory_growth(cpu, True))
with tf.device("/cpu:1"):
    second = tf.constant(2.0) + 1.0
say("on the second", float(tf.Session().run(second)))
say("devices of a session", [d.name for d in tf.Session().list_devices() if d.device_type == "CPU"])
say("logical", experimental.list_logical_devices("CPU"))
say("none of a kind", experimental.list_logical_devices("FOO"))
say("eager", config.experimental_run_functions_eagerly(False))
