"""Optimizers that sum up the gradients of several replicas."""

from . import Case, program
from .sections import refused


def synced(tf, inner, replicas=1, **options):
    """A small model, a replica's operation, the chief's, and what is run before."""
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.get_variable("w", [2, 1], initializer=tf.zeros_initializer())
    table = tf.get_variable("table", [4, 1], initializer=tf.ones_initializer())
    unused = tf.get_variable("unused", [1], initializer=tf.zeros_initializer())
    step = tf.train.get_or_create_global_step()
    loss = tf.reduce_mean(tf.square(tf.matmul(x, w) + tf.nn.embedding_lookup(table, [0, 2]) - 3.0))
    optimizer = tf.train.SyncReplicasOptimizer(inner, replicas_to_aggregate=replicas, **options)
    pairs = optimizer.compute_gradients(loss, [w, table, unused])
    train = optimizer.apply_gradients(pairs, global_step=step)
    return x, [w, table, step, loss], optimizer, train


@program
def sync_replicas(tf):
    x, values, optimizer, train = synced(tf, tf.train.GradientDescentOptimizer(0.1), total_num_replicas=1)
    runner = optimizer.get_chief_queue_runner()
    first, more, none = (optimizer.get_init_tokens_op(n) for n in (-1, 3, 0))
    chief = runner.enqueue_ops[0]
    feed = {x: [[1.0, 2.0], [0.5, -1.0]]}
    facts = {"runner": runner.name, "slots": optimizer.get_slot_names(), "name": optimizer.get_name(),
             "variables": [v.name for v in optimizer.variables()], "chief": chief.name,
             "init": [optimizer.local_step_init_op.name, optimizer.chief_init_op.name,
                      optimizer.ready_for_local_init_op.name]}
    steps = [(tf.local_variables_initializer(), None), (optimizer.chief_init_op, None), (first, None)]
    steps += [(train, feed), (chief, None), (values, feed), (more, None), (none, None)]
    return Case(init=True, steps=steps, facts=facts, show=[train, first, none])


@program
def sync_replicas_of_two(tf):
    average = tf.train.ExponentialMovingAverage(0.5)
    x = tf.placeholder(tf.float32, [2], name="x")
    w = tf.get_variable("w", [2], initializer=tf.zeros_initializer())
    step = tf.train.get_or_create_global_step()
    loss = tf.reduce_sum(tf.square(w - x))
    optimizer = tf.train.SyncReplicasOptimizer(
        tf.train.AdamOptimizer(0.1), replicas_to_aggregate=2, total_num_replicas=2, variable_averages=average,
        variables_to_average=[w], name="both")
    train = optimizer.minimize(loss, global_step=step)
    chief = optimizer.get_chief_queue_runner().enqueue_ops[0]
    steps = [(tf.local_variables_initializer(), None), (optimizer.chief_init_op, None),
             (optimizer.get_init_tokens_op(), None)]
    steps += [(train, {x: [1.0, 2.0]}), (train, {x: [3.0, 4.0]}), (chief, None),
              ([w, step, average.average(w)], None)]
    return Case(init=True, steps=steps,
                facts={"slots": optimizer.get_slot_names(), "slot": optimizer.get_slot(w, "m").name})


@program
def sync_replicas_refused(tf):
    inner = tf.train.GradientDescentOptimizer(0.1)
    optimizer = tf.train.SyncReplicasOptimizer(inner, replicas_to_aggregate=3, total_num_replicas=1)
    w = tf.get_variable("w", [2], initializer=tf.zeros_initializer())
    loss = tf.reduce_sum(w)
    hook = optimizer.make_session_run_hook(is_chief=True, num_tokens=2)
    facts = {
        "runner before": refused(optimizer.get_chief_queue_runner),
        "tokens before": refused(optimizer.get_init_tokens_op),
        "hook before": refused(hook.begin),
        "no step": refused(lambda: optimizer.minimize(loss)),
        "nothing": refused(lambda: optimizer.apply_gradients([])),
    }
    optimizer.minimize(loss, global_step=tf.train.get_or_create_global_step())
    facts["too few"] = refused(lambda: optimizer.get_init_tokens_op(1))
    return Case(facts=facts)
