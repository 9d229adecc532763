"""The line magics, the displays of graph objects, and loading and unloading."""

from __future__ import annotations

import subprocess
import sys

import pytest
from bundles import drawn
from IPython.core.error import UsageError
from shells import Shell

from tfmagic.notebook.shell.options import MAGICS
from tfmagic.view.paint.bundle import picture_of


def test_graph_draws_what_an_expression_needs(shell: Shell) -> None:
    shell.ok("a = tf.constant(1.); b = a + 1.; other = tf.constant(2., name='other')")
    assert list(drawn(shell.ok("%graph b").bundles[0])) == ["Const", "add"]


def test_graph_alone_draws_the_whole_graph(shell: Shell) -> None:
    shell.ok("other = tf.constant(2., name='other')")
    assert "other" in shell.ok("%graph").bundles[0]["text/plain"]


def test_expressions_may_be_names_in_the_graph(shell: Shell) -> None:
    shell.ok("x = tf.constant(2., name='scope/inner')\ndel x")
    assert shell.ok("%fetch scope/inner").result.result.value == 2.0
    assert shell.ok("%fetch scope/inner:0").result.result.value == 2.0


def test_fetch_runs_several_expressions(shell: Shell) -> None:
    shell.ok("a = tf.constant(1.); x = tf.placeholder(tf.float32)")
    fetched = shell.ok("%fetch a, x * 2. --feed x=[1., 2.]").result.result
    assert fetched.value[0] == 1.0 and fetched.value[1].tolist() == [2.0, 4.0]


@pytest.mark.parametrize("line", ["%fetch", "%fetch nothing_there", "%fetch 1 + 1", "%tensor", "%torch", "%graph 3",
                                  "%fetch a --feed b=1"])
def test_a_wrong_expression_is_a_usage_error(shell: Shell, line: str) -> None:
    shell.ok("a = tf.constant(1.)")
    assert isinstance(shell.run(line).error, UsageError)


def test_tensors_lists_by_pattern(shell: Shell) -> None:
    shell.ok("a = tf.constant(1., name='left/a'); b = tf.constant(1., name='right/b')")
    text = repr(shell.ok("%tensors left/*").result.result)
    assert "left/a:0" in text and "right/b:0" not in text
    assert "right/b:0" in shell.ok("%tensors").result.result._repr_html_()


def test_tensor_draws_blocks(shell: Shell) -> None:
    shell.ok("m = tf.matmul(tf.constant([[1, 2]]), tf.constant([[3], [4]]))")
    assert "11" in shell.ok("%tensor m").bundles[0]["text/plain"]
    assert picture_of(shell.ok("%tensor [[1, 2], [3, 4]]").bundles[0])


def test_torch_prints_the_plan(shell: Shell) -> None:
    shell.ok("x = tf.placeholder(tf.float32, [2]); y = tf.exp(x)")
    assert "torch.exp" in shell.ok("%torch y").stdout
    assert "# --- lowered ---" in shell.ok("%torch y --passes").stdout


def test_tf_reset_gives_a_new_graph(shell: Shell) -> None:
    shell.ok("a = tf.constant(1.)\n%tf_reset\nb = tf.constant(1.)")
    assert shell.ip.user_ns["b"].name == "Const:0"


def test_devices_are_listed(shell: Shell) -> None:
    assert "CPU:0" in repr(shell.ok("%devices").result.result)


def test_install_lines_are_polite(shell: Shell) -> None:
    done = shell.ok("try:\n    !pip install tensorflow==1.13.1 -q\nexcept Exception:\n    pass")
    assert done.stdout == "" and done.stderr.count("\n") == 1 and "tensorflow==1.13.1" in done.stderr
    assert shell.ok("text = '''\n!pip install tensorflow\n'''\nprint(len(text))").stderr == ""


