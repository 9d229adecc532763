"""CSV and SQL as datasets: what TensorFlow 1.15 printed for these files."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tfmagic import tf

INT, STRING, FLOAT = tf.int32, tf.string, tf.float32
# The text, the types, further arguments; the records, and the first line of the error that ends them.
CSV = [
    ("1,2\n3\n", [INT, INT], {}, [(1, 2)], "Expect 2 fields but have 1 in record"),
    ("1,2,3\n", [INT, INT], {}, [], "Expect 2 fields but have more in record"),
    ("a,2\n", [INT, INT], {}, [], "Field 0 in record is not a valid int32: a"),
    (",2\n", [INT, INT], {}, [], "Field 0 is required but missing in record!"),
    ('1,a"b\n', [INT, STRING], {}, [], "Unquoted fields cannot have quotes inside"),
    ('1,"ab"c\n', [INT, STRING], {}, [], "Reached end of file without closing quoted field in record"),
    ('1,"a\nb"\n2,c\n', [INT, STRING], {}, [(1, b"a\nb"), (2, b"c")], "End of sequence"),
    ("1;2\n\n3;4", [INT, INT], {"field_delim": ";"}, [(1, 2)], "Field 0 is required but missing in record!"),
    ('1,"ab\n', [INT, STRING], {}, [], "Reached end of file without closing quoted field in record"),
    ('1,a"b\n', [INT, STRING], {"use_quote_delim": False}, [(1, b'a"b')], "End of sequence"),
    ("1,2,3\n4,5,6\n", [INT], {"select_cols": [2]}, [(3,), (6,)], "End of sequence"),
    ("1\r\n2\r\n", [INT], {}, [(1,), (2,)], "End of sequence"),
    ("", [INT], {}, [], "End of sequence"),
    (" 1, 2\n", [INT, FLOAT], {}, [(1, 2.0)], "End of sequence"),
    ("99999999999\n", [INT], {}, [], "Field 0 in record is not a valid int32: 99999999999"),
    ("1.5\n", [INT], {}, [], "Field 0 in record is not a valid int32: 1.5"),
    ("1\n", [INT], {"select_cols": [3]}, [], "Expect 1 fields but have 0 in record"),
    ('"1","2"\n', [INT, tf.int64], {}, [(1, 2)], "End of sequence"),
    ('a,b\n1,"q""q"\n', [INT, STRING], {"header": True}, [(1, b'q"q')], "End of sequence"),
    ("1,\nNA,2\n", [[8], [9]], {"na_value": "NA"}, [(1, 9), (8, 2)], "End of sequence"),
]


def taken(dataset: Any) -> tuple[list[Any], str]:
    """The elements, and the first line of the error at the end."""
    element = dataset.make_one_shot_iterator().get_next()
    found: list[Any] = []
    with tf.Session() as sess:
        while True:
            try:
                found.append(tuple(part.item() if hasattr(part, "item") else part for part in sess.run(element)))
            except tf.errors.OpError as error:
                return found, error.message.splitlines()[0]


@pytest.mark.parametrize("number", range(len(CSV)))
def test_csv_files_are_read_as_tensorflow_reads_them(number: int, tmp_path: Path) -> None:
    text, types, options, records, end = CSV[number]
    path = tmp_path / "x.csv"
    path.write_bytes(text.encode())
    with tf.Graph().as_default():
        assert taken(tf.data.experimental.CsvDataset(str(path), types, **options)) == (records, end)


def test_rows_of_a_query(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table t(a text, b int, c real)")
        connection.executemany("insert into t values (?, ?, ?)", [("x", 1, 0.5), (None, 2, None)])
    connection.close()
    with tf.Graph().as_default():
        dataset = tf.data.experimental.SqlDataset("sqlite", str(path), "select a, b, c from t order by b",
                                                  (tf.string, tf.int32, tf.float64))
        assert taken(dataset) == ([(b"x", 1, 0.5), (b"", 2, 0.0)], "End of sequence")
        wrong = tf.data.experimental.SqlDataset("sqlite", str(path), "select nothing", (tf.string,))
        assert taken(wrong)[1].startswith("Sqlite query failed")
