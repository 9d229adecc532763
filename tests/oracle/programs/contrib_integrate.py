"""tf.contrib.integrate: ordinary differential equations."""

from __future__ import division

from . import Case, program


@program
def contrib_odeint_fixed(tf):
    fixed = tf.contrib.integrate.odeint_fixed
    t = tf.constant([0.0, 0.5, 1.0, 2.0], tf.float64)
    y0 = tf.constant(1.0, tf.float64)
    out = [fixed(lambda y, t: y, y0, t), fixed(lambda y, t: y * t, y0, t, method="midpoint"),
           fixed(lambda y, t: -y, y0, t, dt=0.25), fixed(lambda y, t: -y, y0, t, dt=[0.25, 0.1, 0.5], name="steps"),
           fixed(lambda y, t: -y, y0, t, dt=0.25, method="midpoint")]
    return Case(steps=[(out, None)])
