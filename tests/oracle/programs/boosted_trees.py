"""Ensembles of boosted trees: made from bytes, asked, centred, grown, pruned, explained and read back."""

from . import Case, program

# Two trees as a `TreeEnsemble`: a split on feature 1, one on feature 0 below it; then a leaf alone.
SPLIT = b"\x0a\x12\x12\x08\x08\x01\x10\x02\x18\x01\x20\x02\xca\x30\x05\x0d\x00\x00\xc0\x3f"


def leaf(number):
    """A leaf, as bytes of a `Node` in a `Tree`."""
    import struct

    return b"\x0a\x07\x0a\x05\x1d" + struct.pack("<f", number)


def field(number, content):
    """A field that is a message, or packed numbers."""
    return bytes(bytearray([number << 3 | 2, len(content)])) + content


def ensemble():
    """The bytes of an ensemble of two trees."""
    import struct

    second = b"\x0a\x0a\x12\x08\x08\x00\x10\x01\x18\x03\x20\x04"
    trees = [SPLIT + leaf(0.25) + second + leaf(-1.0) + leaf(2.0), leaf(10.0)]
    return (b"".join(field(1, tree) for tree in trees) + field(2, struct.pack("<2f", 0.5, 0.125))
            + field(3, b"\x10\x02\x18\x01") + field(3, b"\x10\x01") + field(4, b"\x08\x02\x10\x03\x18\x01\x20\x02"))


@program
def boosted_trees_predict(tf):
    raw = tf.raw_ops
    handle = raw.BoostedTreesEnsembleResourceHandleOp(shared_name="trees")
    features = [tf.placeholder(tf.int32, [None], name="a"), tf.placeholder(tf.int32, [None], name="b")]
    cached = [tf.placeholder(tf.int32, [None], name="trees"), tf.placeholder(tf.int32, [None], name="nodes")]
    made = raw.IsBoostedTreesEnsembleInitialized(tree_ensemble_handle=handle)
    create = raw.BoostedTreesCreateEnsemble(tree_ensemble_handle=handle, stamp_token=3,
                                            tree_ensemble_serialized=ensemble())
    states = raw.BoostedTreesGetEnsembleStates(tree_ensemble_handle=handle)
    predict = raw.BoostedTreesPredict(tree_ensemble_handle=handle, bucketized_features=features, logits_dimension=1)
    train = raw.BoostedTreesTrainingPredict(tree_ensemble_handle=handle, cached_tree_ids=cached[0],
                                            cached_node_ids=cached[1], bucketized_features=features,
                                            logits_dimension=1)
    other = raw.BoostedTreesDeserializeEnsemble(tree_ensemble_handle=handle, stamp_token=8,
                                                tree_ensemble_serialized=field(1, leaf(3.0)) + b"\x15\0\0\0\x3f\x1a\0")
    given = {features[0]: [0, 1, 2, 3], features[1]: [0, 2, 3, 5]}
    steps = [(made, None), (create, None), (made, None), (list(states), None), (predict, given)]
    for trees, nodes in (([0] * 4, [0] * 4), ([0] * 4, [1, 2, 2, 2]), ([0] * 4, [1, 1, 3, 4]), ([1] * 4, [0] * 4),
                         ([0, 0, 1, 1], [0, 1, 0, 0])):
        steps.append((list(train), dict(list(given.items()) + [(cached[0], trees), (cached[1], nodes)])))
    steps += [(other, None), (list(states), None), (predict, given)]
    return Case(steps=steps, show=[handle, made, predict] + list(states) + list(train))


@program
def boosted_trees_center_bias(tf):
    raw = tf.raw_ops
    handle = raw.BoostedTreesEnsembleResourceHandleOp(shared_name="trees")
    create = raw.BoostedTreesCreateEnsemble(tree_ensemble_handle=handle, stamp_token=0, tree_ensemble_serialized="")
    g, h = tf.placeholder(tf.float32, [1, 1], name="g"), tf.placeholder(tf.float32, [1, 1], name="h")
    center = [raw.BoostedTreesCenterBias(tree_ensemble_handle=handle, mean_gradients=g, mean_hessians=h, l1=l1, l2=l2)
              for l1, l2 in ((0.0, 0.0), (0.5, 1.0))]
    serialized = raw.BoostedTreesSerializeEnsemble(tree_ensemble_handle=handle)
    feed = {g: [[1.0]], h: [[2.0]]}
    steps = [(create, None), (center[0], feed), (center[1], feed), (center[0], {g: [[-0.001]], h: [[2.0]]}),
             (list(serialized), None)]
    return Case(steps=steps, show=center + list(serialized))


