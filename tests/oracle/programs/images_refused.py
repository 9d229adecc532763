"""What functions on pictures refuse, in which order and words, and what they take against all expectation."""

import numpy as np

from . import Case, program
from .functions import internal
from .refused import words


def found(tf, calls):
    """What each call gives: its shape and sum, or the words of what building or running it raises."""
    result = []
    for given in calls:
        call, values = given[0], given[1:]
        try:
            fed = [tf.placeholder(value.dtype) for value in values]
            with tf.Session() as session:
                value = np.asarray(session.run(call(*fed), dict(zip(fed, values))))
            result.append([list(value.shape), float(np.round(value.astype(np.float64).sum(), 2))])
        except Exception as error:  # what is refused is looked at, too
            result.append(words(error))
    return result


def floats(*shape):
    return np.linspace(0, 1, int(np.prod(shape))).reshape(shape).astype("float32")


@program
def pictures_checked_first(tf):
    """Assertions speak before what would fail behind them."""
    image = tf.image
    return Case(facts={"found": found(tf, [
        (image.flip_left_right, floats(3)), (image.flip_up_down, floats(2, 3)),
        (image.per_image_standardization, floats(2, 3)), (image.flip_left_right, floats(0, 2, 3)),
        (lambda x: image.pad_to_bounding_box(x, 0, 0, 6, 2), floats(4, 4, 1)),
    ])})


@program
def pictures_of_odd_types(tf):
    """Types that are no numbers, and float64, which is standardised as float32."""
    image, convert = tf.image, tf.image.convert_image_dtype
    return Case(facts={"found": found(tf, [
        (lambda x: convert(x, tf.bool), floats(2, 2, 1)), (lambda x: convert(x, tf.complex64), floats(2, 2, 1)),
        (image.per_image_standardization, floats(2, 2, 3).astype("float64")),
        (image.rgb_to_yiq, np.ones([2, 2, 3], "uint8")), (lambda x: convert(x, tf.uint8, True), floats(2, 2, 1)),
    ])}, steps=[([image.per_image_standardization(tf.constant(floats(2, 2, 3).astype("float64"))),
                  image.transpose(floats(2, 3, 1), name="turned"), image.transpose(floats(2, 3, 1))], {})])


@program
def jpegs_of_any_quality(tf):
    """A quality that is an input is cut to what there is; one that is an attr is refused."""
    encode = internal(tf, "tensorflow.python.ops.gen_image_ops").encode_jpeg_variable_quality
    picture = (floats(8, 8, 3) * 255).astype("uint8")
    back = lambda quality: lambda x: tf.shape(tf.image.decode_jpeg(encode(x, quality)))  # noqa: E731
    return Case(facts={"found": found(tf, [
        (back(101), picture), (back(-1), picture), (back(50), picture[:, :, :2]),
        (lambda x: tf.image.encode_jpeg(x, quality=101), picture),
        (lambda x: tf.image.encode_jpeg(x, format="rgb"), picture[:, :, :1]),
    ])})


@program
def resized_by_names_and_known_parts(tf):
    """Methods by TensorFlow 2's names, and sizes of which a part is known or cannot be."""
    image = tf.image.resize_images
    height = tf.placeholder_with_default(2, [])
    pictures = tf.constant(floats(1, 4, 4, 3))
    tensors = [image(pictures, [2, 3], method=method) for method in ("bilinear", "nearest", "bicubic", "area")]
    tensors += [image(pictures, (height, 3)), image(pictures, tf.stack([3, height]), "area", align_corners=True)]
    return Case(steps=[(tensors, None)], show=tensors, facts={"found": found(tf, [
        (lambda: image(pictures, [-1, 4]),), (lambda: image(pictures, [2, 2], method="lanczos3"),),
        (lambda: tf.string_to_number(["+5"], tf.int32),), (lambda: tf.string_to_number(["+5"], tf.float32),),
    ])})


