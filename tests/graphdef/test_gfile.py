"""tf.gfile: local files under TensorFlow's names and errors."""

from __future__ import annotations

import os

import pytest

from tfmagic import tf


def test_files_are_written_and_read(tmp_path) -> None:
    path = str(tmp_path / "a" / "x.txt")
    tf.gfile.MakeDirs(str(tmp_path / "a"))
    with tf.gfile.GFile(path, "w") as file:
        file.write("ol\u00e1\nx\n")
    assert list(tf.gfile.Open(path)) == ["ol\u00e1\n", "x\n"]
    with tf.gfile.FastGFile(path, "rb") as file:
        assert file.read() == "ol\u00e1\nx\n".encode() and file.size() == 7
    assert tf.gfile.Glob(str(tmp_path / "*" / "*.txt")) == [path]
    assert tf.io.gfile.listdir(str(tmp_path / "a")) == ["x.txt"]
    tf.gfile.DeleteRecursively(str(tmp_path / "a"))
    assert not tf.io.gfile.exists(path)


def test_errors_are_tensorflows(tmp_path) -> None:
    missing = str(tmp_path / "missing")
    with pytest.raises(tf.errors.NotFoundError, match="missing; No such file or directory"):
        tf.gfile.GFile(missing).read()
    with pytest.raises(tf.errors.NotFoundError):
        tf.gfile.Remove(missing)
    with pytest.raises(tf.errors.UnimplementedError, match="scheme 'gs' not implemented"):
        tf.gfile.Exists("gs://bucket/file")
    file = tf.gfile.GFile(missing, "w")
    with pytest.raises(tf.errors.PermissionDeniedError):
        file.read()
    file.close()


def test_glob_gives_paths_as_the_folder_has_them(tmp_path):
    for name in ("c", "a", "d", "b"):
        (tmp_path / name).touch()
    assert tf.gfile.Glob(f"{tmp_path}/*") == [f"{tmp_path}/{name}" for name in os.listdir(tmp_path)]
    assert tf.gfile.Glob([f"{tmp_path}/d", f"{tmp_path}/[ab]"])[0] == f"{tmp_path}/d"
