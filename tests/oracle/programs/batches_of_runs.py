"""What several runs of a session compute together: Batch, Unbatch, their gradients, functions of batches."""

import numpy as np

from . import Case, program
from .queues import Runs, attempted

NONE = np.zeros([0, 3], np.int64)


def batch(tf, tensors, **attrs):
    given = {"num_batch_threads": 1, "max_batch_size": 2, "batch_timeout_micros": 400000, "grad_timeout_micros": 0}
    return tf.raw_ops.Batch(in_tensors=tensors, **dict(given, **attrs))


def unbatch(tf, name="", microseconds=2000000):
    values = tf.placeholder(tf.int32, name="values")
    index = tf.placeholder(tf.int64, name="index")
    own = tf.placeholder(tf.int64, name="own")
    return values, index, own, tf.raw_ops.Unbatch(batched_tensor=values, batch_index=index, id=own, shared_name=name,
                                                  timeout_micros=microseconds)


@program
def nodes_of_batches(tf):
    x = tf.placeholder(tf.float32, [3, None], name="x")
    y = tf.placeholder(tf.float32, name="y")
    assert tf.contrib.batching.batch_function  # TensorFlow registers the gradients when this is imported
    made = batch(tf, [x, y, tf.zeros([3, 2])], batching_queue="q", allowed_batch_sizes=[1, 2])
    part = tf.raw_ops.Unbatch(batched_tensor=made.batched_tensors[0] * 2., batch_index=made.batch_index, id=made.id,
                              timeout_micros=7)
    grads = tf.gradients(part * part, [x, made.batched_tensors[0]])
    return Case(show=list(made.batched_tensors) + [made.batch_index, made.id, part] + grads)


@program
def batches_of_runs(tf):
    run = Runs(tf)
    x = tf.placeholder(tf.int32, name="x")
    run(x, {x: 1})
    made = batch(tf, [x, tf.fill(tf.shape(x)[:1], "a")], max_batch_size=5, batch_timeout_micros=1500000)
    rows = made.batched_tensors + [made.batch_index[:, 1:]]
    first = run.behind(rows, {x: [1, 2]})
    second = run.behind(rows, {x: [3]})
    run(rows, {x: [4, 5]})
    first()
    second()
    run(rows, {x: [7]})
    run(rows, {x: []})
    run(rows, {x: [1] * 6})
    filled = batch(tf, [x], max_batch_size=4, allowed_batch_sizes=[3, 4])
    run(filled.batched_tensors[0], {x: [[5, 6]]})
    run(batch(tf, [x]).batched_tensors, {x: 1})
    run(batch(tf, [x, [1]]).batched_tensors, {x: [1, 2]})
    crowded = batch(tf, [x], max_enqueued_batches=1, batch_timeout_micros=900000).batched_tensors
    first = run.behind(crowded, {x: [1]})
    run(crowded, {x: [2, 3]})
    run(crowded, {x: [4]})
    first()
    named = [batch(tf, [x * scale], shared_name="met", batching_queue=queue).batched_tensors
             for scale, queue in ((1, ""), (10, ""), (100, "other"))]
    first = run.behind(named[0], {x: [1]})
    other = run.behind(named[2], {x: [1]})
    run(named[1], {x: [2]})
    first()
    other()
    for kind, value in ((tf.bool, [True]), (tf.float16, [1.]), (tf.complex64, [1]), (tf.uint64, [1]), (tf.int8, [1])):
        run(tf.cast(batch(tf, [tf.constant(value, kind)], batch_timeout_micros=0).batched_tensors[0], tf.string)
            if kind == tf.string else batch(tf, [tf.constant(value, kind)], batch_timeout_micros=0).batch_index[:, 1:])
    return run.case()


@program
def batches_refused(tf):
    run = Runs(tf)
    for attrs in ({"num_batch_threads": 0}, {"max_batch_size": 0}, {"batch_timeout_micros": -1},
                  {"allowed_batch_sizes": [1, 1]}, {"allowed_batch_sizes": [2, 3]}, {"max_enqueued_batches": 0},
                  {"grad_timeout_micros": -1}):
        run(batch(tf, [[1]], **dict({"batch_timeout_micros": 1000}, **attrs)).batched_tensors[0])
    tries = [lambda: batch(tf, []), lambda: batch(tf, [1]),
             lambda: tf.raw_ops.Unbatch(batched_tensor=3, batch_index=[[1, 2, 3]], id=5, timeout_micros=1)]
    case = run.case()
    case.facts["refused"] = attempted(tries).facts["came"]
    return case


@program
def unbatched(tf):
    run = Runs(tf)
    values, index, own, part = unbatch(tf)
    run(part, {values: [1, 2, 3], index: [[5, 0, 3]], own: 5})
    run(part, {values: [[1, 2], [3, 4]], index: [[6, 1, 2], [5, 0, 1]], own: 5})
    run(part, {values: [1, 2, 3], index: [[7, 0, 2], [8, 2, 5]], own: 7})
    run(part, {values: [1, 2, 3], index: [[9, 0, 0], [10, 0, 3]], own: 9})
    run(part, {values: [1, 2, 3], index: [[5, 0]], own: 5})
    for batch_is_first in (True, False):
        runs = [{values: [1, 2, 3], index: [[20, 0, 1], [21, 1, 3]], own: 21}, {values: [], index: NONE, own: 20}]
        first = run.behind(part, runs[not batch_is_first])
        run(part, runs[batch_is_first])
        first()
    waiting = run.behind(part, {values: [], index: NONE, own: 30})
    run(part, {values: [], index: NONE, own: 30})
    run(part, {values: [1], index: [[30, 0, 1]], own: 31})
    waiting()
    short = unbatch(tf, "short", 1000)
    run(short[3], {short[0]: [1], short[1]: [[1, 0, 1]], short[2]: 2})
    run(short[3], {short[0]: [1], short[1]: [[1, 0, 1]], short[2]: 3})
    return run.case()


