"""The renderer alone on a page: what a person can do with a drawing, by pointer and by keyboard."""

from __future__ import annotations

import base64
import io
import xml.etree.ElementTree as ElementTree
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from . import graphs
from .page import DrawingPage, violations

Document = dict[str, Any]


@pytest.fixture(scope="module")
def network() -> Document:
    return graphs.network()


@pytest.fixture(scope="module")
def tower() -> Document:
    return graphs.tower()


def overlapping(places: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """The pairs of things of which neither holds the other, and which have room in common."""
    def apart(a: dict[str, Any], b: dict[str, Any]) -> bool:
        return (a["x"] + a["width"] <= b["x"] + 1 or b["x"] + b["width"] <= a["x"] + 1
                or a["y"] + a["height"] <= b["y"] + 1 or b["y"] + b["height"] <= a["y"] + 1)
    return [(one, other) for one, other in combinations(places, 2)
            if not other.startswith(f"{one}/") and not one.startswith(f"{other}/")
            and not apart(places[one], places[other])]


def loose_ends(drawing: DrawingPage) -> list[str]:
    """The ends of edges that are not at the outline of their node."""
    places = drawing.places()

    def away(name: str, point: list[float]) -> float:
        place = places[name]
        (x, y), (left, top) = point, (place["x"], place["y"])
        right, bottom = left + place["width"], top + place["height"]
        outside = max(left - x, x - right, top - y, y - bottom, 0)
        inside = min(x - left, right - x, y - top, bottom - y)
        return max(outside, inside if outside == 0 else 0)

    # A round outline lies inside of its rectangle.
    return [f"{edge['source']} -> {edge['target']}: {name} by {away(name, edge[end]):.0f}"
            for edge in drawing.edges() for end, name in (("start", edge["source"]), ("end", edge["target"]))
            if away(name, edge[end]) > 9]


# --- the first view ---------------------------------------------------------------------------------------------------


def test_a_drawing_shows_its_title_its_nodes_and_what_is_folded_away(drawing: DrawingPage, network: Document) -> None:
    drawing.mount(network)
    assert drawing.root.locator(".bar .title").inner_text() == "A network"
    assert {"x", "first", "first/linear", "first/linear/product", "first/relu", "loss"} <= set(drawing.names())
    assert drawing.root.locator(".note", has_text="Not drawn: ").inner_text() == "Not drawn: initialisers (2)"


@pytest.mark.parametrize("width", [420, 1100])
def test_no_text_of_the_first_view_is_below_9_pixels(drawing: DrawingPage, network: Document, width: int) -> None:
    drawing.mount(network, width=width)
    sizes = drawing.root.locator("svg.graph text").evaluate_all(
        "(all) => all.map((text) => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a)")
    assert sizes and min(sizes) >= 8.99


@pytest.mark.parametrize("theme, dark", [("light", False), ("dark", True)])
def test_a_drawing_is_light_or_dark_as_its_page_is(
        drawing: DrawingPage, network: Document, theme: str, dark: bool) -> None:
    drawing.mount(network, theme=theme)
    ground = drawing.root.evaluate("(root) => getComputedStyle(root).backgroundColor")
    assert (sum(map(int, ground.strip("rgb()").split(","))) < 200) == dark


def test_the_words_around_a_drawing_are_in_the_language_asked_for(drawing: DrawingPage, network: Document) -> None:
    drawing.mount(network, language="pt")
    expect(drawing.root.get_by_role("button", name="Mostrar tudo")).to_be_visible()
    drawing.press("/")
    drawing.root.get_by_role("searchbox").fill("no such thing")
    expect(drawing.root.locator(".found")).to_have_text("nada encontrado")
    assert "Não desenhado" in drawing.root.locator(".note", has_text="initialisers").inner_text()


def test_a_document_without_a_layout_is_laid_out_in_the_browser(drawing: DrawingPage, network: Document) -> None:
    drawing.mount({key: value for key, value in network.items() if key != "layout"})
    assert {"x", "first/linear/product", "loss"} <= set(drawing.names())
    assert overlapping(drawing.places()) == [] and loose_ends(drawing) == []


# --- folding ----------------------------------------------------------------------------------------------------------


def test_a_click_on_a_scope_opens_and_folds_it_in_place(drawing: DrawingPage, tower: Document) -> None:
    drawing.mount(tower)
    before, screen = drawing.places(), drawing.on_screen("block_1")
    assert "block_1/unit_0" not in before
    drawing.click("block_1")
    opened, now = drawing.places(), drawing.on_screen("block_1")
    assert {"block_1/unit_0", "block_1/unit_1", "block_1/unit_2", "block_1/out"} <= set(opened)
    assert overlapping(opened) == [] and loose_ends(drawing) == []
    order = sorted(before, key=lambda name: before[name]["y"])
    assert all(opened[one]["y"] < opened[next_]["y"] for one, next_ in pairwise(order))
    assert abs(screen["y"] - now["y"]) < 12, "the scope's heading stays under the pointer"
    drawing.click("block_1")
    assert drawing.places() == before


def test_the_inside_of_an_open_scope_lies_in_its_box(drawing: DrawingPage, tower: Document) -> None:
    drawing.mount(tower)
    for name in ("block_2", "block_2/unit_1"):
        drawing.click(name)
    places = drawing.places()
    for name, place in places.items():
        outer = places.get(name.rpartition("/")[0])
        if outer:
            assert outer["x"] <= place["x"] and place["x"] + place["width"] <= outer["x"] + outer["width"]
            assert outer["y"] <= place["y"] and place["y"] + place["height"] <= outer["y"] + outer["height"]


def test_edges_reach_their_nodes_however_many_nested_scopes_are_open(drawing: DrawingPage, tower: Document) -> None:
    drawing.mount(tower)
    for name in ("block_1", "block_3", "block_1/unit_0", "block_1/unit_2", "block_3/unit_1", "block_0"):
        drawing.thing(name).dispatch_event("click")
        assert loose_ends(drawing) == [], f"after {name}"
        assert overlapping(drawing.places()) == [], f"after {name}"
    drawing.root.get_by_role("button", name="Arrange anew").click()
    assert loose_ends(drawing) == [] and overlapping(drawing.places()) == []


def test_a_scope_that_was_open_at_first_folds_and_opens_again(drawing: DrawingPage, network: Document) -> None:
    drawing.mount(network)
    before = drawing.places()
    drawing.click("first")
    folded = drawing.places()
    assert not folded["first"]["box"] and "first/relu" not in folded
    assert overlapping(folded) == [] and loose_ends(drawing) == []
    drawing.click("first")
    assert drawing.places() == before


def test_a_scope_that_was_open_where_the_page_arranged_it_folds_with_its_arrows(
        drawing: DrawingPage, network: Document) -> None:
    drawing.mount({**network, "layout": None})
    before = drawing.places()
    drawing.click("first")
    folded = drawing.places()
    assert not folded["first"]["box"] and overlapping(folded) == [] and loose_ends(drawing) == []
    drawing.click("first")
    assert drawing.places() == before


def test_what_stays_as_it_is_keeps_its_elements(drawing: DrawingPage, network: Document) -> None:
    drawing.mount(network)
    kept = "() => [...document.querySelector('#drawing').shadowRoot.querySelectorAll('[data-id], .edge')]"
    drawing.page.evaluate(f"() => ({kept})().forEach((thing) => thing.seen = true)")
    drawing.click("first")
    drawing.click("first")
    seen = drawing.page.evaluate(f"() => ({kept})().map((thing) => [thing.ariaLabel ?? '', !!thing.seen])")
    assert len(seen) > 8 and all(old for label, old in seen if label and "first" not in label)
    assert not all(old for label, old in seen)


def test_a_scope_whose_inside_is_not_known_is_asked_of_the_kernel(drawing: DrawingPage, tower: Document) -> None:
    inner = next(node["id"] for node in tower["nodes"] if node["name"] == "block_0")
    inside = {node["id"] for node in tower["nodes"] if node["name"].startswith("block_0/")}
    nodes = [node for node in tower["nodes"] if node["id"] not in inside]
    edges = [edge for edge in tower["edges"] if not inside & set(edge[:2])]
    more = {"nodes": [node for node in tower["nodes"] if node["id"] in inside | {inner}],
            "edges": [edge for edge in tower["edges"] if inside & set(edge[:2])]}
    drawing.mount({**tower, "nodes": nodes, "edges": edges}, answer=lambda question: {**tower, **more})
    drawing.click("block_0")
    expect(drawing.thing("block_0/out")).to_be_visible()
    assert [(asked["kind"], asked["asked"], inner in asked["known"]) for asked in drawing.asked] == [
        ("load", [inner], False)]


# --- the keyboard -----------------------------------------------------------------------------------------------------


def test_arrows_follow_edges(drawing: DrawingPage, tower: Document) -> None:
    drawing.mount(tower)
    drawing.thing("x").focus()
    walked = [drawing.focused()]
    for _ in range(3):
        drawing.press("ArrowDown")
        walked.append(drawing.focused())
    assert walked == ["x", "block_0", "block_1", "block_2"]
    drawing.press("ArrowUp")
    assert drawing.focused() == "block_1"


def test_plus_and_enter_open_minus_and_enter_fold(drawing: DrawingPage, tower: Document) -> None:
    drawing.mount(tower)
    drawing.thing("block_1").focus()
    for opens, folds in (("+", "-"), ("Enter", "Enter"), (" ", "-")):
        drawing.press(opens)
        expect(drawing.thing("block_1")).to_have_attribute("aria-expanded", "true")
        assert drawing.focused() == "block_1"
        expect(drawing.status).to_have_text("block_1 open")
        drawing.press(folds)
        expect(drawing.thing("block_1")).to_have_attribute("aria-expanded", "false")
        assert drawing.focused() == "block_1"


def test_minus_on_a_node_folds_the_scope_around_it(drawing: DrawingPage, tower: Document) -> None:
    drawing.mount(tower)
    drawing.thing("block_1").focus()
    drawing.press("+")
    drawing.thing("block_1/out").focus()
    drawing.press("-")
    assert drawing.focused() == "block_1"
    assert "block_1/out" not in drawing.names()


def test_enter_shows_the_panel_and_escape_hides_it(drawing: DrawingPage, tower: Document) -> None:
    drawing.mount(tower)
    drawing.thing("loss").focus()
    drawing.press("Enter")
    expect(drawing.panel).to_be_visible()
    drawing.press("Escape")
    expect(drawing.panel).to_be_hidden()
    assert drawing.focused() == "loss"


def test_one_thing_is_in_the_order_of_tab(drawing: DrawingPage, tower: Document) -> None:
    drawing.mount(tower)
    for key in ("ArrowDown", "End", "Home"):
        drawing.tab_to_graph()
        drawing.press(key)
        expect(drawing.root.locator("[data-id][tabindex='0']")).to_have_count(1)


@pytest.mark.parametrize("query, name", [
    ("block_3/unit_1/relu", "block_3/unit_1/relu"), ("MatMul block_2/unit_0", "block_2/unit_0/product"),
    ("(6, 6) block_4/unit_2/w", "block_4/unit_2/w"), ("float32 loss", "loss")])
def test_a_slash_searches_names_ops_shapes_and_dtypes_and_centres_on_the_hit(
        drawing: DrawingPage, tower: Document, query: str, name: str) -> None:
    drawing.mount(tower)
    drawing.tab_to_graph()
    drawing.press("/")
    drawing.page.keyboard.type(query)
    expect(drawing.root.locator(".found")).not_to_have_text("nothing found")
    drawing.press("Enter")
    expect(drawing.thing(name)).to_be_visible()
    stage, place = drawing.root.locator(".stage").bounding_box(), drawing.on_screen(name)
    assert stage is not None
    assert abs(stage["x"] + stage["width"] / 2 - place["x"] - place["width"] / 2) < 30
    assert abs(stage["y"] + stage["height"] / 2 - place["y"] - place["height"] / 2) < 30


def test_t_shows_the_drawing_as_a_tree_of_text(drawing: DrawingPage, tower: Document) -> None:
    drawing.mount(tower)
    drawing.thing("block_1").focus()
    drawing.press("t")
    tree = drawing.root.get_by_role("tree")
    titles = tree.locator(":scope > li > span > code").all_inner_texts()
    assert titles == ["x", *(f"block_{i}" for i in range(6)), "loss"]
    drawing.press("End")
    drawing.press("Enter")
    expect(tree).to_be_hidden()
    assert drawing.focused() == "loss"


# --- the pointer ------------------------------------------------------------------------------------------------------


def centre_of(drawing: DrawingPage) -> tuple[float, float]:
    box = drawing.root.locator(".stage").bounding_box()
    assert box is not None
    return box["x"] + 40, box["y"] + box["height"] / 2


def test_the_wheel_scrolls_the_page_and_zooms_with_ctrl_or_after_focus(drawing: DrawingPage, tower: Document) -> None:
    drawing.mount(tower)
    before = drawing.scale()
    drawing.page.mouse.move(*centre_of(drawing))
    drawing.page.mouse.wheel(0, 60)
    drawing.page.wait_for_function("window.scrollY > 0")
    assert drawing.scale() == before
    drawing.page.keyboard.down("Control")
    drawing.page.mouse.wheel(0, -60)
    drawing.page.keyboard.up("Control")
    drawing.page.wait_for_function("(before) => document.getElementById('drawing').shadowRoot.querySelector("
                                   "'svg.graph .view').getScreenCTM().a > before * 1.05", arg=before)
    zoomed = drawing.scale()
    drawing.tab_to_graph()
    drawing.page.mouse.wheel(0, -60)
    drawing.page.wait_for_function("(before) => document.getElementById('drawing').shadowRoot.querySelector("
                                   "'svg.graph .view').getScreenCTM().a > before * 1.02", arg=zoomed)


def test_dragging_pans_and_is_no_click(drawing: DrawingPage, tower: Document) -> None:
    drawing.mount(tower)
    before, names = drawing.on_screen("block_1"), drawing.names()
    x, y = before["x"] + 20, before["y"] + 20
    drawing.page.mouse.move(x, y)
    drawing.page.mouse.down()
    drawing.page.mouse.move(x + 60, y + 35, steps=5)
    drawing.page.mouse.up()
    after = drawing.on_screen("block_1")
    assert (after["x"] - before["x"], after["y"] - before["y"]) == pytest.approx((60, 35), abs=1.5)
    assert drawing.names() == names
    drawing.page.mouse.click(x + 60, y + 35)
    assert drawing.names() != names, "the next click is one"


def test_two_fingers_zoom(drawing: DrawingPage, tower: Document) -> None:
    drawing.mount(tower)
    before = drawing.scale()
    drawing.page.evaluate("""([x, y]) => {
      const canvas = document.getElementById("drawing").shadowRoot.querySelector("svg.graph");
      canvas.setPointerCapture = () => {};
      const send = (type, pointerId, clientX) => canvas.dispatchEvent(new PointerEvent(type, {
        pointerId, clientX, clientY: y, button: 0, buttons: 1, pointerType: "touch", bubbles: true }));
      send("pointerdown", 11, x - 20); send("pointerdown", 12, x + 20);
      send("pointermove", 11, x - 40); send("pointermove", 12, x + 40);
      send("pointerup", 11, x - 40); send("pointerup", 12, x + 40);
    }""", list(centre_of(drawing)))
    assert drawing.scale() == pytest.approx(2 * before, rel=0.05)


def test_hovering_an_edge_tells_the_tensor_and_its_shape(drawing: DrawingPage, network: Document) -> None:
    drawing.mount(network)
    source, target = (next(node["id"] for node in network["nodes"] if node["name"] == name)
                      for name in ("first/linear/product", "first/relu"))
    edge = drawing.root.locator(f".edge[data-from='{source}'][data-to='{target}']")
    x, y = edge.locator(".line").evaluate("""(line) => {
      const { x, y } = line.getPointAtLength(line.getTotalLength() / 2).matrixTransform(line.getScreenCTM());
      return [x, y]; }""")
    drawing.page.mouse.move(x, y)
    expect(drawing.root.locator(".tip")).to_have_text("first/linear/product:0\n(?, 6) float32")
    drawing.page.mouse.move(5, 5)
    expect(drawing.root.locator(".tip")).to_be_hidden()


def test_hovering_a_node_lights_its_inputs_and_outputs(drawing: DrawingPage, tower: Document) -> None:
    drawing.mount(tower)
    drawing.thing("block_1").locator("> .shape").last.hover()
    lit = drawing.root.locator("[data-id].lit").evaluate_all(
        "(all) => all.map((thing) => thing.getAttribute('aria-label').split(', ')[0])")
    assert sorted(lit) == ["block_0", "block_1", "block_2"]
    assert drawing.root.locator(".edge.lit").count() == 2


# --- the panel --------------------------------------------------------------------------------------------------------


def kernel(question: dict[str, Any]) -> dict[str, Any]:
    """What a kernel says of `first/relu`."""
    if question["name"] != "first/relu":
        raise LookupError("No session holds a value of it.")
    if question["kind"] == "node":
        return {"op": "Relu", "attributes": [["T", "float32"]],
                "inputs": [["first/linear/product:0", "(?, 6) float32"]],
                "outputs": [["first/relu:0", "(?, 6) ← (2, 6) float32"]], "controls": [], "device": "/device:CPU:0",
                "collections": ["activations"], "source": "h = tf.nn.relu(h, name='relu')",
                "plan": ["v3 = torch.relu(v2)"]}
    return {"tensor": "first/relu:0", "dtype": "float32", "shape": [2, 6], "text": "[[0. 1. 2.]]",
            "statistics": {"min": 0, "max": 5, "mean": 2.5, "nan": 0, "inf": 1},
            "histogram": {"counts": [1, 2, 3], "low": 0, "high": 5},
            "plane": [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, None]]}


