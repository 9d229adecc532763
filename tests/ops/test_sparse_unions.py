"""Coordinates of two sparse tensors, joined in order: as `torch.unique` gives them."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tfmagic.ops.sparse import combining


@st.composite
def pairs(draw: Any) -> list[torch.Tensor]:
    """Coordinates in a shape, each once and in order, twice."""
    shape = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    count = int(np.prod(shape))
    chosen = [sorted(draw(st.sets(st.integers(0, count - 1), max_size=12))) for _ in range(2)]
    return [torch.from_numpy(np.stack(np.unravel_index(np.array(part, np.int64), shape), 1)) for part in chosen]


@given(pair=pairs(), far=st.booleans())
def test_the_union_of_coordinates_and_the_places_in_it(pair: list[torch.Tensor], far: bool) -> None:
    a, b = (part * (1 << 40 if far else 1) for part in pair)  # their numbers may need more than 64 bits
    union, a_places, b_places = combining._union(a, b)
    if not len(a) + len(b):
        assert not len(union)
        return
    expected, places = torch.unique(torch.cat([a, b]), dim=0, return_inverse=True)
    assert torch.equal(union, expected) and torch.equal(torch.cat([a_places, b_places]), places)


@pytest.mark.parametrize("scale", [1, 1 << 40])
def test_coordinates_are_ordered_row_by_row_and_equal_ones_stay_as_they_were(scale: int) -> None:
    indices = torch.randint(0, 4, (200, 3), generator=torch.Generator().manual_seed(0)) * scale
    expected = sorted(range(200), key=lambda place: indices[place].tolist())
    assert combining._order(indices).tolist() == expected
    assert combining._order(torch.tensor([[1, -1], [0, 5], [1, -2]])).tolist() == [1, 2, 0]
