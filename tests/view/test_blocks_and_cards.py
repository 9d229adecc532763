"""Tensors as blocks, the matrix product, cards and tables."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from fake_graph import first_graph, relu_layer

from tfmagic.base.shapes import TensorShape
from tfmagic.view import labels, tensor_bundle
from tfmagic.view.cards import tables as cards
from tfmagic.view.paint.blocks import draw_product, draw_tensor
from tfmagic.view.paint.bundle import picture_of

SVG = "{http://www.w3.org/2000/svg}"


def words(svg):
    return [element.text for element in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("rank", range(5))
def test_a_tensor_of_each_rank_says_shape_and_dtype(rank):
    shape = (2, 3, 4, 5)[:rank]
    svg = draw_tensor(np.zeros(shape, np.float32), "x")
    said = " ".join(words(svg))
    assert f"float32 · rank {rank}" in said
    assert f"shape {shape} " in said


def test_a_matrix_shows_every_number_in_its_cell():
    assert {"1", "2", "3", "4", "5", "6"} <= set(words(draw_tensor([[1, 2, 3], [4, 5, 6]])))


def test_the_slices_of_a_cube_stand_behind_each_other():
    cells = list(ET.fromstring(draw_tensor(np.arange(27).reshape(3, 3, 3))).iter(f"{SVG}rect"))
    assert len([c for c in cells if c.get("class") == "cell"]) == 9
    assert len([c for c in cells if c.get("class") == "back"]) >= 18


def test_a_big_tensor_is_cut_and_stays_small():
    svg = draw_tensor(np.zeros((1000, 300, 300)))
    assert "⋯" in words(svg)
    assert len(svg) < 60_000


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0), (1, 0, 2, 2)])
def test_an_empty_tensor_is_drawn(shape):
    assert f"shape {shape} " in " ".join(words(draw_tensor(np.zeros(shape))))


def test_strings_and_bytes_stay_text():
    svg = draw_tensor(np.array([b"<b>", "é".encode(), b"\xff"], object), title="<script>")
    assert "'<b>'" in words(svg)
    assert "<script>" in words(svg)


def test_a_higher_rank_is_refused_with_a_way_out():
    with pytest.raises(ValueError, match=r"rank 5.*x\[0\]"):
        draw_tensor(np.zeros((1,) * 5))


def test_a_product_marks_row_column_and_element():
    svg = draw_product([[1, 2], [3, 4]], [[5, 6], [7, 8]], row=1, column=0)
    classes = [e.get("class") for e in ET.fromstring(svg).iter(f"{SVG}rect")]
    assert (classes.count("row"), classes.count("column"), classes.count("both")) == (2, 2, 1)
    assert "[1, 0] = 3·5 + 4·7 = 43" in words(svg)


@pytest.mark.parametrize(("a", "b"), [([[1, 2]], [[1, 2]]), ([1, 2], [1, 2]), (np.zeros((9, 9)), np.zeros((9, 9)))])
def test_products_that_do_not_fit_are_refused(a, b):
    with pytest.raises(ValueError, match="shapes"):
        draw_product(a, b)


def test_the_bundle_of_a_product_draws_the_product():
    a, b = np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])
    assert "×" in words(picture_of(tensor_bundle(a @ b, factors=(a, b))))
    assert "×" not in words(picture_of(tensor_bundle(a @ b, factors=(a, b.T)))), "transposed: drawn by itself"


def test_the_bundle_of_a_tensor_has_text_and_picture():
    bundle = tensor_bundle([[1, 2]], title="x")
    assert bundle["text/plain"] == "x: shape (1, 2) · int64\n[[1 2]]"
    assert "<img" in bundle["text/html"]


def test_drawing_twice_gives_the_same_bytes():
    assert tensor_bundle(np.eye(3)) == tensor_bundle(np.eye(3))


def body(html):
    return ET.fromstring(re.sub(r"<style>.*?</style>", "", f"<div>{html}</div>").replace("class=tfm-bad",
                                                                                       'class="tfm-bad"'))


def test_a_tensor_card_says_op_shape_dtype_device_and_value():
    tensor = relu_layer().ops["MatMul"].outputs[0]
    text = " ".join(body(cards.tensor_card(tensor, np.ones((2, 40)), device="/device:GPU:0")).itertext())
    for word in ("MatMul:0", "MatMul (MatMul)", "(?, 40) ← (2, 40)", "float32", "GPU:0", "1.0", "…"):
        assert word in text


def test_the_words_of_a_card_stand_apart_without_its_style():
    """An untrusted notebook shows the bare text."""
    tensor = relu_layer().ops["MatMul"].outputs[0]
    assert "".join(body(cards.tensor_card(tensor)).find(".//div[@class='tfm-head']").itertext()) == "MatMul:0 · tensor"


@pytest.mark.parametrize(("dims", "text"), [((), "()"), ((3,), "(3,)"), ((None, 784), "(?, 784)"),
                                            (None, "<unknown>"), ((2, None, 0), "(2, ?, 0)")])
def test_a_shape_is_written_as_tensorflow_writes_it(dims, text):
    assert labels.dims_text(dims) == str(TensorShape(dims)) == text


@pytest.mark.parametrize(("value", "text"), [
    ([1.0, 2.0], "[1.0, 2.0]"), (np.arange(7), "[0, 1, 2, …, 6]"), (np.arange(100.0), "[0.0, 1.0, 2.0, …, 99.0]"),
    (np.linspace(-1.23456, 1, 50) * 1e-5, "-1.235e-05 … 1e-05 · mean -1.173e-06"), (np.eye(4), "0.0 … 1.0 · mean 0.25"),
    (np.zeros((9, 9)), "all 0.0"), (np.eye(4) > 0, "4 / 16 true"), (np.zeros((3, 0, 2, 2)), "empty"),
    (np.array([[np.nan, np.inf, 1, 3]] * 2), "1.0 … 3.0 · mean 2.0 · 2 NaN · 2 Inf"),
    (np.full((3, 3), np.nan), "9 NaN"), (np.array([[b"a", b"b"]] * 5, object), "['a', 'b', 'a', …, 'b']"),
    (np.array([b"x" * 30] * 3, object), "['xxxxxxxxxxxxxxxxxxxx…xxxxxxxxxxxxx']"), (np.ones((2, 4)) * 2j, "all 2.0"),
    (np.arange(8, dtype=np.int8).reshape(2, 4), "0 … 7 · mean 3.5")])
def test_no_value_is_too_large_to_be_said(value, text):
    assert labels.value_text(value) == text


def test_cards_of_operations_variables_graphs_and_sessions():
    g = first_graph()
    assert "price:0" in "".join(body(cards.operation_card(g.ops["mul"])).itertext())
    assert "yes" in "".join(body(cards.variable_card("W", (2, 2), "float32_ref", np.eye(2), True)).itertext())
    assert "Sub ×2" in "".join(body(cards.graph_card(g)).itertext())
    assert "CPU:0" in "".join(body(cards.session_card([("devices", "CPU:0")])).itertext())


def test_hostile_text_stays_text_in_cards_and_tables():
    bad = '<script>alert(1)</script>"\x1b'
    for html in (cards.card(bad, bad, [(bad, bad)], np.array([bad])), cards.table(bad, [bad], [[bad]])):
        assert "<script>alert" not in html
        assert "\x1b" not in html
        assert bad[:8] in "".join(body(html).itertext())


def test_a_value_that_is_not_finite_stands_out():
    assert cards.value_table([1.0, np.nan]).count("tfm-bad") == 1


@pytest.mark.parametrize("shape", [(), (3,), (2, 2), (2, 2, 2), (0,), (2, 0, 3), (100, 100)])
def test_value_tables_of_any_shape_are_small(shape):
    assert len(cards.value_table(np.zeros(shape))) < 4000
    body(cards.value_table(np.zeros(shape)))


def test_the_table_of_tensors():
    g = relu_layer()
    text = "".join(body(cards.tensors_table([op.outputs[0] for op in g.get_operations()])).itertext())
    assert "Tensors · 14" in text
    assert "W/read:0" in text
