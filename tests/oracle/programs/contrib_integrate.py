"""tf.contrib.integrate: ordinary differential equations."""

from __future__ import division

import numpy as np

from . import Case, program
from .refused import refusals


@program
def contrib_odeint(tf):
    y0 = tf.constant([1.0, 2.0], tf.float64)
    t = np.linspace(0.0, 1.0, 4)
    found = tf.contrib.integrate.odeint(lambda y, t: -y * t, y0, t)
    full, info = tf.contrib.integrate.odeint(lambda y, t: tf.stack([y[1], -y[0]]), y0, t, rtol=1e-3, atol=1e-4,
                                             full_output=True, name="swing")
    keys = sorted(info)
    return Case(steps=[([found, full] + [info[key] for key in keys], None)], facts={"keys": keys})


@program
def contrib_odeint_float32(tf):
    y0 = tf.placeholder(tf.float32, [None], name="y0")
    t = tf.placeholder(tf.float32, [3], name="t")
    found = tf.contrib.integrate.odeint(lambda y, t: y, y0, t, method="dopri5",
                                        options={"first_step": 0.1, "safety": 0.8, "ifactor": 5.0, "dfactor": 0.3,
                                                 "max_num_steps": 100})
    return Case(steps=[(found, {y0: [1.0, 2.0], t: [0.0, 0.25, 1.0]})])


@program
def contrib_odeint_fixed(tf):
    fixed = tf.contrib.integrate.odeint_fixed
    t = tf.constant([0.0, 0.5, 1.0, 2.0], tf.float64)
    y0 = tf.constant(1.0, tf.float64)
    out = [fixed(lambda y, t: y, y0, t), fixed(lambda y, t: y * t, y0, t, method="midpoint"),
           fixed(lambda y, t: -y, y0, t, dt=0.25), fixed(lambda y, t: -y, y0, t, dt=[0.25, 0.1, 0.5], name="steps"),
           fixed(lambda y, t: -y, y0, t, dt=0.25, method="midpoint")]
    return Case(steps=[(out, None)])


@program
def contrib_odeint_refuses(tf):
    odeint, fixed = tf.contrib.integrate.odeint, tf.contrib.integrate.odeint_fixed
    y0, t = tf.constant([1.0]), [0.0, 1.0]
    f = lambda y, t: y  # noqa: E731
    calls = (lambda: odeint(f, y0, t, method="euler"), lambda: odeint(f, y0, t, options={"steps": 3}),
             lambda: odeint(f, tf.constant([1]), t), lambda: odeint(f, y0, tf.constant([0, 1])),
             lambda: fixed(f, y0, t, method="euler"), lambda: fixed(f, y0, tf.constant([0, 1])),
             lambda: odeint(f, y0, t, options={"first_step": 0.1}, method=None), lambda: odeint(f, y0, 1.0),
             lambda: fixed(f, y0, tf.constant([0.0, 1.0]), dt=[[0.1]]))
    return Case(facts={"words": refusals(calls, "nothing")})
