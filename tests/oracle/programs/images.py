"""Pictures: flipped, cut, padded, resized, coloured, of other types."""

from __future__ import division

import numpy as np

from . import Case, program

PICTURE = (np.arange(8 * 6 * 3).reshape(8, 6, 3) % 97 / 97.0).astype("float32")
BATCH = np.stack([PICTURE, 1 - PICTURE])
BYTES = (np.arange(8 * 6 * 3).reshape(8, 6, 3) * 5 % 256).astype("uint8")


def inputs(tf):
    """Placeholders and what is fed to them."""
    picture = tf.placeholder(tf.float32, [8, 6, 3], name="picture")
    batch = tf.placeholder(tf.float32, [2, 8, 6, 3], name="batch")
    some = tf.placeholder(tf.float32, [None, None, 3], name="some")
    data = tf.placeholder(tf.uint8, [8, 6, 3], name="data")
    return picture, batch, some, data, {picture: PICTURE, batch: BATCH, some: PICTURE, data: BYTES}


@program
def image_flips(tf):
    picture, batch, some, data, feed = inputs(tf)
    out = [f(x) for f in (tf.image.flip_left_right, tf.image.flip_up_down, tf.image.transpose_image)
           for x in (picture, batch, some, data)]
    return Case(steps=[(out, feed)])


@program
def image_flip_of_unknown_rank(tf):
    x = tf.placeholder(tf.float32, name="x")
    return Case(steps=[(tf.image.flip_left_right(x), {x: PICTURE})])


@program
def image_random_flips(tf):
    tf.set_random_seed(3)
    picture, batch, some, data, feed = inputs(tf)
    out = [tf.image.random_flip_left_right(picture, seed=1), tf.image.random_flip_up_down(batch, seed=2),
           tf.image.random_flip_left_right(some)]
    return Case(steps=[(out, feed)] * 4)


@program
def image_crops(tf):
    picture, batch, some, data, feed = inputs(tf)
    out = [tf.image.crop_to_bounding_box(x, 1, 2, 3, 3) for x in (picture, batch, some, data)]
    out += [tf.image.central_crop(x, 0.5) for x in (picture, batch, some, data)]
    out.append(tf.image.central_crop(picture, 1.0))
    return Case(steps=[(out, feed)])


@program
def image_pads(tf):
    picture, batch, some, data, feed = inputs(tf)
    out = [tf.image.pad_to_bounding_box(x, 1, 2, 12, 13) for x in (picture, batch, data)]
    return Case(steps=[(out, feed)])


@program
def image_crop_or_pad(tf):
    picture, batch, some, data, feed = inputs(tf)
    out = [tf.image.resize_image_with_crop_or_pad(x, height, width) for x in (picture, batch)
           for height, width in ((4, 10), (12, 3), (8, 6), (3, 3))]
    return Case(steps=[(out, feed)])


@program
def image_crop_or_pad_of_unknown_size(tf):
    picture, batch, some, data, feed = inputs(tf)
    return Case(steps=[(tf.image.resize_image_with_crop_or_pad(some, 4, 10), feed)])


@program
def image_resizes(tf):
    picture, batch, some, data, feed = inputs(tf)
    methods = tf.image.ResizeMethod
    out = [tf.image.resize_images(x, [5, 9], method=method) for x in (picture, batch, some, data) for method in
           (methods.BILINEAR, methods.NEAREST_NEIGHBOR, methods.BICUBIC, methods.AREA)]
    out += [tf.image.resize_images(picture, [8, 6]), tf.image.resize_images(picture, [3, 4], align_corners=True)]
    return Case(steps=[(out, feed)])


@program
def image_resize_to_a_size_that_is_fed(tf):
    picture, batch, some, data, feed = inputs(tf)
    size = tf.placeholder(tf.int32, [2], name="size")
    out = tf.image.resize_images(batch, size)
    return Case(steps=[(out, {batch: BATCH, size: [3, 5]})])


