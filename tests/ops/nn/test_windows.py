"""Convolutions and pools of every size, stride and padding against plain loops, and their gradients by differences."""

import itertools

import numpy as np
import pytest

from tfmagic import tf

pytestmark = pytest.mark.usefixtures("graph")


def value(tensor, feeds=None):
    with tf.Session() as session:
        return session.run(tensor, feeds)


def windows(x, size, stride, padding, fill):
    """All windows of images: [batch, rows, columns, size, size, channels]; paddings as TensorFlow defines them."""
    pads = []
    for length in x.shape[1:3]:
        total = max((-(-length // stride) - 1) * stride + size - length, 0) if padding == "SAME" else 0
        pads.append((total // 2, total - total // 2))
    x = np.pad(x, [(0, 0), *pads, (0, 0)], constant_values=fill)
    rows = range(0, x.shape[1] - size + 1, stride)
    columns = range(0, x.shape[2] - size + 1, stride)
    return np.stack([np.stack([x[:, r:r + size, c:c + size] for c in columns], 1) for r in rows], 1)


def reference(kind, x, size, stride, padding, filters=None):
    """What an op computes, by loops over windows."""
    if kind == "conv":
        return np.einsum("brcijd,ijdo->brco", windows(x, size, stride, padding, 0), filters)
    if kind == "max":
        return windows(x, size, stride, padding, -np.inf).max((3, 4))
    inside = windows(np.ones_like(x), size, stride, padding, 0).sum((3, 4))
    return windows(x, size, stride, padding, 0).sum((3, 4)) / inside


def make(kind, x, size, stride, padding, filters):
    if kind == "conv":
        return tf.nn.conv2d(x, filters, [1, stride, stride, 1], padding)
    pool = tf.nn.max_pool if kind == "max" else tf.nn.avg_pool
    return pool(x, [1, size, size, 1], [1, stride, stride, 1], padding)


@pytest.mark.parametrize(("kind", "size", "stride", "padding"),
                         itertools.product(["conv", "max", "avg"], [1, 2, 3], [1, 2], ["SAME", "VALID"]))
@pytest.mark.parametrize("known", [True, False])
def test_windows_of_every_kind(kind, size, stride, padding, known):
    random = np.random.RandomState(0)
    image, filters = random.randn(2, 5, 4, 2), random.randn(size, size, 2, 3)
    x = tf.constant(image) if known else tf.placeholder(tf.float64, [None, None, None, 2])
    f = tf.constant(filters)
    y = make(kind, x, size, stride, padding, f)
    weights = random.randn(*reference(kind, image, size, stride, padding, filters).shape)
    dx = tf.gradients(tf.reduce_sum(y * weights), x)[0]
    found, gradient = value([y, dx], None if known else {x: image})
    np.testing.assert_allclose(found, reference(kind, image, size, stride, padding, filters))
    if known:
        assert tuple(y.shape.as_list()) == found.shape
    for place in ((0, 0, 0, 0), (1, 4, 3, 1), (0, 2, 1, 1)):
        ends = []
        for step in (1e-6, -1e-6):
            moved = image.copy()
            moved[place] += step
            ends.append(np.sum(reference(kind, moved, size, stride, padding, filters) * weights))
        np.testing.assert_allclose(gradient[place], (ends[0] - ends[1]) / 2e-6, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("sizes", "filter_sizes", "stride", "padding", "dtype"), [
    ((2, 9, 6, 1), (3, 6, 1, 4), 1, "VALID", tf.float32),  # windows as wide as the image
    ((2, 9, 6, 2), (3, 6, 2, 4), 2, "VALID", tf.float64),
    ((2, 5, 6, 2), (5, 6, 2, 4), 1, "VALID", tf.float32),  # and as high
    ((2, 8, 7, 1), (3, 3, 1, 8), 1, "SAME", tf.float32),  # one channel
    ((2, 8, 7, 1), (4, 3, 1, 8), 2, "SAME", tf.float64),
    ((2, 8, 7, 3), (4, 4, 3, 16), 2, "SAME", tf.float32),  # few channels, windows far from each other
    ((2, 9, 7, 3), (2, 2, 3, 16), 3, "VALID", tf.float32)])
def test_shapes_that_are_computed_as_products(sizes, filter_sizes, stride, padding, dtype):
    random = np.random.RandomState(0)
    image, filters = random.randn(*sizes), random.randn(*filter_sizes)
    x, f = tf.constant(image, dtype), tf.constant(filters, dtype)
    y = tf.nn.conv2d(x, f, [1, stride, stride, 1], padding)
    weights = random.randn(*y.shape.as_list())
    by_image, by_filter = tf.gradients(tf.reduce_sum(y * weights), [x, f])
    # The same windows in the middle of larger ones, which are computed as images of many channels are.
    wide = tf.pad(x, [[0, 0], [0, 0], [0, 0], [0, 5]])
    deep = tf.pad(f, [[0, 0], [0, 0], [0, 5], [0, 0]])
    if padding == "VALID":
        wide = tf.pad(wide, [[0, 0], [0, 0], [0, stride], [0, 0]])
    same = tf.nn.conv2d(wide, deep, [1, stride, stride, 1], padding)[:, :, :y.shape[2]]
    expected = [same, *tf.gradients(tf.reduce_sum(same * weights), [x, f])]
    for found, wanted in zip(value([y, by_image, by_filter]), value(expected)):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


def test_channels_first_is_the_same_convolution():
    random = np.random.RandomState(0)
    image, filters = random.randn(1, 6, 5, 3).astype("f"), random.randn(3, 3, 3, 2).astype("f")
    last = tf.nn.conv2d(image, filters, [1, 2, 2, 1], "SAME")
    first = tf.nn.conv2d(image.transpose(0, 3, 1, 2), filters, [1, 1, 2, 2], "SAME", data_format="NCHW")
    found = value([last, first])
    np.testing.assert_allclose(found[0], found[1].transpose(0, 2, 3, 1), rtol=1e-5, atol=1e-5)


def test_a_transposed_convolution_is_the_gradient():
    random = np.random.RandomState(0)
    image, filters = random.randn(1, 3, 4, 2), random.randn(3, 2, 3, 2)
    y = tf.nn.conv2d_transpose(image, filters, [1, 6, 8, 3], [1, 2, 2, 1])
    x = tf.zeros([1, 6, 8, 3], tf.float64)
    back = tf.gradients(tf.nn.conv2d(x, filters, [1, 2, 2, 1], "SAME"), x, image)[0]
    found = value([y, back])
    np.testing.assert_allclose(found[0], found[1])


def test_a_dilated_convolution_skips_pixels():
    random = np.random.RandomState(0)
    image, filters = random.randn(1, 7, 8, 2), random.randn(2, 2, 2, 3)
    spread = np.zeros((3, 3, 2, 3))
    spread[::2, ::2] = filters
    for padding in ("SAME", "VALID"):
        dilated = tf.nn.atrous_conv2d(image, filters, 2, padding)
        by_hand = tf.nn.conv2d(image, spread, [1, 1, 1, 1], padding)
        np.testing.assert_allclose(*value([dilated, by_hand]), atol=1e-12)


def test_a_separable_convolution_is_two():
    random = np.random.RandomState(0)
    image = random.randn(1, 5, 5, 2)
    deep, flat = random.randn(3, 3, 2, 2), random.randn(1, 1, 4, 3)
    y = tf.nn.separable_conv2d(image, deep, flat, [1, 1, 1, 1], "SAME")
    full = np.einsum("ijcm,cmo->ijco", deep, flat[0, 0].reshape(2, 2, 3))
    np.testing.assert_allclose(value(y), reference("conv", image, 3, 1, "SAME", full))


def test_a_window_larger_than_the_image_is_refused():
    with pytest.raises(ValueError, match="Negative dimension size caused by subtracting 5 from 3"):
        tf.nn.conv2d(tf.zeros([1, 3, 3, 1]), tf.zeros([5, 5, 1, 1]), [1, 1, 1, 1], "VALID")


def test_channels_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"Depth of input \(3\) is not a multiple of input depth of filter \(2\)"):
        tf.nn.conv2d(tf.zeros([1, 3, 3, 3]), tf.zeros([1, 1, 2, 4]), [1, 1, 1, 1], "VALID")


@pytest.mark.parametrize("shape", [[1, 2, 2, 4], None])
def test_a_pool_across_channels_takes_the_largest_of_each_group(shape):
    image = np.arange(16, dtype=np.float32).reshape(1, 2, 2, 4) % 7
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, shape)
        y = tf.nn.max_pool2d(x, [1, 1, 1, 2], [1, 1, 1, 2], "VALID")
        assert np.array_equal(session.run(y, {x: image}), image.reshape(1, 2, 2, 2, 2).max(-1))
        with pytest.raises(tf.errors.UnimplementedError, match="MaxPoolingGrad is not yet supported on the depth"):
            session.run(tf.gradients(y, x), {x: image})


@pytest.mark.parametrize("size, stride, words", [
    ([1, 1, 1, 3], [1, 1, 1, 3], "evenly divide the input depth"),
    ([1, 1, 1, 2], [1, 1, 1, 1], "equal the depth stride"),
    ([1, 2, 1, 2], [1, 2, 1, 2], "exactly one of pooling across depth or pooling across width/height"),
])
def test_a_pool_across_channels_is_refused_where_it_does_not_fit(size, stride, words):
    with tf.Graph().as_default(), tf.Session() as session:
        y = tf.nn.max_pool2d(tf.ones([1, 2, 2, 4]), size, stride, "VALID")
        with pytest.raises(tf.errors.UnimplementedError, match=words):
            session.run(y)


@pytest.mark.parametrize("known", [True, False])
def test_groups_and_dilations_have_gradients(known):
    """TensorFlow's kernels for the CPU have neither; here they are those of the convolution that says the same."""
    random = np.random.RandomState(0)
    image, filters = random.randn(2, 6, 5, 4), random.randn(2, 3, 2, 6)
    spread = np.zeros((3, 5, 4, 6))  # each half of the channels goes to one half of the outputs
    spread[::2, ::2, :2, :3], spread[::2, ::2, 2:, 3:] = filters[..., :3], filters[..., 3:]
    x, f = (tf.placeholder(tf.float64, array.shape if known else [None] * 4) for array in (image, filters))
    g = tf.constant(spread)
    grouped = tf.raw_ops.Conv2D(input=x, filter=f, strides=[1] * 4, padding="SAME", dilations=[1, 2, 2, 1])
    plain = tf.nn.conv2d(x, g, [1] * 4, "SAME")
    found, expected = value([[y, *tf.gradients(y * y, [x, by])] for y, by in ((grouped, f), (plain, g))],
                            {x: image, f: filters})
    np.testing.assert_allclose(found[0], expected[0], atol=1e-12)
    np.testing.assert_allclose(found[1], expected[1], atol=1e-12)
    both = np.concatenate([expected[2][::2, ::2, :2, :3], expected[2][::2, ::2, 2:, 3:]], -1)
    np.testing.assert_allclose(found[2], both, atol=1e-12)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("kind", "shape"), [
    ("conv", (0, 3, 3, 2)), ("conv", (1, 0, 3, 2)), *itertools.product(
        ["depthwise", "max", "avg", "argmax"], [(0, 3, 3, 2), (1, 0, 3, 2), (1, 3, 3, 0)])])
def test_images_without_elements_give_results_of_their_shape(kind, shape, known):
    x = tf.placeholder(tf.float32, shape if known else [None] * 4)
    f = tf.constant(np.ones((2, 2, shape[3], 3), "f"))
    window = [1, 2, 2, 1]
    y = {"conv": lambda: tf.nn.conv2d(x, f, window, "SAME"),
         "depthwise": lambda: tf.nn.depthwise_conv2d(x, f, window, "SAME"),
         "max": lambda: tf.nn.max_pool(x, window, window, "SAME"),
         "avg": lambda: tf.nn.avg_pool(x, window, window, "SAME"),
         "argmax": lambda: tf.nn.max_pool_with_argmax(x, window, window, "SAME")[0]}[kind]()
    gradients = [g for g in tf.gradients(y, [x, f]) if g is not None]
    found, dx, *rest = value([y, *gradients], {x: np.zeros(shape)})
    channels = {"conv": 3, "depthwise": 3 * shape[3]}.get(kind, shape[3])
    assert found.shape == (shape[0], (shape[1] + 1) // 2, 2, channels)
    assert dx.shape == shape
    assert all(df.shape == f.shape and not df.any() for df in rest) and len(rest) == ("conv" in y.op.type.lower())


@pytest.mark.parametrize(("size", "depth", "out"), [(1, 3, 4), (3, 2, 3), (3, 64, 120)],
                         ids=["single pixels", "small filters", "few windows, large filters"])
@pytest.mark.parametrize(("stride", "padding"), list(itertools.product([1, 2], ["SAME", "VALID"])))
def test_a_convolution_and_its_gradients_are_one_bilinear_function(size, depth, out, stride, padding):
    """However they are computed: <dy, conv(x, f)> = <x, gradient by x> = <f, gradient by f>."""
    random = np.random.RandomState(0)
    image, filters = random.randn(2, 5, 6, depth), random.randn(size, size, depth, out)
    x, f = tf.placeholder(tf.float64, image.shape), tf.placeholder(tf.float64, filters.shape)
    y = tf.nn.conv2d(x, f, stride, padding)
    expected = reference("conv", image, size, stride, padding, filters)
    dy = random.randn(*expected.shape)
    found, dx, df = value([y, *tf.gradients(y, [x, f], tf.constant(dy))], {x: image, f: filters})
    np.testing.assert_allclose(found, expected, atol=1e-10)
    assert dx.shape == image.shape and df.shape == filters.shape
    other_image, other_filters = random.randn(*image.shape), random.randn(*filters.shape)
    for gradient, value_of, other in (
            (dx, reference("conv", other_image, size, stride, padding, filters), other_image),
            (df, reference("conv", image, size, stride, padding, other_filters), other_filters)):
        np.testing.assert_allclose(np.sum(gradient * other), np.sum(dy * value_of), rtol=1e-9)
