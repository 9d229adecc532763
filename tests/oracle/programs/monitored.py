"""Monitored sessions, their hooks, managers and supervisors: the graphs they leave, what they log and write."""

from __future__ import division

import contextlib
import logging
import os
import re
import shutil
import tempfile
import uuid

import numpy as np

from . import Case, program


class Watch(object):
    """What a program logs, prints and writes, as plain data without paths, times and addresses."""

    def __init__(self, tf):
        self.tf = tf
        self.folder = tempfile.mkdtemp()
        self.said = []

    def say(self, *words):
        self.said.append(" ".join(self.plain(word) for word in words))

    def plain(self, thing):
        text = str(thing).replace(self.folder, "DIR")
        for pattern, new in ((r"0x[0-9a-f]+", "0x"), (r"\bu(?=')", ""), (r"\(\d+\.\d{3} sec\)", "(N sec)"),
                             (r"(sec: )[\d.e+]+", r"\1N"), (r"\b(\d+)L\b", r"\1"), (r"<type '", "<class '"),
                             (r"'exceptions\.", "'"), (r"\w+\.<locals>\.", "")):
            text = re.sub(pattern, new, text)
        return text

    def fails(self, work):
        try:
            work()
        except Exception as error:
            self.say(type(error).__name__, str(error).split("\n")[0])
        else:
            self.say("no error")

    def files(self, folder):
        names = sorted(os.listdir(os.path.join(self.folder, folder)))
        return sorted({re.sub(r"tfevents.*", "tfevents", name) for name in names})

    def events(self, folder):
        path = os.path.join(self.folder, folder)
        self.tf.summary.FileWriterCache.get(path).flush()
        found = []
        for name in sorted(os.listdir(path)):
            for event in self.tf.train.summary_iterator(os.path.join(path, name)) if "tfevents" in name else ():
                kind = event.WhichOneof("what")
                detail = [value.tag for value in event.summary.value]
                if kind == "session_log":
                    detail = [event.session_log.status, self.plain(event.session_log.checkpoint_path)]
                if kind == "graph_def":
                    definition = self.tf.GraphDef.FromString(event.graph_def)
                    detail = [node.name for node in definition.node][-1:]
                found.append([int(event.step), kind, detail])
        return found


@contextlib.contextmanager
def watched(tf):
    """A `Watch` that hears what is logged."""
    watch = Watch(tf)
    tf.compat.v1.logging.get_verbosity()  # the first use sets the logger up
    logger = logging.getLogger("tensorflow")
    before = logger.handlers, logger.level, logger.propagate

    class Heard(logging.Handler):
        def emit(self, record):
            text = record.getMessage()
            if "deprecated" not in text:
                watch.say(record.levelname, text.split("\n")[0])

    named = uuid.uuid4
    uuid.uuid4 = lambda: uuid.UUID(int=7)  # names of parts of sharded checkpoints
    logger.handlers, logger.propagate = [Heard()], False
    logger.setLevel(logging.INFO)
    try:
        yield watch
    finally:
        uuid.uuid4 = named
        logger.handlers, logger.propagate = before[0], before[2]
        logger.setLevel(before[1])
        tf.summary.FileWriterCache.clear()
        shutil.rmtree(watch.folder)


def model(tf):
    """A weight that learns to be 0, with a global step and a summary."""
    w = tf.get_variable("w", [], initializer=tf.constant_initializer(3.0))
    step = tf.train.get_or_create_global_step()
    loss = tf.square(w, name="loss")
    tf.summary.scalar("the_loss", loss)
    return w, step, loss, tf.train.GradientDescentOptimizer(0.25).minimize(loss, global_step=step)


def teller(tf, watch, name="hook"):
    """A hook that tells when it is called."""

    class Teller(tf.train.SessionRunHook):
        def begin(self):
            watch.say(name, "begin", len(tf.get_default_graph().get_operations()))

        def after_create_session(self, session, coord):
            watch.say(name, "created", type(session).__name__, type(coord).__name__)

        def before_run(self, run_context):
            watch.say(name, "before", run_context.stop_requested)

        def after_run(self, run_context, run_values):
            watch.say(name, "after", run_values.results)

        def end(self, session):
            watch.say(name, "end")

    return Teller()


