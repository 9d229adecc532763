"""Names that NumPy and Python's library have lost since TensorFlow 1: programs find them, unloading takes them back.

The values are those of NumPy 1.16, and of Python 3.7 for its own library.
"""

import collections
import importlib
import subprocess
import sys
import time

import numpy as np
import pytest

from tfmagic.notebook.legacy import former
from tfmagic.notebook.legacy.former import library
from tfmagic.notebook.legacy.former.library.distutils import util, version


@pytest.fixture
def former_names():
    with former.bring_back():
        yield


@pytest.mark.parametrize("expression, value", [
    ("np.zeros(1, np.float).dtype.name", "float64"),
    ("np.array([1], np.int).dtype.kind", "i"),
    ("np.zeros(1, np.bool).dtype.name", "bool"),
    ("np.array([1, 'a'], np.object).tolist()", [1, "a"]),
    ("[np.float_, np.complex_, np.string_, np.unicode_, np.bool8]",
     [np.float64, np.complex128, np.bytes_, np.str_, np.bool_]),
    ("(np.Inf, np.NINF, np.isnan(np.NaN))", (np.inf, -np.inf, True)),
    ("np.asscalar(np.array([2.5]))", 2.5),
    ("np.product([2, 3, 4]), np.cumproduct([2, 3]).tolist(), np.sometrue([0, 1]), np.alltrue([0, 1])",
     (24, [2, 6], True, False)),
    ("np.in1d([[1, 2], [5, 0]], [2, 0], invert=True).tolist()", [True, False, True, False]),
    ("np.trapz([1, 2, 3]), np.msort([[3, 1], [1, 2]]).tolist(), np.rank([[1]])", (4.0, [[1, 1], [3, 2]], 2)),
    ("np.asfarray([1, 2], np.int32).dtype.name, np.asfarray([1], np.float32).dtype.name", ("float64", "float32")),
    ("np.alen([[1, 2], [3, 4]]), np.alen(3)", (2, 1)),
    ("np.array([1, 2], np.int16).tostring()", b"\1\0\2\0"),
    ("np.int16(3).tostring()", b"\3\0"),
    ("np.fromstring(b'\\1\\0\\2\\0', np.int16).tolist()", [1, 2]),
    ("np.fromstring(b'\\1\\0\\2\\0', dtype='<i2', count=1).tolist()", [1]),
    ("np.fromstring(b'\\1\\2', np.uint8).flags.writeable", True),
    ("np.fromstring('1 2 3', int, 2, ' ').tolist()", [1, 2]),
    ("np.arange(6).ptp()", 5),
    ("np.array([1, 256], np.int16).newbyteorder().tolist()", [256, 1]),
    ("issubclass(np.VisibleDeprecationWarning, UserWarning), np.math.pi > 3", (True, True)),
    ("int(np.searchsorted([0.2, 0.7, 1], np.array([0.5])))", 1),
    ("'%d %.3f' % (np.array([3]), np.array([[2.5]]))", "3 2.500"),
    ("[float(np.matrix([[2.5]])), int(np.ma.array([3])), complex(np.array([2]))]", [2.5, 3, 2 + 0j]),
    ("np.math.sqrt(np.array([4.0])), float(np.array(2.5)), int(np.array(['7']))", (2.0, 2.5, 7)),
    ("(np.array([[1, 2], [3]]).dtype.kind, np.array([[1, 2], [3]]).tolist())", ("O", [[1, 2], [3]])),
    ("np.array([(np.zeros(3), 1, 2.5, np.zeros(3), True)] * 2).shape", (2, 5)),
    ("np.asarray([[1], [2, 3]]).shape, np.asanyarray([[1], [2, 3]]).dtype.kind", ((2,), "O")),
    ("np.array([1, 2], copy=False).tolist(), np.array(np.arange(2), float, copy=False).tolist()", ([1, 2], [0, 1])),
    ("np.array([[1], [2, 3]], copy=False).dtype.kind, [np.array(a, copy=False) is a for a in [np.zeros(2)]]",
     ("O", [True])),
    ("np.array([np.zeros((3, 2)), np.zeros((4, 2))]).shape, np.array([[1], 2], ndmin=2).shape", ((2,), (1, 2))),
])
@pytest.mark.usefixtures("former_names")
def test_numpy(expression, value):
    assert eval(expression) == value


@pytest.mark.usefixtures("former_names")
def test_an_element_is_set_to_an_array_of_one():
    array = np.zeros(3)
    array[0], array[1] = np.array([5.0]), np.array([[7]])
    assert array.tolist() == [5, 7, 0]


@pytest.mark.parametrize("expression, error, message", [
    ("float(np.array([1.0, 2.0]))", TypeError, "only size-1 arrays can be converted to Python scalars"),
    ("int(np.array([]))", TypeError, "only size-1 arrays can be converted to Python scalars"),
    ("np.zeros(3).__setitem__(0, np.array([1.0, 2.0]))", ValueError, "setting an array element with a sequence"),
    ("np.array([[1, 2], [3]], float)", ValueError, "setting an array element with a sequence"),
    ("np.array([[1, 2], [3]], dtype='i')", ValueError, "setting an array element with a sequence"),
    ("np.array([np.zeros((2, 3)), np.zeros((2, 4))])", ValueError, "could not broadcast input array from shape"),
    ("importlib.import_module('tfmagic').tf.constant([[1, 2], [3]])", ValueError, "Argument must be a dense tensor")])
