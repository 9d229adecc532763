"""Clusters: their description, and placing on parameter servers and workers."""

from . import Case, program
from .refused import outcome


def jobs(cluster):
    """A `ClusterDef` as plain data."""
    return [[str(job.name), [[int(number), str(job.tasks[number])] for number in sorted(job.tasks)]]
            for job in cluster.job]


@program
def cluster_spec(tf):
    """Jobs, tasks, protos, and what is refused."""
    spec = tf.train.ClusterSpec({"worker": ["a:1", "b:2"], "ps": {1: "c:3", 4: "d:4"}})

    local = tf.train.Server.create_local_server(start=False).server_def
    checks = [
        lambda: spec.num_tasks("x"), lambda: spec.task_address("ps", 0), lambda: spec.job_tasks("q"),
        lambda: spec.task_indices("q"), lambda: tf.train.ClusterSpec(3), lambda: tf.train.ClusterSpec({"a": 3}),
        lambda: tf.train.ClusterSpec({1: ["a"]}), lambda: tf.train.ClusterSpec({"a": [3]}),
        lambda: tf.train.Server({"a": ["b:1"], "c": ["d:2"]}), lambda: tf.train.Server({"a": ["b:1", "d:2"]}),
        lambda: tf.train.Server({"a": ["b:1"]}, job_name="c")]
    return Case(facts={
        "jobs": sorted(spec.jobs), "worker": spec.as_dict()["worker"], "ps": sorted(spec.as_dict()["ps"].items()),
        "tasks": [spec.num_tasks("worker"), spec.task_indices("ps"), spec.task_address("ps", 4),
                  spec.job_tasks("worker"), spec.job_tasks("ps")],
        "proto": jobs(spec.as_cluster_def()), "text": str(tf.train.ClusterSpec({"worker": ["a:1"]})),
        "equal": [spec == tf.train.ClusterSpec(spec.as_cluster_def()), spec != 3, spec == tf.train.ClusterSpec(spec),
                  bool(spec), bool(tf.train.ClusterSpec({}))],
        "local": [local.job_name, local.protocol, local.task_index, jobs(local.cluster)],
        "said": [outcome(check) for check in checks]})


def placed(tf, scope, **arguments):
    """A few variables and operations under a setter."""
    with tf.name_scope(scope), tf.device(tf.train.replica_device_setter(**arguments)):
        v = tf.Variable([1.0, 2.0], name="v")
        w = tf.Variable(3.0, name="w")
        tf.add(v * 2.0, w)
        with tf.device("/cpu:0"):
            tf.Variable(1.0, name="x")
        with tf.device("/job:ps/task:5/gpu:1"):
            tf.Variable(1.0, name="y")
            tf.constant(1, name="z")
        with tf.device(None):
            tf.Variable(1.0, name="q")


@program
def replica_device_setter(tf):
    """Variables in turn, devices that are merged or not, other strategies."""
    cluster = {"ps": ["a:1", "b:2"], "worker": ["c:3"]}
    placed(tf, "plain", ps_tasks=2)
    placed(tf, "task", ps_tasks=3, worker_device="/job:worker/task:1")
    placed(tf, "cluster", cluster=cluster, ps_device="/job:ps/cpu:0", worker_device="/job:worker/gpu:0")
    placed(tf, "spec", cluster=tf.train.ClusterSpec(cluster))
    placed(tf, "unmerged", ps_tasks=2, merge_devices=False)
    placed(tf, "constants", ps_tasks=2, ps_ops=["Const"])
    placed(tf, "strategy", ps_tasks=2, ps_strategy=lambda op: 1)
    setter = tf.train.replica_device_setter
    return Case(facts={"none": [setter() is None, setter(cluster={"worker": ["a:1"]}) is None]})


@program
def sessions_of_a_server(tf):
    """They share variables, tables and queues, and their random streams are their own."""
    server, other = tf.train.Server.create_local_server(), tf.train.Server({"w": ["localhost:0"]})
    v = tf.Variable(5, name="v")
    r = tf.get_variable("r", initializer=2.0, use_resource=True)
    with tf.container("mine"):
        own = tf.Variable(1, name="own")
    added, queue = v.assign_add(1), tf.FIFOQueue(3, tf.int32, shared_name="q")
    put, taken, noise = queue.enqueue(v), queue.dequeue(), tf.random_uniform([], seed=3)
    start = tf.global_variables_initializer()
    first, second, elsewhere = tf.Session(server.target), tf.Session(server.target), tf.Session(other.target)
    first.run(start)
    first.run(added)
    second.run(put)
    facts = {"target": [server.target == first.sess_str, server.target.startswith("grpc://localhost:"),
                        server.target != other.target],
             "shared": [str(second.run(x)) for x in (v, r)], "taken": str(first.run(taken)),
             "noise": [bool(first.run(noise) == second.run(noise)) for _ in range(2)],
             "elsewhere": outcome(lambda: elsewhere.run(v)).split(":")[0],
             "devices": [[str(d.name) for d in session.list_devices() if "CPU" in d.name and "XLA" not in d.name]
                         for session in (first, elsewhere)]}
    first.close()
    facts["closed"] = outcome(lambda: first.run(v))
    with tf.device("/job:local/task:0/cpu:0"):
        facts["placed"] = str(second.run(v + 3))
    tf.Session.reset(server.target, ["mine"])
    third = tf.Session(server.target)
    facts["reset"] = [outcome(lambda: second.run(v)).split(":")[0], str(third.run(v)),
                      outcome(lambda: third.run(own)).split(":")[0]]
    tf.Session.reset(server.target)
    facts["reset whole"] = outcome(lambda: tf.Session(server.target).run(v)).split(":")[0]
    facts["unknown"] = outcome(lambda: tf.Session("unknown://x")).split("{")[0]
    return Case(facts=facts)