@program
def boosted_trees_quantile_streams(tf):
    raw = tf.raw_ops
    handle = raw.BoostedTreesQuantileStreamResourceHandleOp(shared_name="streams")
    given = {"quantile_stream_resource_handle": handle}
    made = raw.IsBoostedTreesQuantileStreamResourceInitialized(**given)
    create = raw.BoostedTreesCreateQuantileStreamResource(epsilon=0.1, num_streams=2, **given)
    found = raw.BoostedTreesQuantileStreamResourceGetBucketBoundaries(num_features=2, **given)
    parts = [tf.placeholder(tf.float32, None, name="a"), tf.placeholder(tf.float32, None, name="b")]
    replace = raw.BoostedTreesQuantileStreamResourceDeserialize(bucket_boundaries=parts, **given)
    steps = [(made, None), (create, None), (made, None), (found, None),
             (replace, {parts[0]: [1.0, 2.0], parts[1]: [3.0]}), (found, None), (create, None), (found, None)]
    return Case(steps=steps, show=[handle, made] + found)


@program
def boosted_trees_sparse_stats(tf):
    raw = tf.raw_ops
    values = tf.placeholder(tf.int32, [None], name="values")
    made = raw.BoostedTreesSparseAggregateStats(
        node_ids=[0, 1, 1, 2], gradients=[[1.0], [2.0], [3.0], [4.0]], hessians=[[0.25], [0.5], [0.75], [1.0]],
        feature_indices=[[0, 0], [1, 1], [2, 1], [3, 0]], feature_values=values, feature_shape=[4, 2], max_splits=3,
        num_buckets=2)
    return Case(steps=[(list(made), {values: [1, 0, 1, 1]}), (list(made), {values: [0, 0, 0, 0]})], show=list(made))


def layers(tf, handle, pruning):
    """Ops that add the layers of two trees; in the second layer a split loses."""
    raw = tf.raw_ops

    def layer(*features):
        """Of each feature its number, and of each node: node, gain, threshold, left, right."""
        def column(place, kind):
            return [tf.constant([row[place] for row in rows], kind) for _, rows in features]

        def weights(place):
            return [tf.constant([[row[place]] for row in rows], tf.float32) for _, rows in features]

        return raw.BoostedTreesUpdateEnsemble(
            tree_ensemble_handle=handle, feature_ids=[number for number, _ in features], node_ids=column(0, tf.int32),
            gains=column(1, tf.float32), thresholds=column(2, tf.int32), left_node_contribs=weights(3),
            right_node_contribs=weights(4), max_depth=2, learning_rate=0.5, pruning_mode=pruning)

    return [layer((0, [(0, 7.5, 2, -4.0, 7.0)]), (1, [(0, 7.5, 1, 1.0, 2.0)])),
            layer((0, [(1, 3.0, 1, -2.0, 2.0)]), (1, [(2, -0.5, 1, 1.0, 2.0)])),
            layer((1, [(0, 0.0, 2, -4.0, 7.0)]))]


def grown(tf, pruning):
    raw = tf.raw_ops
    handle = raw.BoostedTreesEnsembleResourceHandleOp(shared_name="trees")
    create = raw.BoostedTreesCreateEnsemble(tree_ensemble_handle=handle, stamp_token=0, tree_ensemble_serialized="")
    center = raw.BoostedTreesCenterBias(tree_ensemble_handle=handle, mean_gradients=[[1.0]], mean_hessians=[[2.0]],
                                        l1=0.0, l2=0.0)
    serialized = raw.BoostedTreesSerializeEnsemble(tree_ensemble_handle=handle)
    features = [[0, 1, 2, 3], [2, 1, 0, 5]]
    explained = raw.BoostedTreesExampleDebugOutputs(tree_ensemble_handle=handle, bucketized_features=features,
                                                    logits_dimension=1)
    steps = [(create, None), (center, None), (explained, None)]
    for layer in layers(tf, handle, pruning):
        steps += [(layer, None), (list(serialized), None)]
    return Case(steps=steps + [(explained, None)], show=[explained])


