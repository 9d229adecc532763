"""SVG, DOT, text, pages, files and the MIME bundle: well-formed, the same every time, and user text stays text."""

import base64
import hashlib
import json
import re
import subprocess
import xml.etree.ElementTree as ET
import zlib

import numpy as np
import pytest
from fake_graph import Graph, chain, counting_loop, deep, first_graph, relu_layer, trained
from hypothesis import given, settings
from hypothesis import strategies as st

from tfmagic import tf
from tfmagic.view import Annotations, EngineError, build_scene, mime_bundle
from tfmagic.view.escape import shorten, visible
from tfmagic.view.paint import engine, interactive
from tfmagic.view.paint.bundle import picture_of
from tfmagic.view.paint.document import GRAPH_MIME, document
from tfmagic.view.paint.dot import layout_dot, to_dot
from tfmagic.view.paint.engine import find_engine, run_engine
from tfmagic.view.paint.html import draw_html
from tfmagic.view.paint.layout import lay_out
from tfmagic.view.paint.pdf import make_pdf
from tfmagic.view.paint.save import save
from tfmagic.view.paint.shapes import TITLE_LIMIT
from tfmagic.view.paint.svg import draw_svg
from tfmagic.view.paint.text import draw_text
from tfmagic.view.scene import model
from tfmagic.view.scene.model import Node, Port, Scene

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = ["<script>alert(1)</script>", '"', "\\", "\\N", "&lt;", "&amp;lt;", "a\nb", "\x00\x07\x1b[31m",
           "javascript:x()",
           "</text><svg onload=alert(1)>", "]]>", "<!--", "'\"><img src=x onerror=alert(1)>", "\u202egnp.exe",
           "\ud800", "\ufffe", "<b>bold</b>", "${x}", "{{x}}", "漢字 العربية 🎉", "-->", "\\\\l", "label=x];", "%s%n"]
ALLOWED = {"svg", "title", "desc", "style", "g", "rect", "path", "text"}
ALLOWED_ATTRIBUTES = {"class", "id", "role", "aria-labelledby", "width", "height", "viewBox", "font-family",
                      "font-size", "style", "fill", "stroke", "stroke-dasharray", "transform", "x", "y", "rx", "d",
                      "data-node"}


def hostile_scene(text):
    """A scene with `text` wherever a user can put some."""
    g = Graph()
    g.ops.clear()
    x = g.op("Placeholder", name=f"{text}/x", dims=(2,))
    with g.scope(f"{text}/scope"):
        y = g.op("Relu", x, name=text, dims=(2,))
        g.op("Identity", g.constant(np.array(text.encode("utf-8", "replace"), object), "word"), name="kept",
             dtype="string")
        with g.device("/job:" + text.replace("/", "") + "/device:GPU:0"):
            z = g.op(text, y, name="z", dims=(2,))
    with g.device("/cpu:0"):
        g.op("Neg", z, name="last")
    notes = Annotations(labels={z.op.name: text}, cells={x.op.name: text}, sources={z.op.name: text},
                        failed={"last": text})
    return build_scene(g, title=text, annotations=notes)


def written(svg):
    """All that an SVG writes, element by element."""
    return [element.text for element in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("inline", [False, True])
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_svg(text, inline):
    scene = hostile_scene(text)
    svg = draw_svg(scene, inline=inline)
    root = ET.fromstring(svg)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= ALLOWED
    assert {name for element in root.iter() for name in element.attrib} <= ALLOWED_ATTRIBUTES
    assert visible(text) in written(svg), "the title, as it was given"
    assert root.find(f"{SVG}title").text == visible(text)
    assert "url(" not in svg


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1, max_size=24))
def test_any_text_comes_back_from_the_svg(text):
    svg = draw_svg(hostile_scene(text))
    assert visible(text) in written(svg)
    assert shorten(visible(text), TITLE_LIMIT) in written(svg)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30))
def test_what_is_visible_needs_no_further_escape(text):
    shown = visible(text)
    assert visible(shown) == shown
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert not any(ord(c) < 32 for c in shown)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_dot(text):
    scene = hostile_scene(text)
    found = json.loads(run_engine(to_dot(scene), "json0"))
    names = {item["name"] for item in found["objects"]}
    assert names == {node.id for node in scene.nodes} | {f"cluster_{box.id}" for box in scene.boxes}
    svg = run_engine(to_dot(scene), "svg").decode()
    tags = {element.tag.removeprefix(SVG) for element in ET.fromstring(svg).iter()}
    assert tags <= {"svg", "g", "title", "polygon", "path", "text", "ellipse", "polyline", "a"}
    assert not re.search(r'href="(?!#)', re.sub(r'xlink:title="[^"]*"', "", svg))
    shown = shorten(visible(text), 30)
    if shown.isascii():
        assert shown in [(e.text or "").replace("\xa0", " ") for e in ET.fromstring(svg).iter(f"{SVG}text")]


