"""tf.contrib.image: pictures of random dots in which two eyes see depth."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.ops import raw


@export("contrib.image.single_image_random_dot_stereograms")
def single_image_random_dot_stereograms(
        depth_values: Any, hidden_surface_removal: bool | None = None, convergence_dots_size: int | None = None,
        dots_per_inch: int | None = None, eye_separation: float | None = None, mu: float | None = None,
        normalize: bool | None = None, normalize_max: float | None = None, normalize_min: float | None = None,
        border_level: float | None = None, number_colors: int | None = None, output_image_shape: Any = None,
        output_data_window: Any = None) -> Tensor:
    """A picture of random dots in which two eyes see depth; the dots are other ones in each picture of a process.

    Args:
      depth_values: [rows, columns] of float32, float64, int32 or int64: 0 is far, 1 near.
      hidden_surface_removal: whether dots stay apart that only one eye could see; by default True.
      convergence_dots_size: of the two dots below the picture that help eyes to converge, 0 for none; by default 8.
      dots_per_inch, eye_separation: of the picture as it is shown, and in inches; by default 72 and 2.5.
      mu: how deep the picture is, as a part of how far it is from the eyes; by default a third.
      normalize: whether depths are scaled to be from 0 to 1; by default True.
      normalize_max, normalize_min: what becomes 1 and 0; by default the greatest and the least depth.
      border_level: the depth around the depths; by default 0.
      number_colors: 2 for black and white, more than 256 for colours, else grey; by default 256.
      output_image_shape: [width, height, 1 or 3]; by default [1024, 768, 1].
      output_data_window: how wide and high the depths are in it; by default [1022, 757].

    Returns:
      uint8 [height, width, 1], or with three numbers for each pixel where they are colours.
    """
    given = {
        "hidden_surface_removal": hidden_surface_removal, "convergence_dots_size": convergence_dots_size,
        "dots_per_inch": dots_per_inch, "eye_separation": eye_separation, "mu": mu, "normalize": normalize,
        "normalize_max": normalize_max, "normalize_min": normalize_min, "border_level": border_level,
        "number_colors": number_colors, "output_image_shape": output_image_shape,
        "output_data_window": output_data_window}
    return raw.single_image_random_dot_stereograms(
        depth_values, **{name: value for name, value in given.items() if value is not None})