def test_the_panel_tells_what_the_kernel_knows_of_a_node(drawing: DrawingPage, network: Document) -> None:
    drawing.mount(network, answer=kernel)
    drawing.click("first/relu")
    expect(drawing.panel.locator("h2").first).to_have_text("relu")
    expect(drawing.panel.locator(".value")).to_be_visible()
    told = drawing.panel.inner_text()
    for fact in ("float32", "(?, 6) ← (2, 6)", "/device:CPU:0", "activations", "tf.nn.relu", "torch.relu",
                 "min 0", "mean 2.5", "max 5", "Inf 1"):
        assert fact in told, fact
    assert drawing.panel.locator("canvas").count() == 1


def pictures(question: dict[str, Any]) -> dict[str, Any]:
    """What a kernel says of a batch of pictures, each of one grey but for a corner."""
    if question["kind"] != "value":
        raise LookupError("Nothing more is known.")
    at = question.get("plane") or [0, 0]
    grey = at[0] + 0.5 * at[1]
    return {"tensor": "x:0", "dtype": "float32", "shape": [9, 12, 12, 2], "axes": [0, 3], "at": at, "text": f"at {at}",
            "statistics": {"min": 0, "max": 8, "mean": 4.25, "nan": 3, "inf": 0},
            "histogram": {"counts": [3, 4, 5, 9, 2], "low": 0, "high": 8},
            "plane": [[None if at[0] == row == column else grey for column in range(12)] for row in range(12)]}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_sliders_go_through_the_planes_of_a_value(drawing: DrawingPage, network: Document, theme: str,
                                                  tmp_path: Path) -> None:
    drawing.mount(network, theme=theme, answer=pictures)
    drawing.click("x")
    batch, channel = (drawing.panel.get_by_role("slider", name=f"axis {axis}") for axis in (0, 3))
    colour = """(canvas) => [...canvas.getContext("2d").getImageData(0, 11, 1, 1).data]"""
    assert drawing.panel.locator("canvas").evaluate(colour)[0] == 0
    batch.focus()
    for _ in range(3):
        drawing.press("ArrowRight")
    drawing.panel.get_by_text("at [3, 0]").wait_for()
    assert drawing.panel.locator("output").inner_text() == "[3, :, :, 0]"
    assert drawing.panel.locator("canvas").evaluate(colour)[:3] == [96, 96, 96]
    drawing.press("Tab")
    drawing.press("End")
    drawing.panel.get_by_text("at [3, 1]").wait_for()
    assert (batch.input_value(), channel.input_value()) == ("3", "1")
    told = drawing.panel.locator(".value").inner_text()
    assert "min 0 · mean 4.250 · max 8 · NaN 3" in told
    drawing.page.screenshot(path=str(tmp_path / "planes.png"))
    assert violations(drawing.page) == []