def test_the_layout_sees_no_word_of_the_users():
    assert "script" not in layout_dot(hostile_scene("<script>"))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_pages_and_bundles(text):
    scene = hostile_scene(text)
    page = draw_html(scene)
    bundle = mime_bundle(scene)
    assert re.findall("<(/?script[^>]*)>", page) == (
        ["script type=\"application/json\"", "/script", "script", "/script"] if interactive.script() else [])
    page = re.sub("<script.*?</script>", "", page, flags=re.DOTALL)
    for markup in (page, bundle["text/html"]):
        assert "<script" not in markup
        assert not re.search(r"<[^>]+\son\w+=", re.sub(r'"[^"]*"', '""', markup))
        assert "<img src=x" not in markup
    json.dumps(bundle, ensure_ascii=False).encode("utf-8")
    assert all(ord(c) >= 32 or c == "\n" for c in bundle["text/plain"])


@pytest.mark.parametrize("make", [first_graph, relu_layer, trained, counting_loop])
def test_the_same_graph_gives_the_same_bytes(make):
    first, second = (mime_bundle(build_scene(make(), title="t")) for _ in range(2))
    assert json.dumps(first) == json.dumps(second)


def test_a_bundle_has_a_form_for_every_reader():
    bundle = mime_bundle(build_scene(first_graph()))
    assert set(bundle) == {GRAPH_MIME, "text/html", "text/plain"}
    assert picture_of(bundle) == draw_svg(build_scene(first_graph()))


@pytest.mark.parametrize("make", [first_graph, relu_layer, trained, counting_loop])
def test_a_document_holds_what_is_drawn_and_where(make):
    scene = build_scene(make(), title="t")
    data = json.loads(json.dumps(mime_bundle(scene)[GRAPH_MIME]))
    assert {node.id for node in (*scene.nodes, *scene.faces, *scene.inner)} == {node["id"] for node in data["nodes"]}
    assert [box.id for box in scene.boxes] == [box[0] for box in data["open"]] == [face.id for face in scene.faces]
    assert set(data["layout"]["nodes"]) == {node.id for node in scene.nodes}
    assert len(data["layout"]["edges"]) == len(scene.edges)


def test_a_document_holds_the_inside_of_folded_scopes():
    with tf.name_scope("scope"):
        x = tf.constant(1.0, name="x")
        y = tf.negative(x, name="y")
    tf.square(y, name="z")
    data = document(build_scene(tf.get_default_graph(), depth=0), None)
    ids = {node["name"]: node["id"] for node in data["nodes"]}
    inside = {node["name"] for node in data["nodes"] if node.get("in") == ids["scope"]}
    assert inside == {"scope/x", "scope/y"}
    assert [edge[:2] for edge in data["edges"]] == [[ids["scope/x"], ids["scope/y"]], [ids["scope/y"], ids["z"]]]


def test_ids_do_not_depend_on_what_is_open_or_loaded():
    for depth in range(3):
        with tf.name_scope(f"a{depth}"), tf.name_scope("b"), tf.name_scope("c"):
            tf.negative(tf.constant(1.0))
            tf.constant(2.0)
    graph = tf.get_default_graph()
    scenes = [build_scene(graph, depth=depth, asked=asked) for depth in (0, 1, 3) for asked in ((), {"n0", "n1"})]
    named = [{node.id: node.name for node in (*s.nodes, *s.faces, *s.inner)} for s in scenes]
    for one in named:
        for other in named:
            assert all(other[key] == name for key, name in one.items() if key in other)


def test_thirty_nodes_fit_in_fifty_kilobytes():
    g = Graph()
    h = g.placeholder("x", (None, 784))
    for k in range(5):
        with g.scope(f"layer{k}"):
            _, w = g.variable("W", (784, 784))
            _, b = g.variable("b", (784,))
            h = g.op("MatMul", h, w, dims=(None, 784))
            h = g.op("Relu", g.op("Tanh", g.op("BiasAdd", h, b, dims=(None, 784)), dims=(None, 784)), dims=(None, 784))
    scene = build_scene(g, title="Five layers")
    assert len(scene.nodes) >= 30
    assert len(json.dumps(mime_bundle(scene), ensure_ascii=False).encode()) < 50_000


def test_a_drawing_has_title_description_and_role():
    root = ET.fromstring(draw_svg(build_scene(trained(), title="Training")))
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == "Training"
    assert "2 placeholders, 1 variable" in root.find(f"{SVG}desc").text
    assert set(root.get("aria-labelledby").split()) == {root.find(f"{SVG}title").get("id"),
                                                        root.find(f"{SVG}desc").get("id")}


