"""tf.contrib.receptive_field: what of a picture an element of a network sees."""

from . import Case, program


def conv(tf, x, size, stride=1, padding="VALID", rate=1):
    return tf.contrib.slim.conv2d(x, 2, size, stride, padding, rate=rate, activation_fn=None)


def field(tf, build, resolution=None, into="x", out="out", **kwargs):
    """The receptive field of a network as numbers, or why there is none."""
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, None, None, 1], name="x")
        tf.identity(build(x), name="out")
    try:
        found = tf.contrib.receptive_field.compute_receptive_field_from_graph_def(
            graph.as_graph_def(), into, out, input_resolution=resolution, **kwargs)
    except ValueError as error:
        return str(error).split("\n")[0]
    return [None if number is None else int(number) for number in found]


@program
def receptive_fields(tf):
    def c(x, *args):
        return conv(tf, x, *args)

    def pool(x, size, stride, padding="SAME", kind=tf.nn.max_pool):
        return kind(x, [1] + size + [1], [1] + stride + [1], padding)

    networks = {
        "valid": lambda x: c(x, [3, 5], [2, 1]), "two": lambda x: c(c(x, 3, 2), 5, 2),
        "same": lambda x: c(c(x, 3, 2, "SAME"), 5, 2, "SAME"),
        "average": lambda x: pool(x, [3, 2], [2, 2], kind=tf.nn.avg_pool),
        "pad": lambda x: c(tf.pad(x, [[0, 0], [1, 2], [3, 4], [0, 0]]), [3, 5], [2, 1]),
        "sum": lambda x: c(x, 1, 2) + c(tf.pad(c(x, 1, 1), [[0, 0], [1, 1], [1, 1], [0, 0]]), 3, 2),
        "larger": lambda x: pool(x, [3, 2], [1, 1]) + pool(x, [5, 2], [1, 1]),
        "shifted": lambda x: c(x, 1, 2) + c(c(x, 1, 1), 3, 2), "strides": lambda x: c(x, 1, 1) + c(c(x, 1, 1), 3, 2),
        "vertical": lambda x: pool(x, [3, 2], [1, 1]) + pool(x, [5, 2], [1, 1], "VALID"),
        "dilated": lambda x: c(x, 3, 1, "VALID", 2), "resized": lambda x: tf.image.resize_bilinear(c(x, 3), [3, 3]),
        "joined": lambda x: tf.concat([c(x, 1, 2), c(x, 1, 2)], 3), "identity": lambda x: x,
        "weights": lambda x: tf.nn.conv2d(x, tf.ones([3, 3, 1, 1]), 1, "VALID"),
        "paddings": lambda x: tf.pad(x, tf.placeholder(tf.int32, [4, 2]))}
    facts = {name: [field(tf, networks[name], resolution) for resolution in (None, [15, 18], [224, 224])]
             for name in sorted(networks)}
    facts["of each size"] = [[field(tf, lambda x, size=size, stride=stride: pool(x, [size, 1], [stride, 1]), resolution)
                              for resolution in (None, [6, 6], [7, 7])]
                             for size in range(1, 7) for stride in range(1, 5)]
    facts["no input"] = field(tf, networks["valid"], into="q")
    facts["no output"] = field(tf, networks["valid"], out="q")
    facts["stopped"] = field(tf, lambda x: c(tf.identity(c(x, 3), name="stop"), 3), stop_propagation=["stop"])
    return Case(facts=facts)


@program
def receptive_field_places(tf):
    api = tf.contrib.receptive_field
    x = tf.placeholder(tf.float32, [None, None, None, 1], name="x")
    tf.identity(conv(tf, conv(tf, x, [3, 5], [2, 1]), 3, 2), name="out")
    found = api.compute_receptive_field_from_graph_def(tf.get_default_graph(), "x", "out")
    facts = {"size": found.size.tolist(), "stride": found.stride.tolist(), "padding": found.padding.tolist(),
             "middles": [found.compute_input_center_coordinates([[0, 0], [1, 2]]).tolist(),
                         found.compute_input_center_coordinates([[1, 2]], axis=[1, 0]).tolist(),
                         found.compute_input_center_coordinates([[4]], axis=[1]).tolist()],
             "elements": [found.compute_feature_coordinates([[0, 0], [10, 12]]).tolist(),
                          found.compute_feature_coordinates([[7]], axis=[0]).tolist()]}
    for name, call in (("middles refused", lambda: found.compute_input_center_coordinates([[0, 0, 0]])),
                       ("elements refused", lambda: found.compute_feature_coordinates([[0, 0]], axis=[0]))):
        try:
            call()
        except ValueError as error:
            facts[name] = str(error)
    for size in (None, [30, 41]):
        order, nodes = api.get_compute_order(tf.get_default_graph().as_graph_def(), "x", size)
        facts["order with %s" % size] = [
            [name, order[name].order, order[name].input_size, order[name].output_size, order[name].node.op]
            for name in sorted(order)] + sorted(nodes)
    return Case(facts=facts)
