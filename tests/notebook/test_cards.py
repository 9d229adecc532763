"""What a cell's value shows: cards that open, alone and within lists and dictionaries."""

from __future__ import annotations

import collections
import gc
import time
from typing import Any

import numpy as np
import pytest
from shells import Shell

from tfmagic.notebook.live import pictures
from tfmagic.notebook.shell import extension
from tfmagic.view.cards.items import CARDS_MIME

BUILD = ("import numpy as np\nw = tf.Variable(tf.ones([3, 2]), name='w')\nx = tf.constant([[1., 2., 3.]], name='x')\n"
         "y = tf.matmul(x, w, name='y')\na, b = tf.split(x, [1, 2], axis=1, name='parts')")
INIT = "sess = tf.InteractiveSession()\nsess.run(tf.global_variables_initializer())"


@pytest.fixture
def built(shell: Shell) -> Shell:
    shell.ok(BUILD)
    return shell


def shown(shell: Shell, expression: str) -> dict[str, Any]:
    """The bundle of a cell's value."""
    bundle, _ = shell.ip.display_formatter.format(shell.ip.ev(expression))
    return bundle


def card(shell: Shell, expression: str) -> dict[str, Any]:
    return shown(shell, expression)[CARDS_MIME]["card"]


def answer(shell: Shell, question: dict[str, Any]) -> dict[str, Any]:
    return extension.questions_of(shell.ip).answer({"id": 1, **question})


def test_a_tensor_has_a_card_that_asks_for_its_value(built: Shell) -> None:
    built.ok(INIT)
    found = card(built, "y")
    assert found["name"] == "y:0"
    assert found["short"] == "tensor · (1, 2) · float32"
    report = answer(built, found["question"])["answer"]
    assert report["plane"] == [[6, 6]]


def test_each_output_of_an_operation_has_its_own_value(built: Shell) -> None:
    assert answer(built, card(built, "b")["question"])["answer"]["plane"] == [[2, 3]]
    wrong = {**card(built, "b")["question"], "output": 7}
    assert "output must be" in answer(built, wrong)["error"]


def test_what_has_no_value_says_what_to_run(built: Shell) -> None:
    assert "no session of this graph is open" in answer(built, card(built, "y")["question"])["error"]


def test_asking_changes_nothing(built: Shell) -> None:
    built.ok(INIT + "\nc = tf.assign_add(w, tf.ones([3, 2]), name='c')")
    for _ in range(2):
        assert answer(built, card(built, "c")["question"])["answer"]["statistics"]["max"] == 2
    assert (built.ip.ev("sess.run(w)") == 1).all()


def test_a_variable_has_the_value_of_the_session_in_html_too(built: Shell) -> None:
    built.ok(INIT + "\nsess.run(tf.assign(w, tf.fill([3, 2], 7.25)))")
    assert "7.25" in shown(built, "w")["text/html"]
    assert answer(built, card(built, "w")["question"])["answer"]["statistics"]["mean"] == 7.25


def test_a_session_holds_its_variables(built: Shell) -> None:
    built.ok(INIT)
    assert [item["name"] for item in card(built, "sess")["items"]] == ["w:0"]


def test_a_list_holds_cards_and_its_text_stays(built: Shell) -> None:
    bundle = shown(built, "[x, w, np.eye(3), 'text']")
    items = bundle[CARDS_MIME]["card"]["items"]
    assert [item["label"] for item in items] == ["[0]", "[1]", "[2]", "[3]"]
    assert [item["short"].split(" · ")[0] for item in items] == ["tensor", "variable", "array", ""]
    assert items[2]["report"]["shape"] == [3, 3]
    assert bundle["text/plain"].startswith("[<tf.Tensor 'x:0'")
    assert bundle["text/html"].count("<details") == 4


def test_dictionaries_and_tuples_nest(built: Shell) -> None:
    found = card(built, "{'x': x, 'layer': (w, [y])}")
    assert [item["label"] for item in found["items"]] == ["'x'", "'layer'"]
    assert found["items"][1]["items"][1]["items"][0]["name"] == "y:0"


def test_a_list_within_itself_comes_to_an_end(built: Shell) -> None:
    built.ok("loop = [x]\nloop.append(loop)")
    assert card(built, "loop")["items"][0]["name"] == "x:0"


def test_a_long_list_is_cut_with_a_count(built: Shell) -> None:
    found = card(built, "[x] * 1000")
    assert len(found["items"]) == 24
    assert found["more"] == "and 976 more"


@pytest.mark.parametrize("value", [[], [1, 2], {"a": 1}, (), (1, [2, {"b": "c"}]), [np.ones(3)], list(range(5000))])
def test_what_holds_nothing_of_ours_prints_as_always(shell: Shell, value: Any) -> None:
    bundle, _ = shell.ip.display_formatter.format(value)
    assert set(bundle) == {"text/plain"}


def test_a_list_of_a_kind_of_its_own_keeps_its_display(built: Shell) -> None:
    class Table(list):
        def _repr_html_(self) -> str:
            return "<b>mine</b>"

    class Bundle(dict):
        def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
            return {"text/x-mine": "mine", "text/plain": "mine"}

    formatter = built.ip.display_formatter
    assert formatter.format(Table([built.ip.ev("x")]))[0]["text/html"] == "<b>mine</b>"
    assert formatter.format(Bundle(x=built.ip.ev("x")))[0]["text/x-mine"] == "mine"
    pair = collections.namedtuple("pair", "left right")(built.ip.ev("x"), 2)
    assert formatter.format(pair)[0][CARDS_MIME]["card"]["items"][0]["name"] == "x:0"