def test_two_drawings_of_one_page_do_not_share_rules_or_ids():
    one, two = (draw_svg(build_scene(make())) for make in (first_graph, relu_layer))
    ids = [re.search(r'id="(tfm-\w+)"', svg)[1] for svg in (one, two)]
    assert ids[0] != ids[1]
    for svg, own in zip((one, two), ids, strict=True):
        selectors = re.findall(r"[{}>]([^{}<>]+)\{", re.search("<style>(.*)</style>", svg)[1])
        assert all(own in part or "media" in part for s in selectors for part in s.split(",")), selectors


def test_roles_differ_in_shape_and_not_only_in_colour():
    g = trained()
    g.constant(np.zeros((9, 9)), "table")
    scene = build_scene(g, depth=0)
    root = ET.fromstring(draw_svg(scene, inline=True))
    outlines = {}
    for group in root.iter(f"{SVG}g"):
        if group.get("data-node"):
            node = next(n for n in scene.nodes if n.id == group.get("data-node"))
            rects = group.findall(f"{SVG}rect")
            path = group.find(f"{SVG}path")
            round_ends = bool(rects) and float(rects[0].get("rx")) * 2 == float(rects[0].get("height"))
            outlines[node.role] = (len(rects), round_ends, bool(rects) and rects[0].get("rx"),
                                   path is not None and path.get("d").count("A"))
    assert outlines[model.GRADIENTS] == outlines[model.TRAINING]
    kinds = [outlines[role] for role in (model.PLACEHOLDER, model.CONSTANT, model.SCOPE, model.GRADIENTS)]
    assert len(set(kinds)) == len(kinds)


def test_a_legend_names_the_devices():
    g = Graph()
    a = g.placeholder("a")
    for device in ("/gpu:0", "/gpu:1"):
        with g.device(device):
            g.op("Neg", a)
    svg = draw_svg(build_scene(g))
    assert written(svg).count("GPU:0") == 2, "in the legend and on the node"


def test_nodes_do_not_overlap_and_stay_inside():
    layout = lay_out(build_scene(trained()))
    places = list(layout.nodes.values())
    for i, (x, y, w, h) in enumerate(places):
        assert x >= 0 and x + w <= layout.width and y >= 0 and y + h <= layout.height
        for a, b, c, d in places[i + 1:]:
            assert x + w <= a or a + c <= x or y + h <= b or b + d <= y


def test_directions():
    down, right = (lay_out(build_scene(relu_layer(), direction=d)) for d in ("TB", "LR"))
    assert down.height > right.height
    assert right.width > down.width


def test_a_collapsed_giant_is_drawn():
    assert len(written(draw_svg(build_scene(deep())))) > 20


def test_text_drawing():
    notes = Annotations(labels={"Relu": "h"}, values={"Relu:0": np.float32(2.5)})
    assert draw_text(build_scene(relu_layer(), title="h = ReLU(xW + b)", annotations=notes)) == """\
h = ReLU(xW + b)
├─ x       placeholder  → (?, 12) float32
├─ W       variable  → (12, 40) float32
├─ b       variable  → (40,) float32
├─ MatMul  ← x, W  → (?, 40) float32
├─ Add     ← MatMul, b  → (?, 40) float32
└─ h       Relu  = 2.5  ← Add  → (?, 40) ← () float32
  not drawn: initialisers (4 operations)"""


def test_text_drawing_of_scopes_and_training():
    assert draw_text(build_scene(trained())) == """\
Graph
├─ x                     placeholder  → (?, 4) float32
├─ y                     placeholder  → (?, 2) float32
├─ layer/
│  ├─ W                  variable  → (4, 2) float32
│  └─ MatMul             ← x, W  → (?, 2) float32
├─ loss/
│  ├─ SquaredDifference  ← MatMul, y  → (?, 2) float32
│  └─ Mean               (axis = [0, 1])  ← SquaredDifference  → () float32
├─ gradients             6 operations  ← Mean, W  → (4, 2) float32
└─ Adam                  training · 10 operations  ← gradients  ⇢ changes W
  not drawn: save and restore (3 operations), initialisers (7 operations)"""


# --- files and the engine ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ending", "start"), [("svg", b"<svg"), ("html", b"<!DOCTYPE html>"), ("dot", b"digraph"),
                                               ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("json", b"{"), ("txt", b"t\n")])
def test_save(tmp_path, ending, start):
    path = save(build_scene(first_graph(), title="t"), tmp_path / f"g.{ending}")
    assert path.read_bytes().startswith(start)


