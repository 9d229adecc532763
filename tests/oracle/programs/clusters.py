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
        lambda: tf.train.Server({"a": ["b:1"], "c": ["d:2"]}), lambda: tf.train.Server({"a": ["b:1", "d:2"]})]
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
