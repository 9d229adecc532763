"""`tf.train.Server`: the server of this process, whose sessions run here; no other machine can be reached."""

from __future__ import annotations

from typing import Any

from tfmagic.base import errors, messages
from tfmagic.base.export import export
from tfmagic.session.targets import Target
from tfmagic.tf.cluster.spec import ClusterSpec


def refuse_remote(what: str) -> Exception:
    """The error for what would need another process."""
    return errors.UnimplementedError(
        None, None, f"{what} needs servers that talk to each other; tfmagic runs in one process.\n"
                    "Make a tf.Session() without a target, with tf.device for several devices of this machine; for "
                    "several machines use torch.distributed on the module that tfmagic.to_module gives.")


@export("distribute.Server")
class Server:
    """The server of this process: sessions of its target run here, and share variables, tables and queues.

    Args:
      server_or_cluster_def: a `ServerDef` or `ClusterDef` proto, a `ClusterSpec`, or a dict for one.
      job_name: the job of this process.
      task_index: its number in the job.
      protocol: "grpc", TensorFlow's only one; nothing is sent.
      config: a `ConfigProto`, of which the server's definition tells.
      start: whether it starts, which does nothing more here.

    Raises:
      UnimplementedError: the cluster has other tasks too.
      ValueError: it is not said which task this is.
    """

    def __init__(self, server_or_cluster_def: Any, job_name: str | None = None, task_index: int | None = None,
                 protocol: str | None = None, config: Any = None, start: bool = True):
        kind = messages.module("tensorflow_server_pb2").ServerDef
        self._server_def = kind()
        if isinstance(server_or_cluster_def, kind):
            self._server_def.MergeFrom(server_or_cluster_def)
        else:
            self._server_def.cluster.MergeFrom(ClusterSpec(server_or_cluster_def).as_cluster_def())
        if job_name is not None:
            self._server_def.job_name = job_name
        if task_index is not None:
            self._server_def.task_index = task_index
        jobs = self._server_def.cluster.job
        if not self._server_def.job_name:
            if len(jobs) != 1:
                raise ValueError("Must specify an explicit `job_name`.")
            self._server_def.job_name = jobs[0].name
        if not self._server_def.task_index and task_index is None:
            tasks = [job.tasks for job in jobs if job.name == self._server_def.job_name]
            if not tasks:
                raise ValueError(f"No such job in cluster: {self._server_def.job_name!r}")
            if len(tasks) != 1 or len(tasks[0]) != 1:
                raise ValueError("Must specify an explicit `task_index`.")
            self._server_def.task_index = next(iter(tasks[0]))
        self._server_def.protocol = protocol or self._server_def.protocol or "grpc"
        if config is not None:
            self._server_def.default_session_config.MergeFrom(config)
        if sum(len(job.tasks) for job in jobs) > 1:
            raise refuse_remote("A tf.train.Server with other tasks")
        job, task = self._server_def.job_name, self._server_def.task_index
        address = next((other.tasks[task] for other in jobs if other.name == job and task in other.tasks), None)
        if address is None:
            raise errors.InvalidArgumentError(None, None, f'Task {task} in job "{job}" is not in the cluster.')
        self._target = Target(address, f"/job:{job}/replica:0/task:{task}")

    def start(self) -> None:
        """Nothing more: its sessions run in this process."""

    def join(self) -> None:
        """Refuse: it would wait for ever, and nobody can reach it.

        Raises:
          UnimplementedError: always.
        """
        raise refuse_remote("Server.join")

    @property
    def server_def(self) -> Any:
        """The `ServerDef` proto."""
        return self._server_def

    @property
    def target(self) -> str:
        """What a `Session` takes: its sessions run in this process, and share their variables, tables and queues."""
        return self._target.name

    @staticmethod
    def create_local_server(config: Any = None, start: bool = True) -> Server:
        """A server of a cluster that has no other.

        Args:
          config: a `ConfigProto`.
          start: whether it starts.
        """
        return Server({"local": ["localhost:0"]}, protocol="grpc", config=config, start=start)
