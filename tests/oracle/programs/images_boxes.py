"""Pictures and boxes: turned, padded, cut out by boxes, compared, drawn upon, read from files."""

from __future__ import division

import struct
import zlib

import numpy as np

from . import Case, program
from .images import BATCH, PICTURE, inputs

BOXES = np.array([[0.1, 0.2, 0.7, 0.9], [-0.2, 0.3, 1.3, 0.8], [0.9, 0.9, 0.1, 0.2], [0.0, 0.0, 1.0, 1.0]], "float32")
CORNERS = np.array([[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, -0.1, 1, 0.9], [0, 10, 1, 11], [0, 10.1, 1, 11.1],
                    [0, 100, 1, 101], [3, 4, 2, 3]], "float32")
SCORES = np.array([0.9, 0.75, 0.6, 0.95, 0.5, 0.3, 0.35], "float32")
LARGE = (np.arange(2 * 26 * 25 * 2).reshape(2, 26, 25, 2) * 7919 % 1009 / 1009.0).astype("float32")
OTHER = np.clip(LARGE + np.sin(np.arange(LARGE.size)).reshape(LARGE.shape) / 9, 0, 1).astype("float32")


@program
def image_rot90(tf):
    picture, batch, some, data, feed = inputs(tf)
    out = [tf.image.rot90(picture), tf.image.rot90(batch, k=3), tf.image.rot90(data, 2, name="turn")]
    return Case(steps=[(out, feed)])


@program
def image_rot90_by_a_tensor(tf):
    k = tf.placeholder(tf.int32, [], name="k")
    x = tf.placeholder(tf.float32, [None, None, 3], name="x")
    turned = tf.image.rot90(x, k)
    return Case(steps=[(turned, {x: PICTURE, k: number}) for number in range(-2, 6)])


@program
def image_resize_with_pad(tf):
    picture, batch, some, data, feed = inputs(tf)
    out = [tf.image.resize_image_with_pad(x, *size) for x in (picture, batch) for size in ((12, 12), (4, 10), (8, 6))]
    out.append(tf.image.resize_image_with_pad(data, 5, 5, method=tf.image.ResizeMethod.NEAREST_NEIGHBOR,
                                              align_corners=True))
    return Case(steps=[(out, feed)])


@program
def image_resize_with_pad_of_unknown_size(tf):
    x = tf.placeholder(tf.float32, [None, None, None, 3], name="x")
    y = tf.placeholder(tf.float32, [None, 8, 6, 3], name="y")
    out = [tf.image.resize_image_with_pad(x, 12, 12), tf.image.resize_image_with_pad(y, 4, 9)]
    return Case(steps=[(out, {x: BATCH, y: BATCH})])


@program
def image_resize_keeps_its_proportions(tf):
    picture, batch, some, data, feed = inputs(tf)
    out = [tf.image.resize_images(x, size, preserve_aspect_ratio=True)
           for x in (picture, batch, some) for size in ([12, 12], [5, 3], [7, 30])]
    return Case(steps=[(out, feed)])


@program
def image_crop_and_resize(tf):
    picture, batch, some, data, feed = inputs(tf)
    boxes = tf.constant(BOXES, name="boxes")
    out = [tf.image.crop_and_resize(x, boxes, [0, 1, 1, 0], [3, 4]) for x in (batch, tf.cast(batch * 255, tf.uint8))]
    out.append(tf.image.crop_and_resize(batch, boxes, box_indices=[0, 0, 0, 0], crop_size=[1, 5], method="nearest",
                                        extrapolation_value=-1, name="crops"))
    out.append(tf.image.crop_and_resize(tf.expand_dims(some, 0), boxes[:2], tf.zeros([2], tf.int32), (1, 1)))
    return Case(steps=[(out, feed)])


@program
def image_crop_and_resize_gradients(tf):
    picture, batch, some, data, feed = inputs(tf)
    boxes = tf.constant(BOXES, name="boxes")
    crops = tf.image.crop_and_resize(batch, boxes, [0, 1, 1, 0], [3, 4])
    near = tf.image.crop_and_resize(batch, boxes, [0, 1, 1, 0], [2, 1], method="nearest")
    one = tf.image.crop_and_resize(tf.expand_dims(some, 0), boxes, [0, 0, 0, 0], [1, 3])
    whole = tf.image.crop_and_resize(tf.cast(batch * 255, tf.uint8), boxes, [0, 1, 1, 0], [3, 4])
    grads = tf.gradients(crops * crops, [batch, boxes]) + tf.gradients(near, [batch]) \
        + tf.gradients(one ** 3, [some, boxes]) + tf.gradients(whole, [boxes])
    return Case(steps=[(grads, feed)])


@program
def image_boxes_drawn(tf):
    picture, batch, some, data, feed = inputs(tf)
    boxes = tf.constant(np.stack([BOXES, 1 - BOXES]), name="boxes")
    out = [tf.image.draw_bounding_boxes(batch, boxes), tf.image.draw_bounding_boxes(batch[..., :1], boxes, name="grey"),
           tf.image.draw_bounding_boxes(batch, boxes, colors=[[1.0, 0.0, 0.0], [0.5, 1.0, 0.25]])]
    return Case(steps=[(out, feed)], facts={"gradients": str(tf.gradients(tf.identity(batch), [batch]))})