@program
def colours_of_boxes_of_other_ranks(tf):
    draw = tf.image.draw_bounding_boxes
    pictures, boxes = tf.ones([1, 4, 4, 3]), [[[0.1, 0.1, 0.8, 0.8]]]
    return Case(facts={"found": found(tf, [
        (lambda colors: draw(pictures, boxes, colors=colors), floats(*shape))
        for shape in ((3,), (), (1, 3), (1, 1, 3), (1, 2))
    ])})


@program
def pictures_resized_in_the_second_form(tf):
    """TensorFlow 2's resizing, which tells the pixels by their middles, and mixes all that a smaller one stands for."""
    inner = internal(tf, "tensorflow.python.ops.image_ops_impl")
    picture, made = tf.constant(floats(1, 4, 6, 2) ** 2), []
    for method in ("bilinear", "bicubic", "nearest", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic"):
        made += [inner.resize_images_v2(picture, size, method, antialias=antialias)
                 for size in ([2, 3], [6, 7]) for antialias in (False, True)]
    made += [inner.resize_images_v2(picture, [4, 6], preserve_aspect_ratio=True, name="same"),
             inner.resize_image_with_pad_v2(picture[0], 6, 6, "lanczos3"),
             tf.image.resize_image_with_pad(floats(2, 3, 1), 4, 4),
             inner.crop_and_resize_v2(picture, [[0.0, 0.0, 1.0, 1.0]], [0], [2, 2], "nearest"),
             inner.draw_bounding_boxes_v2(floats(1, 4, 4, 3), [[[0.0, 0.0, 0.5, 1.0]]], None),
             inner.extract_glimpse_v2(picture, [3, 3], [[0.0, 0.9]], noise="zero")]
    made += list(inner.sample_distorted_bounding_box_v2([20, 30, 3], [[[0.1, 0.2, 0.5, 0.6]]], seed=3))
    return Case(steps=[(made, {})], facts={"refused": found(tf, [
        (lambda x: inner.resize_images_v2(x, [2, 3], 0), floats(1, 4, 6, 2)),
        (lambda x: inner.resize_images_v2(x, [2], "area"), floats(1, 4, 6, 2)),
    ])})


@program
def middles_of_pixels_and_corners(tf):
    """Both at once are refused when a picture is resized, and an empty batch resizes."""
    inner = internal(tf, "tensorflow.python.ops.gen_image_ops")
    both = {"align_corners": True, "half_pixel_centers": True}
    picture, small = floats(1, 4, 5, 3), floats(1, 3, 7, 3)
    calls = [(lambda x, kernel=kernel: kernel(x, [3, 7], **both), picture)
             for kernel in (inner.resize_bilinear, inner.resize_nearest_neighbor, inner.resize_bicubic)]
    calls += [(lambda x, y, kernel=kernel: kernel(x, y, **both), small, picture)
              for kernel in (inner.resize_bilinear_grad, inner.resize_bicubic_grad)]
    back = inner.resize_nearest_neighbor_grad
    calls += [(lambda x, size=size: back(x, size), small) for size in ([4, 5], [0, 5], [-1, 5], [4], [[4, 5]])]
    calls += [(kernel, small[:0], picture) for kernel in (inner.resize_bilinear_grad, inner.resize_bicubic_grad)]
    boxes, scores = floats(2, 3, 1, 4), floats(2, 3, 2)
    calls += [(lambda each=each, total=total: tf.image.combined_non_max_suppression(
        boxes, scores, each, total, pad_per_class=True)[0],) for each, total in ((0, 2), (-1, 2), (2, -1), (2, 3))]
    calls += [(lambda x, area=area: tf.image.sample_distorted_bounding_box(
        [20, 30, 3], x, seed=3, area_range=area)[0], boxes[:1, 0]) for area in ([0.0, 1.0], [0.0, 0.0], [0.5, 1.0])]
    return Case(facts={"found": found(tf, calls)})
