"""What TensorFlow 1.15 never exported of saving and training, as its users' own tests call it."""

from . import Case, program
from .functions import internal
from .inner_names import values
from .saving import Folder


@program
def inner_parts_of_checkpoints(tf):
    """`checkpoint_management`, `saver`, `saveable_object_util` and a table that is saved."""
    management = internal(tf, "tensorflow.python.training.checkpoint_management")
    util = internal(tf, "tensorflow.python.training.saving.saveable_object_util")
    saver = internal(tf, "tensorflow.python.training.saver")
    first, second = tf.Variable(10.0, name="v0"), tf.Variable(20.0, name="v1", use_resource=True)
    table = internal(tf, "tensorflow.python.training.saver_test_utils").CheckpointedOp(name="co")
    with Folder() as folder, tf.Session() as sess:
        sess.run([tf.global_variables_initializer(), table.insert("k1", 30.0)])
        path = tf.train.Saver([first, table.saveable]).save(sess, folder("m"))
        found = values(tf, [
            lambda: [management.meta_graph_filename(name, "s") for name in ("a/b-3", "a/b-?????-of-00003")],
            lambda: [management._prefix_to_checkpoint_path("a", version) for version in (1, 2)],
            lambda: management._GetCheckpointFilename("a", None),
            lambda: management.update_checkpoint_state_internal(folder.path, folder("checkpoint")),
            lambda: tf.train.list_variables(path),
            lambda: [part.tolist() for part in sess.run([table.values(), table.lookup(["k1", "k2"], 1.0)])],
            lambda: sorted((key, tensor.name) for key, tensor in util.op_list_to_dict([first]).items()),
            lambda: util.op_list_to_dict(first),
            lambda: [one.name for one in util.saveable_objects_for_op(first, "a")],
            lambda: [type(one).__name__ for one in util.validate_and_slice_inputs({"b": first, "a": second})],
            lambda: util.validate_and_slice_inputs({3: first}),
            lambda: util.ResourceVariableSaveable(first, "", "n"),
            lambda: util.ReferenceVariableSaveable(first, "", "n").restore([tf.constant([1.0])], [[]]).name,
            lambda: saver.saver_from_object_based_checkpoint(path),
            lambda: saver.object_graph_key_mapping(path)])
        return Case(facts={"found": [folder.plain(row) for row in found]})


@program
def inner_scopes_copied(tf):
    """A name scope copied within a graph and to another one, and what comes from outside of it."""
    meta_graph = internal(tf, "tensorflow.python.framework.meta_graph")
    with tf.variable_scope("hid"):
        weight = tf.get_variable("w", [2], initializer=tf.ones_initializer())
        tf.add(weight, 1.0, name="y")
    with tf.name_scope("out"):
        tf.add(tf.constant([1.0, 2.0], name="k"), weight, name="z")
    graph, other = tf.get_default_graph(), tf.Graph()

    def names(variables):
        return sorted((key, variable.name) for key, variable in variables.items())

    found = values(tf, [
        lambda: names(meta_graph.copy_scoped_meta_graph("hid", "hid2", graph, other)),
        lambda: names(meta_graph.copy_scoped_meta_graph("hid", "hid3")),
        lambda: meta_graph.copy_scoped_meta_graph("hid", "hid"),
        lambda: [op.name for op in other.get_operations()],
        lambda: names(meta_graph.export_scoped_meta_graph(export_scope="hid")[1]),
        lambda: sorted(meta_graph.export_scoped_meta_graph(export_scope="out")[0].collection_def),
        lambda: sorted(graph.get_all_collection_keys()),
        lambda: meta_graph.create_meta_graph_def(graph=3)])
    graph.clear_collection("unbound_inputs")  # its names are of another type in Python 2
    return Case(facts={"found": found})


@program
def inner_parts_of_saved_models(tf):
    """Signatures of training, of evaluation and of operations, and the folders of a SavedModel."""
    util = internal(tf, "tensorflow.python.saved_model.utils_impl")
    signatures = internal(tf, "tensorflow.python.saved_model.signature_def_utils")
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    y = tf.identity(x, name="y")
    with Folder() as folder:
        builder = tf.saved_model.Builder(folder("m"))
        with tf.Session() as sess:
            builder.add_meta_graph_and_variables(sess, ["t"])
        found = values(tf, [
            lambda: [util.get_variables_path("a"), util.get_variables_dir("a"), util.get_assets_dir("a")],
            lambda: [folder.plain(make(folder("s"))) for make in (
                util.get_or_create_variables_dir, util.get_or_create_assets_dir)],
            lambda: str(util.build_tensor_info_from_op(x.op)),
            lambda: util.get_element_from_tensor_info(util.build_tensor_info_from_op(x.op)).name,
            lambda: str(signatures.supervised_train_signature_def({"i": x}, {"l": y}, {"p": y}, {"m": x})),
            lambda: str(signatures.supervised_eval_signature_def({"i": x}, {"l": y})),
            lambda: signatures.supervised_train_signature_def({}, {"l": y}),
            lambda: str(signatures.op_signature_def(y.op, "k")),
            lambda: signatures.load_op_from_signature_def(signatures.op_signature_def(y.op, "k"), "k").name,
            lambda: signatures.load_op_from_signature_def(signatures.op_signature_def(y.op, "k"), "z"),
            lambda: builder.add_meta_graph(["s"], assets_collection=[tf.constant(1.0)]),
            lambda: builder.add_meta_graph(["s"], assets_collection=[3])])
        return Case(facts={"found": [folder.plain(row) for row in found]})