@program
def image_boxes_that_stay(tf):
    boxes, scores = tf.constant(CORNERS), tf.constant(SCORES)
    out = [tf.image.non_max_suppression(boxes, scores, 3), tf.image.non_max_suppression(boxes, scores, 7, 0.7),
           tf.image.non_max_suppression(boxes, scores, tf.constant(10), iou_threshold=0.5, score_threshold=0.4,
                                        name="best"),
           tf.image.non_max_suppression_padded(boxes, scores, 6, pad_to_max_output_size=True),
           tf.image.non_max_suppression_padded(boxes, scores, 6),
           tf.image.non_max_suppression_with_scores(boxes, scores, 6),
           tf.image.non_max_suppression_with_scores(boxes, scores, 6, 1.0, 0.1, 0.5),
           tf.image.non_max_suppression_with_scores(boxes, scores, 6, 0.8, 0.1, 0.3)]
    return Case(steps=[(out, None)])


@program
def image_boxes_that_stay_of_equal_scores(tf):
    boxes = tf.constant(np.arange(80).reshape(20, 4).astype("float32"))
    scores = tf.constant(np.array([1, 2, 3, 3, 2, 1, 2, 3, 3, 2] * 2, "float32"))
    out = [tf.image.non_max_suppression(boxes, scores, 20), tf.image.non_max_suppression(boxes[:10], tf.zeros([10]), 9)]
    return Case(steps=[(out, None)])


@program
def image_boxes_that_stay_by_overlaps(tf):
    near = np.exp(-np.abs(np.subtract.outer(np.arange(5), np.arange(5)))).astype("float32")
    out = [tf.image.non_max_suppression_overlaps(near, SCORES[:5], 4, threshold, name=name)
           for threshold, name in ((0.5, None), (0.3, "few"), (0.1, None))]
    return Case(steps=[(out, None)])


@program
def image_boxes_that_stay_of_classes(tf):
    boxes = tf.placeholder(tf.float32, [2, 7, 1, 4], name="boxes")
    scores = tf.placeholder(tf.float32, [2, 7, 3], name="scores")
    feed = {boxes: np.stack([CORNERS, CORNERS[::-1] / 2])[:, :, None],
            scores: (np.arange(42) * 11 % 43).reshape(2, 7, 3) / 43}
    out = [tuple(tf.image.combined_non_max_suppression(boxes, scores, 3, 5)),
           tuple(tf.image.combined_non_max_suppression(boxes, scores, 2, 9, 0.4, 0.2, pad_per_class=True)),
           tuple(tf.image.combined_non_max_suppression(tf.tile(boxes, [1, 1, 3, 1]), scores, 4, 6, clip_boxes=False))]
    return Case(steps=[(out, feed)])


@program
def image_distorted_boxes(tf):
    tf.set_random_seed(5)
    boxes = tf.constant([[[0.1, 0.2, 0.6, 0.7], [0.4, 0.3, 0.9, 0.95]]])
    size = tf.placeholder(tf.int32, [3], name="size")
    sampled = tf.image.sample_distorted_bounding_box
    out = [tuple(sampled(size, boxes, seed=8)), tuple(sampled(size, boxes, seed=3, min_object_covered=0.5)),
           tuple(sampled(size, boxes, seed=3, seed2=9, aspect_ratio_range=[0.5, 3.0], area_range=[0.05, 0.3])),
           tuple(sampled(size, boxes, seed=4, min_object_covered=0.9, area_range=[0.1, 0.2], max_attempts=7)),
           tuple(sampled(size, tf.zeros([1, 0, 4]), seed=1, use_image_if_no_bounding_boxes=True, name="none"))]
    return Case(steps=[(out, {size: [height, width, 3]}) for height, width in
                       ((40, 30), (299, 299), (17, 90), (480, 640), (5, 4), (33, 31))])


@program
def image_distorted_crop(tf):
    tf.set_random_seed(9)
    image = tf.constant(LARGE[0])
    begin, size, box = tf.image.sample_distorted_bounding_box(tf.shape(image), tf.constant([[[0.0, 0.0, 1.0, 1.0]]]),
                                                              seed=2, area_range=(0.3, 1.0))
    crop = tf.slice(image, begin, size)
    drawn = tf.image.draw_bounding_boxes(tf.tile(image[None, :, :, :1], [1, 1, 1, 3]), box)
    return Case(steps=[([tf.shape(crop), crop, box, drawn], None)] * 3)


@program
def image_glimpses(tf):
    picture, batch, some, data, feed = inputs(tf)
    offsets = tf.constant([[0.0, 0.0], [0.2, -0.3]])
    out = [tf.image.extract_glimpse(batch, [3, 3], offsets),
           tf.image.extract_glimpse(batch, [2, 3], [[3.0, 2.0], [4.0, 3.0]], centered=False, normalized=False),
           tf.image.extract_glimpse(batch, [3, 2], [[1.0, 0.5], [-1.0, 0.0]], normalized=False, uniform_noise=False,
                                    name="glimpse")]
    return Case(steps=[(out, feed)])