@program
def monitored_training(tf):
    """Checkpoints, summaries, steps a second, tensors and the end, all in one."""
    with watched(tf) as watch:
        w, step, loss, train = model(tf)
        folder = os.path.join(watch.folder, "m")
        hooks = [teller(tf, watch), tf.train.StopAtStepHook(last_step=5),
                 tf.train.LoggingTensorHook({"w": w, "step": step}, every_n_iter=2)]
        with tf.train.MonitoredTrainingSession(checkpoint_dir=folder, hooks=hooks, save_checkpoint_steps=2,
                                               save_summaries_steps=2, log_step_count_steps=2) as session:
            while not session.should_stop():
                watch.say(session.run([train, step])[1])
        return Case(facts={"said": watch.said, "files": watch.files("m"), "events": watch.events("m"),
                           "last": watch.plain(tf.train.latest_checkpoint(folder))})


@program
def monitored_training_goes_on(tf):
    """A second session begins where the first has saved."""
    with watched(tf) as watch:
        w, step, loss, train = model(tf)
        folder = os.path.join(watch.folder, "m")
        for _ in range(2):
            with tf.train.MonitoredTrainingSession(
                    checkpoint_dir=folder, hooks=[tf.train.StopAtStepHook(num_steps=2)]) as session:
                watch.say(*[str(float(value)) for value in session.run([w, step])])
                while not session.should_stop():
                    session.run(train)
        return Case(facts={"said": watch.said, "files": watch.files("m"), "events": watch.events("m")})


@program
def monitored_order_of_hooks(tf):
    """Which hooks come first, and what a global step that stands still says."""
    with watched(tf) as watch:
        w, step, loss, train = model(tf)
        with tf.train.MonitoredTrainingSession(
                checkpoint_dir=os.path.join(watch.folder, "o"), hooks=[teller(tf, watch, "mine")],
                chief_only_hooks=[teller(tf, watch, "chief")], save_checkpoint_secs=None,
                save_summaries_steps=None) as session:
            session.run(loss)
        return Case(facts={"said": watch.said, "files": watch.files("o"), "events": watch.events("o")})


@program
def monitored_resource_step(tf):
    """A global step that is a resource variable."""
    with watched(tf) as watch:
        with tf.variable_scope("all", use_resource=True):
            w, step, loss, train = model(tf)
        with tf.train.MonitoredSession(hooks=[tf.train.StopAtStepHook(num_steps=3)]) as session:
            while not session.should_stop():
                session.run(train)
        return Case(facts={"said": watch.said})


@program
def monitored_scaffold(tf):
    """What a scaffold makes, finds again and takes from another."""
    with watched(tf) as watch:
        tf.get_variable("w", [2])
        tf.get_variable("local", [], collections=[tf.GraphKeys.LOCAL_VARIABLES])
        tf.add_to_collection(tf.GraphKeys.TABLE_INITIALIZERS, tf.no_op(name="table"))
        first = tf.train.Scaffold(init_fn=lambda scaffold, session: watch.say(type(scaffold).__name__, session))
        watch.say(first.init_op, first.saver, first.summary_op)
        first.finalize()
        second = tf.train.Scaffold().finalize()
        third = tf.train.Scaffold(copy_from_scaffold=first)
        third.init_fn("session")
        watch.say(second.init_op is first.init_op, third.saver is first.saver, second.ready_op.name)
        watch.fails(lambda: tf.train.Scaffold(copy_from_scaffold=3))
        watch.fails(lambda: tf.constant(1))
        tf.get_default_graph()._unsafe_unfinalize()
        tf.add_to_collection(tf.GraphKeys.SAVERS, first.saver)
        watch.fails(lambda: tf.train.Scaffold().finalize())
        return Case(facts={"said": watch.said})


