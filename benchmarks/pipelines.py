"""Input pipelines: datasets, and queues that threads of the program fill.

This file is read by the peer's interpreter too, which may be a Python 2.
"""

import atexit
import os
import tempfile

import numpy as np

from benchmarks.programs import digits, session


def new_file():
    """The path of a new file, gone with the process."""
    handle, path = tempfile.mkstemp()
    os.close(handle)
    atexit.register(os.remove, path)
    return path


def records(tf, count=100000):
    """A file of small examples."""
    random = np.random.RandomState(0)
    path = new_file()
    with tf.python_io.TFRecordWriter(path) as writer:
        for index, numbers in enumerate(random.rand(count, 10).tolist()):
            writer.write(tf.train.Example(features=tf.train.Features(feature={
                "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[index % 10])),
                "numbers": tf.train.Feature(float_list=tf.train.FloatList(value=numbers)),
            })).SerializeToString())
    return path, {"label": tf.FixedLenFeature([], tf.int64), "numbers": tf.FixedLenFeature([10], tf.float32)}


def batches(tf, threads, data):
    """A record of a pipeline that gives them in batches of 100."""
    following = data.repeat().make_one_shot_iterator().get_next()
    sess = session(tf, threads)
    return (lambda: sess.run(following)), 100


def parse_single(tf, threads):
    """A record of 100,000 parsed one by one, shuffled and batched."""
    path, features = records(tf)
    data = tf.data.TFRecordDataset(path).map(lambda record: tf.parse_single_example(record, features))
    return batches(tf, threads, data.shuffle(10000).batch(100))


def parse_batch(tf, threads):
    """A record of 100,000 shuffled, batched and parsed by the batch."""
    path, features = records(tf)
    data = tf.data.TFRecordDataset(path).shuffle(10000).batch(100)
    return batches(tf, threads, data.map(lambda record: tf.parse_example(record, features)))


def parse_image(tf, threads):
    """A picture of 10,000: parsed, decoded from bytes, scaled, shuffled and batched."""
    path, random = new_file(), np.random.RandomState(0)
    with tf.python_io.TFRecordWriter(path) as writer:
        for index in range(10000):
            writer.write(tf.train.Example(features=tf.train.Features(feature={
                "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[index % 10])),
                "image": tf.train.Feature(bytes_list=tf.train.BytesList(
                    value=[random.randint(0, 256, 784).astype(np.uint8).tobytes()])),
            })).SerializeToString())

    def parsed(record):
        features = tf.parse_single_example(record, {
            "label": tf.FixedLenFeature([], tf.int64), "image": tf.FixedLenFeature([], tf.string)})
        image = tf.cast(tf.decode_raw(features["image"], tf.uint8), tf.float32) * (1.0 / 255) - 0.5
        return tf.reshape(image, [28, 28, 1]), tf.cast(features["label"], tf.int32)

    return batches(tf, threads, tf.data.TFRecordDataset(path).map(parsed).shuffle(1000).batch(100))


def photos(tf, threads, count=40):
    """A photo of 200 x 300 pixels: decoded from JPEG, resized, flipped by chance, batched."""
    wave = np.linspace(0, 9, 200)[:, None, None] * np.ones([1, 300, 3]) + np.linspace(0, 7, 300)[None, :, None]
    sess = session(tf, threads)
    pixels = tf.placeholder(tf.uint8, [None, None, 3])
    encoded = tf.image.encode_jpeg(pixels)
    files = [sess.run(encoded, {pixels: (127 + 120 * np.sin(wave * (1 + index / 9.0))).astype(np.uint8)})
             for index in range(count)]

    def decoded(file):
        image = tf.image.resize_images(tf.image.decode_jpeg(file, channels=3), [128, 128])
        return tf.image.random_flip_left_right(image / 255.0)

    return batches(tf, threads, tf.data.Dataset.from_tensor_slices(files).map(decoded).batch(count))[0], count


def slices(tf, threads):
    """A row of arrays in memory, shuffled, repeated, batched, prefetched."""
    images, labels = digits(10000)
    data = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(10000).repeat().batch(100).prefetch(1)
    return batches(tf, threads, data)


