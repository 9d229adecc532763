"""Every kind of drawing in a running JupyterLab and Notebook 7: what a person does with it, and what it shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, expect

from .course import CELLS, HOSTILE, Course
from .jupyter import Jupyter, NotebookPage
from .page import violations


@pytest.fixture(scope="module", params=["lab", "notebook"])
def opened(request: pytest.FixtureRequest, chromium: Browser, jupyter_server: Jupyter) -> Iterator[Course]:
    jupyter_server.set_theme("light")
    jupyter_server.set_extension(True)
    context = chromium.new_context(viewport={"width": 1300, "height": 1000}, accept_downloads=True)
    course = Course.run(jupyter_server, lambda path, app: NotebookPage(context.new_page(), jupyter_server, app)
                        .open(path), request.param)
    yield course
    context.close()


@pytest.fixture
def course(opened: Course) -> Iterator[Course]:
    """The notebook, light; the test fails when anything went wrong in the page."""
    yield opened
    assert opened.notebook.faults == []


# --- the drawing and the pointer --------------------------------------------------------------------------------------


def test_a_training_is_drawn_as_what_it_is(course: Course) -> None:
    part = course.part("train")
    assert {("difference", "loss"), ("loss", "gradients/"), ("gradients/", "GradientDescent/")} <= part.edges()
    assert {("GradientDescent/", "first/w"), ("GradientDescent/", "second/v")} == part.edges(".updates")
    for variable in ("first/w", "second/v"):
        assert "100 updates" in part.texts(variable)
        assert any(text.startswith("= ") for text in part.texts(variable))


def test_a_scope_folds_and_opens_in_place(course: Course) -> None:
    part = course.part("build")
    before = part.names()
    assert {"first", "first/h", "second/logits"} <= set(before)
    place = part.bring("first").bounding_box()
    part.click("first")
    expect(part.thing("first/h")).to_have_count(0)
    assert part.thing("first").get_attribute("aria-expanded") == "false"
    now = part.thing("first").locator("> .shape").first.bounding_box()
    assert place is not None and now is not None and abs(place["y"] - now["y"]) < 12
    part.click("first")
    expect(part.thing("first/h")).to_be_attached()
    assert sorted(part.names()) == sorted(before)


def test_the_wheel_scrolls_the_notebook_and_zooms_with_ctrl_or_after_focus(course: Course) -> None:
    part, page = course.part("train"), course.page
    stage = part.root.locator(".stage").bounding_box()
    assert stage is not None
    page.mouse.move(stage["x"] + 40, stage["y"] + 100)
    page.mouse.wheel(0, 40)
    page.wait_for_timeout(100)
    before = part.transform()
    assert part.root.locator(".stage").bounding_box()["y"] < stage["y"], "the notebook scrolls"
    page.keyboard.down("Control")
    page.mouse.wheel(0, -60)
    page.keyboard.up("Control")
    page.wait_for_timeout(100)
    zoomed = part.transform()
    assert zoomed[2] > 1.05 * before[2]
    part.thing("x").focus()
    page.mouse.wheel(0, -60)
    page.wait_for_timeout(100)
    assert part.transform()[2] > 1.02 * zoomed[2]


def test_dragging_pans_fit_shows_all_and_the_map_leads(course: Course) -> None:
    part, page = course.part("train"), course.page
    stage = part.root.locator(".stage").bounding_box()
    assert stage is not None
    x, y, scale = part.transform()
    page.mouse.move(stage["x"] + 30, stage["y"] + 60)
    page.mouse.down()
    page.mouse.move(stage["x"] + 90, stage["y"] + 95, steps=5)
    page.mouse.up()
    assert part.transform() == pytest.approx((x + 60, y + 35, scale), abs=1.5)
    # The map shows where one is, and a press on its end leads to the drawing's.
    minimap = part.root.locator(".minimap")
    assert not part.is_in_sight("GradientDescent/")
    box = minimap.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 6)
    assert part.is_in_sight("GradientDescent/")
    part.root.get_by_role("button", name="Show all").click()
    assert all(part.is_in_sight(name) for name in part.names(".node"))
    expect(minimap).to_be_hidden()


def test_search_finds_names_ops_and_shapes(course: Course) -> None:
    part = course.part("build")
    search = part.root.get_by_role("searchbox")
    for query, name in (("second/logits", "second/logits"), ("relu", "first/h"), ("(4, 3)", "second/v")):
        search.fill(query)
        expect(part.root.locator(".found")).not_to_be_empty()
        assert name in part.names(".hit"), query
        assert part.is_in_sight(name)
    search.fill("")
    assert part.names(".hit") == []


def test_an_edge_tells_its_tensor_and_shapes_and_a_node_lights_what_is_next_to_it(course: Course) -> None:
    part = course.part("train")
    part.bring("first/h")
    source, target = (part.thing(name).get_attribute("data-id") for name in ("first/product", "first/h"))
    line = part.root.locator(f".edge[data-from='{source}'][data-to='{target}'] .line")
    x, y = line.evaluate("""(line) => { const { x, y } = line.getPointAtLength(line.getTotalLength() / 2)
      .matrixTransform(line.getScreenCTM()); return [x, y]; }""")
    course.page.mouse.move(x, y)
    expect(part.root.locator(".tip")).to_contain_text("first/product:0")
    expect(part.root.locator(".tip")).to_contain_text("(?, 4) ← (20, 4) float32")
    part.thing("first/h").locator("> .shape").first.hover()
    expect(part.root.locator(".tip")).to_be_hidden()
    assert set(part.names(".lit")) == {"first/product", "first/h", "second/logits"}


def test_a_click_tells_all_of_a_node_its_value_first(course: Course) -> None:
    part = course.part("train")
    part.click("first/w")
    value = part.panel.locator("section", has_text="value").first
    for fact in ("(6, 4) float32", "min ", "mean ", "max "):
        expect(value).to_contain_text(fact)
    expect(part.panel).to_contain_text("trainable_variables")
    part.click("second/logits")
    for fact in ("MatMul · attributes", "transpose_a", "transpose_b", "(?, 3) ← (20, 3) float32", "torch.matmul"):
        expect(part.panel).to_contain_text(fact)
    assert part.is_in_sight("second/logits")
    part = course.part("last")
    part.click("planes")
    expect(part.panel).to_contain_text("CPU:0")
    expect(part.panel.locator(".value")).to_contain_text("(2, 3, 4) int32")
    part.panel.get_by_role("button", name="Close").click()
    expect(part.panel).to_be_hidden()


# --- the keyboard -----------------------------------------------------------------------------------------------------


def test_no_key_meant_for_a_drawing_is_one_of_the_notebook(course: Course) -> None:
    part, page = course.part("train"), course.page
    before = course.state()
    part.thing("loss").focus()
    for key in ("a", "b", "x", "c", "v", "z", "m", "y", "r", "k", "j", "d", "d", "0", "0", "Shift+M", "Shift+L", "o"):
        page.keyboard.press(key)
        assert course.state() == before, key
    part.wait_for_focus("loss")
    page.keyboard.press("/")
    page.keyboard.type("abx dd 00 logits")
    assert part.root.get_by_role("searchbox").input_value() == "abx dd 00 logits"
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    assert part.root.get_by_role("searchbox").input_value() == "" and course.state() == before
    page.keyboard.press("Escape")
    part.wait_for_focus("loss")


def test_a_cell_still_runs_by_shift_enter_in_its_drawing(course: Course) -> None:
    part, page = course.part("train"), course.page
    count = "(index) => window.jupyterapp.shell.currentWidget.content.widgets[index].model.executionCount"
    before = page.evaluate(count, part.index)
    part.thing("loss").focus()
    page.keyboard.press("Shift+Enter")
    page.wait_for_function(f"([index, before]) => ({count})(index) > before", arg=[part.index, before])


def test_the_keyboard_alone_does_everything(course: Course) -> None:
    part, page = course.part("build"), course.page
    page.evaluate("""(index) => { const { content } = window.jupyterapp.shell.currentWidget;
      content.mode = "command"; content.widgets[index].node.focus(); }""", part.index)
    for _ in range(30):
        page.keyboard.press("Tab")
        if part.focused() and part.focused() in part.names():
            break
    assert part.focused() in part.names(), "Tab leads into the drawing"
    page.keyboard.press("/")
    page.keyboard.type("first/h")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    part.wait_for_focus("first/h")
    page.keyboard.press("ArrowDown")
    part.wait_for_focus("second/logits")
    page.keyboard.press("Enter")
    expect(part.panel).to_contain_text("MatMul")
    page.keyboard.press("Escape")
    expect(part.panel).to_be_hidden()
    page.keyboard.press("-")
    expect(part.thing("second")).to_have_attribute("aria-expanded", "false")
    part.wait_for_focus("second")
    page.keyboard.press("+")
    expect(part.thing("second/logits")).to_be_attached()
    page.keyboard.press("t")
    tree = part.root.get_by_role("tree")
    assert {"x", "first", "loss"} <= set(tree.locator("li > span > code").all_inner_texts())
    page.keyboard.press("t")
    expect(tree).to_have_count(0)
    part.wait_for_focus("second")


# --- what a cell does -------------------------------------------------------------------------------------------------


def test_a_run_is_stepped_through_with_values_and_times(course: Course) -> None:
    part, page = course.part("step"), course.page
    slider, told = part.root.locator(".player input"), part.root.locator(".player .told")
    assert told.inner_text().split()[1] == "loss"
    assert "s" in part.root.locator(".player .heat").inner_text()
    assert part.root.locator(".node.heat4, .node.heat5").count() >= 1
    slider.focus()
    page.keyboard.press("Home")
    assert told.inner_text().startswith("1/") and "loss" in part.names(".pending")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    name = told.inner_text().split()[1]
    assert told.inner_text().startswith("4/")
    assert name.startswith(part.names(".now")[0]) and part.is_in_sight(part.names(".now")[0])
    page.keyboard.press(",")
    assert told.inner_text().startswith("3/")
    part.root.get_by_role("button", name="Play (p)").click()
    expect(told).to_contain_text("loss", timeout=30_000)
    assert part.names(".pending") == []


def test_loops_count_their_turns_and_branches_show_the_way_taken(course: Course) -> None:
    part, page = course.part("turns"), course.page
    part.root.locator(".player input").focus()
    page.keyboard.press("Home")
    turns = []
    for _ in range(40):
        turns += part.root.locator("text.badge.turn").all_text_contents()
        page.keyboard.press("ArrowRight")
    counted = [text for i, text in enumerate(turns) if "turn" in text and text not in turns[:i]]
    assert counted[:4] == ["turn 1", "turn 2", "turn 3", "turn 4"]
    assert "after turn 4" in turns and "turn 5" not in turns
    assert "→ true" in part.root.locator(".player .told").inner_text()
    assert "choose/Merge = 28" in part.root.locator(".player .told").inner_text()


def test_a_loop_and_its_branches_are_labelled(course: Course) -> None:
    part = course.part("loop")
    boxes = part.root.locator("svg.graph text.box").all_text_contents()
    assert "count · loop" in boxes
    assert part.root.locator(".box.frame").count() >= 1
    words = " ".join(part.root.locator("svg.graph text").all_text_contents())
    assert "true" in words and "false" in words


def test_the_plan_and_the_graph_light_each_other(course: Course) -> None:
    part = course.part("torch")
    line = part.root.locator(".plan .line[role]", has_text="relu(")
    line.hover()
    assert "first/h" in part.names(".lit")
    part.root.locator(".stage").hover(position={"x": 5, "y": 5})
    assert part.names(".lit") == []
    part.bring("second/logits").hover()
    assert "torch.matmul" in part.root.locator(".plan .lit").inner_text()
    # By keyboard: what a line belongs to is brought into sight.
    part.root.locator(".plan .line[role]").last.focus()
    assert part.is_in_sight("loss") and "loss" in part.names(".lit")


def test_a_difference_marks_new_gone_and_changed(course: Course) -> None:
    part = course.part("diff")
    marks = {kind: [text[:1] for name in part.names(f".{kind}") for text in part.texts(name)[:1]]
             for kind in ("new", "gone", "changed")}
    assert marks["new"] == ["+"] and marks["gone"] == ["−"] and set(marks["changed"]) == {"~"}
    part.click(part.names(".new")[0])
    expect(part.panel).to_contain_text("Tanh")


@pytest.mark.parametrize("cell, name, ports, line", [
    ("unbuilt", "wrong", [("a: (?, 4) float32", ["4"]), ("b: (6, 4) float32", ["6"])], "In [11], line 2"),
    ("failed", "difference", [("x: (?, 3) ← (20, 3) float32", ["20"]), ("y: (?, 3) ← (7, 3) float32", ["7"])],
     "In [2], line 10")])
def test_a_failure_is_drawn_where_it_happened(course: Course, cell: str, name: str,
                                              ports: list[tuple[str, list[str]]], line: str) -> None:
    part, page = course.part(cell), course.page
    assert part.names(".failed") == [name] and part.is_in_sight(name)
    shown = part.thing(name).locator("text.port")
    assert [(port.text_content(), port.locator(".wrong").all_text_contents()) for port in shown.all()] == ports
    part.click(name)
    expect(part.panel.locator(".message")).to_be_visible()
    assert part.panel.locator("mark").all_inner_texts() == [mark for _, marks in ports for mark in marks]
    part.panel.get_by_role("button", name=f"{line}: ").click()
    page.wait_for_function("window.jupyterapp.shell.currentWidget.content.activeCell.editor?.hasFocus()")
    made = page.evaluate("""() => { const { activeCell } = window.jupyterapp.shell.currentWidget.content;
      return `In [${activeCell.model.executionCount}], line ${activeCell.editor.getSelection().start.line + 1}`; }""")
    assert made == line


def test_a_check_draws_the_first_node_that_made_a_nan(course: Course) -> None:
    part = course.part("check")
    assert "log (Log) made 60 NaN of 60 from finite inputs" in part.output.inner_text()
    assert part.names(".failed") == ["log"] and part.is_in_sight("log")
    assert {"low", "log", "bad"} <= set(part.names())
    assert "bad" in part.names(".not-finite") and "low" not in part.names(".not-finite")


def test_a_curve_lives_while_a_cell_loops(course: Course) -> None:
    page, index = course.page, 2
    page.evaluate("""async (index) => {
      const { content } = window.jupyterapp.shell.currentWidget;
      content.activeCellIndex = index;
      await content.scrollToItem(index, "start");
      content.deselectAll();
      window.jupyterapp.commands.execute("notebook:run-cell");
    }""", index)
    picture = course.notebook.output(index).locator("img")
    words: list[str] = []
    for share in (r" [1-6]?\d %", " 100 %"):
        page.wait_for_function("([picture, share]) => new RegExp(share).test(document.querySelectorAll("
                               "'.jp-Notebook .jp-CodeCell')[picture].querySelector('.jp-OutputArea img')?.alt)",
                               arg=[index, share])
        words.append(picture.get_attribute("alt") or "")
    assert "left" in words[0] and "100 steps" in words[1]
    assert "loss = " in words[0] and "loss = " in words[1]


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form, holds", [("svg", b"<svg "), ("png", b"\x89PNG"), ("pdf", b"%PDF-"), ("html", b"<html"),
                                         ("dot", b"digraph"), ("pbtxt", b'name: "second/logits"')])
def test_every_entry_of_the_export_menu_writes_its_file(course: Course, form: str, holds: bytes) -> None:
    part = course.part("build")
    with course.page.expect_download() as download:
        part.root.get_by_label("Save the drawing as …").select_option(form)
    assert download.value.suggested_filename == f"a-network.{form}"
    assert holds in Path(download.value.path()).read_bytes()


# --- values, cards and the quiz --------------------------------------------------------------------------------------


def test_a_slider_leads_through_the_planes_of_a_value(course: Course) -> None:
    part = course.part("last")
    part.click("planes")
    slider = part.panel.locator(".value input[type=range]").first
    asked = part.panel.locator(".value canvas")
    before = asked.evaluate("(canvas) => canvas.toDataURL()"), part.panel.locator(".value").inner_text()
    slider.focus()
    course.page.keyboard.press("End")
    expect(part.panel.locator(".value")).not_to_have_text(before[1])
    expect(part.panel.locator(".value")).to_contain_text("23")


def test_a_quiz_tells_nothing_before_it_is_answered(course: Course) -> None:
    part, page = course.part("quiz"), course.page
    page.evaluate("window.jupyterapp.shell.activateById('tfmagic-graph')")
    side = page.locator(".tfmagic-side")
    side.get_by_role("tab", name="Tensors").click()
    side.locator("input").fill("guess")
    row = side.locator("tbody tr", has_text="guess:0")
    expect(row).to_contain_text("?")
    assert "(2, 5)" not in row.inner_text() and "float32" not in row.inner_text()
    row.get_by_role("button").click()
    expect(side.locator(".look")).to_contain_text("Hidden until")
    part.root.get_by_label("Save the drawing as …").select_option("pbtxt")
    expect(part.root.locator(".complaint")).to_contain_text("without --quiz")
    part.click("guess")
    quiz = part.root.locator(".quiz")
    quiz.get_by_role("textbox").first.fill("2, 5")
    page.keyboard.press("Enter")
    page.keyboard.type("float64")
    page.keyboard.press("Enter")
    expect(quiz.locator(".said")).to_contain_text("✗")
    quiz.get_by_role("textbox").last.fill("float32")
    page.keyboard.press("Enter")
    expect(quiz.locator(".said")).to_contain_text("guess:0 (2, 5) float32")
    side.get_by_role("button", name="Refresh").click()
    expect(row).to_contain_text("(2, 5)")
    page.evaluate("window.jupyterapp.shell.collapseRight?.()")


def test_cards_open_with_the_values_of_now(course: Course) -> None:
    index = list(CELLS).index("cards")
    course.page.evaluate("(index) => window.jupyterapp.shell.currentWidget.content.scrollToItem(index, 'start')", index)
    cards = course.notebook.output(index).locator("details details")
    expect(cards).to_have_count(3)
    for i, words in ((0, "(6, 4) float32"), (1, "loss:0"), (2, "(3, 3) float64")):
        cards.nth(i).locator("summary").click()
        expect(cards.nth(i)).to_contain_text(words)
    expect(cards.nth(0).locator(".value")).to_contain_text("mean")


def test_what_was_folded_stays_folded_when_its_cell_moves_or_is_out_of_sight(course: Course) -> None:
    part, page = course.part("train"), course.page
    part.click("first")
    expect(part.thing("first")).to_have_attribute("aria-expanded", "false")
    course.part("last")
    part.show()
    expect(part.thing("first")).to_have_attribute("aria-expanded", "false")
    for way in ("up", "down"):
        page.evaluate("(way) => window.jupyterapp.commands.execute(`notebook:move-cell-${way}`)", way)
    part.show()
    expect(part.thing("first")).to_have_attribute("aria-expanded", "false")
    part.click("first")
    expect(part.thing("first/h")).to_be_attached()


# --- what means harm -------------------------------------------------------------------------------------------------


def test_hostile_names_and_values_are_text(course: Course) -> None:
    part = course.part("hostile")
    assert part.root.locator(".bar .title").inner_text() == HOSTILE
    part.click("spoken")
    expect(part.panel.locator(".value")).to_contain_text("onerror")
    assert course.page.evaluate("window.executed") is None


def test_messages_of_another_form_are_refused_in_words(course: Course) -> None:
    replies = course.page.evaluate("""async () => {
      const { kernel } = window.jupyterapp.shell.currentWidget.context.sessionContext.session;
      const comm = kernel.createComm("tfmagic");
      const replies = [];
      comm.onMsg = ({ content }) => replies.push(content.data);
      await comm.open({}).done;
      const wrong = [null, 7, "x", [], {}, { kind: 5 }, { kind: "__class__" }, { kind: "value" },
        { kind: "value", key: {}, name: [] }, { kind: "value", key: "k", name: "x".repeat(3e6) },
        { kind: "load", key: "k", asked: Array(2e4).fill("x") }, { kind: "export", key: "k", format: "../../x" },
        { id: { a: 1 }, kind: "<img src=x onerror=window.executed=1>" }, { kind: "look", name: 1e999 }];
      wrong.forEach((data) => comm.send(data));
      const until = Date.now() + 20000;
      while (replies.length < wrong.length && Date.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return [replies, wrong.length];
    }""")
    assert len(replies[0]) == replies[1]
    assert all(isinstance(reply["error"], str) and reply["error"] and "answer" not in reply for reply in replies[0])
    part = course.part("train")
    part.click("first/w")
    expect(part.panel.locator(".value")).to_contain_text("(6, 4) float32")
    assert course.page.evaluate("window.executed") is None


# --- the file --------------------------------------------------------------------------------------------------------


def test_the_saved_notebook_is_interactive_untrusted_and_without_a_kernel(course: Course) -> None:
    notebook = course.notebook
    course.page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    file = nbformat.read(notebook.server.root / f"course-{notebook.app}.ipynb", 4)
    watched = json.dumps(file.cells[list(CELLS).index("watch")].outputs)
    assert "image/svg+xml" in watched and "100 %" in watched
    for cell in file.cells:
        cell.metadata.pop("trusted", None)
    path = notebook.server.write(f"untrusted-{notebook.app}.ipynb", file.cells, kernel="no-such-kernel")
    page = course.page.context.new_page()
    try:
        again = Course(NotebookPage(page, notebook.server, notebook.app).open(path))
        page.get_by_role("dialog").get_by_role("button", name="No Kernel").click()
        page.set_default_timeout(20_000)
        part = again.part("step")
        part.root.locator(".player input").focus()
        page.keyboard.press("Home")
        expect(part.root.locator(".player .told")).to_contain_text("1/")
        part = again.part("torch")
        part.root.locator(".plan .line[role]", has_text="relu(").hover()
        assert "first/h" in part.names(".lit")
        part = again.part("diff")
        assert part.names(".new") and part.names(".gone") and part.names(".changed")
        part = again.part("failed")
        part.click("difference")
        expect(part.panel.locator(".message")).to_be_visible()
        assert again.notebook.faults == []
    finally:
        page.close()


# --- the whole --------------------------------------------------------------------------------------------------------

DRAWN = ["build", "train", "step", "turns", "torch", "diff", "unbuilt", "failed", "check", "quiz", "last"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_any_drawing(course: Course, theme: str) -> None:
    course.set_theme(theme)
    try:
        for cell in DRAWN:
            part = course.part(cell)
            ground = part.root.evaluate("(root) => getComputedStyle(root).backgroundColor")
            assert (sum(map(int, ground.strip("rgb()").split(","))) < 200) == (theme == "dark"), "follows the theme"
        part.click("planes")
        expect(part.panel).to_contain_text("Reshape · attributes")
        assert violations(course.page, ".jp-OutputArea-output") == []
    finally:
        course.set_theme("light")