class Creator(object):
    """Makes sessions, of which the first ones are lost."""

    def __init__(self, tf, layer, lost=0):
        self.tf, self.layer, self.lost, self.made = tf, layer, lost, 0

    def create_session(self):
        self.made += 1
        if self.made <= self.lost:
            raise self.tf.errors.AbortedError(None, None, "lost")
        return self.layer(self.tf.Session())


@program
def inner_layers_of_monitored_sessions(tf):
    """The sessions that a monitored session is made of, each by itself."""
    monitored = internal(tf, "tensorflow.python.training.monitored_session")
    one = tf.constant(1)
    wrapped = monitored._WrappedSession(tf.Session())
    coord = tf.train.Coordinator()
    hooked = monitored._HookedSession(tf.Session(), [])
    coordinated = monitored._CoordinatedSession(hooked, coord)
    creator = Creator(tf, monitored._WrappedSession, lost=2)
    recoverable = monitored._RecoverableSession(creator)

    def stopped_by_a_hook():
        class Hook(tf.train.SessionRunHook):
            def after_run(self, run_context, run_values):
                run_context.request_stop()

        session = monitored._HookedSession(tf.Session(), [Hook()])
        before = session.should_stop()
        return before, session.run(one), session.should_stop(), session.run(one)

    def failing():
        with coord.stop_on_exception():
            raise ValueError("boo")

    def losing(times):
        calls = []

        def work(step_context):
            calls.append(0)
            if len(calls) <= times:
                raise tf.errors.AbortedError(None, None, "lost")
            return int(step_context.run_with_hooks(one)) + len(calls)

        return recoverable.run_step_fn(work, None, None), creator.made

    found = values(tf, [
        lambda: [wrapped.graph is tf.get_default_graph(), str(wrapped.sess_str), wrapped.should_stop(),
                 int(wrapped.run(one))],
        lambda: [wrapped.close(), wrapped.should_stop()],
        lambda: wrapped.run(one),
        stopped_by_a_hook,
        lambda: [coordinated.should_stop(), int(coordinated.run(one))],
        failing,
        lambda: coordinated.should_stop(),
        lambda: int(coordinated.run(one)),
        lambda: coordinated.close(),
        lambda: [recoverable.should_stop(), int(recoverable.run(one)), creator.made],
        lambda: losing(2),
        lambda: [recoverable.close(), recoverable.should_stop()]])
    return Case(facts={"found": found})


@program
def inner_parts_of_training(tf):
    """Steps, names of variables to begin warm with, timers of hooks, rows of sparse gradients put together."""
    util = internal(tf, "tensorflow.python.training.training_util")
    warm = internal(tf, "tensorflow.python.training.warm_starting_util")
    hooks = internal(tf, "tensorflow.python.training.basic_session_run_hooks")
    manager = internal(tf, "tensorflow.python.training.session_manager")
    optimizer = internal(tf, "tensorflow.python.training.optimizer")
    with tf.variable_scope("p", partitioner=tf.fixed_size_partitioner(2)):
        parts = tf.get_variable("w", [4, 2], initializer=tf.ones_initializer())
    variable = tf.Variable(1.0, name="v")

    def name_and_kind(pair):
        return pair[0], isinstance(pair[1], list)

    timer = hooks.NeverTriggerTimer()
    found = values(tf, [
        lambda: util._increment_global_step(3),
        lambda: tf.train.create_global_step().name,
        lambda: util._increment_global_step(3).name,
        lambda: [warm._infer_var_name([variable]), warm._infer_var_name(list(parts))],
        lambda: [name_and_kind(warm._get_var_info(one)) for one in (variable, parts, [variable], list(parts))],
        lambda: warm._get_var_info(variable, "old")[0],
        lambda: warm._get_var_info(3),
        lambda: sorted(warm._get_grouped_variables("v")),
        lambda: sorted(warm._get_grouped_variables(["v.*"])),
        lambda: warm._get_grouped_variables([3]),
        lambda: warm._get_grouped_variables(3),
        lambda: [timer.should_trigger_for_step(3), timer.update_last_triggered_step(3), timer.last_triggered_step()],
        lambda: [hooks._as_graph_element(one).name for one in (variable, "v", "v:0")],
        lambda: hooks._as_graph_element("none"),
        lambda: [manager._maybe_name(one) for one in (variable, None)],
        lambda: [part.op.type for part in optimizer._deduplicate_indexed_slices(
            tf.constant([1.0, 2.0, 3.0]), tf.constant([4, 1, 4]))]])
    return Case(facts={"found": found})