@program
def image_resize_gradients(tf):
    picture, batch, some, data, feed = inputs(tf)
    outs = [tf.image.resize_images(batch, [5, 9], method=method) for method in (0, 1, 2)]
    grads = [tf.gradients(out, batch)[0] for out in outs]
    return Case(steps=[(grads, feed)])


@program
def image_resize_kernels(tf):
    picture, batch, some, data, feed = inputs(tf)
    out = [tf.image.resize_bilinear(batch, [4, 3]), tf.image.resize_bicubic(batch, [4, 3], align_corners=True),
           tf.image.resize_nearest_neighbor(batch, [4, 3], half_pixel_centers=True),
           tf.image.resize_area(batch, [4, 3])]
    return Case(steps=[(out, feed)])


@program
def image_dtypes(tf):
    picture, batch, some, data, feed = inputs(tf)
    wide = tf.cast(data, tf.int32)
    out = [tf.image.convert_image_dtype(data, tf.float32), tf.image.convert_image_dtype(picture, tf.uint8),
           tf.image.convert_image_dtype(picture * 2, tf.uint8, saturate=True),
           tf.image.convert_image_dtype(data, tf.int16), tf.image.convert_image_dtype(data, tf.uint8),
           tf.image.convert_image_dtype(wide, tf.uint8), tf.image.convert_image_dtype(wide, tf.uint8, saturate=True),
           tf.image.convert_image_dtype(picture, tf.float64), tf.image.convert_image_dtype(data, tf.float16)]
    return Case(steps=[(out, feed)])


@program
def image_light_and_contrast(tf):
    picture, batch, some, data, feed = inputs(tf)
    out = []
    for x in (picture, batch, data):
        out += [tf.image.adjust_brightness(x, 0.3), tf.image.adjust_contrast(x, 0.5),
                tf.image.adjust_gamma(x, 2.0, 1.5)]
    return Case(steps=[(out, feed)])


@program
def image_colours(tf):
    picture, batch, some, data, feed = inputs(tf)
    out = []
    for x in (picture, batch):
        out += [tf.image.adjust_hue(x, 0.3), tf.image.adjust_saturation(x, 0.4), tf.image.rgb_to_grayscale(x),
                tf.image.rgb_to_hsv(x), tf.image.hsv_to_rgb(x)]
    out += [tf.image.adjust_hue(data, 0.1), tf.image.adjust_saturation(data, 0.4), tf.image.rgb_to_grayscale(data)]
    out += [tf.image.grayscale_to_rgb(picture[..., :1])]
    return Case(steps=[(out, feed)])


@program
def image_yiq_and_yuv(tf):
    picture, batch, some, data, feed = inputs(tf)
    out = [f(picture) for f in (tf.image.rgb_to_yiq, tf.image.yiq_to_rgb, tf.image.rgb_to_yuv, tf.image.yuv_to_rgb)]
    return Case(steps=[(out, feed)])


@program
def image_random_colours(tf):
    tf.set_random_seed(4)
    picture, batch, some, data, feed = inputs(tf)
    out = [tf.image.random_brightness(picture, 0.3, seed=1), tf.image.random_contrast(picture, 0.3, 0.8, seed=2),
           tf.image.random_hue(picture, 0.2, seed=3), tf.image.random_saturation(picture, 0.3, 0.8)]
    return Case(steps=[(out, feed)] * 2)


@program
def image_standardization(tf):
    picture, batch, some, data, feed = inputs(tf)
    out = [tf.image.per_image_standardization(x) for x in (picture, batch, some)]
    return Case(steps=[(out, feed)])


@program
def image_augmentation(tf):
    tf.set_random_seed(5)
    picture, batch, some, data, feed = inputs(tf)
    x = tf.image.convert_image_dtype(data, tf.float32)
    x = tf.image.resize_image_with_crop_or_pad(x, 10, 10)
    x = tf.random_crop(x, [6, 6, 3], seed=6)
    x = tf.image.random_flip_left_right(x)
    x = tf.image.per_image_standardization(x)
    return Case(steps=[(x, feed)] * 2)