@program
def monitored_sessions(tf):
    """Values, closing, functions of steps and feeds of hooks."""
    with watched(tf) as watch:
        v = tf.get_variable("v", [], initializer=tf.constant_initializer(2.0))
        doubled = tf.multiply(v, 2.0, name="doubled")
        session = tf.train.MonitoredSession()
        watch.say(session.graph is tf.get_default_graph(), session.should_stop(), session.run({"a": doubled})["a"] * 1)
        session.close()
        watch.say(session.should_stop(), tf.get_default_graph().finalized)
        watch.fails(lambda: session.run(v))
        watch.fails(session.close)

        class Feeds(tf.train.SessionRunHook):
            def before_run(self, run_context):
                return tf.train.SessionRunArgs(doubled, {v: 5.0})

            def after_run(self, run_context, run_values):
                watch.say(run_values.results)

        with tf.train.MonitoredSession(hooks=[Feeds()]) as session:
            watch.say(session.run(v))
            watch.fails(lambda: session.run(v, {v: 1.0}))

            def step(step_context):
                watch.say(step_context.session.run(doubled), step_context.run_with_hooks(doubled))
                return "done"

            watch.say(session.run_step_fn(step))
            watch.fails(lambda: session.run_step_fn(lambda: 1))
            watch.fails(lambda: session.run_step_fn(lambda other: 1))
            watch.fails(lambda: session.run_step_fn(lambda step_context: step_context.request_stop()))
        with tf.train.MonitoredSession(hooks=[Feeds(), Feeds()]) as session:
            watch.fails(lambda: session.run(v))
        with tf.train.SingularMonitoredSession() as session:
            watch.say(type(session.raw_session()).__name__)
        watch.say(session.raw_session())
        for error in (tf.errors.OutOfRangeError(None, None, "end"), StopIteration(), ValueError("an error")):
            def leave(error=error):
                with tf.train.MonitoredSession(hooks=[teller(tf, watch)]):
                    raise error
            watch.fails(leave)
        return Case(facts={"said": watch.said})


@program
def monitored_recovery(tf):
    """A session that is lost is made again from the last checkpoint."""
    with watched(tf) as watch:
        w, step, loss, train = model(tf)
        runs = []

        class Loses(tf.train.SessionRunHook):
            def after_create_session(self, session, coord):
                watch.say("created", session.run(step))

            def after_run(self, run_context, run_values):
                runs.append(1)
                if len(runs) == 2:
                    raise tf.errors.AbortedError(None, None, "lost")
                if len(runs) == 4:
                    raise tf.errors.UnavailableError(None, None, "away")

        saver = tf.train.CheckpointSaverHook(os.path.join(watch.folder, "r"), save_steps=1)
        creator = tf.train.ChiefSessionCreator(checkpoint_dir=os.path.join(watch.folder, "r"))
        with tf.train.MonitoredSession(creator, hooks=[saver, Loses()]) as session:
            for _ in range(3):
                session.run(train)
                watch.say("step", session.run(step))
        return Case(facts={"said": watch.said, "files": watch.files("r")})


@program
def hooks_refuse(tf):
    """Arguments that hooks refuse, and hooks in a graph without a global step."""
    with watched(tf) as watch:
        train, folder = tf.train, watch.folder
        for make in (
                lambda: train.StopAtStepHook(), lambda: train.StopAtStepHook(1, 2),
                lambda: train.CheckpointSaverHook(folder), lambda: train.CheckpointSaverHook(folder, 1, 2),
                lambda: train.CheckpointSaverHook(folder, 1, saver=1, scaffold=2),
                lambda: train.LoggingTensorHook(["a"]), lambda: train.LoggingTensorHook(["a"], 1, 2),
                lambda: train.LoggingTensorHook(["a"], every_n_iter=0),
                lambda: train.StepCounterHook(1, 2), lambda: train.StepCounterHook(None),
                lambda: train.SummarySaverHook(1, scaffold=1, summary_op=2), lambda: train.SummarySaverHook(1),
                lambda: train.SummarySaverHook(summary_op=1),
                lambda: train.SecondOrStepTimer(), lambda: train.SecondOrStepTimer(1, 2),
                lambda: train.ProfilerHook(output_dir=folder), lambda: train.ProfilerHook(1, 2, folder),
                lambda: train.SessionManager(ready_for_local_init_op=1)):
            watch.fails(make)
        for hook in (train.StopAtStepHook(2), train.CheckpointSaverHook(folder, save_secs=1), train.StepCounterHook(),
                     train.SummarySaverHook(1, summary_op=1), train.GlobalStepWaiterHook(3),
                     train.ProfilerHook(2, output_dir=folder)):
            watch.fails(hook.begin)
        return Case(facts={"said": watch.said})


