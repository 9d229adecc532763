"""A writer of summaries that keeps them, for tests."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.tf.contrib.testing.written import to_summary_proto
from tfmagic.tf.summary import writer


@export("contrib.testing.FakeSummaryWriter")
class FakeSummaryWriter:
    """Keeps what it is given, by step.

    Args:
      logdir: the folder that it would write into.
      graph: a first graph.
    """

    _replaced_summary_writer: Any = None

    @classmethod
    def install(cls) -> None:
        """Let the `FileWriterCache` give writers of this kind.

        Raises:
          ValueError: it does already.
        """
        if cls._replaced_summary_writer:
            raise ValueError("FakeSummaryWriter already installed.")
        cls._replaced_summary_writer = writer.FileWriter
        writer.FileWriter = cls  # type: ignore[misc, assignment]

    @classmethod
    def uninstall(cls) -> None:
        """Take `install` back.

        Raises:
          ValueError: there was none.
        """
        if not cls._replaced_summary_writer:
            raise ValueError("FakeSummaryWriter not installed.")
        writer.FileWriter = cls._replaced_summary_writer  # type: ignore[misc]
        cls._replaced_summary_writer = None

    def __init__(self, logdir: str, graph: Any = None):
        self._logdir, self._graph = logdir, graph
        self._summaries: dict[Any, list[Any]] = {}
        self._graphs: list[Any] = [] if graph is None else [graph]
        self._meta_graphs: list[Any] = []
        self._session_logs: list[Any] = []

    @property
    def summaries(self) -> dict[Any, list[Any]]:
        """The `Summary` protos of each step."""
        return self._summaries

    def assert_summaries(self, test_case: Any, expected_logdir: Any = None, expected_graph: Any = None,
                         expected_summaries: Any = None, expected_added_graphs: Any = None,
                         expected_added_meta_graphs: Any = None, expected_session_logs: Any = None) -> None:
        """Check what was written, as far as something is expected.

        Args:
          test_case: its assertions are used.
          expected_summaries: by step, the values of all tags.
        """
        if expected_logdir is not None:
            test_case.assertEqual(expected_logdir, self._logdir)
        if expected_graph is not None:
            test_case.assertTrue(expected_graph is self._graph)
        for step, values in (expected_summaries or {}).items():
            test_case.assertTrue(step in self._summaries, f"Missing step {step} from {list(self._summaries)}.")
            found: dict[str, float] = {}
            for summary in self._summaries[step]:
                for value in summary.value:
                    if value.tag in values:
                        found[value.tag] = value.simple_value
            test_case.assertEqual(values, found)
        if expected_added_graphs is not None:
            test_case.assertEqual(expected_added_graphs, self._graphs)
        if expected_added_meta_graphs is not None:
            test_case.assertEqual(expected_added_meta_graphs, self._meta_graphs)
        if expected_session_logs is not None:
            test_case.assertEqual(expected_session_logs, self._session_logs)

    def add_summary(self, summ: Any, current_global_step: Any) -> None:
        """Keep a `Summary`, or the bytes of one."""
        summary = to_summary_proto(summ) if isinstance(summ, bytes) else summ
        self._summaries.setdefault(current_global_step, []).append(summary)

    def add_graph(self, graph: Any, global_step: Any = None, graph_def: Any = None) -> None:
        """Keep a graph.

        Raises:
          ValueError: the step is negative, or a GraphDef is given too.
        """
        if global_step is not None and global_step < 0:
            raise ValueError(f"Invalid global_step {global_step}.")
        if graph_def is not None:
            raise ValueError(f"Unexpected graph_def {graph_def}.")
        self._graphs.append(graph)

    def add_meta_graph(self, meta_graph_def: Any, global_step: Any = None) -> None:
        """Keep a meta graph."""
        if global_step is not None and global_step < 0:
            raise ValueError(f"Invalid global_step {global_step}.")
        self._meta_graphs.append(meta_graph_def)

    def add_session_log(self, session_log: Any, global_step: Any = None) -> None:
        """Keep a log of a session."""
        self._session_logs.append(session_log)

    def add_run_metadata(self, run_metadata: Any, tag: str, global_step: Any = None) -> None:
        """Check the step alone.

        Raises:
          ValueError: it is negative.
        """
        if global_step is not None and global_step < 0:
            raise ValueError(f"Invalid global_step {global_step}.")

    def flush(self) -> None:
        """There is no file."""

    def reopen(self) -> None:
        """There is no file."""

    def close(self) -> None:
        """There is no file."""