@pytest.mark.parametrize("name", MAGICS)
def test_every_magic_is_listed_and_has_help(shell: Shell, name: str) -> None:
    kind = "cell" if name.startswith("%%") else "line"
    magic = shell.ip.magics_manager.magics[kind][name.lstrip("%")]
    assert magic.__doc__ == MAGICS[name].help()


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # IPython's own, of a call that clients make
@pytest.mark.parametrize(("line", "expected"), [
    ("%%graph --di", "--direction"), ("%%graph --direction ", "LR"), ("%graph tot", "total"),
    ("%fetch total --feed ", "x="), ("%%session --in", "--init"), ("%tensors Con", "Const:0"),
    ("%%graph --device ", "/cpu:0"),
])
def test_options_and_names_are_completed(shell: Shell, line: str, expected: str) -> None:
    shell.ok("a = tf.constant(1.); x = tf.placeholder(tf.float32); total = a + x")
    _, matches = shell.ip.complete(text=None, line=line, cursor_pos=len(line))
    assert expected in matches


def test_objects_show_tensorflows_text_and_a_card(shell: Shell) -> None:
    shell.ok("a = tf.constant(1.); b = a + 1.; v = tf.Variable(1.); s = tf.Session()")
    for name, word in (("b", "add"), ("b.op", "AddV2"), ("v", "Variable"), ("b.graph", "operations"), ("s", "open")):
        data, _ = shell.ip.display_formatter.format(shell.ip.ev(name))
        assert word in data["text/html"], name
        if name in ("b", "b.op", "v"):
            assert data["text/plain"] == repr(shell.ip.ev(name))


def test_unloading_takes_everything_back(bare_shell: Shell) -> None:
    ip = bare_shell.ip

    def state() -> dict[str, object]:
        return {"magics": {kind: set(table) for kind, table in ip.magics_manager.magics.items()},
                "ast": list(ip.ast_transformers), "input": list(ip.input_transformers_cleanup),
                "names": {n for n in ip.user_ns if not n.startswith("_i") and n not in ("_", "__", "___")},
                "events": {name: list(called) for name, called in ip.events.callbacks.items()},
                "displays": dict(ip.display_formatter.formatters["text/html"].type_printers),
                "errors": ip.custom_exceptions,
                "completers": set(ip.strdispatchers["complete_command"].strs)}

    before = state()
    bare_shell.ok("%load_ext tfmagic")
    assert state() != before
    bare_shell.ok("%unload_ext tfmagic")
    assert state() == before
    assert isinstance(bare_shell.run("import tensorflow").error, ModuleNotFoundError)


def test_loading_and_a_first_drawing_do_not_import_torch() -> None:
    program = ("import sys; from IPython.core.interactiveshell import InteractiveShell; "
               "s = InteractiveShell.instance(); s.run_cell('%load_ext tfmagic').raise_error(); "
               "s.run_cell('%%graph --free\\nc = a + b').raise_error(); assert 'torch' not in sys.modules")
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, timeout=60)


def test_training_is_drawn_with_its_loss_and_the_state_of_its_variables(shell):
    shell.ok("from tfmagic import tf\nx = tf.placeholder(tf.float32, [None, 2], name='x')\n"
             "w = tf.get_variable('w', [2, 1], initializer=tf.ones_initializer())\n"
             "loss = tf.reduce_mean(tf.matmul(x, w), name='loss')\n"
             "train = tf.train.GradientDescentOptimizer(1.0).minimize(loss, name='train')")
    (before,) = shell.ok("%graph train").bundles
    assert "loss" in before["text/plain"] and "← loss, w" in before["text/plain"]
    assert "update" not in before["text/plain"].replace("initialisers", "")
    shell.ok("%%session --init\nfor _ in range(3):\n    tf.get_default_session().run(train, {x: [[1., 2.]]})")
    (after,) = shell.ok("%graph train").bundles
    line = next(line for line in after["text/plain"].splitlines() if "─ w " in line)
    assert "= [[-2.0], [-5.0]]" in line and "3 updates" in line
    shell.ok("%%session\ntf.get_default_session().run(w.initializer)")
    (again,) = shell.ok("%graph train").bundles
    assert "0 updates" in again["text/plain"]
