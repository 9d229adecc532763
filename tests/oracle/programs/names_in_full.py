"""Names that end with "/": they stand as they are, and nobody counts them."""

from __future__ import division

from . import Case, program
from .refused import outcome


def _next(tf, *names):
    graph = tf.get_default_graph()
    return [str(graph.unique_name(name, mark_as_used=False)) for name in names]


@program
def averages_of_variables_that_a_scope_holds(tf):
    """A second moving average finds what the first one saved, if that was made within a name scope."""
    with tf.name_scope("net"):
        x = tf.get_variable("x", [2])
        normal = tf.layers.batch_normalization(tf.ones([2, 3]))
    y = tf.Variable(1.0, name="y")
    first = tf.train.ExponentialMovingAverage(0.9)
    with tf.name_scope("decay"):
        first.apply(tf.trainable_variables())
        first.apply([normal])
        tf.train.AdamOptimizer().minimize(y * tf.reduce_sum(x))
    second, other = tf.train.ExponentialMovingAverage(0.9), tf.train.ExponentialMovingAverage(0.9, name="Other")
    facts = {name: sorted(str(key) for key in average.variables_to_restore(which))
             for name, average, which in [("first", first, None), ("second", second, None), ("other", other, None),
                                          ("some", second, [x])]}
    facts["next"] = _next(tf, *[v.op.name for v in tf.global_variables()])
    first.apply([y])
    plain = tf.train.ExponentialMovingAverage(0.9, name="Plain")
    plain.apply([y])
    facts["outside"] = [str(plain.average_name(y)), _next(tf, "y/Plain")]
    return Case(facts=facts)


@program
def nodes_named_in_full(tf):
    """The next node that asks for such a name gets it, and is refused."""
    first = tf.constant([1.0], name="k/")
    facts = {"next": _next(tf, "k")}
    for name, make in [("constant", lambda: tf.constant([2.0], name="k")),
                       ("again", lambda: tf.add(first, first, "k/")),
                       ("counted", lambda: tf.add(first, first, name="k").op.name)]:
        facts[name] = str(outcome(make))
    body = tf.Graph()
    with body.as_default():
        tf.identity(tf.constant(1.0, name="a"), name="Sc/b")
    tf.import_graph_def(body.as_graph_def(), name="")
    tf.import_graph_def(body.as_graph_def(), name="into")
    facts["imported"] = _next(tf, "a", "A", "Sc", "sc/B", "into", "into/a", "into/Sc", "into/sc/b")
    return Case([(["a:0", "into/a:0"], None)], facts=facts)


@program
def grey_pictures_of_partly_known_shape(tf):
    """The checks of grayscale_to_rgb stand in the graph unless all of the shape is known."""
    return Case([(tf.image.grayscale_to_rgb(tf.placeholder_with_default([[[0.5]]], shape)), None)
                 for shape in ([1, 1, 1], [None, 1, 1], [1, 1, None], None)])
