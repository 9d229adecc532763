"""tf.contrib.constrained_optimization: Lagrange multipliers that are trained beside the variables."""

from . import Case, program


def problem_of(tf, proxies, before):
    class Problem(tf.contrib.constrained_optimization.ConstrainedMinimizationProblem):
        """A small norm, but a sum above 2 and a first element above 1."""

        def __init__(self):
            self.v = tf.get_variable("v", initializer=[1.0, 2.0, 3.0], use_resource=True)
            self._constraints = tf.stack([2.0 - tf.reduce_sum(self.v), 1.0 - self.v[0]])
            self._objective = tf.reduce_sum(self.v * self.v)
            self._proxies = 2.0 * self._constraints

        @property
        def objective(self):
            return self._objective

        @property
        def constraints(self):
            return self._constraints

        @property
        def proxy_constraints(self):
            return self._proxies if proxies else None

        @property
        def pre_train_ops(self):
            return [tf.no_op(name="before")] if before else None

    return Problem()


def declare(name, make, method="minimize_constrained", proxies=False, before=False, counted=False, steps=1, **options):
    def build(tf):
        if counted:
            options["global_step"] = tf.train.get_or_create_global_step()
        problem = problem_of(tf, proxies, before)
        optimizer = make(tf, tf.contrib.constrained_optimization)
        update = getattr(optimizer, method)(problem, **options)
        return Case(init=True, steps=[(update, None)] * steps + [(tf.global_variables(), None)],
                    facts={"count": problem.num_constraints, "variables": [x.name for x in tf.global_variables()]})

    build.__name__ = "constrained_" + name
    return program(build)


declare("external", lambda tf, package: package.AdditiveExternalRegretOptimizer(
    tf.train.GradientDescentOptimizer(0.1)))
declare("external_of_proxies", lambda tf, package: package.AdditiveExternalRegretOptimizer(
    tf.train.AdamOptimizer(0.1), tf.train.GradientDescentOptimizer(2.0), maximum_multiplier_radius=1.0), proxies=True,
    before=True, counted=True)
declare("external_after_some_steps", lambda tf, package: package.AdditiveExternalRegretOptimizer(
    tf.train.GradientDescentOptimizer(0.1), tf.train.GradientDescentOptimizer(0.5)), "minimize", before=True,
    counted=True, steps=3, unconstrained_steps=2)
declare("without", lambda tf, package: package.AdditiveExternalRegretOptimizer(
    tf.train.GradientDescentOptimizer(0.1)), "minimize_unconstrained", before=True)


@program
def constrained_refused(tf):
    package, said = tf.contrib.constrained_optimization, []

    class Unknown(package.ConstrainedMinimizationProblem):
        objective = constraints = property(lambda self: tf.placeholder(tf.float32, [None]))

    optimizer = package.AdditiveExternalRegretOptimizer(tf.train.GradientDescentOptimizer(0.1))
    for call in (lambda: Unknown().num_constraints, lambda: optimizer.minimize(Unknown(), unconstrained_steps=2),
                 lambda: package.AdditiveExternalRegretOptimizer(None, maximum_multiplier_radius=-1.0)):
        try:
            call()
        except ValueError as error:
            said.append(str(error))
    return Case(facts={"said": said})