@program
def image_patches(tf):
    picture, batch, some, data, feed = inputs(tf)
    out = [tf.image.extract_patches(batch, [1, 3, 3, 1], [1, 2, 2, 1], [1, 1, 1, 1], "SAME"),
           tf.image.extract_patches(batch, sizes=[1, 2, 3, 1], strides=[1, 1, 3, 1], rates=[1, 2, 1, 1],
                                    padding="VALID", name="patches")]
    return Case(steps=[(out, feed)])


@program
def image_gradients_and_edges(tf):
    picture, batch, some, data, feed = inputs(tf)
    many = tf.placeholder(tf.float32, [None, None, 6, 3], name="many")
    feed[many] = BATCH
    out = [tf.image.image_gradients(x) for x in (batch, many)] + [tf.image.sobel_edges(x) for x in (batch, many)]
    return Case(steps=[(out, feed)])


@program
def image_total_variation(tf):
    picture, batch, some, data, feed = inputs(tf)
    out = [tf.image.total_variation(x) for x in (picture, batch, some)]
    out += tf.gradients(tf.image.total_variation(batch, name="rough"), [batch])
    return Case(steps=[(out, feed)])


@program
def image_psnr(tf):
    a, b = tf.constant(LARGE), tf.placeholder(tf.float32, [2, None, 25, 2], name="b")
    data = tf.cast(a * 255, tf.uint8)
    out = [tf.image.psnr(a, b, 1.0), tf.image.psnr(data, data + 7, max_val=255, name="ratio"),
           tf.image.psnr(tf.cast(a, tf.float16), tf.cast(a, tf.float16) + 0.125, max_val=1.0)]
    return Case(steps=[(out, {b: OTHER})])


@program
def image_ssim(tf):
    a, b = tf.constant(LARGE), tf.placeholder(tf.float32, [2, None, 25, 2], name="b")
    out = [tf.image.ssim(a, a, 1.0), tf.image.ssim(a, b, max_val=1.0, filter_size=7, filter_sigma=1.0, k1=0.02)]
    return Case(steps=[(out, {b: OTHER})])


@program
def image_ssim_as_a_loss(tf):
    a, b = tf.constant(LARGE), tf.placeholder(tf.float32, [2, 26, 25, 2], name="b")
    loss = 1 - tf.reduce_mean(tf.image.ssim(a, b, 1.0))
    return Case(steps=[([loss, tf.gradients(loss, [b])], {b: OTHER})])


@program
def image_ssim_of_bytes(tf):
    data = tf.cast(tf.constant(LARGE) * 255, tf.uint8)
    return Case(steps=[(tf.image.ssim(data, 255 - data, 255), None)])


@program
def image_ssim_multiscale(tf):
    a, b = tf.constant(LARGE), tf.placeholder(tf.float32, [2, 26, 25, 2], name="b")
    out = [tf.image.ssim_multiscale(a, b, 1.0, power_factors=(0.4, 0.6), filter_size=5),
           tf.image.ssim_multiscale(a, a, 1.0, power_factors=(0.3, 0.3, 0.4), filter_size=3)]
    return Case(steps=[(out, {b: OTHER})])


@program
def image_decode_any(tf):
    contents = tf.placeholder(tf.string, [], name="contents")
    out = [tf.image.decode_image(contents), tf.image.is_jpeg(contents, name="jpeg")]
    wide = tf.image.decode_image(contents, channels=3, dtype=tf.float32)
    first = tf.image.decode_image(contents, channels=3, dtype=tf.float32, expand_animations=False, name="first")
    header, pixels = struct.pack(">IIBBBBB", 2, 1, 8, 2, 0, 0, 0), zlib.compress(b"\x00\xff\x00\x10\x20\x80\x7f")
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part)) + kind + part + struct.pack(">I", zlib.crc32(kind + part) & 0xffffffff)
        for kind, part in ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")))
    bmp = (b"BM:\x00\x00\x00\x00\x00\x00\x006\x00\x00\x00(\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x18\x00"
           + b"\x00" * 24 + b"\x01\x02\x03\x00")
    gif = (b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\x00\x00\x00\x00\x00!\xf9\x04\x00\x00\x00\x00\x00,\x00\x00\x00\x00"
           b"\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")
    return Case(steps=[(out + ([wide, first] if data is not bmp else []), {contents: data})
                       for data in (png, bmp, gif)])


@program
def boxes_without_a_limit(tf):
    boxes = np.random.RandomState(1).uniform(0, 1, (6, 4)).astype(np.float32)
    scores = np.array([0.5, 0.9, 0.1, 0.7, 0.3, 0.8], np.float32)
    out = [tf.image.non_max_suppression(boxes, scores, -1), tf.image.non_max_suppression(boxes, scores, -2, 0.0, 0.2)]
    out += list(tf.image.non_max_suppression_with_scores(boxes, scores, -1, soft_nms_sigma=0.5))
    return Case(steps=[(out, None)], show=out)