@program
def hooks_plain(tf):
    """What hooks are told, and when a timer says that it is time."""
    with watched(tf) as watch:
        watch.say(tf.train.SessionRunArgs("x"), tf.train.SessionRunArgs(["x"], {"a": 1}, 3))
        watch.say(tf.train.SessionRunValues(1, 2, 3))
        context = tf.train.SessionRunContext(tf.train.SessionRunArgs("x"), "session")
        watch.say(context.original_args, context.session, context.stop_requested)
        context.request_stop()
        hook = tf.train.SessionRunHook()
        watch.say(context.stop_requested, hook.begin(), hook.before_run(1), hook.after_run(1, 2), hook.end(1))
        timer = tf.train.SecondOrStepTimer(every_steps=3)
        for step in (0, 0, 1, 2, 3, 4, 5, 6, 7):
            watch.say(step, timer.should_trigger_for_step(step), timer.last_triggered_step())
            if timer.should_trigger_for_step(step):
                watch.say(timer.update_last_triggered_step(step)[1])
        timer.reset()
        watch.say(timer.last_triggered_step())
        timer = tf.train.SecondOrStepTimer(every_secs=1000.0)
        watch.say(timer.should_trigger_for_step(1), timer.update_last_triggered_step(1))
        watch.say(timer.should_trigger_for_step(5), timer.should_trigger_for_step(1))
        watch.say(tf.train.VocabInfo("new", 3, 1, "old"), tf.train.NanLossDuringTrainingError())
        watch.say(tf.train.NanLossDuringTrainingError.__bases__)
        return Case(facts={"said": watch.said})


@program
def hooks_log_tensors(tf):
    """Lists, dicts, names, formats, at the end; tensors that are not there."""
    with watched(tf) as watch:
        v = tf.get_variable("v", [2], initializer=tf.constant_initializer(0.5))
        total = tf.reduce_sum(v, name="total")
        op = tf.no_op(name="op")
        for arguments in ({"tensors": ["total", "v:0"], "every_n_iter": 2}, {"tensors": [total], "every_n_iter": 1},
                          {"tensors": {"b": total, "a": "v"}, "at_end": True},
                          {"tensors": {"op": op}, "every_n_iter": 3},
                          {"tensors": {"t": total}, "every_n_iter": 2, "at_end": True,
                               "formatter": lambda values: "total: {}".format(values["t"])},
                          {"tensors": [total], "every_n_secs": 1000}, {"tensors": ["nothing"], "every_n_iter": 1}):
            def run(arguments=arguments):
                with tf.train.MonitoredSession(hooks=[tf.train.LoggingTensorHook(**arguments)]) as session:
                    for _ in range(3):
                        session.run(total)
            watch.fails(run)
        return Case(facts={"said": watch.said})


@program
def hooks_save(tf):
    """Listeners of checkpoints, one of which ends the training."""
    with watched(tf) as watch:
        w, step, loss, train = model(tf)

        class Listener(tf.train.CheckpointSaverListener):
            def begin(self):
                watch.say("begin")

            def before_save(self, session, global_step_value):
                watch.say("before", global_step_value, session.run(step))

            def after_save(self, session, global_step_value):
                watch.say("after", global_step_value)
                return global_step_value == 2

            def end(self, session, global_step_value):
                watch.say("end", global_step_value)

        hook = tf.train.CheckpointSaverHook(os.path.join(watch.folder, "l"), save_steps=1, listeners=[Listener()],
                                            checkpoint_basename="mine")

        def run():
            with tf.train.MonitoredTrainingSession(hooks=[hook]) as session:
                while not session.should_stop():
                    session.run(train)
                watch.fails(lambda: session.run(train))

        watch.fails(run)
        return Case(facts={"said": watch.said, "files": watch.files("l"), "events": watch.events("l")})


@program
def hooks_summaries(tf):
    """Summaries of a list, of a writer of one's own, with steps, and those of nothing."""
    with watched(tf) as watch:
        w, step, loss, train = model(tf)
        folder = os.path.join(watch.folder, "s")
        ops = [tf.summary.merge_all(), tf.summary.scalar("weight", w)]
        hooks = [tf.train.SummarySaverHook(save_steps=2, output_dir=folder, summary_op=ops),
                 tf.train.SummarySaverHook(save_steps=1, summary_op=ops[0]), tf.train.GlobalStepWaiterHook(0),
                 tf.train.NanTensorHook(loss), tf.train.FeedFnHook(lambda: {loss: 1.0})]
        with tf.train.SingularMonitoredSession(hooks=hooks) as session:
            for _ in range(4):
                watch.say(session.run([train, loss])[1])
        return Case(facts={"said": watch.said, "files": watch.files("s"), "events": watch.events("s")})


