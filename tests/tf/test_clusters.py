"""Servers: the one of this process works, others are refused with what to use instead."""

from __future__ import annotations

import threading

import pytest

from tfmagic import tf

pytestmark = pytest.mark.usefixtures("graph")


def test_sessions_of_the_local_server_run_here() -> None:
    server = tf.train.Server.create_local_server()
    v = tf.get_variable("v", [], initializer=tf.constant_initializer(2.0))
    with tf.train.MonitoredTrainingSession(master=server.target) as session:
        assert session.run(v) == 2.0


def test_sessions_of_one_server_share_variables() -> None:
    server = tf.train.Server.create_local_server()
    v = tf.Variable(1)
    add = v.assign_add(1)
    sessions = [tf.Session(server.target) for _ in range(4)]
    sessions[0].run(v.initializer)
    threads = [threading.Thread(target=lambda session=session: [session.run(add) for _ in range(25)])
               for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sessions[0].close()
    assert sessions[1].run(v) == 101
    with pytest.raises(tf.errors.FailedPreconditionError):
        tf.Session().run(v)


@pytest.mark.parametrize("use", [
    lambda: tf.train.Server({"ps": ["a:1"], "worker": ["b:2"]}, job_name="ps", task_index=0),
    lambda: tf.train.Server.create_local_server().join(), lambda: tf.test.create_local_cluster(1, 1),
    lambda: tf.Session("grpc://localhost:2222")], ids=["cluster", "join", "local cluster", "target"])
def test_other_machines_are_refused_with_an_alternative(use) -> None:
    with pytest.raises(tf.errors.UnimplementedError, match=r"[\s\S]*(tf\.Session\(\)|Leave target empty)"):
        use()


def test_a_strategy_that_is_none() -> None:
    with pytest.raises(TypeError, match="ps_strategy must be callable"):
        tf.train.replica_device_setter(ps_tasks=2, ps_strategy=3)