def test_the_panel_says_so_when_the_kernel_has_no_value(drawing: DrawingPage, network: Document) -> None:
    drawing.mount(network, answer=kernel)
    drawing.click("loss")
    expect(drawing.panel.get_by_text("No session holds a value of it.").first).to_be_visible()


def test_the_panel_leads_to_a_neighbour(drawing: DrawingPage, network: Document) -> None:
    drawing.mount(network)
    drawing.click("loss")
    assert "No kernel is connected" in drawing.panel.inner_text()
    drawing.panel.get_by_role("button", name="square").click()
    expect(drawing.panel.locator("h2").first).to_have_text("square")


# --- saving -----------------------------------------------------------------------------------------------------------


def exported(drawing: DrawingPage, form: str) -> tuple[str, bytes]:
    with drawing.page.expect_download() as download:
        drawing.root.get_by_role("combobox").select_option(form)
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_saved_svg_shows_what_is_in_sight(drawing: DrawingPage, tower: Document, theme: str) -> None:
    drawing.mount(tower, theme=theme)
    drawing.click("block_1")
    name, data = exported(drawing, "svg")
    root = ElementTree.fromstring(data)
    assert name == "a-tower.svg"
    assert {"unit_0", "block_2"} <= {text.text for text in root.iter("{http://www.w3.org/2000/svg}text")}
    assert not [element for element in root.iter() if element.tag.endswith("script")]