@program
def hooks_at_the_end(tf):
    """NaN as loss, final operations, their end of the data."""
    with watched(tf) as watch:
        w, step, loss, train = model(tf)
        final = tf.train.FinalOpsHook([w, loss], {loss: 4.0})
        watch.say(final.final_ops_values)
        with tf.train.MonitoredSession(hooks=[final, tf.train.FinalOpsHook(None)]) as session:
            session.run(train)
        watch.say(*[float(value) for value in final.final_ops_values])
        for fails in (True, False):
            def run(fails=fails):
                with tf.train.MonitoredSession(hooks=[tf.train.NanTensorHook(loss, fails)]) as session:
                    session.run(train, {loss: float("nan")})
                    watch.say(session.should_stop())
            watch.fails(run)
        return Case(facts={"said": watch.said})


@program
def session_manager(tf):
    """Models that are ready, restored, waited for, or not."""
    with watched(tf) as watch:
        v = tf.Variable(1.0, name="v")
        local = tf.Variable(2.0, name="local", collections=[tf.GraphKeys.LOCAL_VARIABLES])
        saver = tf.train.Saver()
        everything = tf.report_uninitialized_variables()
        globally = tf.report_uninitialized_variables(tf.global_variables())
        locally, nothing = tf.local_variables_initializer(), tf.no_op(name="nothing")
        with tf.Session() as session:
            session.run(v.assign(9.0))
            saver.save(session, os.path.join(watch.folder, "model"), 3)
        plain = tf.train.SessionManager()
        whole = tf.train.SessionManager(locally, everything, globally, recovery_wait_secs=0.05)

        def values(manager, **arguments):
            def run():
                watch.say(*[float(value) for value in manager.prepare_session("", **arguments).run([v, local])])
            watch.fails(run)

        values(plain)
        values(plain, init_op=tf.group(v.initializer, local.initializer))
        values(plain, init_op=[v.initializer, local.initializer])
        values(whole, init_op=v.initializer)
        values(whole, init_op=nothing)
        values(whole, init_fn=lambda session: session.run(v.initializer))
        values(whole, init_op=v.initializer, init_feed_dict={v.initial_value: 7.0})
        values(whole, init_op=v.initializer, checkpoint_dir=watch.folder, saver=saver)
        values(whole, init_op=v.initializer, checkpoint_dir=watch.folder + "/none", saver=saver)
        values(whole, saver=saver, checkpoint_filename_with_path=watch.folder + "/model-3")
        values(whole, saver=saver, checkpoint_dir="x", checkpoint_filename_with_path="y")
        values(tf.train.SessionManager(ready_op=everything), init_op=v.initializer)
        values(tf.train.SessionManager(ready_op=v.read_value()), init_op=nothing)
        for manager, arguments in (
                (whole, {"checkpoint_dir": watch.folder, "saver": saver}), (whole, {"saver": saver}),
                (whole, {"checkpoint_dir": watch.folder + "/none", "saver": saver, "wait_for_checkpoint": True,
                         "max_wait_secs": 0.1}),
                (tf.train.SessionManager(ready_op=everything), {"checkpoint_dir": watch.folder, "saver": saver}),
                (tf.train.SessionManager(locally, None, tf.constant(["more"])),
                 {"checkpoint_dir": watch.folder, "saver": saver})):
            watch.say(manager.recover_session("", **arguments)[1])
        watch.fails(lambda: tf.train.SessionManager(ready_op=everything, recovery_wait_secs=1)
                    .wait_for_session("", max_wait_secs=0))
        return Case(facts={"said": watch.said})


@program
def supervisor(tf):
    """A supervisor without threads: its graph, sessions, files and events."""
    with watched(tf) as watch:
        w, step, loss, train = model(tf)
        folder = os.path.join(watch.folder, "sv")
        boss = tf.train.Supervisor(logdir=folder, save_model_secs=0, save_summaries_secs=0)
        watch.say(boss.is_chief, boss.save_path, boss.save_model_secs, boss.save_summaries_secs, boss.global_step,
                  boss.summary_op, boss.ready_op, boss.init_op.name, boss.init_feed_dict, boss.should_stop(),
                  boss.ready_for_local_init_op, tf.get_default_graph().finalized)
        with boss.managed_session() as session:
            for _ in range(3):
                session.run(train)
            boss.summary_computed(session, session.run(boss.summary_op))
            boss.saver.save(session, boss.save_path, global_step=boss.global_step)
            watch.say(tf.get_default_session())
        watch.say(boss.should_stop())
        with boss.managed_session() as session:
            watch.say(*[float(value) for value in session.run([w, step])])
        boss.summary_writer.close()
        return Case(facts={"said": watch.said, "files": watch.files("sv")})


