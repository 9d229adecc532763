"""`tf.train.ClusterSpec`: the jobs of a cluster and the addresses of their tasks."""

from __future__ import annotations

from typing import Any

from tfmagic.base import messages
from tfmagic.base.export import export


@export("train.ClusterSpec")
class ClusterSpec:
    """The jobs of a cluster and the addresses of their tasks.

    Args:
      cluster: a dict of lists of addresses, or of dicts of addresses by number, by the jobs' names; a `ClusterDef`
        proto or another `ClusterSpec`.

    Raises:
      TypeError: it is none of these.
    """

    def __init__(self, cluster: Any):
        self._jobs: dict[str, dict[int, str]] = {}
        if isinstance(cluster, ClusterSpec):
            cluster = cluster.as_cluster_def()
        if isinstance(cluster, dict):
            for name, tasks in cluster.items():
                if isinstance(tasks, (list, tuple)):
                    tasks = dict(enumerate(tasks))
                elif not isinstance(tasks, dict):
                    raise TypeError(f"The tasks for job {name!r} must be a list or a dictionary from integers to "
                                    "strings.")
                self._jobs[name] = dict(tasks)
        elif isinstance(cluster, messages.module("cluster_pb2").ClusterDef):
            self._jobs = {job.name: dict(job.tasks) for job in cluster.job}
        else:
            raise TypeError("`cluster` must be a dictionary mapping one or more job names to lists of network "
                            "addresses, or a `ClusterDef` protocol buffer")
        for name, tasks in self._jobs.items():
            if not isinstance(name, (str, bytes)):
                raise TypeError(f"Job name {name!r} must be bytes or unicode")
            for number, address in tasks.items():
                if not isinstance(number, int):
                    raise TypeError(f"{number!r} has type {type(number).__name__}, but expected one of: int, long")
                if not isinstance(address, (str, bytes)):
                    raise TypeError(f"Task address {address!r} must be bytes or unicode")

    def __bool__(self) -> bool:
        return bool(self._jobs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClusterSpec) and self._jobs == other._jobs

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"ClusterSpec({self.as_dict()})"

    def as_dict(self) -> dict[str, Any]:
        """The addresses by jobs: a list where the tasks are numbered from 0 without a gap, else a dict."""
        return {name: [tasks[number] for number in range(len(tasks))] if set(tasks) == set(range(len(tasks)))
                else dict(tasks) for name, tasks in self._jobs.items()}

    def as_cluster_def(self) -> Any:
        """The cluster as a `ClusterDef` proto."""
        definition = messages.module("cluster_pb2").ClusterDef()
        for name in sorted(self._jobs):
            job = definition.job.add(name=name)
            for number, address in sorted(self._jobs[name].items()):
                job.tasks[number] = address
        return definition

    @property
    def jobs(self) -> list[str]:
        """The names of the jobs."""
        return list(self._jobs)

    def num_tasks(self, job_name: str) -> int:
        """How many tasks a job has.

        Raises:
          ValueError: there is no such job.
        """
        return len(self._tasks(job_name))

    def task_indices(self, job_name: str) -> list[int]:
        """The numbers of a job's tasks.

        Raises:
          ValueError: there is no such job.
        """
        return sorted(self._tasks(job_name))

    def task_address(self, job_name: str, task_index: int) -> str:
        """The address of a task.

        Raises:
          ValueError: there is no such job or task.
        """
        tasks = self._tasks(job_name)
        if task_index not in tasks:
            raise ValueError(f"No task with index {task_index!r} in job {job_name!r}")
        return tasks[task_index]

    def job_tasks(self, job_name: str) -> list[str | None]:
        """The addresses of a job's tasks by their numbers, None for those that are not there.

        Raises:
          ValueError: there is no such job.
        """
        tasks = self._tasks(job_name)
        return [tasks.get(number) for number in range(max(tasks, default=-1) + 1)]

    def _tasks(self, job_name: str) -> dict[int, str]:
        if job_name not in self._jobs:
            raise ValueError(f"No such job in cluster: {job_name!r}")
        return self._jobs[job_name]
