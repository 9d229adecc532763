"""tf.contrib.model_pruning: masks of weights, and their updates."""

import numpy as np

from . import Case, program


def model(tf):
    """Two layers and a cell with masks."""
    pruning = tf.contrib.model_pruning
    images = tf.constant(np.arange(96, dtype=np.float32).reshape(2, 4, 4, 3) / 96.0)
    with tf.variable_scope("net", initializer=tf.constant_initializer(0.1)):
        conv = pruning.masked_conv2d(images, 2, 3, weights_initializer=tf.constant_initializer(0.1))
        flat = tf.layers.flatten(conv)
        dense = pruning.masked_fully_connected(
            flat, 3, weights_initializer=tf.constant_initializer(np.arange(96) / 96.0), activation_fn=None)
        cell = pruning.MaskedLSTMCell(2)
        output, _ = cell(dense, cell.zero_state(2, tf.float32))
    return output


def declare(name, spec, conditional=True, steps=3):
    def build(tf):
        pruning = tf.contrib.model_pruning
        step = tf.train.get_or_create_global_step()
        output = model(tf)
        pruner = pruning.Pruning(pruning.get_pruning_hparams().parse(spec))
        update = pruner.conditional_mask_update_op() if conditional else pruner.mask_update_op()
        pruner.add_pruning_summaries()
        grown = tf.assign_add(step, 4)
        return Case(init=True, steps=[((output, pruning.get_weight_sparsity()), None)]
                    + [(update, None), (grown, None)] * steps
                    + [((output, pruning.get_masks(), pruning.get_thresholds()), None)],
                    facts={"masked": [x.name for x in pruning.get_masked_weights()],
                           "weights": [x.name for x in pruning.get_weights()],
                           "variables": [x.name for x in tf.global_variables()]})

    build.__name__ = "pruning_" + name
    return program(build)


declare("with_time", "begin_pruning_step=0,end_pruning_step=8,pruning_frequency=2,sparsity_function_end_step=8")
declare("of_blocks", "name=p,block_height=2,block_width=2,weight_sparsity_map=[fully:0.25],initial_sparsity=0.5",
        conditional=False, steps=1)
declare("of_pooled_blocks", "block_dims_map=[fully:4x1],block_pooling_function=MAX,threshold_decay=0.5,"
        "initial_sparsity=0.25", conditional=False, steps=2)


@program
def pruning_apply_mask(tf):
    pruning = tf.contrib.model_pruning
    w = tf.get_variable("w", initializer=[[1.0, 2.0], [3.0, 4.0]])
    made = [pruning.apply_mask(w, "a"), pruning.apply_mask(w * 2.0, "b")]
    refused = []
    for spec in ("begin_pruning_step=-1", "begin_pruning_step=10,end_pruning_step=5", "threshold_decay=1.0",
                 "sparsity_function_begin_step=100", "target_sparsity=1.5", "weight_sparsity_map=[w:2.0]",
                 "block_dims_map=[w:2]"):
        try:
            pruning.Pruning(pruning.get_pruning_hparams().parse(spec), global_step=tf.constant(0))
        except ValueError as error:
            refused.append(str(error))
    return Case(init=True, steps=[((made, pruning.get_masks()), None)],
                facts={"refused": refused, "defaults": sorted(pruning.get_pruning_hparams().values())})
