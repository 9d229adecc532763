"""What programs build with functions of TensorFlow's that were never public: scores of attention, barriers, nodes."""

from . import Case, program
from .functions import internal


@program
def internal_scores_of_attention(tf):
    attention = internal(tf, "tensorflow.contrib.seq2seq.python.ops.attention_wrapper")
    memory, mask = tf.placeholder(tf.float32, [2, 3, 4]), tf.placeholder(tf.float32, [2, 3])
    score = tf.placeholder(tf.float32, [2, 3])
    kept = attention._prepare_memory(memory, memory_mask=mask)
    masked = attention._maybe_mask_score(score, memory_sequence_length=tf.constant([1, 2]), score_mask_value=-1.0)
    by_mask = attention._maybe_mask_score(score, memory_mask=mask > 0.5, score_mask_value=tf.constant(-3.0))
    forwards = attention._monotonic_probability_fn(score, mask, 0.0, "hard")
    noisy = attention._monotonic_probability_fn(score, mask, 0.5, "recursive", 3)
    query = attention._bahdanau_score(tf.ones([2, 4]), memory, tf.ones([4]))
    feeds = {memory: [[[1.0] * 4] * 3] * 2, mask: [[1.0, 0.0, 1.0]] * 2, score: [[0.5, -1.0, 2.0]] * 2}
    return Case(steps=[([kept, masked, by_mask, forwards, query], feeds)],
                show=[kept, masked, by_mask, forwards, noisy])


@program
def internal_linear(tf):
    linear = internal(tf, "tensorflow.contrib.rnn.python.ops.core_rnn_cell")._linear
    x, y = tf.ones([2, 3]), tf.ones([2, 4])
    with tf.variable_scope("both"):
        both = linear([x, y], 5, True, kernel_initializer=tf.ones_initializer())
    with tf.variable_scope("one"):
        one = linear(x, 2, False, kernel_initializer=tf.ones_initializer())
    return Case(steps=[([both, one], None)], init=True, show=[both, one])


@program
def internal_barrier(tf):
    barriers = internal(tf, "tensorflow.python.ops.data_flow_ops")
    barrier = barriers.Barrier((tf.float32, tf.float32), shapes=((), (2,)), shared_name="x", name="B")
    first = barrier.insert_many(0, ["a", "b"], [1.0, 2.0])
    second = barrier.insert_many(1, ["a"], [[1.0, 2.0]], name="second")
    one, all_left = barrier.take_many(1), barrier.take_many(2, allow_small_batch=True)
    sizes, close = [barrier.ready_size(), barrier.incomplete_size()], barrier.close(True)
    unknown = barriers.Barrier(tf.float32).take_many(1)
    steps = [(first, None), (second, None), (sizes, None), (tuple(one), None), (sizes, None), (close, None)]
    return Case(steps=steps, show=[barrier.barrier_ref, one.indices, one.values[1], all_left.keys, unknown.values[0]],
                facts={"name": barrier.name, "type": type(one).__name__})


@program
def internal_nodes_of_variables(tf):
    state = internal(tf, "tensorflow.python.ops.state_ops")
    held = state.variable_op_v2([2, None], tf.float32)
    loose = state.variable_op([2], tf.float32, name="v", set_shape=False)
    given = state.init_variable(state.variable_op([2], tf.float32), tf.constant([1.0, 2.0]))
    made = state.init_variable(tf.Variable([1.0, 2.0]), lambda shape, dtype: tf.zeros(shape, dtype))
    return Case(steps=[([given, made], None)], show=[held, loose, given, made])


@program
def internal_hessian_vector_product(tf):
    x = tf.placeholder(tf.float32, [2])
    product = internal(tf, "tensorflow.python.ops.gradients_impl")._hessian_vector_product(
        [tf.reduce_sum(x ** 3)], [x], [tf.constant([1.0, 0.0])])
    return Case(steps=[(product, {x: [2.0, 3.0]})])


