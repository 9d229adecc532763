"""What is known of the elements of a list of tensors while a plan is made, so that who takes one knows its shape.

A list is a value that never changes, so what is known of it comes from the call that gave it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops.control_flow.contents import rows


class Elements(NamedTuple):
    """What is known of a list.

    Attributes:
      like: a meta tensor that stands for every element that is set; None: none was set so far.
      count: how many elements there are, or None.
      gaps: whether elements may be there that were never set.
    """

    like: Any
    count: int | None
    gaps: bool

    def with_one(self, value: Any, more: bool = False) -> Elements | None:
        """The list with one element set, whose value is known to be like `value`; `more`: behind the others."""
        return self.together(Elements(_meta(value), self.count, self.gaps), more) if _meta(value) is not None else None

    def together(self, other: Elements, forget_count: bool = False) -> Elements | None:
        """What is known of a list that may be this one or the other; None: nothing."""
        if self.like is not None and other.like is not None and not _alike(self.like, other.like):
            return None
        same = self.count == other.count and not forget_count
        return Elements(other.like if self.like is None else self.like, self.count if same else None,
                        self.gaps or other.gaps)

    def covers(self, other: Elements) -> bool:
        """Whether a list of which `other` is known may come where this was assumed: all that was concluded holds.

        Where none was set so far, nothing was concluded from the elements.
        """
        return (self.count is None or self.count == other.count) and self.gaps >= other.gaps \
            and (self.like is None or other.like is not None and _alike(self.like, other.like))

    def element(self, dims: Dims = None) -> Any:
        """A meta tensor for an element; `dims` are those that one would have which was never set."""
        return None if self.gaps and not self._fits(dims) else self.like

    def stacked(self, dims: Dims, count: int) -> Any:
        """A meta tensor for all elements as the rows of one; `count` of them unless that is -1."""
        count = count if count >= 0 or self.count is None else self.count
        return self.like.new_empty((count, *self.like.shape)) if count >= 0 and self._fits(dims) else None

    def _fits(self, dims: Dims) -> bool:
        return self.like is not None and (dims is None or len(dims) == self.like.dim() and all(
            wanted is None or wanted == size for wanted, size in zip(dims, self.like.shape)))


def of(known: Any) -> Elements | None:
    """What is known of a list, of what is known of any object."""
    return known if isinstance(known, Elements) else None


def of_rows(value: Any) -> Elements | None:
    """What is known of the list of the rows of a tensor, where `value` is known of that."""
    like = rows(value)
    return None if like is None else Elements(like, value.shape[0], False)


def _meta(value: Any) -> Any:
    return value.to("meta") if isinstance(value, torch.Tensor) else None


def _alike(one: Any, other: Any) -> bool:
    return one.shape == other.shape and one.dtype == other.dtype
