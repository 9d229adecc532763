"""tf.contrib.slim: its training and evaluation loops, summaries, tables of a model."""

import contextlib
import importlib
import os
import re
import sys

from . import Case, program
from .monitored import watched


def regression(tf):
    slim = tf.contrib.slim
    y = slim.fully_connected(tf.constant([[1.0, 2], [3, 4]]), 1, weights_initializer=tf.constant_initializer(0.1))
    loss = tf.losses.mean_squared_error(tf.constant([[1.0], [2.0]]), y)
    tf.summary.scalar("loss", loss)
    return slim.learning.create_train_op(loss, tf.train.GradientDescentOptimizer(0.01)), loss


@contextlib.contextmanager
def heard():
    """What is printed, in pieces."""
    class Ear(list):
        write = list.append

        def flush(self):
            pass

    before, sys.stdout = sys.stdout, Ear()
    try:
        yield sys.stdout
    finally:
        sys.stdout = before


@program
def slim_training_loop(tf):
    """With a folder, without one, with a function for the step, and what is refused."""
    train = tf.contrib.slim.learning.train
    with watched(tf) as watch:
        op, _ = regression(tf)
        watch.fails(lambda: train(None, None))
        watch.fails(lambda: train(op, None, summary_op=op))
        watch.fails(lambda: train(op, None, saver=3))
        watch.fails(lambda: train(op, None, trace_every_n_steps=2))
        watch.fails(lambda: train(op, None, number_of_steps=0))
        folder = os.path.join(watch.folder, "t")
        watch.say("loss", "%.4f" % train(
            op, folder, number_of_steps=4, log_every_n_steps=2, save_summaries_secs=0, save_interval_secs=0,
            trace_every_n_steps=3))
        said = [re.sub(r"\(.* sec/step", "(N sec/step", text) for text in watch.said
                if not any(word in text for word in ("Starting", "Saving", "summary"))]
        return Case(facts={"said": said, "files": watch.files("t")})


@program
def slim_training_loop_without_a_folder(tf):
    with watched(tf) as watch:
        op, _ = regression(tf)
        seen = []

        def step(sess, train_op, global_step, kwargs):
            seen.append(sorted(kwargs))
            loss, stop = tf.contrib.slim.learning.train_step(sess, train_op, global_step, kwargs)
            return loss, stop or len(seen) == 3

        loss = tf.contrib.slim.learning.train(op, None, train_step_fn=step, log_every_n_steps=0)
        watch.say("loss", "%.4f" % loss)
        watch.say(seen)
        return Case(facts={"said": watch.said})


@program
def slim_summaries(tf):
    summaries = tf.contrib.slim.summaries
    x, s = tf.constant([[1.0, 0, 2], [0, 0, 3]], name="x"), tf.constant(2.0, name="s")
    image = tf.zeros([2, 4, 4, 3], name="im")
    made = [summaries.add_histogram_summary(x), summaries.add_histogram_summary(x, "nm", "pre"),
            summaries.add_image_summary(image), summaries.add_scalar_summary(s, print_summary=True),
            summaries.add_scalar_summary(s, "b", "p"), summaries.add_zero_fraction_summary(x),
            summaries.add_zero_fraction_summary(x, "zn", "p", print_summary=True),
            summaries.add_image_summary(image, print_summary=True, name="u")]
    made += summaries.add_histogram_summaries([x], "pp") + summaries.add_scalar_summaries([s])
    made += summaries.add_zero_fraction_summaries([x]) + summaries.add_image_summaries([image], "pp")
    values = [each for each in made if "im" not in each.name and "Print_2" not in each.name]  # PNG has many codes
    return Case(steps=[(values, None)], show=made)


@program
def contrib_summarize(tf):
    layers, slim = tf.contrib.layers, tf.contrib.slim
    x, s = tf.constant([[1.0, -2.0]], name="x"), tf.constant(3.0, name="s")
    relu, sigmoid = tf.nn.relu(x, name="r"), tf.sigmoid(x, name="sig")
    made = [layers.summarize_tensor(x), layers.summarize_tensor(s), layers.summarize_tensor(x, tag="tag"),
            layers.summarize_activation(relu), layers.summarize_activation(sigmoid)]
    tf.add_to_collection("activations", relu)
    tf.add_to_collection("activations", sigmoid)
    weights, biases = tf.get_variable("q/weights", [2, 2]), tf.get_variable("q/biases", [2])
    tf.add_to_collection("weights", weights)
    tf.add_to_collection("biases", biases)
    made += layers.summarize_activations() + layers.summarize_tensors([x, s])
    made += layers.summarize_collection("activations", name_filter="r", summarizer=layers.summarize_activation)
    made += slim.summarize_weights() + slim.summarize_variables() + slim.summarize_biases(name_filter="q")
    return Case(init=True, steps=[(made[:5], None)], show=made)


