"""Lists of tensors as variants, with their gradients: what functional loops keep their values in."""

import re

from . import Case, program
from .queues import Runs


def rows_of(tf, name="x"):
    return tf.placeholder(tf.float32, [3, 2], name=name)


VALUES = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]


def from_tensor(tf, x, shape=(2,)):
    return tf.raw_ops.TensorListFromTensor(tensor=x, element_shape=list(shape))


def stack(tf, handle, count=-1):
    return tf.raw_ops.TensorListStack(input_handle=handle, element_shape=[2], element_dtype=tf.float32,
                                      num_elements=count)


@program
def list_push_and_stack(tf):
    x = tf.placeholder(tf.float32, [2], name="x")
    handle = tf.raw_ops.EmptyTensorList(element_shape=[2], max_num_elements=-1, element_dtype=tf.float32)
    for factor in (1.0, 2.0, 3.0):
        handle = tf.raw_ops.TensorListPushBack(input_handle=handle, tensor=x * factor)
    y = stack(tf, handle)
    g = tf.gradients(y * y, x)
    return Case(steps=[([y, g, tf.raw_ops.TensorListLength(input_handle=handle)], {x: [1.0, 2.0]})], show=[y, g])


@program
def list_pop(tf):
    x = rows_of(tf)
    handle, last = tf.raw_ops.TensorListPopBack(input_handle=from_tensor(tf, x), element_shape=[2],
                                                element_dtype=tf.float32)
    _, second = tf.raw_ops.TensorListPopBack(input_handle=handle, element_shape=[2], element_dtype=tf.float32)
    g = tf.gradients(last * second, x)
    return Case(steps=[([last, second, g], {x: VALUES})], show=[last, g])


@program
def list_get_and_set(tf):
    x = rows_of(tf)
    v = tf.placeholder(tf.float32, [2], name="v")
    i = tf.placeholder(tf.int32, [], name="i")
    changed = tf.raw_ops.TensorListSetItem(input_handle=from_tensor(tf, x), index=i, item=v)
    first = tf.raw_ops.TensorListGetItem(input_handle=changed, index=0, element_shape=[2], element_dtype=tf.float32)
    y = stack(tf, changed, 3)
    g = tf.gradients([y * y, first * 3.0], [x, v])
    return Case(steps=[([y, first, g], {x: VALUES, v: [7.0, 8.0], i: 1}), ([y, g], {x: VALUES, v: [7.0, 8.0], i: 0})],
                show=[y, g])


@program
def list_resize(tf):
    x = rows_of(tf)
    handle = tf.raw_ops.TensorListResize(input_handle=from_tensor(tf, x), size=5)
    y = stack(tf, handle)
    g = tf.gradients(y * y, x)
    return Case(steps=[([y, g], {x: VALUES})], show=[y, g])


@program
def list_gather(tf):
    x = rows_of(tf)
    y = tf.raw_ops.TensorListGather(input_handle=from_tensor(tf, x), indices=[2, 0], element_shape=[2],
                                    element_dtype=tf.float32)
    g = tf.gradients(y * y, x)
    return Case(steps=[([y, g], {x: VALUES})], show=[y, g])


@program
def list_scatter(tf):
    x = rows_of(tf)
    old = tf.raw_ops.TensorListScatter(tensor=x, indices=[2, 0, 1], element_shape=[2])
    new = tf.raw_ops.TensorListScatterV2(tensor=x, indices=[2, 0, 3], element_shape=[2], num_elements=5)
    ys = [stack(tf, old), stack(tf, new)]
    g = tf.gradients([y * y for y in ys], x)
    return Case(steps=[([ys, g], {x: VALUES})], show=[ys[0], g])


@program
def list_scatter_onto(tf):
    x = rows_of(tf)
    v = tf.placeholder(tf.float32, [2, 2], name="v")
    handle = tf.raw_ops.TensorListScatterIntoExistingList(input_handle=from_tensor(tf, x), tensor=v, indices=[2, 0])
    y = stack(tf, handle)
    g = tf.gradients(y * y, [x, v])
    return Case(steps=[([y, g], {x: VALUES, v: [[7.0, 8.0], [9.0, 10.0]]})], show=[y, g])


