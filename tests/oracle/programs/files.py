"""tf.gfile.GFile: what is read and written where, and what is refused."""

from __future__ import division

import os
import shutil
import tempfile

from . import Case, program
from .refused import words

_MODES = ("r", "rb", "w", "wb", "a", "ab", "r+", "rb+", "w+", "w+b", "a+", "br", "U", "x", "", "rt", "b")


def _plain(value):
    """Bytes and texts alike as text."""
    if isinstance(value, bytes) and not isinstance(value, str):
        return value.decode("latin-1")
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, str)) else str(value)


def _tried(folder, call, *args):
    try:
        return _plain(call(*args))
    except Exception as error:  # what is refused is looked at, too
        return words(error).replace(folder, "FOLDER")


def _contents(path):
    with open(path, "rb") as file:
        return file.read().decode("latin-1").encode("unicode_escape").decode("ascii")


def _in_a_folder(look):
    folder = tempfile.mkdtemp()
    try:
        return Case(facts=look(folder, os.path.join(folder, "file")))
    finally:
        shutil.rmtree(folder)


def _put(path, content=b"old\n"):
    with open(path, "wb") as file:
        file.write(content)


@program
def files_are_written_in_any_mode(tf):
    """Bytes and texts go into a file of any mode that writes; nothing is lost before."""
    def write(path, mode, *parts):
        file = tf.gfile.GFile(path, mode)
        for part in parts:
            file.write(part)
        file.close()
        return _contents(path)

    def read(path, mode):
        return tf.gfile.GFile(path, mode).read()

    def look(folder, path):
        facts = {}
        for mode in _MODES:
            for name, parts in [("bytes", [b"xq", b"y"]), ("text", [u"x\xe9", u"y\r\n"]), ("a number", [3])]:
                _put(path)
                facts["%s, %s" % (mode, name)] = _tried(folder, write, path, mode, *parts)
            _put(path)
            facts["%s, read" % mode] = [_tried(folder, read, path, mode), _contents(path)]
        return facts
    return _in_a_folder(look)


@program
def files_are_read_line_by_line(tf):
    """Carriage returns are in what `read` gives, not in lines."""
    def look(folder, path):
        _put(path, b"a b\r\nc\n\nd")
        facts = {}
        for mode in ("r", "rb"):
            calls = [lambda f: f.read(), lambda f: f.readline(), lambda f: f.readlines(), list, lambda f: f.read(3),
                     lambda f: f.read(0), lambda f: [f.next(), f.read(1), next(iter(f))],
                     lambda f: [f.read(), f.next()]]
            facts[mode] = [_tried(folder, call, tf.gfile.GFile(path, mode)) for call in calls]
        facts["missing"] = [_tried(folder, call, tf.gfile.GFile(os.path.join(folder, "none")))
                            for call in (lambda f: f.read(), list, lambda f: f.size(), lambda f: f.tell())]
        return facts
    return _in_a_folder(look)


@program
def places_in_files(tf):
    """`seek` and `tell`, and what the two places of a file that is read and written know of each other."""
    def look(folder, path):
        _put(path, b"a b\nc\n\nd")
        file = tf.gfile.GFile(path, "rb")
        steps = [file.tell, lambda: file.read(2), file.tell, lambda: file.seek(1), lambda: file.read(3),
                 lambda: file.seek(1, 1), lambda: file.read(1), lambda: file.seek(2, 2), lambda: file.read(9),
                 file.tell, lambda: file.seek(-2, 2), file.read, lambda: file.seek(0, 7), lambda: file.seek(),
                 lambda: file.seek(position=3), lambda: file.read(2), lambda: file.seek(-1), lambda: file.seek(100),
                 file.tell, file.size, file.close, lambda: file.read(1), file.tell, file.close]
        facts = {"steps": [_tried(folder, step) for step in steps]}
        for mode in ("w", "a", "r+", "w+", "a+"):
            _put(path)
            both = tf.gfile.GFile(path, mode)
            steps = [(both.tell,), (both.seek, 0), (both.readline,), (both.write, "zz"), (both.tell,), (both.size,),
                     (both.flush,), (both.size,), (both.tell,), (both.seek, 0), (both.read,), (both.close,),
                     (_contents, path)]
            facts[mode] = [_tried(folder, *step) for step in steps]
        return facts
    return _in_a_folder(look)


@program
def folders_are_made_and_removed(tf):
    """A folder that is there may be made again; what is removed with all that is in it must be one."""
    def look(folder, path):
        _put(path)
        below, deep = os.path.join(folder, "a"), os.path.join(folder, "b", "c")
        calls = [(make, name) for make in (tf.gfile.MkDir, tf.gfile.MakeDirs)
                 for name in (below, below, path, os.path.join(path, "x"), deep, deep)]
        calls += [(tf.gfile.DeleteRecursively, name) for name in (path, os.path.join(folder, "none"), folder, folder)]
        return {"outcomes": [_tried(folder, *call) for call in calls]}

    folder = tempfile.mkdtemp()
    return Case(facts=look(folder, os.path.join(folder, "file")))
