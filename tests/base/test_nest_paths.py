"""`nest` beside `tf.nest`: structures followed as deep as another goes, leaves with their paths; answers are 1.15's."""

import collections

import pytest

from tfmagic import tf
from tfmagic.tf.internal import module

nest = module("tensorflow.python.util.nest")
Point = collections.namedtuple("Point", "x y")
LENGTHS = "The two structures don't have the same sequence length. Input structure has length {}, while shallow"


def test_the_same_module_is_in_contrib():
    assert tf.contrib.framework.nest is nest


def test_flattening_as_deep_as_another_structure():
    assert nest.flatten_up_to([1, 2], [[3, 4], 5]) == [[3, 4], 5]
    assert nest.flatten_up_to([1, [2]], [[3, 4], [{"a": 5}]]) == [[3, 4], {"a": 5}]
    assert nest.flatten_up_to(1, [2, 3]) == [[2, 3]]
    assert nest.flatten_up_to([1, 2], (1, 2), check_types=False) == [1, 2]
    assert nest.flatten_up_to(Point(1, 2), Point([3], 4)) == [[3], 4]
    assert nest.flatten_with_tuple_paths_up_to([1, {"a": 2}], [[3], {"a": [4]}]) == [((0,), [3]), ((1, "a"), [4])]


@pytest.mark.parametrize(("shallow", "tree", "kind", "text"), [
    ([1, 2], [1], ValueError, LENGTHS.format(1)),
    ({"a": 1}, {"a": [2], "b": 3}, ValueError, LENGTHS.format(2)),
    ({"a": 1, "c": 2}, {"a": [2], "b": 3}, ValueError, "The shallow_tree's keys are not a subset of the input_tree's"),
    ([1, 2], (1, 2), TypeError, "The two structures don't have the same sequence type. Input structure has type"),
    ([[1]], [2], TypeError, "If shallow structure is a sequence, input must also be a sequence. Input has type")])
def test_a_structure_that_does_not_go_as_deep_is_refused(shallow, tree, kind, text):
    for function in (nest.assert_shallow_structure, nest.flatten_up_to):
        with pytest.raises(kind) as raised:
            function(shallow, tree)
        assert str(raised.value).startswith(text)


def test_mapping_as_deep_as_another_structure():
    assert nest.map_structure_up_to([1, 2], lambda a, b: (a, b), [[3, 4], 5], [6, [7]]) == [([3, 4], 6), (5, [7])]
    assert nest.map_structure_up_to({"b": 1, "a": 2}, lambda a: a * 2, {"a": [1], "b": 3}) == {"a": [1, 1], "b": 6}
    assert nest.map_structure_with_tuple_paths_up_to([1, 2], lambda p, a: (p, a), [[3], 4]) == [((0,), [3]), ((1,), 4)]
    with pytest.raises(ValueError, match="Cannot map over no sequences"):
        nest.map_structure_up_to([1], lambda a: a)


def test_leaves_with_their_paths():
    given = {"a": [1, (2, 3)], "b": Point(4, 5)}
    assert nest.flatten_with_joined_string_paths(given) == [("a/0", 1), ("a/1/0", 2), ("a/1/1", 3), ("b/x", 4),
                                                            ("b/y", 5)]
    assert nest.flatten_with_tuple_paths(given)[1] == (("a", 1, 0), 2)
    assert nest.flatten_with_joined_string_paths(3) == [("", 3)]
    assert nest.map_structure_with_paths(lambda p, a, b: (p, a + b), {"a": [1, 2]}, {"a": [3, 4]}) == {
        "a": [("a/0", 4), ("a/1", 6)]}
    assert nest.map_structure_with_tuple_paths(lambda p, a: (p, a), [1]) == [((0,), 1)]


def test_a_shallow_structure_by_a_function():
    assert nest.get_traverse_shallow_structure(lambda s: isinstance(s, list), [1, (2, 3), [4]]) == [False, False,
                                                                                                   [False]]
    assert nest.get_traverse_shallow_structure(lambda s: [True, False] if isinstance(s, list) else True,
                                               [[1, 2], [3]]) == [[True, False], False]
    with pytest.raises(TypeError, match="traverse_fn returned a non-bool scalar: 3 for input"):
        nest.get_traverse_shallow_structure(lambda s: 3, [1])


def test_what_is_a_sequence():
    assert [nest.is_sequence(value) for value in ([1], "a", {"a": 1}, Point(1, 2), {1})] == [True, False, True, True,
                                                                                             False]
    assert nest.is_sequence_or_composite(tf.SparseTensor([[0]], [1], [1]))
