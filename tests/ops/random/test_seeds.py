"""Seeds of graph and op together, as TensorFlow 1.15 combines them."""

from __future__ import annotations

import pytest

from tfmagic.graph.convert import constant
from tfmagic.ops.random.seeds import DEFAULT_GRAPH_SEED, get_seed, set_random_seed

pytestmark = pytest.mark.usefixtures("graph")


def test_no_seed_at_all():
    assert get_seed(None) == (None, None)


def test_an_op_seed_alone_goes_with_the_default_graph_seed():
    assert get_seed(5) == (DEFAULT_GRAPH_SEED, 5) == (87654321, 5)


def test_a_graph_seed_alone_goes_with_the_number_of_the_newest_node():
    set_random_seed(42)
    assert get_seed(None) == (42, 0)
    constant(1)
    constant(2)
    assert get_seed(None) == (42, 2)


def test_both_seeds():
    set_random_seed(42)
    assert get_seed(7) == (42, 7)


def test_seeds_are_taken_modulo_the_largest_int32():
    set_random_seed(-1)
    assert get_seed(2**31) == (2**31 - 2, 1)


def test_two_zeros_would_mean_no_seed():
    set_random_seed(0)
    assert get_seed(0) == (0, 2**31 - 1)
    assert get_seed(None) == (0, 2**31 - 1)
    constant(1)
    assert get_seed(None) == (0, 1)


def test_a_graph_seed_can_be_taken_away():
    set_random_seed(42)
    set_random_seed(None)
    assert get_seed(None) == (None, None)
