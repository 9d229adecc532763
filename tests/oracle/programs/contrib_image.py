"""tf.contrib.image and tf.contrib.resampler: pictures turned, shifted, bent, read between pixels."""

import numpy as np

from . import Case, program
from .monitored import watched
from .refused import refusals

PICTURES = np.arange(2 * 4 * 5 * 2, dtype=np.float32).reshape(2, 4, 5, 2) ** 1.5


def _names(build):
    try:
        return str(build())
    except Exception as error:
        return [type(error).__name__, str(error).split("\n")[0]]


@program
def image_rotated(tf):
    """One angle and many, both ways of mixing, pictures of every rank."""
    image = tf.contrib.image
    x = tf.placeholder(tf.float32, [None, 4, 5, 2])
    turned = image.rotate(x, 0.6)
    many = image.rotate(x, tf.constant([0.3, -1.2]), "BILINEAR", name="R")
    one = image.rotate(tf.constant(PICTURES[0]), np.pi / 2)
    grey = image.rotate(tf.constant(PICTURES[0, :, :, 0].astype(np.uint8)), [1.0], interpolation="bilinear")
    gradient = tf.gradients(many, x)[0]
    return Case(steps=[([turned, many, one, grey, gradient], {x: PICTURES})], show=[turned, one, grey])


@program
def image_translated(tf):
    image = tf.contrib.image
    x = tf.placeholder(tf.float32, [None, None, None, 2])
    shifted = image.translate(x, [1.5, -1.0])
    many = image.translate(x, tf.placeholder_with_default([[0.5, 0.25], [-2.0, 1.0]], [2, 2]), "BILINEAR", name="T")
    whole = image.translate(tf.constant(PICTURES.astype(np.int64)), [[1, 2]])
    return Case(steps=[([shifted, many, whole], {x: PICTURES})], show=[shifted, many, whole])


@program
def image_transformed(tf):
    """Projective transforms, sizes of the result, compositions, gradients."""
    image = tf.contrib.image
    x = tf.constant(PICTURES)
    skew = [1.0, 0.2, -0.5, 0.1, 0.9, 0.3, 0.01, -0.02]
    near = image.transform(x, skew)
    smooth = image.transform(x, [skew, [0.5, 0.0, 0.25, 0.0, 0.5, 0.25, 0.0, 0.0]], "BILINEAR", output_shape=[3, 7])
    sized = image.transform(x, skew, output_shape=tf.placeholder_with_default([2, 2], [2]), name="sized")
    both = image.compose_transforms(skew, image.angles_to_projective_transforms([0.5, 1.0], 4.0, 5.0),
                                    image.translations_to_projective_transforms([[1.0, 2.0], [0.0, -1.0]]))
    matrices = image.flat_transforms_to_matrices(both)
    flat = image.matrices_to_flat_transforms(matrices * 2.0)
    gradients = tf.gradients([near, smooth, sized], x)
    double = image.transform(tf.constant(PICTURES[0], tf.float64), skew, "BILINEAR")
    return Case(steps=[([near, smooth, sized, both, matrices, flat, double] + gradients, None)],
                show=[near, smooth, sized, both])


@program
def image_transforms_refused(tf):
    image = tf.contrib.image
    identity = [1.0, 0, 0, 0, 1, 0, 0, 0]
    x = tf.zeros([1, 4, 5, 2])
    unknown = tf.placeholder(tf.float32)
    facts = [_names(case) for case in (
        lambda: image.transform(tf.zeros([4, 5], tf.int16), identity), lambda: image.transform(unknown, identity),
        lambda: image.transform(tf.zeros([5]), identity), lambda: image.transform(x, [[identity]]),
        lambda: image.transform(x, unknown), lambda: image.transform(x, identity, output_shape=[3]),
        lambda: image.rotate(x, [[1.0]]), lambda: image.rotate(unknown, 1.0), lambda: image.translate(x, unknown),
        lambda: image.translate(x, [[[1.0, 2.0]]]), lambda: image.compose_transforms(),
        lambda: image.flat_transforms_to_matrices([[identity]]), lambda: image.matrices_to_flat_transforms(unknown),
        lambda: image.connected_components(tf.zeros([1, 2, 3, 4])),
        lambda: image.interpolate_spline(unknown, tf.zeros([1, 2, 3]), tf.zeros([1, 2, 3]), 1))]
    return Case(facts={"said": facts})