@program
def slim_model_analyzer(tf):
    analyzer = tf.contrib.slim.model_analyzer
    op, loss = regression(tf)
    x = tf.placeholder(tf.float32, [None, 3])
    with heard() as printed:
        totals = list(analyzer.analyze_vars(tf.global_variables(), print_info=True))
        totals.append(analyzer.analyze_ops(tf.get_default_graph(), print_info=True))
    facts = {"printed": "".join(printed), "totals": totals,
             "silent": list(analyzer.analyze_vars(tf.global_variables())),
             "described": [analyzer.tensor_description(t) for t in (op, loss, x, tf.trainable_variables()[0])]}
    return Case(facts=facts)


@program
def slim_queue_runners(tf):
    queues = tf.contrib.slim.queues
    value = tf.train.limit_epochs(tf.constant(3), num_epochs=2)
    batch = tf.train.batch([value], batch_size=2)
    found = []
    with tf.Session() as sess:
        sess.run(tf.local_variables_initializer())
        with queues.QueueRunners(sess):
            found.append([int(v) for v in sess.run(batch)])
            try:
                with queues.QueueRunners(sess):
                    found.append("inside")
            except queues.NestedQueueRunnerError as error:
                found.append([type(error).__name__, str(error)])
    return Case(facts={"found": found})


def evaluated(tf, watch):
    """A checkpoint of a weight, and a mean over what it gives."""
    w = tf.get_variable("w", [], initializer=tf.constant_initializer(3.0))
    tf.train.get_or_create_global_step()
    mean, update = tf.metrics.mean(w * 2.0)
    tf.summary.scalar("mean", mean)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = tf.train.Saver([w, tf.train.get_global_step()]).save(sess, os.path.join(watch.folder, "c", "m"), 5)
    del watch.said[:]
    return w, mean, update, path


def timeless(watch):
    said = [re.sub(r"\d+-\d+-\d+T\S+Z", "NOW", text) for text in watch.said]
    return [re.sub(r"at \d+-\d+-\d+-[\d:]+", "at THE END", text) for text in said]


@program
def training_evaluate_once(tf):
    training = tf.contrib.training
    with watched(tf) as watch:
        w, mean, update, path = evaluated(tf, watch)
        summaries = training.SummaryAtEndHook(log_dir=os.path.join(watch.folder, "s"))
        watch.fails(lambda: training.SummaryAtEndHook())
        value = training.evaluate_once(path, eval_ops=update, final_ops={"mean": mean},
                                       hooks=[training.StopAfterNEvalsHook(3), summaries])
        watch.say(sorted((key, float(each)) for key, each in value.items()))
        watch.say(float(training.evaluate_once(path, final_ops=w)))
        many = training.evaluate_once(path, eval_ops={"one": update}, final_ops=training.get_or_create_eval_step(),
                                      hooks=[training.StopAfterNEvalsHook(21)])
        watch.say(int(many))
        return Case(facts={"said": timeless(watch), "events": watch.events("s")})


@program
def training_evaluate_repeatedly(tf):
    training = tf.contrib.training
    with watched(tf) as watch:
        w, mean, update, path = evaluated(tf, watch)
        folder = os.path.dirname(path)
        value = training.evaluate_repeatedly(folder, eval_ops=[update], final_ops=[mean, w], eval_interval_secs=0,
                                             hooks=[training.StopAfterNEvalsHook(1, log_progress=False)],
                                             max_number_of_evaluations=1)
        watch.say([float(each) for each in value])
        found = list(training.checkpoints_iterator(folder, timeout=0))
        found.append(training.wait_for_new_checkpoint(folder, path, timeout=0))
        watch.say(found)
        return Case(facts={"said": timeless(watch)})


@program
def slim_evaluation(tf):
    evaluation = tf.contrib.slim.evaluation
    with watched(tf) as watch:
        w, mean, update, path = evaluated(tf, watch)
        value = evaluation.evaluate_once("", path, os.path.join(watch.folder, "s"), num_evals=2, eval_op=update,
                                         final_op=mean,
                                         variables_to_restore=[w, tf.train.get_global_step()])
        watch.say(float(value))
        value = evaluation.evaluation_loop("", os.path.dirname(path), os.path.join(watch.folder, "l"), num_evals=2,
                                           eval_op=update, final_op=mean, max_number_of_evaluations=1, timeout=0)
        watch.say(float(value))
        return Case(facts={"said": timeless(watch), "once": watch.events("s"), "loop": watch.events("l")})


@program
def sizes_of_nets(tf):
    """The size of images that a net of slim was made for."""
    nets = importlib.import_module(tf.__name__.replace("tensorflow_core", "tensorflow") + ".contrib.slim.nets")
    names = ("alexnet.alexnet_v2", "inception.inception_v1", "inception.inception_v3", "overfeat.overfeat",
             "resnet_v1.resnet_v1", "resnet_v1.resnet_v1_50", "resnet_v2.resnet_v2", "vgg.vgg_a", "vgg.vgg_16",
             "vgg.vgg_19")
    found = [getattr(getattr(nets, name.split(".")[0]), name.split(".")[1]) for name in names]
    return Case(facts={name: getattr(net, "default_image_size", None) for name, net in zip(names, found)})