def test_unloading_takes_it_back(built: Shell) -> None:
    value = built.ip.ev("[x]")
    built.ok("%unload_ext tfmagic")
    assert set(built.ip.display_formatter.format(value)[0]) == {"text/plain"}


def test_a_terminal_has_text_alone(built: Shell) -> None:
    built.ip.display_formatter.active_types = ["text/plain"]
    assert set(shown(built, "[x, w]")) == set(shown(built, "x")) == {"text/plain"}


def test_a_large_plain_list_costs_no_more_than_a_look(shell: Shell) -> None:
    found = shell.ip.display_formatter.mimebundle_formatter
    value = list(range(1_000_000))
    start = time.perf_counter()
    assert not any(found(value))
    assert time.perf_counter() - start < 0.02


def test_a_card_keeps_no_graph_alive(built: Shell) -> None:
    built.ok("import weakref\ng = tf.Graph()\nwith g.as_default():\n    k = tf.constant(1.)\nfound = weakref.ref(g)")
    question = card(built, "k")["question"]
    built.ok("del g, k")
    gc.collect()
    assert built.ip.ev("found()") is None
    assert "Run its cell again" in answer(built, question)["error"]


def test_it_speaks_portuguese(built: Shell) -> None:
    from tfmagic.view import phrases

    with phrases.speaking("pt"):
        document = shown(built, "[x] * 30")[CARDS_MIME]
    assert document["lang"] == "pt"
    assert document["card"]["short"] == "lista"
    assert document["card"]["name"] == "30 elementos"
    assert document["card"]["more"] == "e mais 6"


@pytest.mark.parametrize(("shape", "dtype", "top", "kind"), [
    ((8, 8, 3), "uint8", 255, "picture"), ((8, 8, 1), "float32", 1, "picture"), ((2, 8, 8, 4), "float32", 1, "picture"),
    ((8, 8), "float32", 1, "offered"), ((8, 8), "uint8", 255, "offered"), ((8, 8), "float32", 2, "none"),
    ((8, 8, 3), "float32", 1.5, "none"), ((8, 8, 2), "uint8", 255, "none"), ((2, 3, 4), "float32", 1, "none"),
    ((8, 8, 3), "int32", 1, "none"), ((64,), "uint8", 255, "none")])
def test_which_values_are_pictures(shape: tuple[int, ...], dtype: str, top: float, kind: str) -> None:
    array = np.linspace(0, top, int(np.prod(shape))).reshape(shape).astype(dtype)
    found = pictures.of(array, 0, 96)
    assert ("none" if found is None else "picture" if found["first"] else "offered") == kind


@pytest.mark.parametrize("bad", [np.nan, np.inf, -0.1])
def test_numbers_out_of_a_pictures_range_make_no_picture(bad: float) -> None:
    array = np.zeros((8, 8, 3), np.float32)
    array[1, 1, 1] = bad
    assert pictures.of(array, 0, 96) is None


def test_a_picture_has_its_own_pixels() -> None:
    import base64

    array = np.zeros((2, 5, 4, 3), np.float32)
    array[1, 0, 0] = [1, 0.5, 0]
    found = pictures.of(array, 1, 96)
    assert found is not None and found["size"] == [4, 5]
    assert list(base64.b64decode(found["pixels"])[:8]) == [255, 128, 0, 255, 0, 0, 0, 255]


# --- what a run gave, and blocks --------------------------------------------------------------------------------------


def test_a_fetched_value_is_a_card_that_holds_the_value_of_that_run(built: Shell) -> None:
    built.ok(INIT)
    found = built.ok("%fetch y").result.result
    built.ok("sess.run(tf.assign(w, tf.fill([3, 2], 9.)))")
    bundle, _ = built.ip.display_formatter.format(found)
    item = bundle[CARDS_MIME]["card"]
    assert (item["name"], item["short"]) == ("y:0", "tensor · (1, 2) · float32") and "question" not in item
    assert item["report"]["plane"] == [[6, 6]]
    assert bundle["text/plain"].startswith("y: y") and "<table" in bundle["text/html"]


def test_several_fetched_values_are_open_side_by_side(built: Shell) -> None:
    built.ok(INIT)
    built.ok("found = get_ipython().run_line_magic('fetch', 'x w')")
    item = card(built, "found")
    assert item["name"] == "2 values"
    assert [(inner["label"], inner["open"], inner["report"]["shape"]) for inner in item["items"]] == [
        ("x", True, [1, 3]), ("w", True, [3, 2])]


def test_an_operation_that_ran_and_a_string_have_cards_too(built: Shell) -> None:
    built.ok(INIT)
    built.ok("s = tf.constant(['ab', 'c'], name='s')\nfound = get_ipython().run_line_magic('fetch', 's w.initializer')")
    text, operation = card(built, "found")["items"]
    assert text["report"]["dtype"] == "string" and "ab" in text["report"]["text"]
    assert operation["short"].startswith("operation") and "report" not in operation


def test_blocks_stand_above_a_card_that_opens(built: Shell) -> None:
    built.ok(INIT)
    document = built.ok("%tensor [[1, 2], [3, 4]]").bundles[0][CARDS_MIME]
    picture, words = document["picture"]
    assert picture.startswith("<svg") and "shape (2, 2)" in words
    assert document["card"]["open"] is False and document["card"]["report"]["statistics"]["mean"] == 2.5


def test_a_product_opens_to_its_factors(built: Shell) -> None:
    built.ok(INIT)
    item = built.ok("%tensor y").bundles[0][CARDS_MIME]["card"]
    assert item["short"] == "matrix product" and item["open"] is False
    assert [(inner["name"], inner["report"]["shape"]) for inner in item["items"]] == [
        ("x:0", [1, 3]), ("w/read:0", [3, 2]), ("y", [1, 2])]
