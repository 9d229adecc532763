"""Cells with headers: run natively and once, drawn after, with exact lines and a single traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from bundles import GRAPH, drawn
from IPython.core.error import UsageError
from shells import Shell

from tfmagic.view.paint.bundle import picture_of


def titles(bundle: dict) -> list[str]:
    return list(drawn(bundle))


def test_a_cell_is_drawn_with_what_it_adds(shell: Shell) -> None:
    shell.ok("a = tf.constant(1.)")
    done = shell.ok("%%graph\nb = a + 2.")
    (bundle,) = done.bundles
    assert {GRAPH, "text/plain", "text/html"} <= set(bundle)
    nodes = drawn(bundle)
    assert "boundary" in nodes["Const"]["classes"] and "classes" not in nodes["add"]


def test_the_cell_runs_once(shell: Shell) -> None:
    shell.ok("count = 0")
    shell.ok("%%graph\ncount += 1\nx = tf.constant(1)")
    assert shell.ip.user_ns["count"] == 1


def test_the_last_expression_is_shown_as_in_any_cell(shell: Shell) -> None:
    assert shell.ok("%%graph\nx = tf.constant(1)\n1 + 1").result.result == 2


def test_await_works_at_top_level(shell: Shell) -> None:
    shell.ok("%%graph\nimport asyncio\nawait asyncio.sleep(0)\nx = tf.constant(1)")


def test_nodes_know_their_line(shell: Shell) -> None:
    shell.ok("%%graph\n\nx = tf.constant(1)")
    assert shell.ip.user_ns["x"].op.source.lineno == 3


def test_a_failing_cell_shows_one_traceback_and_no_drawing(shell: Shell) -> None:
    done = shell.run("%%graph\nx = tf.constant(1)\n1 / 0")
    assert isinstance(done.error, ZeroDivisionError)
    assert done.stdout.count("ZeroDivisionError") == 2  # the head and the last line of one traceback
    assert not done.bundles


def test_time_may_stand_around(shell: Shell) -> None:
    done = shell.ok("%%time\n%%graph\nx = tf.constant(1)")
    assert "Wall time" in done.stdout and len(done.bundles) == 1


def test_a_cell_without_new_nodes_says_so(shell: Shell) -> None:
    assert "adds no nodes" in shell.ok("%%graph\nx = 1").stdout


def test_all_draws_the_whole_graph(shell: Shell) -> None:
    shell.ok("a = tf.constant(1., name='first')")
    assert "first" in titles(shell.ok("%%graph --all\nb = tf.constant(2., name='second')").bundles[0])


def test_all_leaves_nothing_out(shell: Shell) -> None:
    cell = "\nv = tf.Variable(tf.ones([2]), name='v')\nw = tf.nn.dropout(v, rate=0.5)"
    assert shell.ok("%%graph --new" + cell).bundles[0][GRAPH]["folded"]
    whole = shell.ok("%%graph --new --all" + cell).bundles[0][GRAPH]
    assert "folded" not in whole
    assert "dropout" in {label for _, _, label in whole["open"]}


def test_new_starts_a_new_graph(shell: Shell) -> None:
    shell.ok("a = tf.constant(1.)")
    shell.ok("%%graph --new\nb = tf.constant(2.)")
    assert shell.ip.user_ns["b"].name == "Const:0"


def test_another_graph_made_in_the_cell_is_drawn(shell: Shell) -> None:
    done = shell.ok("%%graph\ng = tf.Graph()\nwith g.as_default():\n    x = tf.constant(1., name='inside')")
    assert titles(done.bundles[0]) == ["inside"]


def test_free_names_become_placeholders_and_nodes_carry_python_names(shell: Shell) -> None:
    done = shell.ok("%%graph --free\ncost = price * amount\ndiscount = amount - 1\ntotal = cost - discount")
    nodes = drawn(done.bundles[0])
    assert list(nodes) == ["price", "amount", "cost", "discount", "total"]
    assert [nodes[n]["role"] for n in ("price", "amount")] == ["placeholder"] * 2
    price = shell.ip.user_ns["price"]
    assert price.dtype.name == "float32" and price.shape.dims is None


@pytest.mark.parametrize(("name", "node"), [("α", "alpha"), ("preço", "preco"), ("Δt", "deltat"), ("_x", "free_x"),
                                            ("漢", "ideograph-6f22")])
def test_a_free_name_that_no_node_may_have_is_drawn_as_it_is(shell: Shell, name: str, node: str) -> None:
    done = shell.ok(f"%%graph --free --fetch y --feed {name}=2.\ny = {name} * 2")
    assert titles(done.bundles[0]) == [name, "y"]
    assert shell.ip.user_ns[name].op.name == node
    card, _ = shell.ip.display_formatter.format(shell.ip.user_ns["y"])
    assert name in picture_of(card)


def test_fetched_values_stand_on_the_drawing(shell: Shell) -> None:
    shell.ok("x = tf.placeholder(tf.float32, [2])")
    done = shell.ok("%%graph --fetch y --feed x=[1, 2]\ny = x * 3.")
    assert drawn(done.bundles[0])["mul"]["values"][-1] == "= [3.0, 6.0]"


def test_device_places_the_cells_nodes(shell: Shell) -> None:
    shell.ok("%%graph --device /cpu:0\nx = tf.constant(1.)\n")
    assert shell.ip.user_ns["x"].device == "/device:CPU:0"
    shell.ok("y = tf.constant(1.)")
    assert shell.ip.user_ns["y"].device == ""


@pytest.mark.parametrize("ending", ["svg", "png", "dot", "pbtxt", "html"])
def test_the_drawing_is_saved_by_its_ending(shell: Shell, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"drawing.{ending}"
    shell.ok(f"%%graph --save {path}\nx = tf.constant(1.)")
    assert path.stat().st_size > 50


@pytest.mark.parametrize("ending", ["svg", "png", "pbtxt"])
def test_what_cannot_be_saved_is_said_in_one_line_below_the_drawing(shell: Shell, tmp_path: Path, ending: str) -> None:
    done = shell.run(f"%%graph --save {tmp_path}/nowhere/x.{ending}\nx = tf.constant(1.)")
    assert isinstance(done.error, UsageError) and len(done.bundles) == 1
    folder = tmp_path / "nowhere"
    assert done.stderr.strip() == f"UsageError: --save {folder}/x.{ending}: there is no folder {folder}."
    (tmp_path / f"folder.{ending}").mkdir()
    done = shell.run(f"%graph --save {tmp_path}/folder.{ending}")
    assert isinstance(done.error, UsageError) and "directory" in str(done.error)


def test_a_header_that_cannot_be_read_stops_the_cell(shell: Shell) -> None:
    done = shell.run("%%graph --nonsense\nran = True")
    assert isinstance(done.error, UsageError) and "ran" not in shell.ip.user_ns


def test_a_header_that_cannot_be_done_stops_the_cell(shell: Shell) -> None:
    shell.ok("s = 1")
    done = shell.run("%%session s\nran = True")
    assert isinstance(done.error, UsageError) and "ran" not in shell.ip.user_ns


def test_a_failing_fetch_is_the_cells_failure(shell: Shell) -> None:
    done = shell.run("%%graph --fetch nothing\nx = tf.constant(1.)")
    assert isinstance(done.error, UsageError)


class TestSession:
    def test_the_last_tensor_is_run_and_shown(self, shell: Shell) -> None:
        done = shell.ok("%%session\nx = tf.constant([1., 2.])\nx * 2.")
        fetched = done.result.result
        assert fetched.value.tolist() == [2.0, 4.0]
        assert "[2. 4.]" in repr(fetched) and "mul:0" in fetched._repr_mimebundle_()["text/html"]

    def test_each_part_of_a_tuple_keeps_its_expression(self, shell: Shell) -> None:
        done = shell.ok("%%session\nx = tf.constant(1.)\nx, x + 1.")
        assert done.result.result.value == (1.0, 2.0)
        assert [item.expression for item in done.result.result.items] == ["x", "x + 1.0"]

    def test_any_other_last_value_stays_what_it_is(self, shell: Shell) -> None:
        assert shell.ok("%%session\n1 + 1").result.result == 2

    def test_the_cell_has_a_default_session(self, shell: Shell) -> None:
        shell.ok("%%session\nvalue = tf.constant(3).eval()")
        assert shell.ip.user_ns["value"] == 3
        assert shell.ok("tf.get_default_session()").result.result is None

    def test_variables_keep_their_values_from_cell_to_cell(self, shell: Shell) -> None:
        shell.ok("v = tf.Variable(1.)\nup = v.assign_add(1.)")
        assert shell.ok("%%session --init\nup").result.result.value == 2.0
        assert shell.ok("%%session\nup").result.result.value == 3.0

    def test_init_covers_variables_made_in_the_cell(self, shell: Shell) -> None:
        assert shell.ok("%%session --init\nw = tf.Variable(4.)\nw").result.result.value == 4.0

    @pytest.mark.parametrize("cell", [
        "w = tf.Variable(4.)\nvalue = w.eval()",
        "w = tf.Variable(4.)\nvalue = tf.get_default_session().run(w)\nw",
        "for start in (3., 4.):\n    w = tf.Variable(start)\n    value = w.eval()",
        "w = tf.Variable(4.)\nvalue = tf.get_default_session().make_callable(w)()",
        "w = tf.get_variable('w', initializer=4., collections=['local_variables'])\nvalue = w.eval()"])
    def test_init_covers_them_whatever_runs_them(self, shell: Shell, cell: str) -> None:
        shell.ok("%%session --init\n" + cell)
        assert shell.ip.user_ns["value"] == 4.0

    def test_init_covers_variables_that_the_cell_does_not_run(self, shell: Shell) -> None:
        shell.ok("%%session mine --init\nw = tf.Variable(4.)")
        assert shell.ok("%%session mine\nw").result.result.value == 4.0

    def test_init_gives_first_values_once(self, shell: Shell) -> None:
        done = shell.ok("%%session --init\nw = tf.Variable(4.)\nw.assign_add(1.).eval()\n"
                        "other = tf.Variable(1.)\nw + other")
        assert done.result.result.value == 6.0

    def test_a_first_value_that_cannot_be_had_is_the_cells_failure(self, shell: Shell) -> None:
        done = shell.run("%%session --init\nx = tf.placeholder(tf.float32, [])\nw = tf.Variable(x)")
        assert type(done.error).__name__ == "InvalidArgumentError"
        assert "Error in callback" not in done.stdout + done.stderr
        assert done.stdout.count("InvalidArgumentError") == 2

    def test_a_cell_that_failed_runs_nothing_more(self, shell: Shell) -> None:
        done = shell.run("%%session --init\nw = tf.Variable(tf.placeholder(tf.float32, []))\n1 / 0")
        assert isinstance(done.error, ZeroDivisionError) and "InvalidArgumentError" not in done.stdout

    def test_a_session_is_itself_again_after_init(self, shell: Shell) -> None:
        shell.ok("%%session mine --init\nw = tf.Variable(4.)")
        assert "run" not in vars(shell.ip.user_ns["mine"])

    def test_a_named_session_stays_under_its_name(self, shell: Shell) -> None:
        shell.ok("x = tf.constant(1.)")
        shell.ok("%%session mine\nx")
        session = shell.ip.user_ns["mine"]
        shell.ok("%%session mine\nx")
        assert shell.ip.user_ns["mine"] is session and session.run(shell.ip.user_ns["x"]) == 1.0

    def test_feeds_reach_the_last_line(self, shell: Shell) -> None:
        shell.ok("x = tf.placeholder(tf.float32)")
        assert shell.ok("%%session --feed x=[1., 2.]\nx + 1.").result.result.value.tolist() == [2.0, 3.0]

    def test_an_error_of_the_last_line_is_the_cells(self, shell: Shell) -> None:
        shell.ok("x = tf.placeholder(tf.float32)")
        done = shell.run("%%session\nx + 1.")
        assert type(done.error).__name__ == "InvalidArgumentError"
