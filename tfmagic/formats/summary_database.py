"""Databases of summaries, in SQLite: the tables that TensorFlow 1.15 writes and that TensorBoard's `--db` reads."""

from __future__ import annotations

import random
import sqlite3
import sys
import time
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, messages
from tfmagic.formats.tensor_proto import from_array, make_ndarray

# Columns are as TensorFlow declares them: whoever reads the tables may ask for either.
_TABLES = {
    "Ids": "id INTEGER PRIMARY KEY",
    "Descriptions": "id INTEGER PRIMARY KEY, description TEXT",
    "Tensors": "rowid INTEGER PRIMARY KEY, series INTEGER, step INTEGER, dtype INTEGER, computed_time REAL, "
               "shape TEXT, data BLOB",
    "TensorStrings": "rowid INTEGER PRIMARY KEY, tensor_rowid INTEGER NOT NULL, idx INTEGER NOT NULL, data BLOB",
    "Tags": "rowid INTEGER PRIMARY KEY, run_id INTEGER, tag_id INTEGER NOT NULL, inserted_time DOUBLE, tag_name TEXT, "
            "display_name TEXT, plugin_name TEXT, plugin_data BLOB",
    "Runs": "rowid INTEGER PRIMARY KEY, experiment_id INTEGER, run_id INTEGER NOT NULL, inserted_time REAL, "
            "started_time REAL, finished_time REAL, run_name TEXT",
    "Experiments": "rowid INTEGER PRIMARY KEY, user_id INTEGER, experiment_id INTEGER NOT NULL, inserted_time REAL, "
                   "started_time REAL, is_watching INTEGER, experiment_name TEXT",
    "Users": "rowid INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, inserted_time REAL, user_name TEXT, email TEXT",
    "Graphs": "rowid INTEGER PRIMARY KEY, run_id INTEGER, graph_id INTEGER NOT NULL, inserted_time REAL, "
              "graph_def BLOB",
    "Nodes": "rowid INTEGER PRIMARY KEY, graph_id INTEGER NOT NULL, node_id INTEGER NOT NULL, node_name TEXT, op TEXT, "
             "device TEXT, node_def BLOB",
    "NodeInputs": "rowid INTEGER PRIMARY KEY, graph_id INTEGER NOT NULL, node_id INTEGER NOT NULL, "
                  "idx INTEGER NOT NULL, input_node_id INTEGER NOT NULL, input_node_idx INTEGER, is_control INTEGER",
}
# What is there once: by index, the table, the columns, and which of them may be unknown.
_UNIQUE = {
    "TensorSeriesStepIndex": ("Tensors", "series, step", ("series", "step")),
    "TensorStringIndex": ("TensorStrings", "tensor_rowid, idx", ()),
    "TagIdIndex": ("Tags", "tag_id", ()),
    "TagRunNameIndex": ("Tags", "run_id, tag_name", ("run_id", "tag_name")),
    "RunIdIndex": ("Runs", "run_id", ()),
    "RunNameIndex": ("Runs", "experiment_id, run_name", ("run_name",)),
    "ExperimentIdIndex": ("Experiments", "experiment_id", ()),
    "ExperimentNameIndex": ("Experiments", "user_id, experiment_name", ("experiment_name",)),
    "UserIdIndex": ("Users", "user_id", ()),
    "UserNameIndex": ("Users", "user_name", ("user_name",)),
    "UserEmailIndex": ("Users", "email", ("email",)),
    "GraphIdIndex": ("Graphs", "graph_id", ()),
    "GraphRunIndex": ("Graphs", "run_id", ("run_id",)),
    "NodeIdIndex": ("Nodes", "graph_id, node_id", ()),
    "NodeNameIndex": ("Nodes", "graph_id, node_name", ("node_name",)),
    "NodeInputsIndex": ("NodeInputs", "graph_id, node_id, idx", ()),
}
_UNSUPPORTED = frozenset({"bool"})


