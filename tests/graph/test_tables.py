"""The tables of public names and op definitions: they say where tfmagic has what, and that is so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import tfmagic
from tfmagic.base import export, slots
from tfmagic.graph import opdefs

ROOT = Path(tfmagic.__file__).parents[1]
MODULES = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
           for floor in ("base", "formats", "graph", "ops", "graphdef", "session", "tf", "view", "notebook")
           for path in sorted((ROOT / "tfmagic" / floor).rglob("*.py"))]


def test_the_homes_in_the_tables_are_those_of_the_tree() -> None:
    done = subprocess.run([sys.executable, "-m", "tables", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_no_module_of_the_house_has_the_name_of_a_public_object() -> None:
    hidden = [name for name in (module.removeprefix("tfmagic.tf.") for module in MODULES)
              if export.row(name) is not None]
    assert not hidden, f"these modules would hide public objects: {hidden}"


def test_every_slot_of_a_lower_floor_is_filled_by_something_that_exists() -> None:
    named = {}
    for path in (ROOT / "tfmagic").rglob("*.py"):
        text = path.read_text("utf-8")
        named.update({part.partition('"')[0]: path for part in text.split('Slot("')[1:]})
    assert set(named) == set(slots._places)
    for name in slots._places:
        assert slots.Slot(name).load() is not None


# Runs each argument in a process of its own that has imported nothing of the house yet.
EACH_FIRST = """
import os, sys
import numpy, ml_dtypes
if sys.argv[1] == "torch":
    import torch.fx, IPython
failed = []
for code in sys.argv[2:]:
    child = os.fork()
    if child == 0:
        try:
            exec(code, {"__name__": "program"})
        except BaseException as error:
            print(f"{code}: {error!r}", flush=True)
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        failed.append(code)
sys.exit(bool(failed))
"""


def each_first(programs: list[str], torch: bool) -> None:
    """Run programs, each as the first thing that is done with tfmagic."""
    done = subprocess.run([sys.executable, "-c", EACH_FIRST, "torch" if torch else "", *programs], cwd=ROOT,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_each_module_can_be_the_first_that_is_imported() -> None:
    each_first([f"import {module}" for module in MODULES], torch=True)


BUILT_FIRST = [
    "a, b = tf.constant([1.0]), tf.constant([2.0]); a + b; a - b; 2.0 * a; -a; a[0]; a > b; abs(a)",
    "tf.ones([2, 2]) @ tf.ones([2, 2])",
    "tf.convert_to_tensor([tf.constant(1), 2])",
    "tf.convert_to_tensor(tf.TensorShape([1, 2])); tf.convert_to_tensor(tf.Dimension(3))",
    "x = tf.placeholder(tf.float32, [2]); x + [1.0, 2.0]",
    "v = tf.Variable([1.0]); v + 1.0; v[0]; tf.convert_to_tensor(v); tf.get_default_graph().as_graph_def()",
    "tf.get_variable('w', [2, 3]); tf.global_variables_initializer()",
    "x = tf.placeholder(tf.float32, [3]); tf.convert_to_tensor(tf.gradients(tf.gather(x, [0]), x)[0])",
    "x = tf.placeholder(tf.float32); tf.gradients(tf.while_loop(lambda i: i < 9.0, lambda i: i * x, [x]), x)",
    "tf.import_graph_def(tf.GraphDef(), name='')",
    "tf.IndexedSlices(tf.ones([1, 2]), tf.constant([0]), tf.constant([3, 2])) and tf.convert_to_tensor("
    "tf.IndexedSlices(tf.ones([1, 2]), tf.constant([0]), tf.constant([3, 2])))",
    "tf.SparseTensor([[0]], [1.0], [2]); tf.sparse_placeholder(tf.float32)",
    "tf.cond(tf.constant(True), lambda: 1, lambda: 2); tf.case([(tf.constant(True), lambda: 1)], lambda: 2)",
    "tf.get_default_graph().create_op('NoOp', [], [])",
    "with tf.name_scope('a'), tf.device('/cpu:0'), tf.control_dependencies([tf.no_op()]): tf.identity(1)",
    "tf.layers.dense(tf.ones([2, 3]), 4, activation=tf.nn.relu)",
    "x = tf.Variable(1.0); tf.train.AdamOptimizer(0.1).minimize(x * x)",
    "tf.py_func(lambda x: x, [1.0], tf.float32); tf.raw_ops.Relu(features=[1.0])",
]
RUN_FIRST = [
    "s = tf.Session(); assert s.run(tf.SparseTensor([[0]], [1.0], [2])).values == 1.0",
    "s = tf.Session(); assert s.run(tf.gradients(tf.gather(tf.Variable([1.0]).value(), [0]), [])) == []",
    "s = tf.InteractiveSession(); assert (tf.constant([1, 2]) + 1).eval().tolist() == [2, 3]",
    "assert tf.Session().run(tf.py_function(lambda x: x * 2.0, [tf.constant(2.0)], tf.float32)) == 4.0",
    "v = tf.Variable([1.0], use_resource=True); s = tf.Session(); s.run(v.initializer); assert s.run(v + 1.0) == [2.0]",
    "x = tf.placeholder(tf.int32); assert tf.Session().run(x[1:], {x: [1, 2]}).tolist() == [2]",
]


def test_whatever_is_built_first_finds_what_it_needs() -> None:
    each_first([f"from tfmagic import tf\n{code}" for code in BUILT_FIRST], torch=False)


@pytest.mark.slow
def test_whatever_is_run_first_finds_what_it_needs() -> None:
    each_first([f"from tfmagic import tf\n{code}" for code in RUN_FIRST], torch=True)


def test_one_name_imports_the_module_that_defines_it_and_what_that_needs() -> None:
    code = ("import sys\nfrom tfmagic import tf\nassert 'numpy' not in sys.modules\ntf.nn.relu\ntf.float32\n"
            "loaded = [m for m in sys.modules if m.startswith(('tfmagic.tf.', 'tfmagic.ops.', 'tfmagic.session.'))]\n"
            "assert not [m for m in loaded if m.count('.') > 2], loaded\n"
            "tf.train.AdamOptimizer\nassert 'tfmagic.tf.train.adam' in sys.modules\n"
            "assert 'tfmagic.tf.train.ftrl' not in sys.modules and 'tfmagic.tf.layers' not in sys.modules\n")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_op_imports_its_family_when_it_is_first_made() -> None:
    code = ("import sys\nfrom tfmagic import tf\nx = tf.placeholder(tf.float32, [2])\n"
            "assert 'tfmagic.ops.nn.activations' not in sys.modules\ntf.nn.relu(x)\n"
            "assert 'tfmagic.ops.nn.activations' in sys.modules and 'tfmagic.ops.nn.pool' not in sys.modules\n")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_threads_that_use_the_first_ops_of_all_families_at_once_get_whole_families() -> None:
    code = """
