"""The line magics, the displays of graph objects, and loading and unloading."""

from __future__ import annotations

import builtins
import subprocess
import sys
from pathlib import Path

import pytest
from bundles import drawn
from IPython.core.completer import provisionalcompleter
from IPython.core.error import UsageError
from shells import Shell

from tfmagic.notebook.shell.options import MAGICS
from tfmagic.view import phrases
from tfmagic.view.paint.bundle import picture_of


def test_graph_draws_what_an_expression_needs(shell: Shell) -> None:
    shell.ok("a = tf.constant(1.); b = a + 1.; other = tf.constant(2., name='other')")
    assert list(drawn(shell.ok("%graph b").bundles[0])) == ["Const", "add"]


@pytest.mark.parametrize("line", ["%graph a c", "%graph a, c", "%graph 'a' \"c\"", "%graph 'a, c'"])
def test_graph_draws_what_several_expressions_need(shell: Shell, line: str) -> None:
    shell.ok("a = tf.constant(1., name='a'); b = a + 1.; c = tf.constant(2., name='c')")
    assert list(drawn(shell.ok(line).bundles[0])) == ["a", "c"]


def test_an_empty_graph_says_so(shell: Shell) -> None:
    bundle = shell.ok("%graph").bundles[0]
    assert "The graph is empty." in bundle["text/plain"] and "The graph is empty." in picture_of(bundle)


def test_graph_alone_draws_the_whole_graph(shell: Shell) -> None:
    shell.ok("other = tf.constant(2., name='other')")
    assert "other" in shell.ok("%graph").bundles[0]["text/plain"]


def test_expressions_may_be_names_in_the_graph(shell: Shell) -> None:
    shell.ok("x = tf.constant(2., name='scope/inner')\ndel x")
    assert shell.ok("%fetch scope/inner").result.result.value == 2.0
    assert shell.ok("%fetch scope/inner:0").result.result.value == 2.0


@pytest.mark.parametrize("line", ["%graph w --fetch w --init", "%tensor w --init", "%fetch w --init",
                                  "%%graph --fetch v --init\nv = w + 0."])
def test_variables_have_their_first_values_where_init_asks_for_them(shell: Shell, line: str) -> None:
    shell.ok("w = tf.Variable([7., 7.], name='w')")
    done = shell.ok(line)
    assert "7." in "".join([*(bundle["text/plain"] for bundle in done.bundles), repr(done.result.result)])


@pytest.mark.parametrize("line", ["%graph w --fetch w", "%tensor w", "%fetch w", "%%graph --fetch v\nv = w + 0."])
def test_without_init_the_error_names_it(shell: Shell, line: str) -> None:
    shell.ok("w = tf.Variable([7., 7.], name='w')")
    done = shell.run(line)
    assert type(done.error).__name__ == "FailedPreconditionError" and "--init" in str(done.error)
    assert "On this line, --init" in done.stdout


def test_init_without_something_to_run_is_a_usage_error(shell: Shell) -> None:
    shell.ok("w = tf.Variable(7.)")
    assert isinstance(shell.run("%graph w --init").error, UsageError)


@pytest.mark.parametrize("line", ["%graph y --fetch 'y * 2' --feed 'x=[3.]'", '%graph y --fetch "y * 2" --feed x=[3.]',
                                  "%fetch 'y * 2' --feed 'x=[3.]'", "%fetch y*2 --feed x='[3.]'"])
def test_quotes_may_stand_around_an_expression(shell: Shell, line: str) -> None:
    shell.ok("x = tf.placeholder(tf.float32, [1], name='x'); y = x + 1.")
    done = shell.ok(line)
    assert "[8.]" in "".join([*(bundle["text/plain"] for bundle in done.bundles), repr(done.result.result)])


def test_a_variable_of_an_earlier_cell_shows_its_value_where_it_is_drawn(shell: Shell) -> None:
    shell.ok("w = tf.Variable([7., 7.], name='w')")
    (drawing,) = shell.ok("%%graph --fetch w --init\ny = w * 2.").bundles
    assert drawn(drawing)["w"]["values"] == ["= [7.0, 7.0]"]


