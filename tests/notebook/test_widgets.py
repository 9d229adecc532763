"""Drawings as widgets: where they are wanted, what the output holds, and that messages are answered."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

import tfmagic
from tfmagic.notebook.shell import widgets
from tfmagic.view.paint.document import GRAPH_MIME

pytestmark = pytest.mark.skipif(not Path(tfmagic.__file__).parent.joinpath("view/static/graph.js").exists(),
                                reason="the renderer is not built")
CELL = "%load_ext tfmagic\nfrom tfmagic import tf\n"
DRAW = "%%graph\nw = tf.Variable(tf.ones([3]), name='w')"


class Kernel:
    """A kernel, the messages that it sends, and messages to it."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client

    def run(self, code: str, status: str = "ok") -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []
        reply = self.client.execute_interactive(code, timeout=60, output_hook=sent.append)
        assert reply["content"]["status"] == status, reply["content"]
        return sent

    def message(self, comm: str, content: Any) -> Any:
        """What the widget answers to a message of its view."""
        data = {"method": "custom", "content": content}
        self.client.shell_channel.send(self.client.session.msg("comm_msg", {"comm_id": comm, "data": data}))
        while True:
            found = self.client.get_iopub_msg(timeout=30)
            if found["header"]["msg_type"] == "comm_msg" and found["content"]["data"].get("method") == "custom":
                return found["content"]["data"]["content"]


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    manager, client = start_new_kernel(env={**os.environ, "TFMAGIC_WIDGET": "1"})
    yield Kernel(client)
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_the_output_has_the_widget_beside_all_other_forms_and_its_messages_are_answered(kernel: Kernel) -> None:
    kernel.run(CELL)
    sent = kernel.run(DRAW)
    bundle = next(m["content"]["data"] for m in sent if m["header"]["msg_type"] == "display_data")
    assert {GRAPH_MIME, "text/html", "text/plain", widgets.VIEW_MIME} <= bundle.keys()
    comm = bundle[widgets.VIEW_MIME]["model_id"]
    opened = next(m["content"] for m in sent if m["content"].get("comm_id") == comm)
    assert opened["data"]["state"]["document"] == bundle[GRAPH_MIME]
    assert "has no value" in kernel.message(comm, {"id": 1, "kind": "value", "name": "w"})["error"]
    kernel.run("sess = tf.Session(); sess.run(w.initializer)")
    answer = kernel.message(comm, {"id": 2, "kind": "value", "name": "w"})
    assert answer["id"] == 2 and answer["answer"]["shape"] == [3]
    for content in ("x", None, [], {"id": {}, "kind": []}, {"kind": "load", "asked": "n0"}):
        assert kernel.message(comm, content)["error"]
    kernel.run("assert sess.run(w).sum() == 3")


@pytest.mark.parametrize(("code", "status"), [
    ("%%graph\ntf.matmul(tf.ones([2, 3]), tf.ones([2, 3]))", "error"),
    ("%%session --check\ntf.get_default_session().run(tf.log(tf.constant(-1.)))", "ok")])
def test_a_drawing_of_what_went_wrong_is_a_widget_too(kernel: Kernel, code: str, status: str) -> None:
    kernel.run(CELL)
    bundles = [m["content"]["data"] for m in kernel.run(code, status) if m["header"]["msg_type"] == "display_data"]
    assert {GRAPH_MIME, widgets.VIEW_MIME} <= bundles[-1].keys()


@pytest.mark.parametrize(("settings", "wanted"), [
    ({}, False), ({"VSCODE_PID": "1"}, True), ({"VSCODE_CWD": "/x"}, True), ({"TFMAGIC_WIDGET": "1"}, True),
    ({"VSCODE_PID": "1", "TFMAGIC_WIDGET": "0"}, False)])
def test_widgets_are_made_where_they_are_of_use(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str],
                                                wanted: bool) -> None:
    for name in ("VSCODE_PID", "VSCODE_CWD", "TFMAGIC_WIDGET"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert widgets.are_wanted() is wanted
