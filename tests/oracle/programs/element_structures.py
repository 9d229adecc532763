"""Structures of elements of data sets: how they nest, their specs, ragged tensors and TensorArrays as elements."""

from __future__ import division

import collections
import functools

from . import Case, program
from .functions import internal
from .refused import outcome

Pair = collections.namedtuple("Pair", ["x", "y"])


def _util(tf, name):
    return internal(tf, "tensorflow.python.data.util." + name)


def said(function, *args, **kwargs):
    """What a call gives, or the words of what it raises."""
    return outcome(functools.partial(function, *args, **kwargs)).replace("<type '", "<class '")


def _shapes(function, *args):
    return [tensor.shape for tensor in function(*args)]


def _dense(tf, element):
    """An element whose ragged tensors come apart."""
    if isinstance(element, tf.RaggedTensor):
        return [element.flat_values] + list(element.nested_row_splits)
    return {key: _dense(tf, part) for key, part in element.items()} if isinstance(element, dict) else element


@program
def element_nests(tf):
    nest = _util(tf, "nest")
    values = [1, (1, 2), [1, 2], {"a": (2, 3)}, Pair(1, (2,)), ((1, 2), 3), (), ((), 1), Pair((1,), {"q": 5})]
    facts = {}
    for i, one in enumerate(values):
        facts["flat %d" % i] = str(nest.flatten(one))
        facts["packed %d" % i] = said(nest.pack_sequence_as, one, [7, 8])
        for j, other in enumerate(values):
            facts["alike %d %d" % (i, j)] = [said(nest.assert_same_structure, one, other, check_types=check)
                                             for check in (True, False)]
            facts["shallow %d %d" % (i, j)] = said(nest.flatten_up_to, one, other)
    facts["mapped"] = str(nest.map_structure_up_to((1, (2,)), lambda a, b: (a, b), ([1], (2,)), (3, (4,))))
    facts["no function"] = outcome(lambda: nest.map_structure(1, 2))
    facts["no structure"] = outcome(lambda: nest.map_structure(lambda x: x))
    facts["keyword"] = outcome(lambda: nest.map_structure(lambda x: x, 1, other=2))
    return Case([(tf.constant(0), None)], facts=facts)


@program
def element_specs(tf):
    structure, sparse, convert = (_util(tf, name) for name in ("structure", "sparse", "convert"))
    elements = [tf.constant(1), tf.constant([1.0, 2.0]), tf.SparseTensor([[0, 0]], [1.0], [2, 3]),
                tf.ragged.constant([[1], [2, 3]]), {"a": tf.constant([1])}, (tf.constant("a"), tf.constant([2]))]
    facts, fetched = {}, []
    for i, element in enumerate(elements):
        spec = structure.type_spec_from_value(element)
        tensors = structure.to_tensor_list(spec, element)
        facts["spec %d" % i] = [str(spec), str(structure.get_flat_tensor_types(spec)),
                                str(structure.get_flat_tensor_shapes(spec)), str([t.shape for t in tensors])]
        facts["rows %d" % i] = said(_shapes, structure.to_batched_tensor_list, spec, element)
        facts["wrong %d" % i] = [said(structure.from_tensor_list, spec, tensors * 2),
                                 said(structure.from_tensor_list, spec, [tf.constant("a", name="text")])]
        fetched.append(_dense(tf, structure.from_tensor_list(spec, tensors)))
        facts["compatible %d" % i] = [structure.are_compatible(spec, structure.type_spec_from_value(other))
                                      for other in elements]
        classes = sparse.get_classes(element)
        facts["sparse %d" % i] = sparse.any_sparse(classes)
    for shape in ([None, 3], 3, tf.TensorShape(None), tf.constant([1.0], name="real")):
        facts["partial %s" % shape] = said(lambda given: convert.partial_shape_to_tensor(given).shape, shape)
    facts["optional"] = [convert.optional_param_to_tensor("size", value).name for value in (None, 3)]
    return Case([(fetched, None)], facts=facts)


def _each(tf, *datasets):
    gets = [_dense(tf, dataset.make_one_shot_iterator().get_next()) for dataset in datasets]
    return Case([(get, None) for get in gets], facts={"specs": [str(dataset.element_spec) for dataset in datasets]})


@program
def dataset_of_ragged_tensors(tf):
    ragged = tf.ragged.constant([[[1], []], [[2, 3]]])
    one = tf.data.Dataset.from_tensors(ragged)
    rows = tf.data.Dataset.from_tensor_slices({"a": ragged, "b": [1, 2]})
    batches = tf.data.Dataset.from_tensor_slices(tf.ragged.constant([[1], [2, 3], []])).batch(2)
    dropped = tf.data.Dataset.from_tensor_slices(tf.ragged.constant([[1], [2, 3], []])).batch(2, drop_remainder=True)
    made = tf.data.Dataset.range(3, 5).map(lambda n: tf.RaggedTensor.from_row_lengths(tf.range(n), [n - 1, 1])).batch(2)
    return _each(tf, one, rows, batches, dropped, made)


@program
def dataset_of_tensor_arrays(tf):
    def filled(n):
        return tf.TensorArray(tf.int64, 2, element_shape=[]).write(0, n).write(1, n + 1)

    arrays = tf.data.Dataset.range(5, 7).map(filled)
    case = _each(tf, arrays.map(lambda array: array.stack()))
    case.facts["spec"] = str(arrays.element_spec)
    return case


@program
def dataset_options_merged(tf):
    def options(**given):
        made = tf.data.Options()
        for name, value in given.items():
            setattr(made, name, value)
        return made

    slack, loose = options(experimental_slack=True), options(experimental_deterministic=False)
    stats, stats.experimental_stats.prefix = tf.data.Options(), "p"
    shares, shares.experimental_distribute.auto_shard = tf.data.Options(), False
    both = slack.merge(loose).merge(stats).merge(shares)
    facts = {"both": [both.experimental_slack, both.experimental_deterministic, both.experimental_stats.prefix,
                      both.experimental_distribute.auto_shard, both == slack],
             "conflict": outcome(lambda: loose.merge(options(experimental_deterministic=True))),
             "true is a number": said(setattr, slack.experimental_threading, "private_threadpool_size", True)}
    return Case([(tf.constant(0), None)], facts=facts)