def test_a_text_that_is_fed_keeps_its_quotes(shell: Shell) -> None:
    shell.ok("word = tf.placeholder(tf.string); same = tf.identity(word)")
    assert shell.ok("%fetch same --feed word='x'").result.result.value == b"x"


def test_a_fetched_value_that_is_not_drawn_is_shown_below(shell: Shell) -> None:
    shell.ok("a = tf.constant(1., name='a'); other = tf.constant(5., name='other')")
    drawing, below = shell.ok("%graph a --fetch a --fetch other").bundles
    assert "other" not in drawing["text/plain"] and "other:0" in below["text/plain"] and "5.0" in below["text/plain"]


def test_fetch_runs_several_expressions(shell: Shell) -> None:
    shell.ok("a = tf.constant(1.); x = tf.placeholder(tf.float32)")
    fetched = shell.ok("%fetch a, x * 2. --feed x=[1., 2.]").result.result
    assert fetched.value[0] == 1.0 and fetched.value[1].tolist() == [2.0, 4.0]


@pytest.mark.parametrize("line", ["%fetch", "%fetch nothing_there", "%fetch 1 + 1", "%tensor", "%torch", "%graph 3",
                                  "%fetch a --feed b=1", "%tensor {'a': 1}", "%tensor tf", "%tensor None",
                                  "%tensor [[1], [2, 3]]", "%tensor a.op", "%graph a 3", "%graph --lang xx"])
def test_a_wrong_expression_is_a_usage_error(shell: Shell, line: str) -> None:
    shell.ok("a = tf.constant(1.)")
    assert isinstance(shell.run(line).error, UsageError)


def test_tensors_lists_by_pattern(shell: Shell) -> None:
    shell.ok("a = tf.constant(1., name='left/a'); b = tf.constant(1., name='right/b')")
    text = repr(shell.ok("%tensors left/*").result.result)
    assert "left/a:0" in text and "right/b:0" not in text
    assert "right/b:0" in shell.ok("%tensors").result.result._repr_html_()


@pytest.mark.parametrize("optimiser", ["GradientDescent", "Adam"])
def test_tensors_leaves_out_what_a_drawing_leaves_out(shell: Shell, optimiser: str) -> None:
    shell.ok("x = tf.placeholder(tf.float32, [None, 2], name='x'); w = tf.Variable(tf.ones([2, 1]) * 3., name='w')\n"
             "loss = tf.reduce_mean(tf.matmul(x, w), name='loss')\n"
             f"train = tf.train.{optimiser}Optimizer(0.1).minimize(loss); init = tf.global_variables_initializer()")
    table = shell.ok("%tensors").result.result
    assert [row[0] for row in table.rows] == ["x:0", "w:0", "w/read:0", "MatMul:0", "Const:0", "loss:0"]
    assert len(shell.ok("%tensors --all").result.result.rows) > 12 and "--all" in table.note


def test_tensors_in_a_list_are_drawn_together(shell: Shell) -> None:
    shell.ok("a = tf.constant([1, 2]); b = tf.constant([3, 4])")
    assert shell.ok("%tensor [a, b]").bundles[0]["text/plain"] == "[a, b]: shape (2, 2) · int32\n[[1 2]\n [3 4]]"
    assert [bundle["text/plain"][0] for bundle in shell.ok("%tensor a b").bundles] == ["a", "b"]


def test_tensor_draws_blocks(shell: Shell) -> None:
    shell.ok("m = tf.matmul(tf.constant([[1, 2]]), tf.constant([[3], [4]]))")
    assert "11" in shell.ok("%tensor m").bundles[0]["text/plain"]
    assert picture_of(shell.ok("%tensor [[1, 2], [3, 4]]").bundles[0])


