"""tf.contrib.integrate: solutions of differential equations by fixed and by adaptive steps."""

import numpy as np

from . import Case, program
from .contrib_families import messages


def turning(tf):
    return lambda y, t: tf.stack([y[1], -y[0]]) * t


@program
def odeint_midpoint(tf):
    y = tf.contrib.integrate.odeint_fixed(lambda y, t: y * t, tf.constant([1.0, 2.0]),
                                          tf.constant([0.0, 0.5, 1.0, 2.0]), method="midpoint")
    return Case(steps=[(y, None)], show=[y])


@program
def odeint_runge_kutta(tf):
    integrate = tf.contrib.integrate
    each = integrate.odeint_fixed(lambda y, t: -y, tf.constant(1.0, tf.float64), [0.0, 1.0, 2.0],
                                  tf.constant([0.5, 0.25], tf.float64))
    mixed = integrate.odeint_fixed(lambda y, t: -y, tf.constant(1.0), [0.0, 1.0, 2.0], 0.5)
    of_complex = integrate.odeint_fixed(lambda y, t: 1j * y, tf.constant(1 + 0j, tf.complex64), [0.0, 1.0], 0.5,
                                        name="mine")
    results = [each, mixed, of_complex]
    return Case(steps=[(results, None)], show=results)


@program
def odeint_adaptive(tf):
    y = tf.contrib.integrate.odeint(lambda y, t: -y, tf.constant([1.0, 2.0]), np.linspace(0, 1, 4))
    return Case(steps=[(y, None)], show=[y])


@program
def odeint_adaptive_with_options(tf):
    y, info = tf.contrib.integrate.odeint(
        turning(tf), tf.constant([1.0, 2.0], tf.float64), np.linspace(0, 3, 4), rtol=1e-3, atol=1e-4, method="dopri5",
        options={"max_num_steps": 50, "safety": 0.8, "first_step": 0.1}, full_output=True, name="mine")
    told = [info[key] for key in sorted(info)]
    return Case(steps=[([y] + told, None)], show=[y] + told)


@program
def odeint_refusals(tf):
    integrate, y, falling = tf.contrib.integrate, tf.constant([1.0, 2.0]), lambda y, t: -y
    said = messages(
        lambda: integrate.odeint(falling, y, [0.0, 1.0], method="euler"),
        lambda: integrate.odeint(falling, y, [0.0, 1.0], options={"safety": 1}),
        lambda: integrate.odeint(falling, y, [0.0, 1.0], method="dopri5", options={"speed": 1}),
        lambda: integrate.odeint(falling, tf.constant([1]), [0.0, 1.0]),
        lambda: integrate.odeint_fixed(falling, y, [0.0, 1.0], method="euler"),
        lambda: integrate.odeint_fixed(falling, y, [0.0, 1.0], dt=[0.1, 0.2, 0.3]),
        lambda: integrate.odeint_fixed(falling, y, [[0.0, 1.0]], dt=0.1),
        lambda: integrate.odeint_fixed(falling, tf.constant([1]), [0.0, 1.0]))
    return Case(facts={"said": said})
