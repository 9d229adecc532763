"""Samples for the ops of tfmagic/ops/image."""

from oracle.samples.values import D, N, f32, i32, row

_SIZES = ([5, 7], [2, 3], [8, 3], [1, 1], [4, 6])


def _resized(**more):
    rows = [row(images=D(1, 4, 6, 2), size=i32(size)) for size in _SIZES]
    rows += [row(images=D(2, 4, 6, 1), size=i32(size), align_corners=True) for size in _SIZES]
    rows += [row(images=D(1, 4, 6, 1), size=i32(size), half_pixel_centers=True) for size in more.get("half", _SIZES)]
    return [*rows, row(images=D(4, 6, 2), size=i32([2, 2])), row(images=D(1, 4, 6, 2), size=i32([2])),
            row(images=D(1, 4, 6, 2), size=i32([0, 2])), row(images=D(1, 0, 6, 2), size=i32([2, 2]))]


def _gradients(name):
    return [row(grads=N(1, 5, 7, 2), original_image=N(1, 4, 6, 2)),
            row(grads=N(1, 2, 3, 1), original_image=N(1, 4, 6, 1), align_corners=True),
            row(grads=N(1, 5, 3, 1), original_image=N(1, 4, 6, 1), half_pixel_centers=True)]


_COLOURS = f32([[[1.0, 0.0, 0.0], [0.2, 0.5, 0.9], [0.3, 0.3, 0.3]],
                [[0.0, 0.0, 0.0], [0.9, 0.8, 0.1], [0.4, 0.9, 0.6]]])


SAMPLES = {
    "AdjustContrastv2": [row(images=D(2, 3, 4, 3), contrast_factor=f32(2.0)),
                         row(images=D(3, 4), contrast_factor=f32(0.5)),
                         row(images=D(3, 4, 1), contrast_factor=f32(0.5)),
                         row(images=_COLOURS, contrast_factor=f32([1.0]))],
    "AdjustHue": [row(images=_COLOURS, delta=f32(delta)) for delta in (0.0, 0.25, -0.4, 1.0)]
                 + [row(images=D(2, 2, 4), delta=f32(0.1)), row(images=D(2, 3), delta=f32(0.1))],
    "AdjustSaturation": [row(images=_COLOURS, scale=f32(scale)) for scale in (0.0, 0.5, 1.0, 3.0)]
                        + [row(images=D(2, 2, 4), scale=f32(0.1)), row(images=D(2, 3), scale=f32(0.1))],
    "RGBToHSV": [row(images=D(2, 2, 3)), row(images=_COLOURS), row(images=f32([0.1, 0.2, 0.3])), row(images=D(2, 4)),
                 row(images=f32(1.0))],
    "HSVToRGB": [row(images=_COLOURS), row(images=f32([0.1, 0.2, 0.3])), row(images=D(2, 4)), row(images=f32(1.0))],
    "ResizeBilinear": _resized(),
    "ResizeNearestNeighbor": _resized(),
    "ResizeBicubic": _resized(),
    "ResizeArea": _resized(half=()),
    "ResizeBilinearGrad": _gradients("ResizeBilinearGrad"),
    "ResizeBicubicGrad": _gradients("ResizeBicubicGrad"),
    "ResizeNearestNeighborGrad": [row(grads=N(1, 5, 7, 2), size=i32([4, 6])),
                                  row(grads=N(1, 2, 3, 1), size=i32([4, 6]), align_corners=True),
                                  row(grads=N(1, 5, 3, 1), size=i32([4, 6]), half_pixel_centers=True)],
}