@program
def list_concat(tf):
    x = tf.placeholder(tf.float32, [2, 2], name="x")
    handle = tf.raw_ops.EmptyTensorList(element_shape=[-1, 2], max_num_elements=-1, element_dtype=tf.float32)
    for count in (1, 2):
        handle = tf.raw_ops.TensorListPushBack(input_handle=handle, tensor=x[:count])
    old = tf.raw_ops.TensorListConcat(input_handle=handle, element_dtype=tf.float32, element_shape=[None, 2])
    new = tf.raw_ops.TensorListConcatV2(input_handle=handle, element_dtype=tf.float32, element_shape=[-1, 2],
                                        leading_dims=tf.constant([], tf.int64))
    g = tf.gradients([old[0] * old[0], new[0]], x)
    return Case(steps=[([old, new, g], {x: [[1.0, 2.0], [3.0, 4.0]]})], show=[old[0], g])


@program
def list_split(tf):
    x = rows_of(tf)
    handle = tf.raw_ops.TensorListSplit(tensor=x, element_shape=[-1, 2], lengths=tf.constant([1, 2], tf.int64))
    y = tf.raw_ops.TensorListGetItem(input_handle=handle, index=1, element_shape=[2, 2], element_dtype=tf.float32)
    g = tf.gradients(y * y, x)
    return Case(steps=[([y, g], {x: VALUES})], show=[y, g])


@program
def list_lengths_unknown(tf):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    handle = from_tensor(tf, x)
    y = stack(tf, handle)
    z = tf.raw_ops.TensorListStack(input_handle=tf.raw_ops.TensorListConcatLists(
        input_a=handle, input_b=from_tensor(tf, x), element_dtype=tf.float32), element_shape=[2],
        element_dtype=tf.float32)
    g = tf.gradients(y * y, x)
    return Case(steps=[([y, z, g], {x: VALUES}), ([y, z, g], {x: VALUES[:1]})], show=[y, z, g])


@program
def list_in_a_loop(tf):
    n = tf.placeholder(tf.int32, [], name="n")
    empty = tf.raw_ops.EmptyTensorList(element_shape=tf.constant([], tf.int32), max_num_elements=-1,
                                       element_dtype=tf.int32)

    def body(i, handle):
        return i + 1, tf.raw_ops.TensorListPushBack(input_handle=handle, tensor=i * i)

    _, handle = tf.while_loop(lambda i, handle: i < n, body, [0, empty], back_prop=False)
    y = tf.raw_ops.TensorListStack(input_handle=handle, element_shape=tf.constant([], tf.int32),
                                   element_dtype=tf.int32)
    return Case(steps=[(y, {n: 5}), (y, {n: 0})], show=[y])


@program
def list_of_strings(tf):
    handle = tf.raw_ops.TensorListReserve(element_shape=[2], num_elements=2, element_dtype=tf.string)
    handle = tf.raw_ops.TensorListSetItem(input_handle=handle, index=1, item=["a", "b"])
    y = tf.raw_ops.TensorListStack(input_handle=handle, element_shape=[2], element_dtype=tf.string)
    return Case(steps=[(y, None)], show=[y])


@program
def list_of_scalars(tf):
    x = tf.placeholder(tf.float32, [3], name="x")
    scalar = tf.constant([], tf.int32)
    handle = tf.raw_ops.TensorListFromTensor(tensor=x, element_shape=scalar)
    y = tf.raw_ops.TensorListStack(input_handle=handle, element_shape=scalar, element_dtype=tf.float32)
    return Case(steps=[(tf.gradients(y * y, x), {x: [1.0, 2.0, 3.0]})], show=[y])


@program
def arrays_partly_written(tf):
    """What is missing is zeros where the array or the node knows the shape."""
    run = Runs(tf)
    for dtype, value in ((tf.float32, 1.5), (tf.int32, 2), (tf.bool, True), (tf.string, "s")):
        array = tf.TensorArray(dtype, 3, clear_after_read=False)
        run(array.stack())
        array.write(1, value)
        run(array.stack())
        run(array.gather([0, 2]))
        run(array.read(0))
        written = tf.TensorArray(dtype, 3, infer_shape=False).write(1, [value])
        run(written.stack())
        run(tf.TensorArray(dtype, 0, element_shape=[2]).stack())
        run(tf.TensorArray(dtype, 0, element_shape=[]).concat())
        run(tf.TensorArray(dtype, -1, element_shape=[]).stack())
    # An array is numbered among all that the process has made.
    run.came = [re.sub(r"TensorArray_[\d_]+", "TensorArray_N", came) if isinstance(came, str) else came
                for came in run.came]
    return run.case()