@program
def supervisor_without_a_folder(tf):
    """Errors, loops of one's own, and a training loop."""
    with watched(tf) as watch:
        v = tf.Variable(1.0, name="v")
        boss = tf.train.Supervisor(logdir=None, summary_op=None, init_feed_dict={v.initial_value: 8.0})
        watch.say(boss.summary_writer, boss.save_path, boss.summary_op, boss.global_step)

        def fail(error):
            with boss.managed_session() as session:
                watch.say(session.run(v))
                raise error

        watch.fails(lambda: fail(ValueError("an error")))
        watch.fails(lambda: fail(tf.errors.OutOfRangeError(None, None, "end")))
        watch.fails(lambda: boss.summary_computed(None, b""))
        steps = []

        def step(session, *args, **kwargs):
            steps.append(1)
            watch.say("step", len(steps), args, kwargs)
            if len(steps) == 2:
                raise tf.errors.AbortedError(None, None, "lost")
            if len(steps) == 4:
                boss.request_stop()

        watch.fails(lambda: tf.train.basic_train_loop(boss, step, args=(1,), kwargs={"key": 2}))
        watch.fails(boss.stop)
        return Case(facts={"said": watch.said})


@program
def warm_start(tf):
    """Which variables begin with the values of a checkpoint."""
    with watched(tf) as watch:
        path = os.path.join(watch.folder, "old")
        with tf.Graph().as_default(), tf.Session() as session:
            for number, name in enumerate(["a", "b/w", "c"]):
                tf.get_variable(name, [2], initializer=tf.constant_initializer(number + 1.0))
            session.run(tf.global_variables_initializer())
            tf.train.Saver().save(session, path)
        for arguments in ((), ("a|c",), ("zz",), (None,), (["a", "b/w"],), ("b/w", None, {"b/w": "a"})):
            with tf.Graph().as_default(), tf.Session() as session:
                made = [tf.get_variable(name, [2], initializer=tf.constant_initializer(9.0)) for name in
                        ("a", "b/w", "c")]
                tf.train.warm_start(path, *arguments)
                session.run(tf.global_variables_initializer())
                watch.say(arguments, np.stack(session.run(made))[:, 0].tolist())
        with tf.Graph().as_default():
            v = tf.get_variable("a", [3])
            watch.fails(lambda: tf.train.warm_start(path, [v, "a"]))
            watch.fails(lambda: tf.train.warm_start(path, [v]))
        return Case(facts={"said": watch.said})


def _words(folder, name, words):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write("".join(word + "\n" for word in words))
    return path


def _two_vocabularies(folder):
    return (_words(folder, "new", ["cherry", "fig", "apple", "kiwi", "date"]),
            _words(folder, "before", ["apple", "banana", "cherry", "date"]))


@program
def warm_start_with_other_words(tf):
    """Rows and columns of a checkpoint in the order of another vocabulary; what new words begin with."""
    with watched(tf) as watch:
        new, before = _two_vocabularies(watch.folder)
        for axis in (0, 1):
            for pieces in (None, 2) if axis == 0 else (None,):
                path = os.path.join(watch.folder, "old%d%s" % (axis, pieces))
                stored = np.arange(8, dtype=np.float32).reshape([4, 2] if axis == 0 else [2, 4])
                with tf.Graph().as_default(), tf.Session() as session:
                    session.run(tf.get_variable("emb", initializer=stored).initializer)
                    tf.train.Saver().save(session, path)
                for backup in (None, tf.random_uniform_initializer(seed=3)):
                    with tf.Graph().as_default() as graph, tf.Session() as session:
                        tf.set_random_seed(1)
                        shape = [6, 2] if axis == 0 else [2, 6]
                        parts = tf.fixed_size_partitioner(pieces) if pieces else None
                        v = tf.get_variable("emb", shape, initializer=tf.zeros_initializer(), partitioner=parts)
                        tf.train.warm_start(path, var_name_to_vocab_info={
                            "emb": tf.train.VocabInfo(new, 5, 1, before, backup_initializer=backup, axis=axis)})
                        watch.say([(node.name, node.type, [t.name for t in node.inputs])
                                   for node in graph.get_operations()])
                        session.run(tf.global_variables_initializer())
                        watch.say(np.round(session.run(tf.convert_to_tensor(v)), 4).tolist())
        watch.fails(lambda: tf.train.VocabInfo(new, 5, 1, before, axis=2))
        return Case(facts={"said": watch.said})


