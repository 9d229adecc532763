"""Small public names: histograms, passed gradients, learned samplers, switches of compilation, facts."""

from __future__ import division

import numpy as np

from . import Case, program
from .refused import outcome


@program
def histogram_fixed_width(tf):
    values = tf.constant([-1.0, 0.0, 1.5, 2.0, 5.0, 15.0])
    five = tf.histogram_fixed_width(values, [0.0, 5.0], nbins=5)
    named = tf.histogram_fixed_width([3, 1, 2], [0, 4], nbins=3, dtype=tf.int64, name="counts")
    hundred = tf.histogram_fixed_width(values, tf.constant([0.0, 5.0]))
    bins = tf.placeholder(tf.int32, [])
    unknown = tf.histogram_fixed_width(values, [0.0, 5.0], bins)
    facts = {"shapes": [str(x.shape) for x in (five, named, hundred, unknown)], "names": [five.name, named.name]}
    return Case([((five, named, hundred), None), (unknown, {bins: 2})], show=[five, named], facts=facts)


@program
def histogram_of_activations(tf):
    x = tf.placeholder(tf.float32, [None, 4])
    with tf.name_scope("activity"):
        h = tf.nn.relu(tf.matmul(x, tf.ones([4, 3])))
        counts = tf.histogram_fixed_width(h, tf.stack([tf.reduce_min(h), tf.reduce_max(h)]), nbins=4)
        share = counts / tf.reduce_sum(counts)
    return Case([((counts, share), {x: np.arange(12, dtype=np.float32).reshape(3, 4)})])


@program
def gradients_passed_through(tf):
    x = tf.constant([0.4, 1.6, -2.7])
    with tf.variable_scope("scope", use_resource=True):
        y = tf.grad_pass_through(tf.round)(x * 2.0)
        hard = tf.grad_pass_through(lambda a: tf.cast(a > 0, tf.float32))(x)
        w = tf.get_variable("w", initializer=[2.0, 3.0, 4.0])
        with_variable = tf.grad_pass_through(lambda a: a * w)(x)
        grads = tf.gradients([y, hard, with_variable], [x])
    refused = outcome(lambda: tf.grad_pass_through(tf.round)(x))
    return Case([((y, hard, with_variable, grads), None)], init=True, facts={"without a scope": refused})


@program
def learned_unigram_candidates(tf):
    true = tf.placeholder(tf.int64, [2, 1])
    sampled = tf.nn.learned_unigram_candidate_sampler(true, 1, 4, True, 6, seed=3)
    plain = tf.random.learned_unigram_candidate_sampler(true, 1, 5, False, 6, seed=4, name="plain")
    few = {true: [[1], [1]]}
    return Case([((sampled, plain), few), ((sampled, plain), few), (sampled, {true: [[5], [2]]}), (plain, few)],
                facts={"shapes": [str(x.shape) for x in sampled]})


@program
def learned_unigram_of_two(tf):
    true = tf.constant([[1, 2], [1, 0], [3, 1]], tf.int64)
    sampled = tf.nn.learned_unigram_candidate_sampler(true, 2, 3, True, 7, seed=11)
    weights, biases = tf.ones([7, 2]), tf.zeros([7])
    loss = tf.nn.nce_loss(weights, biases, true, tf.ones([3, 2]), 3, 7, num_true=2, sampled_values=sampled)
    return Case([(sampled, None), (loss, None), (sampled, None)])


@program
def a_fact(tf):
    fact = tf.user_ops.my_fact()
    return Case([(fact, None)], show=[fact])


@program
def scopes_of_compilation(tf):
    with tf.xla.experimental.jit_scope():
        a = tf.constant(1.0) * 2.0
    with tf.xla.experimental.jit_scope(False):
        b = a + 1.0
    with tf.xla.experimental.jit_scope(compile_ops=lambda node: node.op == "MatMul", separate_compiled_gradients=True):
        c = tf.matmul([[b]], [[a]])
        with tf.xla.experimental.jit_scope():
            d = c - 1.0
    (gradient,) = tf.gradients(d, [a])
    return Case([((a, b, c, d, gradient), None)])


@program
def descriptions_of_summaries(tf):
    old = tf.NodeDef(op="TensorSummary")
    old.attr["description"].s = b'{"typeHint": "histogram"}'
    scalar = tf.summary.scalar("a", 1.0)
    status = tf.errors.raise_exception_on_not_ok_status()
    with status:
        pass
    facts = {"old": str(tf.summary.get_summary_description(old)).strip(),
             "scalar": outcome(lambda: tf.summary.get_summary_description(scalar.op.node_def)),
             "second": tf.summary.all_v2_summary_ops(),
             "initialize": outcome(tf.summary.initialize),
             "op library": outcome(lambda: tf.load_op_library("nothing.so")),
             "file system": outcome(lambda: tf.load_file_system_library("nothing.so")),
             "read ahead": tf.resource_loader.readahead_file_path("a/b"),
             "beside": tf.resource_loader.get_path_to_datafile("words.txt").replace("\\", "/").split("/")[-2:],
             "folder": tf.resource_loader.get_data_files_path().replace("\\", "/").split("/")[-1]}
    return Case(facts=facts)
