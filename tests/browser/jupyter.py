"""A Jupyter server with JupyterLab and Notebook 7, of which nothing outside its own folder knows."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator, Page

import tfmagic

EXTENSION = Path(tfmagic.__file__).parent / "labextension"
_APPUTILS = "@jupyterlab/apputils-extension"


class Jupyter:
    """The server: its notebooks lie in `root`."""

    def __init__(self, folder: Path) -> None:
        if not (EXTENSION / "package.json").exists():
            pytest.fail("the lab extension is not built: run `jlpm install && jlpm build` in labextension/")
        self.folder = folder
        self.root = folder / "notebooks"
        self._settings = folder / "settings"
        self._log = folder / "log"
        for path in (self.root, folder / "config/labconfig", folder / "data/labextensions", self._settings / _APPUTILS):
            path.mkdir(parents=True)
        (folder / "data/labextensions/tfmagic").symlink_to(EXTENSION, target_is_directory=True)
        self._set("notification", {"fetchNews": "false", "checkForUpdates": False})
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        environment = {
            **os.environ, "JUPYTER_CONFIG_DIR": str(folder / "config"), "JUPYTER_DATA_DIR": str(folder / "data"),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"), "JUPYTERLAB_SETTINGS_DIR": str(self._settings),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"), "IPYTHONDIR": str(folder / "ipython")}
        environment.pop("JUPYTER_NO_CONFIG", None)  # it would hide JUPYTER_CONFIG_DIR
        options = ["--ServerApp.jpserver_extensions={'jupyterlab': True, 'notebook': True}", "--allow-root",
                   "--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True",
                   "--no-browser", f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=",
                   "--ServerApp.password=", f"--ServerApp.root_dir={self.root}", "--ServerApp.disable_check_xsrf=True"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([sys.executable, "-m", "jupyter_server", *options], env=environment,
                                             stdout=log, stderr=subprocess.STDOUT)
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + 120
        while time.monotonic() < until and self._process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.url}/api").read()
                return
            except OSError:
                time.sleep(0.1)
        self.close()
        pytest.fail(f"the Jupyter server did not start:\n{self._log.read_text('utf-8', 'replace')[-2000:]}")

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)

    def _set(self, name: str, values: dict[str, Any]) -> None:
        (self._settings / _APPUTILS / f"{name}.jupyterlab-settings").write_text(json.dumps(values), "utf-8")

    def set_theme(self, theme: str) -> None:
        """Light or dark, for pages that open from now on."""
        self._set("themes", {"theme": f"JupyterLab {theme.title()}"})

    def set_extension(self, enabled: bool) -> None:
        """Whether pages that open from now on have tfmagic's extension."""
        (self.folder / "config/labconfig/page_config.json").write_text(
            json.dumps({"disabledExtensions": {} if enabled else {"tfmagic": True}}), "utf-8")

    def write(self, name: str, cells: Sequence[str | Any], kernel: str = "python3") -> Path:
        """A notebook of these cells: code, or whole cells with their outputs. It is not trusted.

        Its name must be new: a notebook of a name that was open before goes on in the kernel of that one.

        Args:
          kernel: the kernelspec's name; one that is not there makes a notebook without a kernel.
        """
        notebook = new_notebook(cells=[new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells])
        notebook.metadata.kernelspec = {"name": kernel, "display_name": kernel}
        path = self.root / name
        with path.open("x", encoding="utf-8") as file:
            nbformat.write(notebook, file)
        return path


class NotebookPage:
    """A notebook open in JupyterLab or Notebook 7."""

    def __init__(self, page: Page, server: Jupyter, app: str) -> None:
        self.page = page
        self.server = server
        self.app = app
        self.faults: list[str] = []
        page.set_default_timeout(90_000)
        # The apps have errors of their own.
        page.on("pageerror", lambda error: "tfmagic" in (error.stack or "") and self.faults.append(str(error)))

    def open(self, path: Path, query: str = "") -> NotebookPage:
        place = f"/lab/tree/{path.name}?reset" if self.app == "lab" else f"/notebooks/{path.name}"
        self.page.goto(self.server.url + place + query)
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self.page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.context?.isReady")
        return self

    @property
    def cells(self) -> Locator:
        return self.page.locator(".jp-Notebook .jp-CodeCell")

    def output(self, cell: int) -> Locator:
        """The output area of a code cell, counted from 0."""
        return self.cells.nth(cell).locator(".jp-OutputArea")

    def run_all(self) -> None:
        """Run each cell and wait until the last is done."""
        self.page.evaluate("""async () => {
          const { sessionContext } = window.jupyterapp.shell.currentWidget.context;
          await sessionContext.ready;
          await sessionContext.session.kernel.info;
          await window.jupyterapp.commands.execute("notebook:run-all-cells");
        }""")
