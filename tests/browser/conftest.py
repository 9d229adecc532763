"""One headless Chromium for the tests here, with a page for a drawing alone and pages in a Jupyter server.

Playwright keeps an event loop running in the thread that started it, in which other tests could not run theirs: the
fixtures live as long as pytest stays in this package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from .chromium import ARGUMENTS, MISSING, executable
from .jupyter import Jupyter, NotebookPage
from .page import DrawingPage

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker("browser")
            if "jupyter" in getattr(item, "fixturenames", ()):
                item.add_marker("slow")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    path = executable()
    if path is None:
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 1100, "height": 760}, accept_downloads=True)
    yield context
    context.close()


@pytest.fixture
def drawing(context: BrowserContext) -> Iterator[DrawingPage]:
    """A page on which to mount a document; the test fails when anything went wrong in it."""
    page = DrawingPage(context.new_page())
    yield page
    assert page.faults == []


@pytest.fixture(scope="package")
def jupyter_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    server = Jupyter(tmp_path_factory.mktemp("jupyter"))
    yield server
    server.close()


@pytest.fixture
def jupyter(jupyter_server: Jupyter) -> Jupyter:
    """The server, light and with the extension until the test says otherwise."""
    jupyter_server.set_theme("light")
    jupyter_server.set_extension(True)
    return jupyter_server


@pytest.fixture
def open_notebook(jupyter: Jupyter, context: BrowserContext) -> Callable[[Path, str], NotebookPage]:
    """Opens a notebook of the server in an app, "lab" or "notebook"."""
    def opened(path: Path, app: str) -> NotebookPage:
        page = context.new_page()
        page.set_viewport_size({"width": 1300, "height": 1000})
        return NotebookPage(page, jupyter, app).open(path)
    return opened
