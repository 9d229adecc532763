"""What is kept between steps by key: staging areas that are maps, and barriers; files read whole."""

import os
import tempfile

from . import Case, program


def staged_map(tf, prefix):
    """A map that is filled in parts, looked at, and emptied in parts."""
    raw = tf.raw_ops
    kinds = [tf.int32, tf.float32, tf.string]
    key = tf.placeholder(tf.int64, [], name="key")
    number, word = tf.placeholder(tf.int32, [], name="number"), tf.placeholder(tf.string, [None], name="word")

    def op(name, dtypes=kinds, **inputs):
        return getattr(raw, prefix + name)(dtypes=dtypes, shared_name="area", **inputs)

    whole = op("Stage", key=key, indices=[0, 1, 2], values=[number, tf.constant(2.5), word])
    first = op("Stage", key=key, indices=[0, 2], values=[number, word])
    rest = op("Stage", key=key, indices=[1], values=[tf.constant([1.5])])
    peek = op("Peek", key=key, indices=[0, 1, 2])
    taken = op("Unstage", key=key, indices=[0, 1, 2])
    part = op("Unstage", dtypes=[tf.int32], key=key, indices=[0])
    other = op("Unstage", dtypes=[tf.int32, tf.float32], key=key, indices=[1, 2])
    any_one = op("UnstageNoKey", indices=[0, 1, 2])
    sizes = [op("Size"), op("IncompleteSize")]
    clear = op("Clear")
    del other

    def feed(of, n=0, w=("a",)):
        return {key: of, number: n, word: list(w)}

    steps = [([whole], feed(3, 30)), (sizes, None), ([first], feed(9, 90, ["x", "y"])), (sizes, None),
             ([rest], feed(9)), (peek, feed(9)), (taken, feed(9)), (sizes, None), (list(any_one.values), None),
             (sizes, None), ([first], feed(1)), ([clear], None), (sizes, None)]
    return steps, list(peek) + list(any_one.values) + [any_one.key, part[0]] + sizes, whole, any_one, feed


@program
def map_stage(tf):
    steps, shown, _, _, _ = staged_map(tf, "Map")
    return Case(steps=steps, show=shown)


@program
def ordered_map_stage(tf):
    steps, shown, whole, any_one, feed = staged_map(tf, "OrderedMap")
    steps += [([whole], feed(k, k * 10)) for k in (5, -2, 7, 0)]
    steps += [([any_one.key, any_one.values[0]], None)] * 4
    return Case(steps=steps, show=shown)


@program
def barriers(tf):
    raw = tf.raw_ops
    handle = raw.Barrier(component_types=[tf.float32, tf.string], shapes=[[], [2]])
    keys = tf.placeholder(tf.string, [None], name="keys")
    numbers = tf.placeholder(tf.float32, [None], name="numbers")
    words = tf.placeholder(tf.string, [None, 2], name="words")
    insert = [raw.BarrierInsertMany(handle=handle, keys=keys, values=values, component_index=index)
              for index, values in enumerate((numbers, words))]
    take = [raw.BarrierTakeMany(handle=handle, num_elements=count, component_types=[tf.float32, tf.string],
                                allow_small_batch=small) for count, small in ((1, False), (2, False), (9, True))]
    sizes = [raw.BarrierReadySize(handle=handle), raw.BarrierIncompleteSize(handle=handle)]
    close = raw.BarrierClose(handle=handle)

    def parts(taken):
        return [taken.indices, taken.keys] + list(taken.values)

    steps = [(insert[0], {keys: ["a", "b", "c"], numbers: [1.0, 2.0, 3.0]}), (sizes, None),
             (insert[1], {keys: ["d", "b"], words: [["d", "e"], ["f", "g"]]}), (sizes, None),
             (insert[1], {keys: ["a"], words: [["p", "q"]]}), (parts(take[0]), None),
             (insert[0], {keys: ["d"], numbers: [4.0]}), (parts(take[1]), None), (sizes, None),
             (insert[1], {keys: ["c"], words: [["r", "s"]]}), (close, None), (parts(take[2]), None), (sizes, None)]
    return Case(steps=steps, show=[handle] + sizes + [out for each in take for out in parts(each)])


@program
def files_whole(tf):
    path = tf.placeholder(tf.string, [], name="path")
    text = tf.placeholder(tf.string, name="text")
    write = tf.write_file(path, text)
    read = tf.read_file(path, name="r")
    moment = tf.timestamp()
    later = moment > 1.5e9
    feed = {path: os.path.join(tempfile.mkdtemp(), "new", "file"), text: b"one\0two\n"}
    facts = {}
    with tf.Session() as session:
        for name, ops, given in (("lacking", read, {path: "/nowhere/at/all"}), ("vector", write, {
                path: "/nowhere/at/all", text: ["a"]})):
            try:
                session.run(ops, given)
            except tf.errors.OpError as error:
                facts[name] = [type(error).__name__, str(error).split("\n")[0]]
    return Case(steps=[(write, feed), (read, feed), (later, None)], show=[read, moment], facts=facts)
