"""Strings handed out in turn, of which a variable counts."""

from __future__ import annotations

from typing import Any

from tfmagic.base import shapes
from tfmagic.base.errors import invalid
from tfmagic.base.shapes import Dims
from tfmagic.ops.array.rules import objects
from tfmagic.ops.declare import op
from tfmagic.ops.shape_rules import with_rank


@op("ObtainNext", writes="counter", traced=False, because="a string is chosen by a number",
    check=lambda op, strings, counter: f"list should be 1-D {shapes.brackets(strings)}" if len(strings) != 1 else None)
class ObtainNext:
    """The string after the one that a variable stands at, and the first after the last."""

    def shape(op: Any, strings: Dims, counter: Dims) -> Dims:
        with_rank(strings, 1)
        return with_rank(counter, 0)

    def kernel(op: Any, strings: Any, counter: Any) -> Any:
        if not len(strings):
            raise invalid("The list of which a string is asked for is empty.")
        place = (counter.reshape(()) + 1) % len(strings)
        return place.reshape(counter.shape), objects([strings[int(place)]], ())
