"""Names of tf.contrib.data, testing, eager and tfprof that graphs use."""

import tempfile

import numpy as np

from . import Case, program


@program
def contrib_data_windows(tf):
    data = tf.contrib.data
    made = [tf.data.Dataset.range(7).apply(data.sliding_window_batch(3, window_shift=2, window_stride=2)),
            tf.data.Dataset.range(7).apply(data.sliding_window_batch(2, stride=3)),
            tf.data.Dataset.range(3).map(lambda x: tf.py_func(lambda: np.ones([2, 3], np.float32), [], tf.float32))
            .apply(data.assert_element_shape(tf.TensorShape([2, None])))]
    refused = []
    for call in (lambda: data.sliding_window_batch(3, stride=2, window_shift=2),):
        try:
            tf.data.Dataset.range(7).apply(call())
        except ValueError as error:
            refused.append(str(error))
    steps = [(tf.data.make_one_shot_iterator(each).get_next(), None) for each in made]
    return Case(steps=steps, facts={"refused": refused, "shapes": [str(tf.data.get_output_shapes(x)) for x in made]})


@program
def contrib_testing_written(tf):
    testing, folder = tf.contrib.testing, tempfile.mkdtemp()
    summary = tf.Summary(value=[tf.Summary.Value(tag="a", simple_value=2.0)])
    writer = tf.summary.FileWriter(folder)
    writer.add_summary(summary, 1)
    writer.add_summary(tf.Summary(value=[tf.Summary.Value(tag="a", simple_value=4.0)]), 2)
    writer.close()
    testing.assert_summary(["a"], {"a": 2.0}, summary)
    testing.FakeSummaryWriter.install()
    fake = tf.summary.FileWriterCache.get(folder + "/fake")
    testing.FakeSummaryWriter.uninstall()
    fake.add_summary(summary.SerializeToString(), 3)
    return Case(facts={
        "values": sorted(testing.simple_values_from_events(testing.latest_events(folder), ["a", "b"]).items()),
        "steps": [event.step for event in testing.latest_summaries(folder)],
        "kept": [[step, len(found)] for step, found in fake.summaries.items()],
        "none": [testing.latest_event_file(folder + "/no"), testing.latest_events(folder + "/no")]})


@program
def contrib_eager_in_graphs(tf):
    eager = tf.contrib.eager
    v = eager.Variable(3.0, name="v")
    scaled = eager.make_template("scaled", lambda x: x * tf.get_variable("w", [], initializer=tf.ones_initializer()))
    twice = [scaled(v), scaled(2.0)]
    optimizer = tf.train.AdamOptimizer()
    optimizer.minimize(v * v)
    return Case(init=True, steps=[(twice, None)], facts={
        "modes": [eager.SYNC, eager.ASYNC, eager.DEVICE_PLACEMENT_EXPLICIT, eager.DEVICE_PLACEMENT_SILENT],
        "made": [x.name for x in eager.get_optimizer_variables(optimizer)],
        "options": sorted(tf.contrib.tfprof.model_analyzer.FLOAT_OPS_OPTIONS),
        "hash": list(tf.contrib.lookup.FastHashSpec)})
