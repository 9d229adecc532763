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

_BOXES = f32([[0.1, 0.2, 0.7, 0.9], [-0.2, 0.3, 1.3, 0.8], [0.9, 0.9, 0.1, 0.2]])
_CORNERS = f32([[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, -0.1, 1, 0.9], [0, 10, 1, 11], [0, 10.1, 1, 11.1],
                [0, 100, 1, 101], [3, 4, 2, 3]])
_SCORES = f32([0.9, 0.75, 0.6, 0.95, 0.5, 0.3, 0.35])


def _crops():
    rows = [row(image=D(2, 4, 5, 2), boxes=_BOXES, box_ind=i32([0, 1, 1]), crop_size=i32(size), method=method)
            for size in ([3, 2], [1, 1], [4, 5]) for method in ("bilinear", "nearest")]
    return [*rows, row(image=D(1, 3, 3, 1), boxes=_BOXES[:1], box_ind=i32([0]), crop_size=i32([2, 2]),
                       extrapolation_value=0.5),
            row(image=D(1, 3, 3, 1), boxes=_BOXES[:1], box_ind=i32([1]), crop_size=i32([2, 2])),
            row(image=D(1, 3, 3, 1), boxes=_BOXES[:1], box_ind=i32([0]), crop_size=i32([0, 2]))]


def _stay(**more):
    return [row(boxes=_CORNERS, scores=_SCORES, max_output_size=i32(size), **{
        key: value[n % len(value)] for key, value in more.items()}) for n, size in enumerate((3, 7, 2, 5))]


def _sampled(**covered):
    return [row(image_size=i32(size), bounding_boxes=f32([[[0.1, 0.2, 0.6, 0.7], [0.4, 0.3, 0.9, 0.95]]]), seed=seed,
                seed2=7, **covered) for seed, size in enumerate(([40, 30, 3], [17, 90, 1], [300, 299, 3]), 1)]


_SAME = f32(0.5)
_GLIMPSE = [row(input=D(2, 5, 6, 1), size=i32(size), offsets=f32([[0.1, -0.2], [0.3, 0.0]]), centered=centered,
                normalized=normalized, uniform_noise=False, noise="zero")
            for size in ([3, 2], [4, 7]) for centered in (True, False) for normalized in (True, False)]