def map_slices(tf, threads):
    """A row of arrays in memory that goes through a small function."""
    images, labels = digits(10000)
    data = tf.data.Dataset.from_tensor_slices((images, labels)).map(
        lambda image, label: (tf.reshape(image * 2.0 - 1.0, [28, 28, 1]), tf.cast(tf.argmax(label), tf.int32)))
    return batches(tf, threads, data.shuffle(1000).batch(100))


def map_numbers(tf, threads):
    """A number that goes through a map and a filter."""
    data = tf.data.Dataset.range(100000).map(lambda x: x * 3 + 1).filter(lambda x: tf.equal(x % 2, 0))
    return batches(tf, threads, data.batch(50))


def csv_lines(tf, threads):
    """A line of a file with four numbers and a word, decoded one by one."""
    data = tf.data.TextLineDataset(lines_of_csv()).skip(1).map(
        lambda line: tf.decode_csv(line, [[0.0], [0.0], [0.0], [0.0], [""]]))
    return batches(tf, threads, data.shuffle(1000).batch(100))


def text_lines(tf, threads):
    """A line of a file, stripped of nothing, batched."""
    return batches(tf, threads, tf.data.TextLineDataset(lines_of_csv()).batch(100))


def lines_of_csv(count=20000):
    """A file of comma-separated values with a header."""
    path = new_file()
    with open(path, "w") as file:
        file.write("a,b,c,d,kind\n")
        for numbers in np.random.RandomState(0).rand(count, 4).tolist():
            file.write(",".join(str(round(number, 3)) for number in numbers) + ",setosa\n")
    return path


def split_words(tf, threads):
    """A line split into words and padded."""
    path = new_file()
    with open(path, "w") as file:
        for index in range(20000):
            file.write(" ".join("word" + str(n) for n in range(index % 7 + 3)) + "\n")
    data = tf.data.TextLineDataset(path).map(lambda line: tf.string_split([line]).values)
    return batches(tf, threads, data.padded_batch(100, [None]))


def queued(tf, threads, inputs, labels, batch=100):
    """A row of batches that a small network learns from while threads fill its queues."""
    logits = tf.layers.dense(inputs, 10)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
    train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
    sess = session(tf, threads)
    sess.run(tf.global_variables_initializer())
    tf.train.start_queue_runners(sess, tf.train.Coordinator())
    return (lambda: sess.run([train, loss])), batch


def queued_records(tf, threads):
    """A record that a reader reads and a queue's thread parses; a queue shuffles and batches them."""
    path, features = records(tf)
    _, record = tf.TFRecordReader().read(tf.train.string_input_producer([path]))
    parsed = tf.parse_single_example(record, features)
    numbers, label = tf.train.shuffle_batch([parsed["numbers"], parsed["label"]], 100, 2000, 1000, num_threads=2)
    return queued(tf, threads, numbers, label)


def queued_rows(tf, threads):
    """A row of arrays in memory, chosen by a queue of numbers; a queue shuffles and batches them."""
    images, labels = digits(10000)
    image, label = tf.train.slice_input_producer([images, labels.argmax(1)])
    images, labels = tf.train.shuffle_batch([image, label], 100, 2000, 1000)
    return queued(tf, threads, images, labels)


def queued_lines(tf, threads):
    """A line of a file with four numbers and a word, decoded and batched by a queue."""
    reader = tf.TextLineReader(skip_header_lines=1)
    _, line = reader.read(tf.train.string_input_producer([lines_of_csv()]))
    numbers = tf.decode_csv(line, [[0.0], [0.0], [0.0], [0.0], [""]])[:4]
    numbers, label = tf.train.batch([tf.stack(numbers), tf.constant(1)], 100)
    return queued(tf, threads, numbers, label)


TENSORFLOW = {f.__name__: f for f in (
    parse_single, parse_batch, parse_image, photos, slices, map_slices, map_numbers, csv_lines, text_lines, split_words,
    queued_records, queued_rows, queued_lines)}
