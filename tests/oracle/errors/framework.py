"""Refused by graphs, nodes, constants and sessions themselves."""

from __future__ import division

import numpy as np

from . import refused


@refused("missing attr", "dtype", "signature= -> output:dtype")
def create_op_without_an_attr(tf, sess):
    tf.get_default_graph().create_op("Placeholder", [], [tf.int32])


@refused("not registered", "NoSuchKind")
def create_op_of_no_kind(tf, sess):
    tf.get_default_graph().create_op("NoSuchKind", [], [tf.float32])


@refused("2 errors", "passed float expected bool")
def create_op_of_two_wrong_types(tf, sess):
    one = tf.constant(1.0)
    tf.get_default_graph().create_op("LogicalAnd", [one, one], [tf.bool])


@refused("Inconsistent values", "DT_INT32 vs. DT_FLOAT")
def create_op_of_types_that_disagree(tf, sess):
    tf.get_default_graph().create_op("Add", [tf.constant(1), tf.constant(1.0)], [tf.int32])


@refused("expected ref type")
def create_op_without_a_ref(tf, sess):
    tf.get_default_graph().create_op("RefIdentity", [tf.constant(1.0)], [tf.float32])


@refused("not in the list of allowed values")
def create_op_of_a_type_it_does_not_take(tf, sess):
    tf.get_default_graph().create_op("Sqrt", [tf.constant(1)], [tf.int32])


@refused("list index out of range")
def create_op_with_too_few_inputs(tf, sess):
    tf.get_default_graph().create_op("Add", [tf.constant(1)], [tf.int32])


@refused("")
def create_op_with_too_many_inputs(tf, sess):
    one = tf.constant(1.0)
    tf.get_default_graph().create_op("Add", [one, one, one], [tf.float32])


@refused("node_def needs to be a NodeDef")
def operation_of_a_number(tf, sess):
    tf.Operation(3, tf.get_default_graph())


@refused("not a valid node name")
def operation_with_a_bad_name(tf, sess):
    tf.Operation(tf.NodeDef(op="NoOp", name="two words"), tf.get_default_graph())


@refused("op must be an Operation")
def control_input_that_is_a_tensor(tf, sess):
    tf.no_op()._add_control_input(tf.constant(1))


@refused("Cannot update edge", "index [1]")
def update_of_an_input_beyond_the_last(tf, sess):
    tf.identity(1.0).op._update_input(1, tf.constant(2.0))


@refused("iterating over `tf.Tensor` is not allowed")
def control_dependencies_of_a_tensor(tf, sess):
    tf.get_default_graph().control_dependencies(tf.constant(1))


@refused("is not an element of this graph")
def control_dependency_of_another_graph(tf, sess):
    with tf.Graph().as_default():
        other = tf.constant(1)
    tf.get_default_graph().control_dependencies([other])


@refused("Expected binary or unicode string, got None")
def device_function_without_a_result(tf, sess):
    with tf.device(lambda op: None):
        tf.constant(1)


@refused("multiple device types")
def device_of_two_types(tf, sess):
    with tf.device("/cpu:0/gpu:0"):
        tf.constant(1)


@refused("attr_map must be a dictionary")
def attr_scope_of_numbers(tf, sess):
    with tf.get_default_graph()._attr_scope({"_a": 3}):
        tf.no_op()


@refused("op_to_kernel_label_map must be a dictionary")
def kernel_labels_of_numbers(tf, sess):
    with tf.get_default_graph()._kernel_label_map({3: "label"}):
        tf.no_op()


@refused("Argument must be a dense tensor", "wanted [2]")
def constant_of_a_list_of_arrays(tf, sess):
    tf.constant([np.zeros(2), np.zeros(2)])


@refused("Expected float32", "ndarray")
def constant_of_a_list_of_arrays_with_a_type(tf, sess):
    tf.constant([np.zeros(2), np.zeros(2)], tf.float32)


@refused("List of Tensors when single Tensor expected")
def constant_of_tensors(tf, sess):
    tf.constant([tf.constant(1), 2])


@refused("Too many elements provided", "-1")
def constant_of_a_negative_shape(tf, sess):
    tf.constant(1, shape=[-1])


@refused("Expected qint8, got 1")
def constant_of_quantized_ints(tf, sess):
    tf.constant([1, 2], tf.qint8)


@refused("Tensor conversion requested dtype int32", "IndexedSlices")
def slices_of_another_type(tf, sess):
    tf.convert_to_tensor_or_indexed_slices(tf.IndexedSlices(tf.constant([1.0]), tf.constant([0])), tf.int32)


@refused("Session has been closed")
def devices_of_a_closed_session(tf, sess):
    other = tf.Session()
    other.close()
    other.list_devices()


@refused("Session has been closed", kills_session=True)
def run_after_a_reset(tf, sess):
    other = tf.Session()
    other.run(tf.constant(1))
    tf.Session.reset("")
    other.run(tf.constant(1))


@refused("can't be computed from the feeds that have been fed so far")
def partial_run_before_its_feed(tf, sess):
    x, y = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
    total = x + y
    handle = sess.partial_run_setup([total], [x, y])
    sess.partial_run(handle, total, {x: 1.0})


@refused("requires empty target_list")
def partial_run_of_an_operation(tf, sess):
    x = tf.placeholder(tf.float32, [])
    double = x * 2
    handle = sess.partial_run_setup([double.op], [x])
    sess.partial_run(handle, double.op, {x: 1.0})


@refused("Invalid inter_op_thread_pool: 3")
def run_in_a_pool_that_is_not_there(tf, sess):
    sess.run(tf.constant(1), options=tf.RunOptions(inter_op_thread_pool=3))


@refused("No CPU devices are available")
def session_without_a_cpu(tf, sess):
    tf.Session(config=tf.ConfigProto(device_count={"CPU": 0})).run(tf.constant(1))


@refused("not compatible with Tensor type", python_words=True)
def feed_of_a_number_for_a_string(tf, sess):
    text = tf.placeholder(tf.string)
    sess.run(text, {text: 3})
