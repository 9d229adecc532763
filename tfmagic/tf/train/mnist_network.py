"""The network of the MNIST tutorial, `tensorflow.examples.tutorials.mnist.mnist`: two hidden layers and softmax."""

from __future__ import annotations

import math
from typing import Any

from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.train.gradient_descent import GradientDescentOptimizer
from tfmagic.tf.variable.variables import Variable

NUM_CLASSES = 10
IMAGE_SIZE = 28
IMAGE_PIXELS = IMAGE_SIZE * IMAGE_SIZE


def _layer(scope: str, inputs: Any, sizes: tuple[int, int]) -> Tensor:
    """inputs . weights + biases."""
    with name_scope(scope):
        weights = Variable(api.truncated_normal(list(sizes), stddev=1.0 / math.sqrt(float(sizes[0]))), name="weights")
        biases = Variable(api.zeros([sizes[1]]), name="biases")
        product = api.matmul(inputs, weights) + biases
        return product if scope == "softmax_linear" else api.nn.relu(product)


def inference(images: Any, hidden1_units: int, hidden2_units: int) -> Tensor:
    """The logits of pictures: float32 [batch, 784] -> [batch, 10]."""
    hidden = _layer("hidden1", images, (IMAGE_PIXELS, hidden1_units))
    hidden = _layer("hidden2", hidden, (hidden1_units, hidden2_units))
    return _layer("softmax_linear", hidden, (hidden2_units, NUM_CLASSES))


def loss(logits: Tensor, labels: Any) -> Tensor:
    """The mean cross-entropy, a scalar.

    Args:
      logits: float32 [batch, 10].
      labels: int [batch], the classes.
    """
    return api.losses.sparse_softmax_cross_entropy(labels=api.cast(labels, "int64"), logits=logits)


def training(loss: Tensor, learning_rate: float) -> Operation:
    """A step of gradient descent, which counts itself; the loss becomes a summary."""
    api.summary.scalar("loss", loss)
    optimizer = GradientDescentOptimizer(learning_rate)
    step = Variable(0, name="global_step", trainable=False)
    return optimizer.minimize(loss, global_step=step)


def evaluation(logits: Tensor, labels: Any) -> Tensor:
    """How many pictures of a batch get their class, an int32 scalar."""
    return api.reduce_sum(api.cast(api.nn.in_top_k(logits, labels, 1), "int32"))
