"""tf.contrib.linear_optimizer: linear models by stochastic dual coordinate ascent."""

import numpy as np

from . import Case, program
from .refused import refusals


def parts_of(tf, loss, sparse=True, **options):
    """Examples, variables and options of a small model."""
    column = tf.contrib.linear_optimizer.SparseFeatureColumn
    columns = [column([0, 1], [0, 1], [1., 1.]), column([0, 1], [0, 1], [1., 2.])] if sparse else []
    examples = {"sparse_features": columns, "dense_features": [tf.constant([[1.], [2.]])],
                "example_labels": tf.constant([0., 1.]), "example_weights": tf.constant([1., 2.]),
                "example_ids": ["a", "b"]}
    weights = [tf.Variable(tf.zeros([2]), name="w%d" % place) for place in range(2 if sparse else 0)]
    variables = {"sparse_features_weights": weights, "dense_features_weights": [tf.Variable(tf.zeros([1]), name="d")]}
    options = dict({"symmetric_l2_regularization": 1., "symmetric_l1_regularization": 0., "loss_type": loss}, **options)
    return examples, variables, options


def trained(tf, loss, passes=60, **options):
    """What a model predicts, and its losses, after so many passes: then the order of examples matters no more."""
    parts = parts_of(tf, loss, **options)
    model = tf.contrib.linear_optimizer.SdcaModel(*parts)
    step = model.minimize()
    update = model.update_weights(step)
    asked = [model.predictions(parts[0]), model.regularized_loss(parts[0]), model.unregularized_loss(parts[0]),
             model.approximate_duality_gap()]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(passes):
            session.run(step)
            session.run(update)
        values = session.run(asked + sum((parts[1][name] for name in sorted(parts[1])), []))
    return [(np.round(value.astype(float), 3) + 0.0).tolist() for value in values], asked


@program
def sdca_logistic(tf):
    values, asked = trained(tf, "logistic_loss", num_table_shards=2)
    return Case(show=asked, facts={"values": values})


@program
def sdca_losses(tf):
    found = {}
    for loss in ("squared_loss", "hinge_loss", "smooth_hinge_loss", "poisson_loss"):
        with tf.name_scope(loss):
            found[loss] = trained(tf, loss, symmetric_l1_regularization=.05, symmetric_l2_regularization=2.,
                                  adaptive=False)[0]
    with tf.name_scope("dense"):
        found["dense"] = trained(tf, "squared_loss", sparse=False, num_loss_partitions=2, adaptive=False)[0]
    return Case(facts=found)


@program
def sdca_steps(tf):
    step = tf.Variable(0, name="step")
    model = tf.contrib.linear_optimizer.SdcaModel(*parts_of(tf, "squared_loss"))
    train = model.minimize(global_step=step, name="train")
    return Case([(train, None), (step, None)], init=True, show=[train])


@program
def sdca_refused(tf):
    model = tf.contrib.linear_optimizer.SdcaModel
    examples, variables, options = parts_of(tf, "squared_loss")
    calls = [lambda: model({}, variables, options), lambda: model(examples, variables, dict(options, loss_type="x")),
             lambda: model(examples, variables, dict(options, symmetric_l1_regularization=-1.)),
             lambda: model(examples, variables, dict(options, symmetric_l2_regularization=-1.)),
             lambda: model(dict(examples, dense_features=3), variables, options),
             lambda: model(examples, dict(variables, dense_features_weights=3), options)]
    column = tf.contrib.linear_optimizer.SparseFeatureColumn([1], [2], None)
    return Case(facts={"came": refusals(calls), "none": column.feature_values is None},
                show=[column.example_indices, column.feature_indices])