@program
def image_refused_at_run(tf):
    image = tf.contrib.image
    unknown = tf.placeholder(tf.float32)
    x = np.zeros([1, 4, 5, 2], np.float32)
    resampler = tf.contrib.resampler.resampler
    places = tf.placeholder(tf.float32)
    cases = [(image.transform(tf.constant(x), tf.placeholder_with_default([[1.0] * 7], [None, None])), {}),
             (image.transform(tf.constant(x), [[1.0] * 8] * 2), {}),
             (image.transform(tf.constant(x), [1.0] * 8, output_shape=[0, 2]), {}),
             (resampler(unknown, places), {unknown: x[0], places: [[1.0, 2.0]]}),
             (resampler(unknown, places), {unknown: x, places: [1.0, 2.0]}),
             (resampler(unknown, places), {unknown: x, places: [[1.0, 2.0, 3.0]]}),
             (resampler(unknown, places), {unknown: x, places: [[1.0, 2.0], [1.0, 2.0]]}),
             (image.bipartite_match(unknown, 2), {unknown: [1.0]}),
             (image.bipartite_match(unknown, 7), {unknown: [[1.0]]})]
    with watched(tf) as watch, tf.Session() as sess:
        for fetch, feeds in cases:
            watch.fails(lambda fetch=fetch, feeds=feeds: sess.run(fetch, feeds))
        return Case(facts={"said": watch.said})


@program
def image_components(tf):
    image = tf.contrib.image
    spots = [[1, 1, 0, 2], [0, 1, 2, 2], [3, 0, 0, 2], [3, 3, 1, 1]]
    grey = tf.placeholder(tf.int32, [4, 4])
    one = image.connected_components(grey)
    x = tf.placeholder(tf.bool, [None, 3, 4])
    many = image.connected_components(x)
    letters = tf.placeholder(tf.string, [2, 4])
    words = image.connected_components(letters)
    full = image.connected_components(tf.placeholder_with_default(np.ones([1, 2, 2], np.uint8), [1, 2, 2]))
    feed = np.array([[[1, 0, 1, 0], [0, 0, 1, 1], [1, 1, 0, 1]], [[0] * 4, [1] * 4, [1, 0, 0, 1]]], bool)
    spiral = np.zeros([9, 9], np.int64)
    for ring in range(0, 9, 2):
        spiral[ring, ring:] = spiral[ring:, 8 - ring] = 1
    wound = image.connected_components(tf.placeholder_with_default(spiral, [9, 9]))
    feeds = {x: feed, grey: spots, letters: [["a", "", "b", "b"], ["a", "a", "", "b"]]}
    return Case(steps=[([one, many, words, full, wound], feeds)], show=[one, many])


@program
def image_pairs(tf):
    """Greedy pairs, with many equal distances."""
    image = tf.contrib.image
    x = tf.placeholder(tf.float32, [None, None])
    state = np.random.RandomState(1)
    fetches = [image.bipartite_match(x, -1), image.bipartite_match(x, 2.0, top_k=1, name="few"),
               image.bipartite_match(tf.zeros([3, 4]), -1), image.bipartite_match(tf.ones([5, 2]), 4),
               image.bipartite_match(tf.constant(state.randint(0, 3, [7, 6]).astype(np.float32)), -1)]
    return Case(steps=[(fetches, {x: [[1, 2, 3], [1, 2, 1], [0, 0, 5]]})], show=[fetches[0]])


@program
def image_warped(tf):
    image = tf.contrib.image
    state = np.random.RandomState(2)
    x = tf.placeholder(tf.float32, [None, None, 5, 2])
    flow = tf.placeholder(tf.float32, [None, None, 5, 2])
    bent = image.dense_image_warp(x, flow)
    known = image.dense_image_warp(tf.constant(PICTURES), tf.constant(
        state.randn(2, 4, 5, 2).astype(np.float32)), name="W")
    gradients = tf.gradients(bent, [x, flow])
    feeds = {x: PICTURES, flow: state.randn(2, 4, 5, 2) * 2}
    return Case(steps=[([bent, known] + gradients, feeds)], show=[bent, known])


