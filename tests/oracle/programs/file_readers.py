"""Readers of files whose names come out of a queue."""

import numpy as np

from . import Case, program
from .input_pipelines import Files, epochs
from .queues import Runs, plain

LINES = b"one\ntwo\r\nthree"
MORE = b"h1\nh2\nfour\n\nfive\n"
BYTES = bytes(bytearray(range(23)))


def names(tf, run, files):
    """A closed queue with names of files."""
    queue = tf.FIFOQueue(99, tf.string, shapes=(), name="names")
    given = tf.placeholder(tf.string, [None])
    run.session.run(queue.enqueue_many([given]), {given: files})
    run.session.run(queue.close())
    return queue


def drained(tf, files, reader, paths, up_to=None):
    """All that a reader gives, with its counts."""
    run = Runs(tf)
    queue = names(tf, run, paths)
    record = reader.read(queue) if up_to is None else reader.read_up_to(queue, up_to)
    counts = [reader.num_records_produced(), reader.num_work_units_completed()]
    for _ in range(30):
        run(list(record))
        run(counts)
        if isinstance(run.came[-2], (type(u""), str)):
            break
    run.session.close()
    return files.plain(run.came)


@program
def lines_read(tf):
    with Files() as files:
        paths = [files.write("a", LINES), files.write("empty", b""), files.write("b", MORE)]
        came = [drained(tf, files, tf.TextLineReader(), paths),
                drained(tf, files, tf.TextLineReader(skip_header_lines=2), paths),
                drained(tf, files, tf.TextLineReader(), paths, up_to=3),
                drained(tf, files, tf.TextLineReader(), [files.path + "/none"])]
    return Case(facts={"came": came})


@program
def whole_files_read(tf):
    with Files() as files:
        paths = [files.write("a", LINES), files.write("empty", b"")]
        came = [drained(tf, files, tf.WholeFileReader(), paths), drained(tf, files, tf.IdentityReader(), paths),
                drained(tf, files, tf.WholeFileReader(), paths, up_to=3),
                drained(tf, files, tf.IdentityReader(), paths, up_to=3),
                drained(tf, files, tf.WholeFileReader(), [files.path + "/none"])]
    return Case(facts={"came": came})


@program
def records_of_one_length_read(tf):
    with Files() as files:
        path = files.write("a", BYTES)
        came = [drained(tf, files, tf.FixedLengthRecordReader(4), [path]),
                drained(tf, files, tf.FixedLengthRecordReader(4, header_bytes=3), [path]),
                drained(tf, files, tf.FixedLengthRecordReader(4, 1, 2), [path]),
                drained(tf, files, tf.FixedLengthRecordReader(4, 1, 2, 2), [path]),
                drained(tf, files, tf.FixedLengthRecordReader(4, 1, 2, 6), [path, path]),
                drained(tf, files, tf.FixedLengthRecordReader(4), [path], up_to=3)]
    return Case(facts={"came": came})


@program
def records_read(tf):
    with Files() as files:
        paths = []
        for kind in ("NONE", "GZIP", "ZLIB"):
            paths.append(files.path + "/" + kind)
            options = tf.python_io.TFRecordOptions(getattr(tf.python_io.TFRecordCompressionType, kind))
            with tf.python_io.TFRecordWriter(paths[-1], options) as writer:
                for i in range(4):
                    writer.write(b"record %d" % i)
        options = [None, tf.python_io.TFRecordOptions(tf.python_io.TFRecordCompressionType.GZIP),
                   tf.python_io.TFRecordOptions(tf.python_io.TFRecordCompressionType.ZLIB)]
        came = [drained(tf, files, tf.TFRecordReader(options=how), [path]) for how, path in zip(options, paths)]
        came.append(drained(tf, files, tf.TFRecordReader(), [paths[0], paths[0]], up_to=3))
        came.append(drained(tf, files, tf.TFRecordReader(), [files.write("damaged", LINES)]))
    return Case(facts={"came": came})


@program
def reader_states(tf):
    run = Runs(tf)
    queue = names(tf, run, ["a", "b", "c"])
    reader = tf.IdentityReader()
    record = reader.read(queue)
    counts = [reader.num_records_produced(), reader.num_work_units_completed()]
    state = tf.placeholder(tf.string, [])
    run(list(record))
    run(reader.serialize_state())
    kept = run.session.run(reader.serialize_state())
    run(reader.reset())
    run(counts)
    run(reader.restore_state(state), {state: kept})
    run(counts)
    run(list(record))
    run(reader.restore_state(state), {state: b"\xff\xff"})
    lines = tf.TextLineReader()
    run(lines.serialize_state())
    run(lines.restore_state(state), {state: kept})
    return run.case(serializes=[reader.supports_serialize, lines.supports_serialize])


