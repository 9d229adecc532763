"""tf.profiler: options, the Profiler, advice, and the file of an op log."""
import os
import sys
import tempfile

Builder = tf.profiler.ProfileOptionBuilder

for name in ("float_operation", "trainable_variables_parameter", "time_and_memory"):
    say(name, sorted(getattr(Builder, name)().items()))
say("default", sorted(Builder().build().items()))
built = (Builder().with_max_depth(3).with_min_memory(1, 2, 3, 4).with_min_execution_time(5, 6, 7).with_min_parameters(8)
         .with_min_occurrence(9).with_min_float_operations(10).with_accounted_types(["a"]).order_by("name")
         .with_node_names(["s"], ["t"], ["u"], ["v"]).account_displayed_op_only(True).select(["params"]).with_step(2))
say("built", sorted(built.build().items()))
for output in (built.with_empty_output, built.with_stdout_output, lambda: built.with_file_output("f"),
               lambda: built.with_timeline_output("t"), lambda: built.with_pprof_output("p")):
    say("output", output().build()["output"])
with tf.Graph().as_default() as graph:
    w = tf.get_variable("w", [16, 32])
    y = tf.matmul(tf.zeros([2, 16]), w, name="y")
profiler = tf.profiler.Profiler(graph)
sys.stdout.flush()
print(profiler.profile_name_scope(Builder.trainable_variables_parameter()))
print(profiler.profile_operations(Builder.float_operation()))
sys.stdout.flush()
advice = tf.profiler.advise(graph)
sys.stdout.flush()
say("advice", sorted(advice.checkers))
folder = tempfile.mkdtemp()
file = os.path.join(folder, "out.txt")
tf.profiler.profile(graph, options=Builder(Builder.float_operation()).with_file_output(file).build())
sys.stdout.flush()
with open(file) as text:
    print(text.read())
log = tf.profiler.OpLogProto()
log.log_entries.add(name="y", float_ops=7, types=["mine"])
sys.stdout.flush()
counted = Builder(Builder.float_operation()).with_accounted_types(["mine"]).build()
print(tf.profiler.profile(graph, op_log=log, options=counted))
sys.stdout.flush()
tf.profiler.write_op_log(graph, folder, log, add_trace=False)
with open(os.path.join(folder, "tfprof_log"), "rb") as written:
    read = tf.profiler.OpLogProto.FromString(written.read())
for entry in sorted(read.log_entries, key=lambda entry: entry.name):
    say(entry.name, [sorted(entry.types), int(entry.float_ops)])
tf.profiler.write_op_log(graph, folder)
with open(os.path.join(folder, "tfprof_log"), "rb") as written:
    read = tf.profiler.OpLogProto.FromString(written.read())
entries = {entry.name: entry for entry in read.log_entries}
say("traced", ["w" in entries, len(entries["y"].code_def.traces) > 0])