def test_save_refuses_an_unknown_ending(tmp_path):
    with pytest.raises(ValueError, match="svg, html, dot, png, pdf, json, txt"):
        save(build_scene(first_graph()), tmp_path / "g.bmp")


def test_a_pdf_has_every_text_of_the_drawing_and_is_the_same_every_time():
    scene = build_scene(trained(), title="Ação: α → β")
    shown = pdf_text(make_pdf(draw_svg(scene)))
    words = [t.text for t in ET.fromstring(draw_svg(scene)).iter(f"{SVG}text")]
    assert [word for word in words if word.isascii() and word not in shown] == [] and len(words) > 12
    assert "Ação: " in shown and "\xae" in shown, "the arrow of the font Symbol"
    assert make_pdf(draw_svg(scene)) == make_pdf(draw_svg(scene))


def test_a_pdf_has_the_ports_of_a_failed_node_whole():
    port = Port("b [3, 4]", ((3, 4),))
    scene = Scene(nodes=[Node("n0", "product", "operation", "product", state="failed", message="no", ports=(port,))])
    assert "b [3, 4]" in pdf_text(make_pdf(draw_svg(scene)))


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_can_stand_in_a_pdf(text):
    assert make_pdf(draw_svg(hostile_scene(text))).startswith(b"%PDF")


def pdf_text(pdf):
    """What a PDF's page writes, piece by piece."""
    streams = [zlib.decompress(found) for found in re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)]
    pieces = re.findall(rb"\(((?:[^()\\]|\\.)*)\) Tj", b"".join(streams), re.DOTALL)
    return "|".join(re.sub(r"\\(.)", r"\1", piece.decode("latin-1")) for piece in pieces)


def test_the_environment_variable_wins(monkeypatch, tmp_path):
    program = tmp_path / "mydot"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("TFMAGIC_DOT", str(program))
    assert find_engine() == str(program)
    monkeypatch.setenv("TFMAGIC_DOT", str(tmp_path / "absent"))
    with pytest.raises(EngineError, match="TFMAGIC_DOT"):
        find_engine()


def test_without_an_engine_the_text_drawing_stands_in(monkeypatch):
    monkeypatch.setattr(engine, "find_engine", lambda: None)
    g = first_graph()
    g.op("Neg", g.ops["sub_1"].outputs[0], name="engine_is_missing_here")
    bundle = mime_bundle(build_scene(g))
    assert not picture_of(bundle)
    assert "pip install graphviz-pure" in bundle["text/plain"]
    assert "engine_is_missing_here" in bundle["text/html"]
    assert "layout" not in bundle[GRAPH_MIME]


def test_an_engine_that_hangs_is_ended(monkeypatch, tmp_path):
    def hang(*args, timeout, **kwargs):
        raise subprocess.TimeoutExpired("dot", timeout)

    monkeypatch.setattr(engine.subprocess, "run", hang)
    with pytest.raises(EngineError, match="longer than 20 s"):
        run_engine("digraph{}", "svg")


def test_an_engine_that_fails_says_why():
    with pytest.raises(EngineError, match="failed"):
        run_engine("digraph{", "svg")


def test_a_page_is_self_contained():
    page = draw_html(build_scene(trained(), title="Training"))
    assert "http:" not in page.replace("http://www.w3.org/2000/svg", "") and "https:" not in page
    assert page.count("<svg") == 1
    ET.fromstring(re.search(r"<svg.*</svg>", page, re.S)[0])


@pytest.fixture
def renderer(monkeypatch):
    """A script in place of the built one, so that pages are the same where there is no Node."""
    monkeypatch.setattr(interactive, "script", lambda: "draw()")


def test_a_page_holds_the_drawing_as_data_and_lets_one_script_run(renderer):
    scene = build_scene(trained(), title="</script><script>alert(1)</script>")
    page = draw_html(scene)
    data = re.search('<script type="application/json">(.*?)</script>', page)[1]
    assert json.loads(data) == document(scene, lay_out(scene))
    assert page.endswith("<script>draw()</script></body></html>\n") and page.count("<script") == 2
    digest = base64.b64encode(hashlib.sha256(b"draw()").digest()).decode()
    assert f"default-src 'none'; script-src 'sha256-{digest}';" in page


def test_without_the_built_script_a_page_is_a_picture(monkeypatch):
    monkeypatch.setattr(interactive, "script", lambda: "")
    page = draw_html(build_scene(trained()))
    assert "<script" not in page and "script-src 'none'" in page and "<svg" in page


def test_a_long_chain_needs_no_recursion():
    assert len(picture_of(mime_bundle(build_scene(chain(5000))))) < 20_000