@program
def reader_refusals(tf):
    with Files() as files:
        run = Runs(tf)
        path = files.write("a", BYTES)
        for sizes in ((3, -1), (3, 0, -1), (3, 0, 0, -1)):
            run(list(tf.FixedLengthRecordReader(*sizes).read(names(tf, run, [path]))))
        numbers = tf.FIFOQueue(3, tf.int32, shapes=())
        run(numbers.enqueue(4))
        run(list(tf.TextLineReader().read(numbers)))
        pairs = tf.FIFOQueue(3, [tf.string, tf.string])
        run(pairs.enqueue(["a", "b"]))
        run(list(tf.TextLineReader().read(pairs)))
        return run.case()


@program
def cifar10_pipeline(tf):
    """The input of the CIFAR-10 tutorial: binary records, distorted, in shuffled batches."""
    with Files() as files:
        rng = np.random.RandomState(0)
        paths = []
        for i in range(2):
            rows = [bytes(bytearray([i * 4 + j])) + rng.randint(0, 256, 8 * 8 * 3).astype(np.uint8).tobytes()
                    for j in range(4)]
            paths.append(files.write("batch_%d.bin" % i, b"".join(rows)))
        given = tf.placeholder(tf.string, [None])
        queue = tf.FIFOQueue(4, tf.string, shapes=(), name="names")
        add, close = queue.enqueue_many([given]), queue.close()

        reader = tf.FixedLengthRecordReader(record_bytes=1 + 8 * 8 * 3)
        _, value = reader.read(queue)
        record = tf.decode_raw(value, tf.uint8)
        label = tf.cast(tf.strided_slice(record, [0], [1]), tf.int32)
        depth_major = tf.reshape(tf.strided_slice(record, [1], [1 + 8 * 8 * 3]), [3, 8, 8])
        image = tf.cast(tf.transpose(depth_major, [1, 2, 0]), tf.float32)
        label.set_shape([1])
        image.set_shape([8, 8, 3])
        images, labels = tf.train.batch([image, label], batch_size=3, capacity=10, allow_smaller_final_batch=True)
        tf.summary.image("images", images)
        case = epochs(tf, [tf.reshape(labels, [-1]), tf.reduce_mean(images, [1, 2])],
                      wait=lambda session: (session.run(add, {given: paths}), session.run(close)))
        del case.facts["threads"]
        return case


@program
def csv_pipeline(tf):
    """Lines of a CSV file in batches, with the key of each."""
    with Files() as files:
        files.write("data.csv", b"x,y,label\n1,2.5,cat\n3,4.5,dog\n5,6.5,cat\n7,8.5,emu\n9,10.5,cat\n")
        queue = tf.train.string_input_producer(tf.train.match_filenames_once("PATTERN"), num_epochs=1, shuffle=False)
        reader = tf.TextLineReader(skip_header_lines=1)
        key, value = reader.read(queue)
        batch = tf.train.batch([key, value], 2, allow_smaller_final_batch=True)
        return Case(show=[key, value] + batch)


@program
def counted_pipeline_with_threads(tf):
    """Four threads, so only what they give together is settled."""
    with Files() as files:
        paths = [files.write("f%d" % i, b"".join(b"%d\n" % (i * 10 + j) for j in range(10))) for i in range(3)]
        run = Runs(tf)
        source = names(tf, run, [])
        given = tf.placeholder(tf.string, [None])
        open_queue = tf.FIFOQueue(9, tf.string, shapes=(), name="open")
        reader = tf.TextLineReader()
        _, line = reader.read(open_queue)
        batch = tf.train.shuffle_batch([tf.string_to_number(line, tf.int32)], 4, 20, 5, num_threads=4,
                                       allow_smaller_final_batch=True)
        found = []
        run.session.run(open_queue.enqueue_many([given]), {given: paths})
        run.session.run(open_queue.close())
        coordinator = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(run.session, coordinator)
        try:
            while True:
                found += plain(run.session.run(batch))
        except tf.errors.OutOfRangeError:
            coordinator.request_stop()
        coordinator.join(threads)
        return run.case(found=sorted(found), source=source.name)


@program
def readers_after_an_error(tf):
    """Where a file cannot be opened the next one comes; where reading fails, the reader stays at it."""
    with Files() as files:
        some, none = files.write("a", BYTES), files.path + "/none"
        whole, name = tf.WholeFileReader(), tf.IdentityReader()
        came = []
        for reader, paths in ((tf.TextLineReader(), [none, some]), (whole, [some, none, some]), (name, [some]),
                              (tf.FixedLengthRecordReader(2, 30), [some, some]),
                              (tf.FixedLengthRecordReader(2, encoding="ZLIB"), [some, some]),
                              (tf.TFRecordReader(), [some, some]), (tf.TextLineReader(-1), [some])):
            run = Runs(tf)
            record = list(reader.read(names(tf, run, paths)))
            for _ in range(3):
                run(record)
                run(reader.num_work_units_completed())
                if reader.supports_serialize:
                    state = run.session.run(reader.serialize_state())
                    run.came.append([plain(state[:6]), state[8:] in [path.encode() for path in paths]])
            run.session.close()
            came.append(files.plain(run.came))
    return Case(facts={"came": came})
