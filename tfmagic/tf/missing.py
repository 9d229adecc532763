"""What to use where tfmagic does not have a part of TensorFlow 1.15: one sentence for each part."""

from __future__ import annotations

# The longest name that begins the missing one counts; what a sentence names exists (a test looks).
_ALTERNATIVES = {
    "": "tf.raw_ops has every op for building and drawing a graph; tf.py_func runs Python code within one.",
    "compiler": "The compiled tier of tfmagic is tf.ConfigProto's global_jit_level, or %%session --jit.",
    "contrib": "tf.layers has dense, conv2d, flatten, dropout and batch_normalization, tf.losses the losses, "
               "tf.glorot_uniform_initializer() is Xavier's initializer.",
    "contrib.cloud": "tf.gfile reads files of this machine; tf.data.Dataset.from_generator takes any Python reader.",
    "contrib.cluster_resolver": "tf.train.ClusterSpec names the machines of a cluster.",
    "contrib.distribute": "Use tf.device, or torch.distributed on the module that tfmagic.to_module gives.",
    "contrib.factorization": "tf.contrib.factorization.KMeans finds clusters; a factorisation is "
                             "tf.nn.embedding_lookup of both sides and tf.train.AdamOptimizer.",
    "contrib.ffmpeg": "tf.audio.decode_wav reads WAV files; tf.py_func calls any other decoder.",
    "contrib.learn": "Write the training loop with a tf.Session, or tf.train.MonitoredTrainingSession and hooks.",
    "contrib.rpc": "tf.py_func calls any client from within a graph.",
    "contrib.tensor_forest": "tf.raw_ops has the ops of boosted trees; scikit-learn trains forests.",
    "contrib.timeseries": "tf.nn.dynamic_rnn over tf.nn.rnn_cell.LSTMCell predicts series.",
    "contrib.tpu": "Use tf.device for GPUs; tfmagic.to_module gives a module for torch_xla.",
    "contrib.distributions.estimator_head_distribution_regression":
        "The loss of such a head is -tf.reduce_mean(make_distribution_fn(logits).log_prob(labels)).",
    "contrib.eager": "tfmagic builds graphs and runs them in a tf.Session; for eager code use torch.",
    "data.experimental": "tf.data.Dataset has map, filter, shuffle, batch, window, interleave and more.",
    "distribute": "Use tf.device, or torch.distributed on the module that tfmagic.to_module gives.",
    "estimator": "Write the training loop with a tf.Session.",
    "examples": "The example programs are not part of tfmagic; tensorflow.examples.tutorials.mnist.input_data is.",
    "keras": "tf.layers, tf.losses and tf.train write the same model. Keras itself runs on PyTorch too: "
             "pip install keras, and KERAS_BACKEND=torch in the environment.",
    "lite": "Export the graph with tfmagic.to_module and use ExecuTorch, or write it with tf.train.write_graph and "
            "convert it there.",
    "models": "The model garden is a package of its own.",
    "python.debug": "%%graph --fetch EXPR shows values, tf.Print and tf.add_check_numerics_ops find NaNs.",
    "python.tools": "tensorflow.python.tools has freeze_graph, strip_unused_lib, optimize_for_inference_lib and "
                    "inspect_checkpoint; `tfmagic show` prints checkpoints and SavedModels.",
    "tools": "tf.graph_util, tensorflow.python.tools.optimize_for_inference_lib and TransformGraph of "
             "tensorflow.tools.graph_transforms rewrite graphs.",
}


def alternative(name: str) -> str:
    """What to use instead of `tf.<name>`."""
    while name and name not in _ALTERNATIVES:
        name = name.rpartition(".")[0]
    return _ALTERNATIVES[name]


def is_listed(name: str) -> bool:
    """Whether `tf.<name>`, or something that it is part of, has a sentence of its own."""
    return any(name == part or name.startswith(part + ".") for part in names())


def names() -> list[str]:
    """The parts that have a sentence of their own."""
    return [name for name in _ALTERNATIVES if name]