SAMPLES = {
    "CropAndResize": _crops(),
    "CropAndResizeGradImage": [
        row(grads=N(3, 3, 2, 1), boxes=_BOXES, box_ind=i32([0, 1, 1]), image_size=i32([2, 4, 5, 1]), T="float32"),
        row(grads=N(3, 1, 2, 1), boxes=_BOXES, box_ind=i32([0, 1, 1]), image_size=i32([2, 4, 5, 1]), T="float32",
            method="nearest")],
    "CropAndResizeGradBoxes": [
        row(grads=N(3, *size, 1), image=D(2, 4, 5, 1), boxes=_BOXES, box_ind=i32([0, 1, 1]))
        for size in ([3, 2], [1, 1])],
    "DrawBoundingBoxes": [row(images=D(1, 5, 6, channels), boxes=f32([[[0, 0, 1, 1], [0.3, 0.2, 0.8, 1.5]]]))
                          for channels in (3, 1, 4)],
    "DrawBoundingBoxesV2": [row(images=D(1, 5, 6, channels), boxes=f32([[[0, 0, 1, 1], [0.3, 0.2, 0.8, 1.5]]]),
                                colors=f32(colors)) for channels, colors in (
        (3, [[1, 0, 0], [0, 0.5, 0]]), (1, [[0.5]]), (3, [[1, 0]]), (4, [[0.1, 0.2, 0.3, 0.4]]))],
    "ExtractGlimpse": _GLIMPSE,
    "NonMaxSuppression": _stay(iou_threshold=[0.5, 0.9]),
    "NonMaxSuppressionV2": _stay(iou_threshold=[_SAME, f32(0.9), f32(1.5)]),
    "NonMaxSuppressionV3": _stay(iou_threshold=[_SAME, f32(0.9)], score_threshold=[f32(0.4), f32(-1.0)]),
    "NonMaxSuppressionV4": _stay(iou_threshold=[_SAME, f32(0.9)], score_threshold=[f32(0.4), f32(-1.0)],
                                 pad_to_max_output_size=[True, False, False]),
    "NonMaxSuppressionV5": _stay(iou_threshold=[_SAME, f32(0.9)], score_threshold=[f32(0.1), f32(0.2)],
                                 soft_nms_sigma=[f32(0.0), f32(0.5), f32(-1.0)],
                                 pad_to_max_output_size=[True, False]),
    "NonMaxSuppressionWithOverlaps": [
        row(overlaps=f32([[1, 0.6, 0.2], [0.6, 1, 0.1], [0.2, 0.1, 1]]), scores=f32([0.4, 0.9, 0.5]),
            max_output_size=i32(3), overlap_threshold=f32(limit), score_threshold=f32(0.1))
        for limit in (0.5, 0.9, 0.15)],
    "CombinedNonMaxSuppression": [
        row(boxes=_CORNERS[None, :, None], scores=f32([[[s, (1 - s) / 1.01] for s in _SCORES]]),
            max_output_size_per_class=i32(2), max_total_size=i32(size), iou_threshold=_SAME, score_threshold=f32(0.2),
            pad_per_class=padded, clip_boxes=clipped)
        for size, padded, clipped in ((5, False, True), (9, True, False), (3, True, True))],
    "SampleDistortedBoundingBox": _sampled(min_object_covered=0.3),
    "SampleDistortedBoundingBoxV2": _sampled(min_object_covered=f32(0.3)),
    "AdjustContrast": [row(images=D(2, 3, 4, 3), contrast_factor=f32(2.0), min_value=f32(-1.0), max_value=f32(1.5)),
                       row(images=D(3, 4, 1), contrast_factor=f32(0.5), min_value=f32(-10), max_value=f32(10)),
                       row(images=D(3, 4), contrast_factor=f32(0.5), min_value=f32(0), max_value=f32(1))],
    "ScaleAndTranslate": [
        row(images=D(1, 4, 5, 2), size=i32(size), scale=f32(scale), translation=f32(shift), kernel_type=kind,
            antialias=smooth)
        for size, scale, shift, kind, smooth in (
            ([3, 4], [0.7, 0.8], [0.1, -0.3], "lanczos3", True), ([3, 4], [0.7, 0.8], [0.1, -0.3], "lanczos1", False),
            ([5, 9], [1.3, 1.7], [0.0, 0.5], "lanczos5", True), ([3, 4], [0.5, 0.5], [0, 0], "gaussian", True),
            ([3, 4], [0.5, 2], [1, 0], "box", True), ([3, 4], [0.5, 2], [1, 0], "triangle", True),
            ([6, 7], [1.5, 1.4], [0, 0], "keyscubic", True), ([6, 7], [1.5, 1.4], [0, 0], "mitchellcubic", False),
            ([6, 7], [1.5, 0.4], [-5, 3], "triangle", True), ([3, 4], [0.5, 2], [1, 0], "other", True),
            ([0, 4], [0.5, 2], [1, 0], "box", True))] + [
        row(images=D(4, 5, 2), size=i32([3, 3]), scale=f32([1, 1]), translation=f32([0, 0])),
        row(images=D(1, 4, 5, 2), size=i32([3]), scale=f32([1, 1]), translation=f32([0, 0])),
        row(images=D(1, 4, 5, 2), size=i32([3, 3]), scale=f32([1]), translation=f32([0, 0])),
        row(images=D(1, 4, 5, 2), size=i32([3, 3]), scale=f32([1, 0]), translation=f32([0, 0]))],
    "ScaleAndTranslateGrad": [
        row(grads=N(1, 3, 4, 2), original_image=N(1, 4, 5, 2), scale=f32([0.7, 0.8]), translation=f32([0.1, -0.3]),
            kernel_type=kind, antialias=smooth) for kind, smooth in (("lanczos3", True), ("triangle", False))],
    "AdjustContrastv2": [row(images=D(2, 3, 4, 3), contrast_factor=f32(2.0)),
                         row(images=D(3, 4), contrast_factor=f32(0.5)),
                         row(images=D(3, 4, 1), contrast_factor=f32(0.5)),
                         row(images=_COLOURS, contrast_factor=f32([1.0]))],
    "AdjustHsvInYiq": [row(images=_COLOURS, delta_h=f32(turn), scale_s=f32(chroma), scale_v=f32(light))
                       for turn, chroma, light in ((0, 1, 1), (0.3, 1.5, 0.5), (-2, 0, 1), (7, -1, 2))]
                      + [row(images=D(2, 2, 4), delta_h=f32(0.1), scale_s=f32(1), scale_v=f32(1)),
                         row(images=D(2, 3), delta_h=f32(0.1), scale_s=f32(1), scale_v=f32(1))],
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
