"""tf.contrib.slim's data: readers in parallel, queues that fetch ahead, decoders of examples, providers of items."""

import collections
import os

from . import Case, program
from .monitored import watched


def written(tf, watch, count=6):
    """A file of examples."""
    path = os.path.join(watch.folder, "examples")
    with tf.python_io.TFRecordWriter(path) as writer:
        for i in range(count):
            feature = tf.train.Feature(int64_list=tf.train.Int64List(value=[i * i]))
            writer.write(tf.train.Example(features=tf.train.Features(feature={"label": feature})).SerializeToString())
    return path


def filled(tf, fetches, times, local=True):
    """What a run gives, with the threads of queues."""
    found = []
    with tf.Session() as sess:
        sess.run(tf.local_variables_initializer())
        coordinator = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(sess, coordinator)
        try:
            for _ in range(times):
                found.append(sess.run(fetches))
        except tf.errors.OutOfRangeError:
            found.append("end")
        coordinator.request_stop()
        coordinator.join(threads)
    return found


@program
def slim_readers(tf):
    """A name of a folder is not in the graph: a placeholder's place is taken by a pattern that is looked up."""
    reader = tf.contrib.slim.parallel_reader
    with watched(tf) as watch:
        path = written(tf, watch)
        facts = {"files": [len(reader.get_data_files([path, path])), len(reader.get_data_files(path[:-3] + "*"))]}
        watch.fails(lambda: reader.get_data_files(path + "?"))
        with tf.Graph().as_default():
            _, value = reader.single_pass_read(path, tf.TFRecordReader)
            label = tf.parse_single_example(value, {"label": tf.FixedLenFeature([], tf.int64)})["label"]
            facts["once"] = [each if each == "end" else int(each) for each in filled(tf, label, 8)]
        with tf.Graph().as_default():
            _, value = reader.parallel_read(path, tf.TFRecordReader, num_epochs=2, num_readers=1, shuffle=False)
            label = tf.parse_single_example(value, {"label": tf.FixedLenFeature([], tf.int64)})["label"]
            facts["twice"] = [each if each == "end" else int(each) for each in filled(tf, label, 14)]
    reader.parallel_read(["some", "files"], tf.TFRecordReader, num_readers=2, seed=3)
    reader.parallel_read("a", tf.TFRecordReader, num_readers=1, shuffle=False, scope="plain", capacity=8)
    key = reader.single_pass_read("a", tf.TextLineReader, reader_kwargs={"skip_header_lines": 1})
    return Case(show=list(key), facts=facts)


@program
def slim_prefetch_queue(tf):
    prefetch = tf.contrib.slim.prefetch_queue.prefetch_queue
    first = prefetch([tf.ones([2]), tf.constant(3)], capacity=4).dequeue()
    second = prefetch({"b": tf.constant(3), "a": tf.ones([2])}, num_threads=2, dynamic_pad=True, name="pf").dequeue()
    values = filled(tf, [first[1], second["a"]], 2)
    return Case(show=[first[0], second["a"], second["b"]], facts={"values": [[int(a), b.tolist()] for a, b in values]})


def example(tf, **features):
    made = {}
    for name, values in features.items():
        if isinstance(values[0], bytes):
            made[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
        elif isinstance(values[0], float):
            made[name] = tf.train.Feature(float_list=tf.train.FloatList(value=values))
        else:
            made[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=values))
    return tf.train.Example(features=tf.train.Features(feature=made)).SerializeToString()


@program
def slim_decoded_tensors(tf):
    decoder = tf.contrib.slim.tfexample_decoder
    serialized = tf.placeholder(tf.string, [], name="s")
    features = {"label": tf.FixedLenFeature([], tf.int64), "v": tf.VarLenFeature(tf.float32),
                "shape": tf.VarLenFeature(tf.int64)}
    handlers = {"label": decoder.Tensor("label"), "v": decoder.Tensor("v", shape_keys="shape"),
                "w": decoder.Tensor("v", shape=[2, -1], default_value=1.0), "flat": decoder.Tensor("v"),
                "one": decoder.Tensor("label", shape=[1])}
    made = decoder.TFExampleDecoder(features, handlers)
    tensors = made.decode(serialized, ["label", "v", "w", "flat", "one"])
    feeds = {serialized: example(tf, label=[7], v=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], shape=[3, 2])}
    return Case(steps=[(tensors, feeds)], show=tensors, facts={"items": sorted(made.list_items())})


