"""Pages that tfmagic writes, opened as files: interactive, whole in themselves, light or dark as their reader is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Page

from tfmagic import tf, view
from tfmagic.notebook.command import page as notebook_page
from tfmagic.view.paint import interactive

from .page import violations

HOSTILE = "</script><script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"

Open = Callable[..., Page]


def scene(title: str) -> view.Scene:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 6], name="x")
        with tf.name_scope("layer"):
            h = tf.nn.relu(tf.matmul(x, tf.Variable(tf.ones([6, 4]), name="w")), name="h")
        tf.reduce_mean(h, name="loss")
    return view.build_scene(graph, title=title, depth=0)


def saved(folder: Path, title: str) -> Path:
    return view.save(scene(title), folder / "saved.html")


def notebook(folder: Path, title: str) -> Path:
    output = nbformat.v4.new_output("display_data", view.mime_bundle(scene(title)))
    cells = [nbformat.v4.new_markdown_cell("# A page"),
             nbformat.v4.new_code_cell("%graph  # 0.5", outputs=[output], execution_count=1)]
    return notebook_page.write(nbformat.v4.new_notebook(cells=cells), folder / "notebook.html", "A page", ours=True)


WRITERS = [saved, notebook]


@pytest.fixture
def opened(chromium: Browser) -> Iterator[Open]:
    """Opens a file; the test fails when anything went wrong in it, or it asked an address."""
    if not interactive.script():
        pytest.fail("the script of pages is not built: run `jlpm install && jlpm build` in labextension/")
    contexts, faults = [], []

    def open_file(path: Path, scheme: str = "light", width: int = 1280, scripts: bool = True) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme,
                                       java_script_enabled=scripts, accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: message.type == "error" and faults.append(message.text))
        page.on("request", lambda request: request.url.startswith(("file:", "data:", "blob:"))
                or faults.append(request.url))
        page.goto(path.as_uri())
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert faults == []


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_is_interactive_in_its_readers_colours(write: Callable[[Path, str], Path], scheme: str, tmp_path: Path,
                                                      opened: Open) -> None:
    page = opened(write(tmp_path, "A layer"), scheme)
    host = page.locator(".tfm-host")
    assert host.get_attribute("theme") == scheme and not page.locator(".tfm-live > [hidden]").is_visible()
    page.locator("[data-id]", has_text="layer").first.click()
    page.locator("[data-id]", has_text="Relu").wait_for()
    assert violations(page) == []


@pytest.mark.parametrize("write", WRITERS)
def test_nothing_is_too_small_or_too_wide_on_a_telephone(write: Callable[[Path, str], Path], tmp_path: Path,
                                                         opened: Open) -> None:
    page = opened(write(tmp_path, "A layer"), width=400)
    page.wait_for_selector(".tfm-host .node")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    smallest = page.evaluate("""() => Math.min(
        ...[...document.querySelector(".tfm-host").shadowRoot.querySelectorAll("svg.graph text")]
        .map((text) => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a))""")
    assert smallest >= 8.999


@pytest.mark.parametrize("write", WRITERS)
def test_without_javascript_and_on_paper_there_is_the_picture(write: Callable[[Path, str], Path], tmp_path: Path,
                                                              opened: Open) -> None:
    path = write(tmp_path, "A layer")
    picture = ".tfm-live img, .tfm-live figure > svg"
    assert opened(path, scripts=False).locator(picture).is_visible()
    page = opened(path)
    page.wait_for_selector(".tfm-host .node")
    page.emulate_media(media="print")
    assert page.locator(picture).is_visible() and not page.locator(".tfm-host").is_visible()


def test_a_copy_of_one_drawing_is_a_page_like_the_one_it_comes_from(tmp_path: Path, opened: Open) -> None:
    page = opened(notebook(tmp_path, HOSTILE))
    with page.expect_download() as download:
        page.locator(".tfm-host select").select_option("html")
    download.value.save_as(tmp_path / "copy.html")
    for shown in (page, opened(tmp_path / "copy.html", "dark")):
        shown.wait_for_selector(".tfm-host .node")
        assert shown.title() != "run" and shown.locator(".tfm-host .bar .title").inner_text() == HOSTILE
        assert violations(shown) == []