@program
def internal_mnist_network(tf):
    mnist = internal(tf, "tensorflow.examples.tutorials.mnist.mnist")
    pictures, labels = tf.placeholder(tf.float32, [4, mnist.IMAGE_PIXELS]), tf.placeholder(tf.int32, [4])
    tf.set_random_seed(1)
    logits = mnist.inference(pictures, 8, 6)
    loss = mnist.loss(logits, labels)
    train, right = mnist.training(loss, 0.01), mnist.evaluation(logits, labels)
    feeds = {pictures: [[0.5] * 784, [0.1] * 784, [0.9] * 784, [0.0] * 784], labels: [1, 2, 3, 4]}
    return Case(steps=[(loss, feeds), (train, feeds), ([loss, right], feeds)], init=True, show=[loss, right])


@program
def internal_weighted_moving_average(tf):
    averages = internal(tf, "tensorflow.python.training.moving_averages")
    true = averages.weighted_moving_average(tf.constant([1.0, 2.0]), 0.9, tf.constant(3.0))
    down = averages.weighted_moving_average(tf.constant([1, 2]), 0.9, tf.constant(3), truediv=False, name="N")
    return Case(steps=[(true, None), (true, None)], init=True, show=[true, down])


@program
def internal_lookups(tf):
    tables = internal(tf, "tensorflow.python.ops.lookup_ops")
    table = tables.HashTable(tables.KeyValueTensorInitializer(["a", "b"], [1, 2]), -1)
    return Case(steps=[(tf.tables_initializer(), None), (table.lookup(tf.constant(["b", "c"])), None)])


@program
def internal_switches(tf):
    flow = internal(tf, "tensorflow.python.ops.control_flow_ops")
    variable, pred = tf.Variable(1.0, name="v"), tf.constant(True)
    reference = flow._SwitchRefOrTensor(variable._ref(), pred)
    plain = flow._SwitchRefOrTensor(tf.constant(1.0), pred, name="S")
    return Case(steps=[(plain[1], None)], show=[reference[0], plain[1]])


@program
def internal_questions_about_control_flow(tf):
    util = internal(tf, "tensorflow.python.ops.control_flow_util")
    tf.while_loop(lambda i: i < 3, lambda i: i + tf.cond(i < 1, lambda: 1, lambda: 2), [0])
    asked = [util.IsCondMerge, util.IsLoopMerge, util.IsInCond, util.IsInWhileLoop, util.IsInXLAContext, util.IsSwitch,
             util.IsCondSwitch, util.IsLoopSwitch, util.IsLoopEnter, util.IsLoopExit, util.IsMerge]
    return Case(facts={op.name: "".join("01"[bool(ask(op))] for ask in asked)
                       for op in tf.get_default_graph().get_operations()})


@program
def internal_merging_of_devices(tf):
    device = internal(tf, "tensorflow.python.framework.device")
    with tf.device("/job:a"):
        with tf.device(device.merge_device("/gpu:1")):
            tf.constant(1)
        with tf.device(device.merge_device(tf.DeviceSpec(job="b", device_type="CPU", device_index=0))):
            tf.constant(1)
    named = (None, "/job:a/cpu:0", tf.DeviceSpec(job="x"))
    return Case(facts={"names": [device.canonical_name(name) for name in named],
                       "specs": [device.is_device_spec(thing) for thing in (tf.DeviceSpec(), "/cpu:0")]})


