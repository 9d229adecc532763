"""What user code does with the objects of a graph beside computing: attributes of its own, truth, iteration, copies."""

from __future__ import annotations

import copy
import weakref

import numpy as np
import pytest

from tfmagic import tf

pytestmark = pytest.mark.usefixtures("graph")


def objects():
    """One of each kind on which libraries hang something of their own, in TensorFlow 1.15."""
    x = tf.constant([1.0, 2.0], name="x")
    return {
        "tensor": x, "operation": x.op, "variable": tf.Variable(1.0),
        "resource variable": tf.get_variable("r", [2], use_resource=True), "graph": tf.get_default_graph(),
        "session": tf.Session(), "shape": tf.TensorShape([1, None]), "dimension": tf.Dimension(3),
        "dtype": tf.as_dtype("uint16"), "slices": tf.IndexedSlices(x, tf.constant([0])),
        "sparse tensor": tf.SparseTensor([[0]], [1.0], [2]), "optimizer": tf.train.AdamOptimizer(),
        "layer": tf.layers.Dense(3), "initializer": tf.zeros_initializer(), "scope": tf.get_variable_scope(),
        "array": tf.TensorArray(tf.float32, 3), "error": tf.errors.NotFoundError(None, None, "no"),
    }


@pytest.mark.parametrize("kind", ["tensor", "operation", "variable", "resource variable", "graph", "session", "shape",
                                  "dimension", "dtype", "slices", "sparse tensor", "optimizer", "layer", "initializer",
                                  "scope", "array", "error"])
def test_an_object_takes_an_attribute_of_the_users(kind) -> None:
    thing = objects()[kind]
    thing.owner = "layer"
    assert thing.owner == "layer" and "owner" in vars(thing)
    assert weakref.ref(thing)() is thing
    del thing.owner
    assert not hasattr(thing, "owner")


def test_an_attribute_is_its_own_objects_alone() -> None:
    a, b = tf.constant(1.0), tf.constant(2.0)
    a.note = "a"
    assert not hasattr(b, "note") and not hasattr(a.op, "note")


def test_a_node_keeps_no_dict_until_somebody_needs_one(graph) -> None:
    """A graph of a million nodes pays for attributes where they are."""
    x = tf.constant(1.0)
    assert not vars(x) and not vars(x.op)


def test_asking_a_tensor_for_an_iterator_is_no_error_stepping_is() -> None:
    steps = iter(tf.constant([1.0, 2.0]))
    with pytest.raises(TypeError, match="iterating over `tf.Tensor` is not allowed in Graph execution"):
        next(steps)
    with pytest.raises(TypeError, match="iterating over `tf.Tensor` is not allowed in Graph execution"):
        assert 1.0 in tf.constant([1.0])
    assert np.iterable(tf.constant(1.0))


@pytest.mark.parametrize("change", [lambda t: t.__setitem__(0, 1.0), lambda t: t.__delitem__(0)])
def test_elements_cannot_be_changed(change) -> None:
    with pytest.raises(TypeError, match="^'Tensor' object does(n't| not) support item (assignment|deletion)\n"):
        change(tf.constant([1.0]))


def test_a_reference_variable_is_true_and_a_resource_variable_has_no_truth() -> None:
    """`step or default` is written for reference variables; a resource variable is read first."""
    assert tf.Variable(0.0)
    with pytest.raises(TypeError, match="using a `tf.Tensor` as a Python `bool` is not allowed"):
        assert tf.get_variable("r", [], use_resource=True)


@pytest.mark.parametrize("resource", [False, True])
def test_an_array_of_variables_holds_the_variables(resource) -> None:
    variables = [tf.get_variable(name, [2], use_resource=resource) for name in "ab"]
    array = np.array(variables)
    assert array.dtype == object and list(array) == variables
    assert np.array(variables[0]).item() is variables[0]
    assert (np.ones(2, np.float32) * variables[0]).shape == [2]


def test_a_copy_of_a_node_is_the_node() -> None:
    x = tf.constant(1.0)
    assert copy.copy(x) is x and copy.copy(x.op) is x.op and copy.copy([x.op]) == [x.op]


def test_an_unknown_dimension_has_a_hash() -> None:
    assert hash(tf.Dimension(None)) == hash(tf.Dimension(None)) and hash(tf.Dimension(3)) == hash(3)