@program
def remapped_matrices(tf):
    """GenerateVocabRemapping and LoadAndRemapMatrix, and what they refuse."""
    with watched(tf) as watch:
        new, before = _two_vocabularies(watch.folder)
        twice = _words(watch.folder, "twice", ["a", "a", "b"])
        blank = _words(watch.folder, "blank", ["a", "", "b"])
        path = os.path.join(watch.folder, "old")
        with tf.Graph().as_default(), tf.Session() as session:
            tf.get_variable("m", initializer=np.arange(12, dtype=np.float32).reshape(4, 3))
            tf.get_variable("v", initializer=np.arange(3, dtype=np.float32))
            tf.get_variable("i", initializer=np.arange(6).reshape(2, 3))
            tf.get_variable("p", [4, 3], initializer=tf.ones_initializer(), partitioner=tf.fixed_size_partitioner(2))
            session.run(tf.global_variables_initializer())
            tf.train.Saver().save(session, path)

        def tried(op, **arguments):
            with tf.Graph().as_default(), tf.Session() as session:
                try:
                    found = session.run(op(**arguments))
                    watch.say([np.asarray(part).tolist() for part in found] if isinstance(found, tuple) else
                              found.tolist())
                except (tf.errors.OpError, ValueError) as error:
                    watch.say(type(error).__name__, getattr(error, "message", str(error)).split("\n")[0])

        for first, count, after, old, size in (
                (0, 5, new, before, -1), (1, 2, new, before, 2), (5, 0, new, before, -1), (1, 6, new, before, -1),
                (0, 5, new, before, 9), (0, 5, new, twice, -1), (0, 5, new + "none", before, -1),
                (0, 5, new, before + "none", -1), (0, 5, "", before, -1), (0, -1, new, before, -1),
                (0, 3, blank, blank, -1)):
            tried(tf.raw_ops.GenerateVocabRemapping, new_vocab_file=after, old_vocab_file=old, num_new_vocab=count,
                  new_vocab_offset=first, old_vocab_size=size)
        for name, rows, columns, begin, shape in (
                ("m", [0, 1, 2, 3], [], [], (4, 3)), ("m", [2, 0], [], [], (2, 3)),
                ("m", [2, -1], [], [7, 8, 9], (2, 3)), ("m", [2, -1], [], [7, 8], (2, 3)),
                ("m", [2, 0], [1, -1, 0], [5, 6], (2, 3)), ("m", [2, 0], [1, -1, 0], [5], (2, 3)),
                ("m", [2, -1, 0], [1, -1], [5, 6, 7, 8], (3, 2)), ("m", [0, 0], [], [], (2, 3)),
                ("m", [9], [], [], (1, 3)), ("m", [-1], [], [1, 1, 1], (1, 3)), ("m", [0], [0, 0, 1], [], (1, 3)),
                ("x", [0], [], [], (1, 3)), ("v", [0], [], [], (1, 3)), ("i", [0], [], [], (1, 3)),
                ("m", [0, 1], [], [], (1, 3)), ("m", [0], [], [], (1, 2)), ("m", [0], [0, 1], [], (1, 3)),
                ("p", [3, 0], [], [], (2, 3)), ("m", [2, 0], [], [1], (2, 3)), ("m", [], [], [], (0, 3)),
                ("none", [0], [], [], (1, 3))):
            for most in (-1, 1):
                tried(tf.raw_ops.LoadAndRemapMatrix, ckpt_path=path if name != "none" else path + "none",
                      old_tensor_name=name, row_remapping=np.array(rows, np.int64),
                      col_remapping=np.array(columns, np.int64), initializing_values=np.array(begin, np.float32),
                      num_rows=shape[0], num_cols=shape[1], max_rows_in_memory=most)
        return Case(facts={"said": watch.said})
