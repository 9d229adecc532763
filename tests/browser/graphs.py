"""Graphs that the tests in a browser draw, as the documents of their drawings."""

from __future__ import annotations

from typing import Any

from tfmagic import tf

from .page import document_of


def network() -> dict[str, Any]:
    """Two layers, each with a scope inside, between an input and a loss: all open at first."""
    with tf.Graph().as_default() as graph:
        h = tf.placeholder(tf.float32, [None, 6], name="x")
        for layer in ("first", "second"):
            with tf.name_scope(layer):
                with tf.name_scope("linear"):
                    h = tf.matmul(h, tf.Variable(tf.ones([6, 6]), name="w"), name="product")
                h = tf.nn.relu(h, name="relu")
        tf.reduce_mean(tf.square(h, name="square"), name="loss")
    return document_of(graph, title="A network")


def tower(blocks: int = 6) -> dict[str, Any]:
    """Blocks of three units, each block with a way around its units: folded at first, all inside known."""
    with tf.Graph().as_default() as graph:
        h = tf.placeholder(tf.float32, [None, 6], name="x")
        for block in range(blocks):
            with tf.name_scope(f"block_{block}"):
                start = h
                for unit in range(3):
                    with tf.name_scope(f"unit_{unit}"):
                        h = tf.matmul(h, tf.Variable(tf.ones([6, 6]), name="w"), name="product")
                        h = tf.nn.relu(h, name="relu")
                h = tf.add(h, start, name="out")
        tf.reduce_mean(h, name="loss")
    return document_of(graph, title="A tower", depth=0)