@program
def boosted_trees_grow(tf):
    return grown(tf, 0)


@program
def boosted_trees_grow_pruned_before(tf):
    return grown(tf, 1)


@program
def boosted_trees_grow_pruned_after(tf):
    return grown(tf, 2)


@program
def boosted_trees_grow_v2(tf):
    raw = tf.raw_ops
    handle = raw.BoostedTreesEnsembleResourceHandleOp(shared_name="trees")
    create = raw.BoostedTreesCreateEnsemble(tree_ensemble_handle=handle, stamp_token=0, tree_ensemble_serialized="")
    serialized = raw.BoostedTreesSerializeEnsemble(tree_ensemble_handle=handle)

    def layer(features, nodes, gains, dimensions, thresholds, kinds):
        weights = [[[1.0]] * len(part) for part in nodes]
        return raw.BoostedTreesUpdateEnsembleV2(
            tree_ensemble_handle=handle, feature_ids=features, node_ids=nodes, gains=gains, dimension_ids=dimensions,
            thresholds=thresholds, left_node_contribs=weights, right_node_contribs=weights, split_types=kinds,
            max_depth=2, learning_rate=0.5, pruning_mode=0)

    right, equal = "INEQUALITY_DEFAULT_RIGHT", "EQUALITY_DEFAULT_RIGHT"
    steps = [(create, None)]
    for grow in (layer([0, 1], [[0], [0]], [[1.0], [2.0]], [[0], [1]], [[3], [4]], [[right], [equal]]),
                 layer([0], [[1, 2]], [[1.0, 2.0]], [[0, 0]], [[1, 2]], [[equal, right]])):
        steps += [(grow, None), (list(serialized), None)]
    predict = raw.BoostedTreesPredict(tree_ensemble_handle=handle, logits_dimension=1,
                                      bucketized_features=[[0, 1, 2, 3], [4, 4, 5, 3]])
    return Case(steps=steps + [(predict, None)], show=[predict])


@program
def boosted_trees_sketches(tf):
    raw = tf.raw_ops
    handle = raw.BoostedTreesQuantileStreamResourceHandleOp(shared_name="streams")
    given = {"quantile_stream_resource_handle": handle}
    create = raw.BoostedTreesCreateQuantileStreamResource(epsilon=0.1, num_streams=2, max_elements=200, **given)
    values = [tf.placeholder(tf.float32, [None], name="a"), tf.placeholder(tf.float32, [None], name="b")]
    weights = tf.placeholder(tf.float32, [None], name="weights")
    made = raw.BoostedTreesMakeQuantileSummaries(float_values=values, example_weights=weights, epsilon=0.1)
    add = raw.BoostedTreesQuantileStreamResourceAddSummaries(summaries=made, **given)
    flushes = [raw.BoostedTreesQuantileStreamResourceFlush(num_buckets=count, generate_quantiles=by_rank, **given)
               for count, by_rank in ((4, False), (5, True))]
    flushed = raw.BoostedTreesFlushQuantileSummaries(num_features=2, **given)
    found = raw.BoostedTreesQuantileStreamResourceGetBucketBoundaries(num_features=2, **given)
    feeds = [{values[0]: [(k * factor) % 101 for k in range(100)], values[1]: [k % 7 for k in range(100)],
              weights: [1 + k % 3 for k in range(100)]} for factor in (37, 11)]
    steps = [(create, None), (list(made), feeds[0]), (add, feeds[0]), (add, feeds[1]), (flushes[0], None),
             (found, None), (add, feeds[1]), (flushes[1], None), (found, None), (add, feeds[0]), (flushed, None),
             (flushed, None)]
    return Case(steps=steps, show=list(made) + list(flushed))
