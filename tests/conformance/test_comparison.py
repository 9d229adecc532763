"""The comparison sees whatever a graph, a value or a message can differ in."""

import copy

import pytest
from oracle import compare
from oracle.errors import ErrorCase

NODES = [
    {"name": "a", "op": "Const", "shapes": "[2]",
     "attrs": {"dtype": "float", "value": {"dtype": "float", "shape": [2], "values": [1.0], "stored": 1}}},
    {"name": "b", "op": "Neg", "inputs": ["a"], "attrs": {"T": "float"}, "shapes": "[2]", "device": "/device:CPU:0"},
    {"name": "c", "op": "NoOp", "inputs": ["^a", "^b"]},
]  # fmt: skip


def changed(place, **fields):
    nodes = copy.deepcopy(NODES)
    nodes[place].update(fields)
    return nodes


def stored_whole():
    nodes = copy.deepcopy(NODES)
    del nodes[0]["attrs"]["value"]["stored"]
    return nodes


def test_equal_nodes_have_no_difference():
    assert compare.node_differences(NODES, copy.deepcopy(NODES)) == []


@pytest.mark.parametrize("actual", [
    NODES[:2], [*NODES, {"name": "d", "op": "NoOp"}], [NODES[1], NODES[0], NODES[2]], changed(1, op="Abs"),
    changed(1, inputs=["a:1"]), changed(2, inputs=["^b", "^a"]), changed(1, attrs={"T": "double"}),
    changed(1, attrs={}), changed(1, shapes="[?]"), changed(1, device=""), stored_whole(),
])  # fmt: skip
def test_one_difference_of_nodes_is_one_line(actual):
    assert len(compare.node_differences(NODES, actual)) == 1


@pytest.mark.parametrize(("wanted", "found", "equal"), [
    (1.0, 1.0000001, True), (1.0, 1.001, False), (1, True, False), ("nan", "nan", True), ([1, 2], [1], False),
    ("(1+2j)", "(1.0000001+2j)", True), ("(1+2j)", "(1+3j)", False), ({"a": 1}, {"b": 1}, False),
    ({"a": [1.0]}, {"a": [1.0]}, True),
])  # fmt: skip
def test_numbers_are_compared_within_a_tolerance(wanted, found, equal):
    assert compare.same(wanted, found) is equal


@pytest.mark.parametrize(("raised", "lines"), [
    (ValueError("No such thing: 3"), 0), (ValueError("No such thing: 3\nMore words"), 0),
    (TypeError("No such thing: 3"), 1), (ValueError("Nothing of the kind: 3"), 1), (ValueError("No such thing: 4"), 2),
    (None, 1),
])  # fmt: skip
def test_class_first_line_and_words_of_an_error_count(raised, lines):
    expected = {"class": "ValueError", "node": None, "message": "No such thing: 3\n[[node x]]"}
    assert len(compare.error_differences(expected, ErrorCase(None, ("3",)), raised, True)) == lines
