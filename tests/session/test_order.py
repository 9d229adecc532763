"""The one topological order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfmagic.session.plan.order import Cycle, in_order


@st.composite
def graphs(draw):
    """Nodes 0..n-1 in a drawn order, each waiting for smaller ones."""
    count = draw(st.integers(1, 20))
    before = {n: draw(st.lists(st.integers(0, n - 1), max_size=4)) if n else [] for n in range(count)}
    return draw(st.permutations(range(count))), before


@given(graphs())
def test_every_node_comes_once_and_after_what_it_waits_for(graph) -> None:
    nodes, before = graph
    order = in_order(nodes, before.__getitem__, lambda n: 0)
    assert sorted(order) == sorted(nodes)
    assert all(order.index(earlier) < order.index(n) for n in nodes for earlier in before[n])


@given(graphs(), st.integers(0, 1))
def test_of_those_that_are_ready_the_smallest_rank_comes_first(graph, odd) -> None:
    nodes, before = graph
    order = in_order(nodes, before.__getitem__, lambda n: (n % 2 == odd, n))
    done: set[int] = set()
    for node in order:
        ready = [n for n in nodes if n not in done and done.issuperset(before[n])]
        assert node == min(ready, key=lambda n: (n % 2 == odd, n))
        done.add(node)


def test_what_waits_for_itself_alone_or_for_strangers_is_ready() -> None:
    assert in_order([1, 2], lambda n: [n, 99], lambda n: n) == [1, 2]


def test_a_cycle_is_refused_and_names_one_of_its_nodes() -> None:
    with pytest.raises(Cycle) as caught:
        in_order([1, 2, 3], {1: [], 2: [3], 3: [2]}.__getitem__, lambda n: n)
    assert caught.value.node in (2, 3)