class SummaryDatabase:
    """A run of an experiment of a user in a database; a name that is empty is left out.

    Args:
      path: the file, which is made where there is none; it may be a URI, "file:...".

    Raises:
      InvalidArgumentError: the file cannot be opened.
    """

    # Whether numbers keep their types.
    keeps_types = True

    def __init__(self, path: str, experiment: str, run: str, user: str):
        self._names = experiment, run, user
        try:
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None,
                                               uri=path.startswith("file:"))
            self._make_tables()
        except sqlite3.OperationalError as error:
            raise errors.InvalidArgumentError(None, None, f"Sqlite::Open({path}) failed: {error}") from None
        self._experiment: int | None = None
        self._run: int | None = None
        self._begun = False
        self._started = float("inf")
        self._tags: dict[str, int] = {}

    def _make_tables(self) -> None:
        for name, columns in _TABLES.items():
            self._do(f"CREATE TABLE IF NOT EXISTS {name} ({columns})")
        for name, (table, columns, known) in _UNIQUE.items():
            condition = " AND ".join(f"{column} IS NOT NULL" for column in known)
            self._do(f"CREATE UNIQUE INDEX IF NOT EXISTS {name} ON {table} ({columns})"
                     + (f" WHERE {condition}" if condition else ""))

    def write(self, event: Any) -> None:
        """Write an event's graph or values."""
        self._do("BEGIN")
        try:
            if event.WhichOneof("what") == "graph_def":
                self._begin(event.wall_time)
                self._write_graph(messages.module("graph_pb2").GraphDef.FromString(event.graph_def))
            for value in event.summary.value:
                self._begin(event.wall_time)
                self._write_value(event, value)
        except BaseException:
            self._do("ROLLBACK")
            raise
        self._do("COMMIT")

    def waiting(self) -> float:
        """For how many seconds an event has waited for a `flush`: none does."""
        return 0.0

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Note that the run is over, and close the file."""
        if self._run is not None:
            self._do("UPDATE Runs SET finished_time = ? WHERE run_id = ?", time.time(), self._run)
        self._connection.close()

    def _do(self, command: str, *values: Any) -> sqlite3.Cursor:
        return self._connection.execute(command, values)

    def _insert(self, table: str, **columns: Any) -> int:
        """Put a row into a table, in place of one that has the same where something is there once."""
        marks = ", ".join("?" * len(columns))
        row = self._do(f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})",
                       *columns.values()).lastrowid
        assert row is not None
        return row

    def _new_id(self) -> int:
        """A number that nothing in the database has."""
        for bits in (23, 31, 47, 62):
            found = random.randrange(1, 1 << bits)
            if not self._do("SELECT 1 FROM Ids WHERE id = ?", found).fetchall():
                self._do("INSERT INTO Ids (id) VALUES (?)", found)
                return found
        raise errors.InternalError(None, None, "No number is left for a row of the database of summaries")

    def _begin(self, when: float) -> None:
        """Note the user, the experiment and the run, when the first event comes, and when they started."""
        experiment, run, user = self._names
        now = time.time()
        if not self._begun:
            self._begun = True
            user_id = self._user(user, now) if user else None
            self._experiment = self._experiment_of(user_id, experiment, now, when) if experiment else None
            if run:
                self._run = self._new_id()
                self._insert("Runs", experiment_id=self._experiment, run_id=self._run, inserted_time=now,
                             started_time=when, run_name=run)
        elif when < self._started and self._run is not None:
            self._do("UPDATE Runs SET started_time = ? WHERE run_id = ?", when, self._run)
        if when < self._started and self._experiment is not None:
            self._do("UPDATE Experiments SET started_time = ? WHERE experiment_id = ? AND started_time > ?", when,
                     self._experiment, when)
        self._started = min(self._started, when)

    def _user(self, name: str, now: float) -> int:
        found = self._do("SELECT user_id FROM Users WHERE user_name = ?", name).fetchone()
        if found is not None:
            return int(found[0])
        made = self._new_id()
        self._insert("Users", user_id=made, inserted_time=now, user_name=name)
        return made

    def _experiment_of(self, user: int | None, name: str, now: float, when: float) -> int:
        found = self._do("SELECT experiment_id FROM Experiments WHERE user_id IS ? AND experiment_name = ?", user,
                         name).fetchone()
        if found is not None:
            return int(found[0])
        made = self._new_id()
        self._insert("Experiments", user_id=user, experiment_id=made, inserted_time=now, started_time=when,
                     is_watching=0, experiment_name=name)
        return made

    def _write_value(self, event: Any, value: Any) -> None:
        tensor, plugin = _as_tensor(value)
        dtype = dtypes.as_dtype(tensor.dtype)
        if dtype.name in _UNSUPPORTED:
            raise errors.UnimplementedError(None, None, f"{dtype.name} tensors unsupported on platform")
        array = make_ndarray(tensor)
        is_list = dtype.name == "string" and array.ndim > 0
        if dtype.name == "string":
            data = None if is_list else array.item()
        else:
            data = (array if sys.byteorder == "little" else array.byteswap()).tobytes()
        row = self._insert("Tensors", series=self._tag(value, plugin), step=event.step,
                           dtype=tensor.dtype, computed_time=event.wall_time, shape=",".join(map(str, array.shape)),
                           data=data)
        for place, text in enumerate(array.ravel() if is_list else ()):
            self._insert("TensorStrings", tensor_rowid=row, idx=place, data=text)

    def _tag(self, value: Any, plugin: str) -> int:
        """The number of a tag, which is noted when it first comes."""
        found = self._tags.get(value.tag)
        if found is None:
            found = self._tags[value.tag] = self._new_id()
            metadata = value.metadata
            self._insert("Tags", run_id=self._run, tag_id=found, inserted_time=time.time(), tag_name=value.tag,
                         display_name=metadata.display_name, plugin_name=metadata.plugin_data.plugin_name or plugin,
                         plugin_data=metadata.plugin_data.content)
            self._insert("Descriptions", id=found, description=metadata.summary_description)
        return found

    def _write_graph(self, graph: Any) -> None:
        own = self._new_id()
        numbers = {node.name: place for place, node in enumerate(graph.node)}
        for place, node in enumerate(graph.node):
            for index, text in enumerate(node.input):
                name, _, output = text.removeprefix("^").partition(":")
                if name not in numbers:
                    raise errors.InvalidArgumentError(None, None, f"Node not found: {name}")
                self._insert("NodeInputs", graph_id=own, node_id=place, idx=index, input_node_id=numbers[name],
                             input_node_idx=int(output or 0), is_control=int(text.startswith("^")))
        for place, node in enumerate(graph.node):
            name, kind, device = node.name, node.op, node.device
            for field in ("name", "op", "device", "input"):
                node.ClearField(field)
            self._insert("Nodes", graph_id=own, node_id=place, node_name=name, op=kind, device=device,
                         node_def=node.SerializeToString(deterministic=True))
        graph.ClearField("node")
        self._insert("Graphs", run_id=self._run, graph_id=own, inserted_time=time.time(),
                     graph_def=graph.SerializeToString())


def _as_tensor(value: Any) -> tuple[Any, str]:
    """A value of a summary as a tensor, and the plugin of TensorBoard that shows such values."""
    kind = value.WhichOneof("value")
    if kind == "simple_value":
        return from_array(np.float32(value.simple_value), dtypes.float32), "scalars"
    if kind == "histo":
        limits = np.array(value.histo.bucket_limit, np.float64)
        before = np.append(np.finfo(np.float64).tiny, limits[:-1])
        rows = np.stack([before[:len(limits)], limits, np.array(value.histo.bucket, np.float64)], axis=1)
        return from_array(rows, dtypes.float64), "histograms"
    if kind == "image":
        parts = [b"%d" % value.image.width, b"%d" % value.image.height, value.image.encoded_image_string]
        return from_array(np.array(parts, object), dtypes.string), "images"
    if kind == "audio":
        return from_array(np.array([[value.audio.encoded_audio_string, b""]], object), dtypes.string), "audio"
    return value.tensor, ""