@program
def slim_decoded_boxes_and_others(tf):
    decoder = tf.contrib.slim.tfexample_decoder
    serialized = tf.placeholder(tf.string, [], name="s")
    features = {name: tf.VarLenFeature(tf.float32) for name in ("ymin", "xmin", "ymax", "xmax", "v", "none")}
    features["i"] = tf.VarLenFeature(tf.int64)
    handlers = {"box": decoder.BoundingBox(), "sparse": decoder.SparseTensor("i", "v", shape=[10], densify=True),
                "twice": decoder.ItemHandlerCallback(["v"], lambda found: found["v"].values * 2.0),
                "backup": decoder.BackupHandler(decoder.Tensor("none"), decoder.Tensor("v"))}
    tensors = decoder.TFExampleDecoder(features, handlers).decode(serialized, ["box", "sparse", "twice", "backup"])
    feeds = {serialized: example(tf, ymin=[0.1, 0.2], xmin=[0.3, 0.4], ymax=[0.5, 0.6], xmax=[0.7, 0.8], v=[4.0, 5.0],
                                 i=[2, 6])}
    said = []
    for make in (lambda: decoder.BoundingBox(["a"]), lambda: decoder.Tensor("a", shape_keys="b", shape=[1]),
                 lambda: decoder.BackupHandler(decoder.Tensor("v"), "none")):
        try:
            make()
        except ValueError as error:
            said.append(str(error).replace("<type", "<class"))
    return Case(steps=[(tensors, feeds)], show=tensors, facts={"said": said})


@program
def slim_decoded_lookup(tf):
    decoder = tf.contrib.slim.tfexample_decoder
    serialized = tf.placeholder(tf.string, [], name="s")
    table = tf.contrib.lookup.index_table_from_tensor(tf.constant(["a", "b", "c"]))
    handlers = {"place": decoder.LookupTensor("word", table, default_value="z")}
    tensors = decoder.TFExampleDecoder({"word": tf.VarLenFeature(tf.string)}, handlers).decode(serialized)
    with tf.Session() as sess:
        sess.run(tf.tables_initializer())
        value = sess.run(tensors, {serialized: example(tf, word=[b"c", b"x", b"a"])})
    return Case(show=tensors, facts={"value": value[0].tolist()})


@program
def slim_decoded_image(tf):
    decoder = tf.contrib.slim.tfexample_decoder
    serialized = tf.placeholder(tf.string, [], name="s")
    pixels = tf.reshape(tf.cast(tf.range(24), tf.uint8), [2, 4, 3])
    handlers = {"image": decoder.Image(shape=[2, 4, 3])}
    tensors = decoder.TFExampleDecoder({"image/encoded": tf.FixedLenFeature([], tf.string),
                                        "image/format": tf.FixedLenFeature([], tf.string, default_value="png")},
                                       handlers).decode(serialized)
    with tf.Session() as sess:
        png = sess.run(tf.image.encode_png(pixels))
    values = {"image/encoded": [png]}
    raw = {"image/encoded": [bytes(bytearray(range(24)))], "image/format": [b"raw"]}
    return Case(steps=[(tensors, {serialized: example(tf, **values)}), (tensors, {serialized: example(tf, **raw)})][:1],
                show=tensors)