@pytest.mark.usefixtures("former_names")
def test_what_was_refused_still_is(expression, error, message):
    with pytest.raises(error, match=message):
        eval(expression)


@pytest.mark.parametrize("place, changed", [((4,), [[0, 1, 2], [3, 9, 5]]), (((0, 1),), [[0, 9, 2], [3, 4, 5]]),
                                            ((1, 2), [[0, 1, 2], [3, 4, 9]]), ((-1,), [[0, 1, 2], [3, 4, 9]])])
@pytest.mark.usefixtures("former_names")
def test_an_item_is_set_by_its_place(place, changed):
    array = np.arange(6).reshape(2, 3)
    array.itemset(*place, 9)
    assert array.tolist() == changed


@pytest.mark.parametrize("dtype, count, message", [
    (np.int32, -1, "string size must be a multiple of element size"),
    (np.uint8, 7, "string is smaller than requested size")])
@pytest.mark.usefixtures("former_names")
def test_a_string_that_does_not_fit_the_type(dtype, count, message):
    with pytest.raises(ValueError, match=message):
        np.fromstring(b"12345", dtype, count)


@pytest.mark.parametrize("program, printed", [
    ("import time; print(time.clock() >= 0)", "True"),
    ("from collections import Iterable, Mapping; print(issubclass(dict, Mapping))", "True"),
    ("from fractions import gcd; print(gcd(12, 18))", "6"),
    ("import inspect; print(inspect.getargspec(lambda a, b=1, *c, **d: 0))",
     "ArgSpec(args=['a', 'b'], varargs='c', keywords='d', defaults=(1,))"),
    ("import os; print(os.errno.EEXIST)", "17"),
    ("import base64; print(base64.decodestring(base64.encodestring(b'x')))", "b'x'"),
    ("import random; print(sorted(random.sample({3, 1, 2}, 3)), random.sample({}.keys(), 0))", "[1, 2, 3] []"),
    ("import random; names = list('abcde'); random.shuffle(names, lambda: 0.3); print(names)",
     "['d', 'c', 'a', 'e', 'b']"),
    ("import io, json; print(json.loads('[1]', encoding='utf8'), json.load(io.StringIO('{}'), encoding='utf8'))",
     "[1] {}"),
    ("import threading; print(threading.Thread().isAlive())", "False"),
    ("from html.parser import HTMLParser; print(HTMLParser().unescape('a &lt; b'))", "a < b"),
    ("import xml.etree.cElementTree as ET; print(ET.fromstring('<a><b>1</b></a>').find('b').text)", "1"),
    ("from distutils.version import LooseVersion; import tensorflow as tf\n"
     "print(LooseVersion(tf.__version__) >= LooseVersion('1.0'))", "True"),
])
def test_python(tmp_path, program, printed):
    (tmp_path / "program.py").write_text(program)
    ran = subprocess.run([sys.executable, "-W", "ignore", "-m", "tfmagic.notebook.command.cli", "run", "program.py"],
                         capture_output=True, text=True, cwd=tmp_path)
    assert ran.stdout.strip() == printed, ran.stderr


def test_the_names_are_taken_back():
    with former.bring_back():
        pass
    assert not hasattr(np, "asscalar") and not hasattr(np.zeros(1), "tostring")
    assert not hasattr(collections, "Iterable") and not hasattr(time, "clock")
    with pytest.raises(ValueError, match="binary mode"):
        np.fromstring(b"1", np.uint8)
    assert np.array.__module__ == "numpy" and type(np.array).__name__ == "builtin_function_or_method"
    assert type(np.ndarray.__float__).__name__ == "wrapper_descriptor" and float(np.array(2.5)) == 2.5


# --- modules that have gone from Python 3.12 on -----------------------------------------------------------------------

def test_every_former_module_is_there():
    assert {importlib.import_module(f"{library.__name__}.{name}").__doc__ is None
            for name in ("imp", "distutils", "distutils.version", "distutils.util")} == {False}


@pytest.mark.parametrize("kind, smaller, larger", [
    ("LooseVersion", "1.9.0", "1.10"), ("LooseVersion", "1.15", "2"), ("LooseVersion", "1.0.0rc1", "1.0.0rc2"),
    ("StrictVersion", "1.4a1", "1.4"), ("StrictVersion", "1.4a2", "1.4b1"), ("StrictVersion", "0.9.9", "1.0")])
def test_versions_are_compared(kind, smaller, larger):
    of = getattr(version, kind)
    assert of(smaller) < of(larger) and of(larger) >= smaller and of(smaller) == of(smaller) and of(smaller) != larger
    assert str(of(smaller)) == smaller


def test_a_strict_version_has_its_form():
    assert str(version.StrictVersion("1.0.0")) == "1.0" and version.StrictVersion("1.0") == "1.0.0"
    with pytest.raises(ValueError, match="invalid version number '1.x'"):
        version.StrictVersion("1.x")


def test_truth_values():
    assert [util.strtobool(word) for word in ("Yes", "off", "1")] == [1, 0, 1]
    with pytest.raises(ValueError, match="invalid truth value 'perhaps'"):
        util.strtobool("perhaps")


def test_a_module_is_loaded_from_a_file(tmp_path):
    imp = importlib.import_module(f"{library.__name__}.imp")
    (tmp_path / "settings.py").write_text("rate = 0.1")
    assert imp.load_source("some_settings", str(tmp_path / "settings.py")).rate == 0.1
    del sys.modules["some_settings"]
