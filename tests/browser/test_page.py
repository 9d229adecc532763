"""The renderer alone on a page: what a person can do with a drawing."""

from __future__ import annotations

from typing import Any

import pytest

from tfmagic import tf

from .page import DrawingPage, document_of


@pytest.fixture(scope="module")
def network() -> dict[str, Any]:
    """Two layers, each with a scope inside, between an input and a loss."""
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 6], name="x")
        h = x
        for layer in ("first", "second"):
            with tf.name_scope(layer):
                with tf.name_scope("linear"):
                    w = tf.Variable(tf.ones([6, 6]), name="w")
                    h = tf.matmul(h, w, name="product")
                h = tf.nn.relu(h, name="relu")
        tf.reduce_mean(tf.square(h, name="square"), name="loss")
    return document_of(graph, title="A network")


def test_a_drawing_shows_its_title_and_its_nodes(drawing: DrawingPage, network: dict[str, Any]) -> None:
    drawing.mount(network)
    assert drawing.root.locator(".bar .title").inner_text() == "A network"
    assert {"x", "loss"} <= set(drawing.names())
