"""Machine code that is kept in files: each text is compiled once on a machine."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tfmagic.base import kept
from tfmagic.base.machine import compiler, objects

pytestmark = pytest.mark.skipif(not compiler.available(), reason="llvmlite is not installed")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(kept, "folder", lambda: tmp_path)
    return tmp_path / "code"


@pytest.fixture
def emitted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were compiled."""
    texts: list[str] = []
    emit = compiler._emitted

    def noted(text: str, *others: Any) -> bytes:
        texts.append(text)
        return emit(text, *others)

    monkeypatch.setattr(compiler, "_emitted", noted)
    return texts


def storing(number: int) -> str:
    return f"define void @stores(ptr %to) {{\n  store i64 {number}, ptr %to\n  ret void\n}}\n"


def stored(function: Callable[..., None]) -> int:
    room = ctypes.c_int64()
    function(ctypes.addressof(room))
    return room.value


def made(number: int) -> Callable[..., None]:
    return compiler.compiled(storing(number), "stores", [compiler.POINTER])


def test_a_text_is_compiled_once(folder: Path, emitted: list[str]) -> None:
    assert [stored(made(number)) for number in (1, 2, 1)] == [1, 2, 1]
    assert emitted == [storing(1), storing(2)] and len(list(folder.iterdir())) == 2


def test_functions_of_one_name_do_not_know_of_each_other(folder: Path) -> None:
    functions = [made(number) for number in range(5)]
    assert list(map(stored, functions)) == list(range(5))


def test_another_process_finds_the_code(tmp_path: Path) -> None:
    program = f"""
import ctypes
import sys
from tfmagic.base.machine import compiler
if sys.argv[1] == "other":
    compiler._emitted = None
room = ctypes.c_int64()
compiler.compiled({storing(7)!r}, "stores", [compiler.POINTER])(ctypes.addressof(room))
print(room.value)
"""
    for process in ("first", "other"):
        done = subprocess.run([sys.executable, "-c", program, process], capture_output=True, text=True, check=True,
                              env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)})
        assert done.stdout == "7\n"


@pytest.mark.parametrize("damage", [lambda code: code[:-5], lambda code: code[:50] + b"x" + code[51:],
                                    lambda code: b""])
def test_a_damaged_file_is_made_anew(folder: Path, emitted: list[str], damage: Callable[[bytes], bytes]) -> None:
    made(1)
    file, = folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert stored(made(1)) == 1 and len(emitted) == 2
    assert file.read_bytes() == whole


def test_where_nothing_can_be_kept_it_is_compiled_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                            emitted: list[str]) -> None:
    (tmp_path / "a file").touch()
    monkeypatch.setattr(kept, "folder", lambda: tmp_path / "a file")
    assert [stored(made(3)) for _ in range(2)] == [3, 3] and len(emitted) == 2


def test_code_that_may_only_be_read_is_used(folder: Path, emitted: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    made(1)

    def refused(*given: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "utime", refused)
    assert stored(made(1)) == 1 and len(emitted) == 1


def test_what_was_not_used_for_longest_goes_when_there_is_too_much(folder: Path,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "_MOST", 400)
    for age, key in enumerate("abc"):
        objects.write(key, bytes(100))
        os.utime(objects._file(key), (age, age))
    assert objects.read("a") == bytes(100)  # used now
    objects.write("d", bytes(100))
    assert [objects.read(key) is None for key in "abcd"] == [False, True, False, False]
