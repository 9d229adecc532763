"""Stochastic dual coordinate ascent: the ops, whose examples do not touch one another, so that no order matters."""

import numpy as np

from . import Case, program
from .queues import Runs

LOSSES = ["squared_loss", "logistic_loss", "hinge_loss", "smooth_hinge_loss", "poisson_loss"]


def fitted(tf, loss="squared_loss", sparse=(), dense=(), weights=(1.,), labels=(1.,), given=(), state=None,
           old=False, **attrs):
    """A pass of the optimiser; `sparse` holds examples, features, weights' indices, weights, and perhaps values."""
    attrs = dict({"l1": 0., "l2": 1., "num_loss_partitions": 1, "num_inner_iterations": 1}, **attrs)
    attrs["adaptative" if old else "adaptive"] = attrs.pop("adaptive", False)
    longs = [[tf.constant(column[place], tf.int64) for column in sparse] for place in range(3)]
    return (tf.raw_ops.SdcaOptimizer if old else tf.raw_ops.SdcaOptimizerV2)(
        sparse_example_indices=longs[0], sparse_feature_indices=longs[1],
        sparse_feature_values=[column[4] for column in sparse if len(column) > 4],
        dense_features=[tf.constant(column, tf.float32) for column in dense], example_weights=list(weights),
        example_labels=list(labels), sparse_indices=longs[2], sparse_weights=[column[3] for column in sparse],
        dense_weights=[tf.constant(column, tf.float32) for column in given],
        example_state_data=np.zeros([len(labels), 4], np.float32) if state is None else np.array(state, np.float32),
        loss_type=loss, **attrs)


def flat(made):
    return [made.out_example_state_data] + list(made.out_delta_sparse_weights) + list(made.out_delta_dense_weights)


DENSE = {"dense": [[[1., 2.]], [[.5]]], "given": [[[.1], [.2]], [[-.7]]]}


@program
def dual_ascent_dense(tf):
    steps = []
    for loss in LOSSES:
        for label in (0., 1.):
            for changed in ({}, {"l1": .3, "l2": 2.}, {"num_loss_partitions": 2}, {"weights": (.5,)},
                            {"weights": (0.,)}, {"state": [[.3 * (2 * label - 1), .1, .2, .4]]},
                            {"old": True, "num_inner_iterations": 3}):
                steps.append((flat(fitted(tf, loss, labels=(label,), **dict(DENSE, **changed))), None))
    return Case(steps)


@program
def dual_ascent_sparse(tf):
    columns = [([0, 0, 1], [0, 2, 1], [0, 1, 2], [.1, .2, .3]),
               ([0, 0, 1], [5, 9, 7], [5, 7, 9], [.1, .2, .3], [.5, 2., 3.])]
    steps = [(flat(fitted(tf, loss, [column], labels=(1., 0.), weights=(1., 2.))), None)
             for loss in LOSSES for column in columns]
    both = fitted(tf, sparse=columns[1:] + columns[:1], labels=(1., 0.), weights=(1., 2.), dense=[[[0.], [0.]]],
                  given=[[[2.]]])
    one = fitted(tf, dense=[[[1.]]], given=[[[.1]]], adaptive=True)
    return Case(steps + [(flat(both), None), (flat(one), None)], show=flat(both))


@program
def dual_ascent_refused(tf):
    run = Runs(tf)
    one = {"dense": [[[1.]]], "given": [[[0.]]]}
    for changed in ({"loss": "logistic_loss", "labels": (.5,)}, {"loss": "hinge_loss", "labels": (2.,)},
                    {"loss": "poisson_loss", "labels": (-2.,)}, {"loss": "poisson_loss", "labels": (2.5,)},
                    {"weights": (1., 2.)}, {"state": [[0., 0., 0.]]}, {"state": [[0.] * 4] * 2}, {"l2": .5},
                    {"labels": (), "weights": (), "dense": np.zeros([1, 0, 1])}):
        run(flat(fitted(tf, **dict(one, **changed))))
    for column in (([0, 0], [5, 5], [5], [.1], [.5, 2.]), ([0, 0], [5, 6], [5], [.1], [.5, 2.])):
        run(flat(fitted(tf, sparse=[column])))
    return run.case()


@program
def weights_shrunk(tf):
    weights = [tf.Variable([1., -.1, -3., .25]), tf.Variable([[.3]])]
    ops = [tf.raw_ops.SdcaShrinkL1(weights=[weight._ref() for weight in weights], l1=.5, l2=2.),
           tf.raw_ops.SdcaShrinkL1(weights=[weights[0]._ref()], l1=1., l2=.5)]
    return Case([(ops[0], None), (weights, None), (ops[1], None), (weights, None)], init=True, show=ops)