import sys, threading
from tfmagic import tf

sys.setswitchinterval(1e-5)
failed = []
start = threading.Barrier(16)

def build(number):
    start.wait()
    try:
        with tf.Graph().as_default():
            x = tf.placeholder(tf.float32, [2, 4, 4, 3])
            steps = [lambda: tf.nn.relu(x), lambda: tf.reduce_mean(x), lambda: x[0] + 1.0, lambda: tf.transpose(x),
                     lambda: tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME"), lambda: tf.strings.join(["a", "b"]),
                     lambda: tf.gather(x, [0]), lambda: tf.concat([x, x], 0), lambda: tf.random_uniform([2]),
                     lambda: tf.gradients(tf.tanh(x), x), lambda: tf.get_variable("w", [2]),
                     lambda: tf.linalg.inv(tf.eye(2)),
                     lambda: tf.layers.dense(x, 2), lambda: tf.train.AdamOptimizer(), lambda: tf.while_loop(
                         lambda i: i < 3, lambda i: i + 1, [tf.constant(0)]), lambda: tf.nn.conv2d(
                             x, tf.ones([2, 2, 3, 4]), 1, "SAME")]
            for step in steps[number:] + steps[:number]:
                step()
    except BaseException as error:
        failed.append(repr(error))

threads = [threading.Thread(target=build, args=(number,)) for number in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not failed, failed
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_python_function_of_every_op_is_known_by_name() -> None:
    assert opdefs.by_python_name()["conv2d_backprop_input"] == "Conv2DBackpropInput"
    assert len(opdefs.by_python_name()) == len(opdefs.names())