@pytest.mark.parametrize("theme, corner", [("light", (255, 255, 255)), ("dark", (17, 17, 17))])
def test_a_saved_png_has_the_drawings_colours(
        drawing: DrawingPage, tower: Document, theme: str, corner: tuple[int, ...]) -> None:
    drawing.mount(tower, theme=theme)
    name, data = exported(drawing, "png")
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    assert name == "a-tower.png" and picture.getpixel((2, 2)) == corner
    assert len(picture.getcolors(1 << 20) or []) > 20


def test_a_file_of_the_kernels_is_asked_for_with_the_open_scopes(drawing: DrawingPage, tower: Document) -> None:
    drawing.mount(tower, answer=lambda question: {"base64": base64.b64encode(b"digraph {}").decode()})
    for name in ("block_1", "block_2", "block_1/unit_0"):
        drawing.click(name)
    drawing.click("block_2")
    name, data = exported(drawing, "dot")
    assert (name, data) == ("a-tower.dot", b"digraph {}")
    ids = {node["name"]: node["id"] for node in tower["nodes"]}
    (question,) = [asked for asked in drawing.asked if asked["kind"] == "export"]
    assert sorted(question["open"]) == sorted([ids["block_1"], ids["block_1/unit_0"]])


# --- for everyone -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("state", ["plain", "panel", "twin", "search"])
def test_axe_finds_nothing(drawing: DrawingPage, network: Document, theme: str, state: str) -> None:
    drawing.mount(network, theme=theme, answer=kernel)
    if state == "panel":
        drawing.click("first/relu")
        drawing.panel.locator(".value").wait_for()
    elif state == "twin":
        drawing.tab_to_graph()
        drawing.press("t")
    elif state == "search":
        drawing.root.get_by_role("searchbox").fill("relu")
    assert violations(drawing.page) == []