@program
def slim_provider(tf):
    slim = tf.contrib.slim
    with watched(tf) as watch:
        path = written(tf, watch)
        decoder = slim.tfexample_decoder.TFExampleDecoder({"label": tf.FixedLenFeature([], tf.int64)},
                                                          {"label": slim.tfexample_decoder.Tensor("label")})

        def provider(where, **options):
            data = slim.dataset.Dataset([where], tf.TFRecordReader, decoder, 6, {"label": "squares"}, extra=3)
            return slim.dataset_data_provider.DatasetDataProvider(data, shuffle=False, **options), data

        with tf.Graph().as_default():
            made, data = provider(path, num_epochs=1)
            found = [each if each == "end" else int(each[0]) for each in filled(tf, made.get(["label"]), 8)]
        made, data = provider("a")
        watch.fails(lambda: made.get("label"))
        watch.fails(lambda: provider("a", record_key="label"))
        return Case(show=made.get(["label", "record_key"]),
                    facts={"found": found, "said": watch.said, "items": sorted(made.list_items()),
                           "samples": made.num_samples(), "data": sorted(data.__dict__)})


@program
def contrib_framework_helpers(tf):
    framework = tf.contrib.framework
    a, b = tf.placeholder(tf.float32, [4, 1], name="a"), tf.placeholder(tf.float32, [4], name="b")
    u, i = tf.placeholder(tf.float32, name="u"), tf.placeholder(tf.int32, [], name="i")
    pairs = [framework.remove_squeezable_dimensions(a, b), framework.remove_squeezable_dimensions(b, a),
             framework.remove_squeezable_dimensions(u, b)]
    sums = [framework.reduce_sum_n([a, b]), framework.reduce_sum_n([i], name="one"), framework.assert_scalar_int(i)]
    said = []
    for make in (lambda: framework.reduce_sum_n([]), lambda: framework.assert_scalar_int(b),
                 lambda: framework.assert_scalar_int(tf.constant([1, 2], name="pair"))):
        try:
            make()
        except ValueError as error:
            said.append(str(error).split(":")[0])
    names = [framework.prepend_name_scope(*p) for p in (("a/b", "c"), ("^a/b", "c"), ("loc:@a", "c/"), ("a", ""))]
    scoped = (("c/a/b", "c"), ("^c/a:0", "c"), ("loc:@c/a:0", "c/"), ("a", "c"))
    names += [framework.strip_name_scope(*p) for p in scoped]
    chooser = framework.VariableDeviceChooser(num_tasks=2)
    places = [chooser(a.op) for _ in range(3)]
    places += [framework.VariableDeviceChooser()(a.op),
               framework.VariableDeviceChooser(1, "worker", "GPU", 2, replica=1)(a.op)]
    with tf.name_scope("outer"):
        scope = framework.get_name_scope()
    known = [bool(framework.smart_constant_value(tf.constant(True))), framework.smart_constant_value(a > 1.0) is None,
             framework.smart_cond(True, lambda: 1, lambda: 2)]
    return Case(show=[t for pair in pairs for t in pair] + sums + framework.get_placeholders(tf.get_default_graph()),
                facts={"said": said, "names": names, "places": places, "scope": scope, "known": known,
                       "same": framework.get_graph_from_inputs([a, b]) is tf.get_default_graph()})


@program
def features_of_examples_in_order(tf):
    """Features get their shapes again in the order of their names, whatever the order in which they were told."""
    slim = tf.contrib.slim
    features = [("z", tf.FixedLenFeature((), tf.string, "")), ("c/format", tf.FixedLenFeature((), tf.string, "raw")),
                ("c/class/label", tf.FixedLenFeature([1], tf.int64)), ("v", tf.VarLenFeature(tf.int64)),
                ("b", tf.FixedLenFeature([2], tf.int64))]
    show = []
    for told in (features, features[::-1]):
        handlers = collections.OrderedDict([(key, slim.tfexample_decoder.Tensor(key)) for key in ("v", "z", "b")])
        decoder = slim.tfexample_decoder.TFExampleDecoder(collections.OrderedDict(told), handlers)
        show += decoder.decode(tf.constant("text")) + decoder.decode(tf.constant("text"), ["b", "z"])
    return Case(show=show, facts={"items": decoder.list_items()})
