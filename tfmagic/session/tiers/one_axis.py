"""Convolutions over one axis, of texts and sounds, as products of matrices.

Where images are one pixel wide, the pixels under a filter lie side by side: they are a line of a matrix whose lines
overlap, and nothing is copied to multiply it. Products of lines that reach from one image into the next are left out.
"""

from __future__ import annotations

from typing import Any

from torch.nn.functional import pad

from tfmagic.base.machine import dense


def _lines(x: Any, margin: int) -> Any:
    """The pixels of each of some images, line by line: [n, length, in], with so many lines of zeros at both ends."""
    lines = x.permute(0, 2, 3, 1).flatten(1, 2).contiguous()  # whatever the first images were, others may lie otherwise
    return pad(lines, (0, 0, margin, margin)) if margin else lines


def forward(x: Any, weights: Any, bias: Any, padding: Any) -> Any:
    """The convolution of images [n, in, h, w], h or w 1, with filters [out, in, kh, kw] that move by one pixel.

    Images have their channels last, as the result has. For its lines, `n * h * w`, and columns `dense.fits` must hold.
    """
    count, depth, height, width = x.shape
    outs, _, *sizes = weights.shape
    taps = max(sizes)
    lines = _lines(x, max(padding))
    length = lines.shape[1]
    rows = count * length - taps + 1
    given = lines.as_strided((rows, taps * depth), (depth, 1))
    made = dense.product(given, weights.permute(0, 2, 3, 1).reshape(outs, taps * depth).t(), bias)
    made = made.as_strided((count, length - taps + 1, outs), (length * outs, outs, 1)).contiguous()
    shape = (count, -1, 1, outs) if width == sizes[1] == 1 else (count, 1, -1, outs)
    return made.view(shape).permute(0, 3, 1, 2)


def by_filter(dy: Any, x: Any, sizes: Any, padding: Any) -> Any:
    """The gradient of `forward` by its filters [out, in, kh, kw], of which `sizes` are the last two.

    For its lines, `in`, and columns `dense.fits` must hold.
    """
    count, depth, height, width = x.shape
    outs, taps = dy.shape[1], max(sizes)
    lines = _lines(x, max(padding))
    length = lines.shape[1]
    rows = count * length - taps + 1
    # Under the filters' places between images there is no gradient.
    steps = pad(dy.permute(0, 2, 3, 1).reshape(count, -1, outs), (0, 0, 0, taps - 1)).view(-1, outs)[:rows]
    turned = dense.by_lines(lines.view(-1, depth).t())
    made = dy.new_empty((taps, depth, outs))
    for tap in range(taps):
        made[tap] = dense.product(turned[:, tap:tap + rows], steps)
    return made.view(*sizes, depth, outs).permute(3, 2, 0, 1)
