"""Running one sample of one op: its values, static shapes and gradients, in TensorFlow or in tfmagic."""

import numpy as np
from oracle.samples import is_variable
from oracle.values import Values

from tfmagic.graph import opdefs

# How many of the first outputs 1.15 differentiates, where that is not all.
DIFFERENTIATED = {"SparseSoftmaxCrossEntropyWithLogits": 1, "FusedBatchNorm": 1, "FusedBatchNormV2": 1,
                  "FusedBatchNormV3": 1, "MaxPoolWithArgmax": 1}
FLOATING = ("float16", "float32", "float64", "complex64", "complex128")


def run(tf, name, sample):
    """What `tf.raw_ops.<name>` gives for a sample.

    Args:
        tf: TensorFlow, or tfmagic's `tf`.
        name: the op type.
        sample: keyword arguments; arrays (and lists of arrays) are inputs, the rest attrs.

    Returns:
        A dict: `outputs` (arrays), `static` (their shapes known while building), and `gradients` by input name
        (an array, a list of arrays, or None), or None where the op has no gradient.
    """
    with tf.Graph().as_default(), tf.Session() as sess:
        variables = {arg.python_name: tf.Variable(sample[arg.python_name], use_resource=not arg.is_ref)
                     for arg in opdefs.get(name).inputs if is_variable(arg)}
        if variables:
            return run_on_variables(tf, name, sample, variables, sess)
        arguments = {key: constants(tf, value) for key, value in sample.items()}
        outputs = flat(getattr(tf.raw_ops, name)(**arguments))
        static = [None if t.shape.ndims is None else t.shape.as_list() for t in outputs]
        try:
            gradients = differentiate(tf, arguments, outputs[:DIFFERENTIATED.get(name)], sess)
        except (LookupError, TypeError, ValueError, NotImplementedError):
            gradients = None
        return {"outputs": sess.run(outputs), "static": static, "gradients": gradients}


def run_on_variables(tf, name, sample, variables, sess):
    """Runs an op that names variables: its outputs, then the variables' values after it."""
    arguments = {key: constants(tf, value) for key, value in sample.items() if key not in variables}
    for key, variable in variables.items():
        arguments[key] = variable.handle if hasattr(variable, "handle") else variable._ref()
    made = getattr(tf.raw_ops, name)(**arguments)
    sess.run(tf.global_variables_initializer())
    outputs = flat(made)
    values = sess.run(outputs or made)
    after = sess.run(list(variables.values()))
    return {"outputs": [*(values if outputs else ()), *after], "static": None, "gradients": None}


def constants(tf, value):
    """Arrays as constants, attrs as they are."""
    if isinstance(value, np.ndarray | np.generic):
        return tf.constant(value)
    if isinstance(value, list) and value and isinstance(value[0], np.ndarray | np.generic):
        return [tf.constant(item) for item in value]
    return value


def flat(made):
    """The output tensors of a call in one list."""
    if hasattr(made, "op"):
        return [made]
    return [tensor for item in made for tensor in flat(item)] if isinstance(made, list | tuple) else []


def differentiate(tf, arguments, outputs, sess):
    """Gradients of all floating outputs with fixed `grad_ys`, by input name."""
    ys = [t for t in outputs if t.dtype.base_dtype.name in FLOATING]
    xs = {key: flat(value) for key, value in arguments.items() if is_floating(value)}
    if not ys or not xs:
        return None
    values = sess.run(ys)
    grad_ys = [tf.constant(Values(v.shape).array(v.dtype.name, 7 + i)) for i, v in enumerate(values)]
    found = {key: tf.gradients(ys, tensors, grad_ys) for key, tensors in xs.items()}
    result = {}
    for key, tensors in found.items():
        dense = [None if t is None else sess.run(tf.convert_to_tensor(t)) for t in tensors]
        result[key] = dense if isinstance(arguments[key], list) else dense[0]
    return result


def is_floating(value):
    """Whether an argument is a floating tensor, or a list of them."""
    tensors = flat(value)
    return bool(tensors) and all(t.dtype.base_dtype.name in FLOATING for t in tensors)
