"""tf.contrib.image: pictures bent by a field of shifts, or so that given points come to lie elsewhere; splines."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.array.constants import constant, ones_like, zeros
from tfmagic.ops.array.diag import eye
from tfmagic.ops.array.gather import gather
from tfmagic.ops.array.join import concat, stack, unstack
from tfmagic.ops.array.order import transpose
from tfmagic.ops.array.sequences import meshgrid, range_
from tfmagic.ops.array.shape_ops import expand_dims
from tfmagic.ops.array.shape_ops import shape as shape_of
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.matmul import matmul
from tfmagic.ops.math.reduce import reduce_sum
from tfmagic.tf.debugging import assertions
from tfmagic.tf.framework.scopes import control_dependencies

_EPSILON = 0.0000000001
_LARGEST = np.iinfo(np.int32).max / 8  # addresses of pixels are int32


def _sizes(tensor: Tensor) -> tuple[Tensor, ...]:
    return tuple(shape_of(tensor)[axis] for axis in range(4))


@export("contrib.image.dense_image_warp")
def dense_image_warp(image: Any, flow: Any, name: str = "dense_image_warp") -> Tensor:
    """Pictures whose pixel (y, x) is the given one at (y, x) less the field there, mixed of the four around it.

    Args:
      image: [n, height, width, channels], at least 2 high and wide.
      flow: [n, height, width, 2].
      name: the scope of the nodes.
    """
    with name_scope(name):
        batch, height, width, channels = _sizes(image)
        columns, rows = meshgrid(range_(width), range_(height))
        grid = cast(stack([rows, columns], axis=2), flow.dtype)
        places = raw.reshape(expand_dims(grid, axis=0) - flow, [batch, height * width, 2])
        return raw.reshape(_between(image, places), [batch, height, width, channels])


def _between(grid: Tensor, places: Tensor) -> Tensor:
    """Values of a grid at places (y, x) between its points."""
    static = grid.shape.as_list() if grid.shape.ndims is not None else None
    if static is not None and len(static) != 4:
        raise ValueError("Grid must be 4 dimensional. Received size: " + str(grid.shape))
    with name_scope("interpolate_bilinear"):
        batch, height, width, channels = _sizes(grid)
        with control_dependencies([
                assertions.assert_equal(len(places.shape), 3, message="Query points must be 3 dimensional."),
                assertions.assert_equal(shape_of(places)[2], 2, message="Query points must be size 2 in dim 2.")]):
            count = shape_of(places)[1]
        with control_dependencies([
                assertions.assert_greater_equal(height, 2, message="Grid height must be at least 2."),
                assertions.assert_greater_equal(width, 2, message="Grid width must be at least 2.")]):
            parts = unstack(places, axis=2)
        floors, ceilings, alphas = [], [], []
        for axis, (part, size) in enumerate(zip(parts, (height, width), strict=True)):
            with name_scope(f"dim-{axis}"):
                largest = cast(size - 2, places.dtype)
                floor = raw.minimum(raw.maximum(constant(0.0, places.dtype), raw.floor(part)), largest)
                index = cast(floor, dtypes.int32)
                floors.append(index)
                ceilings.append(index + 1)
                alpha = cast(part - floor, grid.dtype)
                least, most = constant(0.0, grid.dtype), constant(1.0, grid.dtype)
                alpha = raw.minimum(raw.maximum(least, alpha), most)
                alphas.append(expand_dims(alpha, 2))
        with control_dependencies([assertions.assert_less_equal(
                cast(batch * height * width, dtypes.float32), _LARGEST,
                message="The image size or batch size is sufficiently large\n                       that "
                        "the linearized addresses used by array_ops.gather\n"
                        "                       may exceed the int32 limit.")]):
            flat = raw.reshape(grid, [batch * height * width, channels])
            starts = raw.reshape(range_(batch) * height * width, [batch, 1])

        def corner(rows: Tensor, columns: Tensor, name: str) -> Tensor:
            with name_scope("gather-" + name):
                found = gather(flat, starts + rows * width + columns)
                return raw.reshape(found, [batch, count, channels])

        top_left = corner(floors[0], floors[1], "top_left")
        top_right = corner(floors[0], ceilings[1], "top_right")
        bottom_left = corner(ceilings[0], floors[1], "bottom_left")
        bottom_right = corner(ceilings[0], ceilings[1], "bottom_right")
        with name_scope("interpolate"):
            top = alphas[1] * (top_right - top_left) + top_left
            bottom = alphas[1] * (bottom_right - bottom_left) + bottom_left
            return alphas[0] * (bottom - top) + top


@export("contrib.image.interpolate_spline")
def interpolate_spline(train_points: Any, train_values: Any, query_points: Any, order: int,
                       regularization_weight: float = 0.0, name: str = "interpolate_spline") -> Tensor:
    """A polyharmonic spline through points, at other points.

    Args:
      train_points: [n, points, d].
      train_values: the values there, [n, points, k].
      query_points: where the spline is asked for, [n, m, d].
      order: 1 for kinks at the points, 2 for a thin plate, higher for smoother ones.
      regularization_weight: how much the spline may miss the points for being smoother.
      name: the scope of the nodes.

    Returns:
      [n, m, k].
    """
    with name_scope(name):
        points = convert_to_tensor(train_points)
        values = convert_to_tensor(train_values)
        queries = convert_to_tensor(query_points)
        with name_scope("solve"):
            w, v = _solved(points, values, order, regularization_weight)
        with name_scope("predict"):
            distances = _squares_between(queries, points)
            harmonic = matmul(_harmonic(distances, order), w)
            linear = matmul(concat([queries, ones_like(queries[..., :1])], 2), v)
            return harmonic + linear


@export("contrib.image.sparse_image_warp")
def sparse_image_warp(image: Any, source_control_point_locations: Any, dest_control_point_locations: Any,
                      interpolation_order: int = 2, regularization_weight: float = 0.0, num_boundary_points: int = 0,
                      name: str = "sparse_image_warp") -> tuple[Tensor, Tensor]:
    """Pictures bent so that given points come to lie elsewhere; between them a spline says what goes where.

    Args:
      image: [n, height, width, channels], whose static shape is known.
      source_control_point_locations: [n, points, 2], (y, x) where points are.
      dest_control_point_locations: [n, points, 2], where they come to lie.
      interpolation_order: the order of the spline.
      regularization_weight: how much smoothness counts against the points.
      num_boundary_points: how many points on each edge stay: 1 is the corners, 2 the middles too, ...; 0 for none.
      name: the scope of the nodes.

    Returns:
      The pictures, and the field of shifts [n, height, width, 2].

    Raises:
      TypeError: a size of the pictures is not known.
    """
    image = convert_to_tensor(image)
    points = convert_to_tensor(dest_control_point_locations)
    shifts = points - convert_to_tensor(source_control_point_locations)
    with name_scope(name):
        batch, height, width, _ = image.shape.as_list()
        rows, columns = np.meshgrid(*map(np.linspace, (0, 0), (height - 1, width - 1), (height, width)), indexing="ij")
        grid = constant(_for_each(np.stack([rows, columns], axis=-1).reshape(height * width, 2), batch), image.dtype)
        if num_boundary_points > 0:
            edge = _for_each(_boundary(height, width, num_boundary_points - 1), batch)
            kept, still = constant(edge, points.dtype), constant(np.zeros_like(edge), shifts.dtype)
            points, shifts = concat([points, kept], 1), concat([shifts, still], 1)
        found = interpolate_spline(points, shifts, grid, interpolation_order, regularization_weight)
        flows = raw.reshape(found, [batch, height, width, 2])
        return dense_image_warp(image, flows), flows


def _for_each(points: np.ndarray, batch: int) -> np.ndarray:
    """The same points for each picture."""
    return np.tile(points[None], [batch, 1, 1])


def _boundary(height: int, width: int, between: int) -> np.ndarray:
    """Points on the edges of a picture, row by row: the corners, and so many between."""
    ys, xs = np.linspace(0, height - 1, between + 2), np.linspace(0, width - 1, between + 2)
    return np.array([(y, x) for y in ys for x in xs if y in (ys[0], ys[-1]) or x in (xs[0], xs[-1])])


def _squares(points: Tensor) -> Tensor:
    """The squared distances of points among themselves."""
    product = matmul(points, points, adjoint_b=True)
    norms = expand_dims(raw.matrix_diag_part(product, name="diag_part"), 2)
    return norms - 2 * product + transpose(norms, [0, 2, 1])


def _squares_between(points: Tensor, others: Tensor) -> Tensor:
    norms, of_others = reduce_sum(raw.square(points), 2), reduce_sum(raw.square(others), 2)
    norms, of_others = expand_dims(norms, 2), expand_dims(of_others, 1)
    return norms - 2 * matmul(points, others, adjoint_b=True) + of_others


def _harmonic(squares: Tensor, order: int) -> Tensor:
    """The spline's function of squared distances."""
    with name_scope("phi"):
        if order == 1:
            return raw.sqrt(raw.maximum(squares, _EPSILON))
        if order == 2:
            return 0.5 * squares * raw.log(raw.maximum(squares, _EPSILON))
        if order == 4:
            return 0.5 * raw.square(squares) * raw.log(raw.maximum(squares, _EPSILON))
        if order % 2 == 0:
            squares = raw.maximum(squares, _EPSILON)
            return 0.5 * raw.pow(squares, 0.5 * order) * raw.log(squares)
        return raw.pow(raw.maximum(squares, _EPSILON), 0.5 * order)


def _solved(points: Tensor, values: Tensor, order: int, regularization: float) -> tuple[Tensor, Tensor]:
    """The weights of the points and the linear part."""
    batch, count, _ = unstack(shape_of(points), num=3)
    d = points.shape.dims[-1].value if points.shape.dims else None
    if d is None:
        raise ValueError("The dimensionality of the input points (d) must be statically-inferrable.")
    k = values.shape.dims[-1].value if values.shape.dims else None
    if k is None:
        raise ValueError("The dimensionality of the output values (k) must be statically-inferrable.")
    with name_scope("construct_linear_system"):
        matrix = _harmonic(_squares(points), order)
        if regularization > 0:
            matrix += regularization * expand_dims(eye(count, dtype=points.dtype), 0)
        linear = concat([points, ones_like(points[..., :1])], 2)
        left = concat([matrix, transpose(linear, [0, 2, 1])], 1)
        right = concat([linear, zeros([batch, d + 1, d + 1], points.dtype)], 1)
        lhs = concat([left, right], 2)
        rhs = concat([values, zeros([batch, d + 1, k], points.dtype)], 1)
    with name_scope("solve_linear_system"):
        both = raw.matrix_solve(lhs, rhs)
        return both[:, :count, :], both[:, count:, :]