@program
def unbatched_gradients(tf):
    run = Runs(tf)
    values, index, own, _ = unbatch(tf)
    gradient = tf.placeholder(tf.int32, name="gradient")
    whole = tf.raw_ops.UnbatchGrad(original_input=values, batch_index=index, grad=gradient, id=own)
    run(whole, {values: [1, 2, 3], index: [[1, 0, 3]], gradient: [5, 6, 7], own: 1})
    run(whole, {values: [1, 2, 3], index: NONE, gradient: [5], own: 1})
    for batch_is_first in (True, False):
        runs = [{values: [1, 2, 3], index: [[10, 0, 1], [11, 1, 3]], gradient: [4], own: 11},
                {values: [], index: NONE, gradient: [5, 6], own: 10}]
        first = run.behind(whole, runs[not batch_is_first])
        run(whole, runs[batch_is_first])
        first()
    run(whole, {values: [], index: NONE, gradient: [5, 6], own: 40})
    run(whole, {values: [], index: NONE, gradient: [5, 6], own: 40})
    return run.case(show=str(whole.shape))


@program
def batches_trained(tf):
    """Two runs compute a batch and its gradient together."""
    run = Runs(tf)
    x = tf.placeholder(tf.float32, [None], name="x")
    assert tf.contrib.batching.batch_function  # TensorFlow registers the gradients when this is imported
    made = batch(tf, [x], batch_timeout_micros=2000000, grad_timeout_micros=2000000)
    part = tf.raw_ops.Unbatch(batched_tensor=made.batched_tensors[0] * 3., batch_index=made.batch_index, id=made.id,
                              timeout_micros=2000000)
    for fetches in ([part] + tf.gradients(part * x, made.batched_tensors[0]), tf.gradients(part * 2., x)):
        first = run.behind(fetches, {x: [1.]})
        run(fetches, {x: [5.]})
        first()
    return run.case()


@program
def batch_functions(tf):
    x = tf.placeholder(tf.int32, [1], name="x")
    y = tf.placeholder(tf.float32, [None, 2], name="y")
    beside = tf.constant([100])
    w, w2 = tf.Variable(3.), tf.Variable(4., use_resource=True)

    @tf.nondifferentiable_batch_function(1, 10, 1000, allowed_batch_sizes=[3, 10])
    def two(a, b):
        return a + beside, b * 2. * w * w2

    @tf.nondifferentiable_batch_function(1, 10, 1000, autograph=False)
    def nested(a):
        return {"b": a, "a": (a, [a + 1])}

    made, parts = two(x, y), nested(x)
    steps = [(made, {x: [1], y: [[1, 2]]}), (parts, {x: [1]})]
    batched = tf.nondifferentiable_batch_function(1, 2, 3)
    facts = attempted([lambda: nested(w), lambda: batched(lambda a: None)(x),
                       lambda: batched(lambda: tf.constant([1]))()]).facts
    for what, call in (("gradient", lambda: tf.gradients(made[1], y)), ("list", lambda: two(x, [1.])),
                       ("number", lambda: two(1, 2))):
        try:
            call()
        except (LookupError, AttributeError) as error:
            facts[what] = str(error).split("\n")[0]
    return Case(steps=steps, init=True, show=made + parts, facts=facts)


@program
def batch_functions_run(tf):
    run = Runs(tf)
    x = tf.placeholder(tf.int32, name="x")

    def function(call, *args, **kwargs):
        return tf.contrib.batching.batch_function(*(args or (1, 10, 400000)), **kwargs)(call)(x)

    doubled = function(lambda a: a + a)
    first = run.behind(doubled, {x: [2]})
    run(doubled, {x: [3, 4]})
    first()
    checked = function(lambda a: tf.check_numerics(tf.cast(a, tf.float32) * np.inf, "no number"))
    run(checked, {x: [2]})
    run.came[-1] = run.came[-1].replace("[_Derived_]", "")  # TensorFlow says so now and then
    run(function(tf.reduce_sum), {x: [1]})
    run(function(lambda a: tf.constant([1, 2])), {x: [1]})
    small = function(lambda a: a + 1, 1, 2, 1000)
    for value in (1, [1] * 3, [], [[2, 3], [3, 4]]):
        run(small, {x: value})
    for args, kwargs in (((0, 2, 1), {}), ((1, 0, 1), {}), ((1, 2, -1), {}),
                         ((1, 2, 1), {"allowed_batch_sizes": [1, 1]}), ((1, 4, 1), {"allowed_batch_sizes": [2, 3]}),
                         ((1, 4, 1), {"max_enqueued_batches": 0})):
        run(function(lambda a: a + 1, *args, **kwargs), {x: [4]})
    return run.case()