def _internal_forms(tf):
    """Functions in the form of TensorFlow 2."""
    nn, array, math, string, gradients = [internal(tf, "tensorflow.python.ops." + name) for name in (
        "nn_ops", "array_ops", "math_ops", "string_ops", "gradients_impl")]
    ops = internal(tf, "tensorflow.python.framework.ops")
    x, picture = tf.reshape(tf.range(6.0), [2, 3]), tf.ones([1, 4, 4, 1])
    return [
        nn.conv2d_v2(picture, tf.ones([2, 2, 1, 1]), 1, "SAME"),
        nn.conv2d_v2(picture, filters=tf.ones([2, 2, 1, 1]), strides=[1, 2], padding="VALID", dilations=1),
        nn.dropout_v2(x, 0.3, noise_shape=[2, 1], seed=3, name="d"), nn.in_top_k_v2(tf.constant([1, 2]), x, 2),
        nn.softmax_cross_entropy_with_logits_v2(x, x), array.boolean_mask_v2(x, [True, False]),
        array.boolean_mask_v2(x, [True, False, True], axis=1),
        array.batch_to_space_v2(tf.ones([4, 1, 1, 1]), [2, 2], [[0, 0], [0, 0]]),
        array.batch_to_space_v2(tf.ones([4, 1, 1, 1]), 2, [[0, 0], [0, 0]]),
        array.space_to_batch_v2(tf.ones([1, 2, 2, 1]), [2, 2], [[0, 0], [0, 0]]),
        array.depth_to_space_v2(tf.ones([1, 1, 1, 4]), 2), array.space_to_depth_v2(tf.ones([1, 2, 2, 1]), 2),
        array.gather_nd_v2(x, [[0, 1]]), array.gather_v2(x, [0]), array.gather_v2(x, [0], axis=1),
        array.gather_v2(x, [[0], [1]], batch_dims=1), array.pad_v2(x, [[1, 1], [0, 0]]),
        array.pad_v2(x, [[1, 1], [0, 0]], "REFLECT"), array.shape_v2(x), array.size_v2(x, tf.int64),
        array.transpose_v2(x), array.ones_like_v2(x, tf.int32), array.zeros_like_v2(x), array.listdiff([1, 2], [2]),
        math.argmax_v2(x), math.argmin_v2(x, 1, tf.int32), math.count_nonzero_v2(x, 1),
        string.reduce_join_v2(["a", "b"]),
        string.reduce_join_v2([["a", "b"]], 1, True, "-"), string.string_length_v2("ab"), string.substr_v2("abc", 1, 1),
        string.string_split(["a b"]), string.string_to_hash_bucket(["a"], 3), string.string_to_number(["1"]),
        gradients.gradients_v2(x * 2, x), ops.convert_to_tensor_v2(1, dtype_hint=tf.float32, name="n")]


@program
def internal_forms_of_tensorflow_2(tf):
    return Case(steps=[(_internal_forms(tf), None)])


@program
def internal_changes_in_place(tf):
    inplace = internal(tf, "tensorflow.python.ops.inplace_ops")
    rows = tf.reshape(tf.range(6.0), [3, 2])
    changed = [inplace.inplace_update(rows, [0, 2], [[7.0, 7.0], [8.0, 8.0]]), inplace.inplace_add(rows, 1, [1.0, 2.0]),
               inplace.inplace_sub(rows, None, tf.ones([3, 2])), inplace.empty_like(rows, init=True)]
    return Case(steps=[(changed, None)])


@program
def internal_beam_search(tf):
    """One step of a beam search by itself, its scores, and rows gathered by beams."""
    search = internal(tf, "tensorflow.contrib.seq2seq.python.ops.beam_search_decoder")
    numbers = tf.reshape(tf.cast(tf.range(20) % 7, tf.float32), [2, 2, 5])
    state = search.BeamSearchDecoderState(
        cell_state=tf.zeros([4, 2]), log_probs=tf.nn.log_softmax(tf.ones([2, 2])),
        lengths=tf.constant([[2, 2], [2, 2]], tf.int64), finished=tf.constant([[False, True], [False, False]]),
        accumulated_attention_probs=())
    output, after = search._beam_search_step(2, numbers, tf.zeros([2, 2, 2]), state, 2, 2, 0, 0.6, 0.0)
    scores = search._get_scores(tf.constant([[[-0.1, -2.0, -3.0]]]), tf.constant([[[1, 2, 3]]]), 0.6, 0.2,
                                tf.constant([[True]]), tf.constant([[[0.2, 0.0]]]))
    gathered = search._tensor_gather_helper(tf.constant([[0, 1], [1, 0]]), numbers[:, :, 0], 2, 2, [4])
    found = [output.scores, output.predicted_ids, output.parent_ids, after.log_probs, after.finished, after.lengths,
             scores, gathered]
    return Case(steps=[(found, None)], show=found)