def test_torch_prints_the_plan(shell: Shell) -> None:
    shell.ok("x = tf.placeholder(tf.float32, [2]); y = tf.exp(x)")
    (bundle,) = shell.ok("%torch y").bundles
    assert "torch.exp" in bundle["text/plain"] and "torch.exp" in bundle["text/html"]
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


def test_matplotlib_where_there_is_none_is_one_line(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str, *arguments: object) -> object:
        if name.partition(".")[0] == "matplotlib":
            raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")
        return real(name, *arguments)

    real = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", missing)
    done = shell.run("%matplotlib inline\nafter = 1")
    monkeypatch.undo()
    assert done.error is None and shell.ip.user_ns["after"] == 1
    assert done.stderr.count("\n") == 1 and "%pip install matplotlib" in done.stderr


@pytest.mark.parametrize("name", MAGICS)
def test_every_magic_is_listed_and_has_help(shell: Shell, name: str) -> None:
    kind = "cell" if name.startswith("%%") else "line"
    magic = shell.ip.magics_manager.magics[kind][name.lstrip("%")]
    assert magic.__doc__ == MAGICS[name].help()


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # IPython's own, of a call that clients make
@pytest.mark.parametrize(("line", "expected"), [
    ("%%graph --di", "--direction"), ("%%graph --direction ", "LR"), ("%graph tot", "total"),
    ("%fetch total --feed ", "x="), ("%%session --in", "--init"), ("%tensors Con", "Const:0"),
    ("%%graph --device ", "/cpu:0"), ("%graph enc", "enc/x"), ("%graph enc/", "enc/x"),
    ("%fetch total enc/x:", "enc/x:0"),
    ("%graph --fetch=enc", "enc/x"), ("%fetch total --feed en", "enc/x="), ("y = %fetch tot", "total"),
    ("%graph --direction=", "LR"), ("%graph --lang ", "pt"),
])
def test_options_and_names_are_completed(shell: Shell, line: str, expected: str) -> None:
    shell.ok("a = tf.constant(1.); x = tf.placeholder(tf.float32); total = a + x\n"
             "tf.placeholder(tf.float32, name='enc/x')")
    _, matches = shell.ip.complete(text=None, line=line, cursor_pos=len(line))
    assert expected in matches


@pytest.mark.parametrize("name", [name for name, magic in MAGICS.items() if magic.options])
@pytest.mark.parametrize("below", ["", "\nx = 1"])
def test_a_dash_offers_the_magics_options_and_nothing_else(shell: Shell, name: str, below: str) -> None:
    """As a kernel completes, with all that IPython knows besides."""
    line = f"{name} --"
    with provisionalcompleter():
        found = list(shell.ip.Completer.completions(line + below, len(line)))
    assert {completion.text for completion in found} == {option.flag for option in MAGICS[name].options}
    assert {(completion.start, completion.end) for completion in found} == {(len(name) + 1, len(line))}


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_files_are_offered_to_save(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    line = f"%graph --save {tmp_path}/fig"
    assert shell.ip.complete(text=None, line=line, cursor_pos=len(line))[1] == [f"{tmp_path}/figures/"]


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
                "completers": list(ip.Completer.custom_matchers), "own": "enable_matplotlib" in vars(ip),
                "language": phrases.language()}

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


def test_session_jit_compiles_what_the_cell_runs_and_no_more(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    from tfmagic.session.tiers import compiled

    regions = []
    monkeypatch.setattr(compiled.COMPILER, "compiled", lambda graph, values: regions.append(graph))
    shell.ok("x = tf.placeholder(tf.float32, [2], name='x'); y = x\nfor _ in range(5): y = tf.tanh(y * .5) + .25")
    shell.ok("%%session sess --jit\nassert sess.jit; sess.run(y, {x: [1., 2.]})")
    assert len(regions) == 1
    shell.ok("%%session sess\nassert not sess.jit; sess.run(y + 1., {x: [1., 2.]})")
    assert len(regions) == 1
