"""Quantized numbers: floats as small integers, back, and arithmetic on them."""

from __future__ import division

import numpy as np

from . import Case, program

X = np.round(np.sin(np.arange(12) * 1.7) * 3, 2).reshape(3, 4).astype("float32")


@program
def quantize_and_back(tf):
    x = tf.placeholder(tf.float32, [3, 4], name="x")
    out = []
    for mode in ("MIN_COMBINED", "MIN_FIRST", "SCALED"):
        found = tf.quantize(x, -2.0, 2.5, tf.quint8, mode=mode)
        out += [tf.dequantize(found.output, found.output_min, found.output_max, mode=mode), found.output_min,
                found.output_max]
    named = tf.quantize_v2(x, -3.0, 3.0, tf.qint8, name="small")
    out.append(tf.dequantize(named.output, named.output_min, named.output_max))
    return Case(steps=[(out, {x: X})])


@program
def quantize_and_dequantize(tf):
    x = tf.placeholder(tf.float32, [3, 4], name="x")
    there = tf.quantization.quantize_and_dequantize
    out = [there(x, 0.0, 0.0), there(x, -1.0, 2.0, range_given=True, num_bits=4, name="few"),
           there(x, 0.0, 3.0, signed_input=False, range_given=True),
           there(x, 0.0, 0.0, round_mode="HALF_UP", num_bits=3)]
    return Case(steps=[(out + tf.gradients(out, [x]), {x: X})])


@program
def quantized_product(tf):
    a, b = tf.placeholder(tf.float32, [3, 4], name="a"), tf.placeholder(tf.float32, [4, 3], name="b")
    small_a, small_b = tf.quantize(a, -3.0, 3.0, tf.quint8), tf.quantize(b, -4.0, 4.0, tf.quint8)
    limits = [small_a.output_min, small_a.output_max, small_b.output_min, small_b.output_max]
    product, low, high = tf.raw_ops.QuantizedMatMul(a=small_a.output, b=small_b.output, min_a=limits[0],
                                                    max_a=limits[1], min_b=limits[2], max_b=limits[3],
                                                    Toutput=tf.qint32)
    shrunk, least, most = tf.raw_ops.QuantizeDownAndShrinkRange(input=product, input_min=low, input_max=high,
                                                                out_type=tf.quint8)
    relu, first, last = tf.raw_ops.QuantizedRelu(features=shrunk, min_features=least, max_features=most)
    out = [tf.dequantize(product, low, high), tf.dequantize(shrunk, least, most), tf.dequantize(relu, first, last)]
    return Case(steps=[(out, {a: X, b: X.T})])


@program
def limits_of_quantized_numbers(tf):
    """Limits the wrong way round, equal ones and ones on one side of zero; 32 bits, which floats do not hold."""
    x = tf.constant([[-1.5, 0.0, 0.3], [2.7, 5.0, 9.0]])
    facts = {}
    with tf.Session() as session:
        for kind in (tf.quint8, tf.qint32):
            for mode in ("MIN_COMBINED", "MIN_FIRST", "SCALED"):
                for low, high in ((3.0, 1.0), (-2.0, -2.0), (2.0, 2.0), (0.0, 6.0)):
                    name = "{} {} {} {}".format(kind.name, mode, low, high)
                    values, least, most = tf.quantize(x, low, high, kind, mode=mode)
                    asked = tf.bitcast(values, tf.uint8 if kind == tf.quint8 else tf.int32), least, most
                    try:
                        facts[name] = [value.tolist() for value in session.run(asked)]
                    except tf.errors.InvalidArgumentError as error:
                        facts[name] = error.message.split("\n")[0]
    return Case(facts=facts)