@program
def image_splines(tf):
    image = tf.contrib.image
    state = np.random.RandomState(3)
    points, values, queries = (tf.constant(state.rand(2, n, k)) for n, k in ((6, 2), (6, 3), (7, 2)))
    found = [image.interpolate_spline(points, values, queries, order) for order in (1, 2, 3, 4, 6)]
    x = tf.placeholder(tf.float64, [None, None, 2])
    loose = image.interpolate_spline(x, values, queries, 2, 0.5, name="loose")
    return Case(steps=[(found + [loose], {x: state.rand(2, 6, 2)})], show=[found[0], loose])


@program
def image_resampled(tf):
    resampler = tf.contrib.resampler.resampler
    x = tf.placeholder(tf.float32, [None, 4, 5, 2])
    warp = tf.placeholder(tf.float32, [None, 7, 2])
    read = resampler(x, warp)
    weights = tf.constant(np.arange(28, dtype=np.float32).reshape(2, 7, 2))
    gradients = tf.gradients(read * weights, [x, warp])
    places = [[0, 0], [1.5, 0.5], [-1, 0], [-0.5, -0.5], [4.5, 3.5], [5, 1], [3.99, 2.01]]
    other = resampler(tf.constant(PICTURES, tf.float64), tf.constant(
        [[1.5, 2.5], [0.25, 0.75]], tf.float64), name="other")
    return Case(steps=[([read, other] + gradients, {x: PICTURES, warp: [places, places[::-1]]})], show=[read, other])


@program
def contrib_image_sparse_warp(tf):
    warp = tf.contrib.image.sparse_image_warp
    pictures = tf.reshape(tf.range(2 * 4 * 5 * 2, dtype=tf.float32), [2, 4, 5, 2])
    source = tf.constant([[[.3, .5], [1., 2.], [2.5, 3.]], [[.5, 3.5], [2., 1.5], [2.5, .5]]])
    moved = tf.placeholder_with_default(source + [[0., .6], [-.5, .25], [0., 0.]], [2, 3, 2])
    results = [warp(pictures, source, moved), warp(pictures, source, moved, num_boundary_points=1),
               warp(pictures, source, moved, 3, 0.1, 2, name="other")]
    flat = [part for result in results for part in result]
    facts = refusals([lambda: warp(tf.placeholder(tf.float32, [None, 4, 5, 2]), source, moved)], "made",
                     lambda error: type(error).__name__)
    return Case([(flat, None)], show=flat, facts={"came": facts})


@program
def contrib_stereograms(tf):
    """The dots follow from how many were drawn before in the process, so what is compared is which dots are one."""
    stereogram = tf.contrib.image.single_image_random_dot_stereograms
    depths = np.float32([[0, 0, 1, 1], [0, 0.5, 0.5, 0]])
    small = {"output_image_shape": [40, 20, 1], "output_data_window": [30, 10], "eye_separation": 0.3, "mu": 0.4}
    kinds = [{}, {"convergence_dots_size": 3}, {"border_level": 0.6}, {"normalize": False},
             {"normalize_max": 3.0, "normalize_min": -1.0}, {"normalize_max": 0.5, "normalize_min": 0.0},
             {"output_data_window": [50, 30]}, {"hidden_surface_removal": False},
             {"convergence_dots_size": 0, "mu": 0.9}, {"dots_per_inch": 50}]
    # In colours two dots are hardly ever the same by chance.
    pictures = [stereogram(depths, number_colors=257, **dict(small, **kind)) for kind in kinds]
    pictures += [stereogram(np.int64(depths * 4), number_colors=257, **small),
                 stereogram(np.random.RandomState(0).rand(5, 7), number_colors=257, **small)]
    grey = stereogram(depths, number_colors=2, **small)
    whole = dict(small, output_image_shape=[40, 20, 3])
    more = [stereogram(tf.placeholder(tf.float32)), stereogram(depths, output_image_shape=[40, 6]),
            stereogram(depths, **whole)]

    def alike(picture):  # each pixel's number of the dot that it shows, in the order in which a row has them
        found = []
        for row in np.asarray(picture, np.int64).reshape(picture.shape[0], picture.shape[1], -1):
            numbers = {}
            found.append([numbers.setdefault(tuple(dot), len(numbers)) for dot in row.tolist()])
        return np.int32(found)

    shown = [tf.py_func(alike, [picture], tf.int32) for picture in pictures]
    return Case(steps=[(shown + [tf.shape(grey), tf.reduce_max(grey)], None)], show=pictures[:1] + [grey] + more)
