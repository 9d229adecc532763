"""Update rules and scatters run on small variables: what they leave in them, under TensorFlow 1.15 and tfmagic.

Written in the common subset of Python 2.7 and 3.
"""

import numpy as np

SETTINGS = {"lr": 0.1, "alpha": 0.2, "beta1": 0.8, "beta2": 0.9, "beta1_power": 0.64, "beta2_power": 0.81, "rho": 0.7,
            "epsilon": 1e-3, "momentum": 0.6, "l1": 0.05, "l2": 0.02, "l2_shrinkage": 0.1, "lr_power": -0.4,
            "logbase": 1.1, "sign_decay": 0.9, "beta": 0.8, "global_step": 3}  # fmt: skip
SLOTS = {"var", "m", "v", "vhat", "accum", "accum_update", "ms", "mg", "mom", "linear", "gradient_accumulator",
         "gradient_squared_accumulator"}  # fmt: skip
RULES = {
    "GradientDescent": "var alpha delta",
    "Momentum": "var accum lr grad momentum",
    "KerasMomentum": "var accum lr grad momentum",
    "Adam": "var m v beta1_power beta2_power lr beta1 beta2 epsilon grad",
    "AdamWithAmsgrad": "var m v vhat beta1_power beta2_power lr beta1 beta2 epsilon grad",
    "AdaMax": "var m v beta1_power lr beta1 beta2 epsilon grad",
    "Adagrad": "var accum lr grad",
    "AdagradV2": "var accum lr epsilon grad",
    "AdagradDA": "var gradient_accumulator gradient_squared_accumulator grad lr l1 l2 global_step",
    "Adadelta": "var accum accum_update lr rho epsilon grad",
    "RMSProp": "var ms mom lr rho momentum epsilon grad",
    "CenteredRMSProp": "var mg ms mom lr rho momentum epsilon grad",
    "Ftrl": "var accum linear grad lr l1 l2 lr_power",
    "FtrlV2": "var accum linear grad lr l1 l2 l2_shrinkage lr_power",
    "ProximalAdagrad": "var accum lr l1 l2 grad",
    "ProximalGradientDescent": "var alpha l1 l2 delta",
    "AddSign": "var m lr alpha sign_decay beta grad",
    "PowerSign": "var m lr logbase sign_decay beta grad",
}
NO_SPARSE = {"GradientDescent", "Adam", "AdamWithAmsgrad", "AdaMax", "AddSign", "PowerSign"}
RESOURCE_ONLY = {"AdamWithAmsgrad", "KerasMomentum"}
SCATTERS = {"Update": "int64", "Add": "float32", "Sub": "float32", "Mul": "float32", "Div": "float32",
            "Min": "int32", "Max": "float64"}  # fmt: skip


def start(name):
    """The value that a slot begins with."""
    values = np.linspace(-1.0, 1.4, 6, dtype=np.float32).reshape(3, 2)
    if name == "var" or name in ("m", "mom", "linear", "gradient_accumulator"):
        return values
    return 0.1 * values if name == "mg" else np.abs(values) + 0.5


def cases():
    """(name, form, update) of every op."""
    for update in RULES:
        for form in ("Apply", "ResourceApply", "SparseApply", "ResourceSparseApply"):
            if update in NO_SPARSE and "Sparse" in form and update != "ProximalGradientDescent":
                continue
            if update in RESOURCE_ONLY and not form.startswith("Resource"):
                continue
            options = [{}]
            if update in ("Momentum", "KerasMomentum", "Adam"):
                options.append({"use_nesterov": True})
            if update in ("Adagrad", "AdagradV2"):
                options.append({"update_slots": False})
            for extra in options:
                yield form + update + "".join(" " + k for k in extra), form, update, extra


def observe_update(tf, form, update, extra):
    """What two steps of an update leave in its variables."""
    resource, sparse = form.startswith("Resource"), "Sparse" in form
    with tf.Graph().as_default():
        variables, arguments = {}, {}
        for name in RULES[update].split():
            if name in SLOTS:
                variable = variables[name] = tf.Variable(start(name), name=name, use_resource=resource)
                arguments[name] = variable.handle if resource else variable._ref()
            elif name in ("grad", "delta"):
                grad = tf.constant([[0.5, -1.0], [0.25, 0.0], [-2.0, 1.5]])
                arguments["grad" if sparse else name] = grad
            else:
                arguments[name] = tf.constant(SETTINGS[name], tf.int64 if name == "global_step" else tf.float32)
        if sparse:
            arguments["indices"] = tf.constant([2, 0, 2])
        node = getattr(tf.raw_ops, form + update)(**dict(arguments, **extra))
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            sess.run(node)
            sess.run(node)
            return {name: sess.run(variable).tolist() for name, variable in variables.items()}


def observe_scatter(tf, rule, resource, nd):
    """What a scatter with a repeated index leaves in a variable."""
    dtype = SCATTERS[rule]
    with tf.Graph().as_default():
        variable = tf.Variable(np.arange(1, 9).reshape(4, 2).astype(dtype), use_resource=resource)
        target = variable.handle if resource else variable._ref()
        prefix = "Resource" if resource else ""
        updates = np.array([[2, 3], [5, 4], [7, 2]], dtype)
        if nd:
            node = getattr(tf.raw_ops, prefix + "ScatterNd" + rule)(
                ref=target, indices=tf.constant([[3, 1], [0, 0], [3, 1]]), updates=tf.constant(updates[:, 0]))
        else:
            node = getattr(tf.raw_ops, prefix + "Scatter" + rule)(
                indices=tf.constant([3, 0, 3]), updates=tf.constant(updates),
                **{"resource" if resource else "ref": target})
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            sess.run(node)
            return sess.run(variable).tolist()


def observe(tf):
    """Every case's result by its name."""
    found = {}
    for name, form, update, extra in cases():
        found[name] = observe_update(tf, form, update, extra)
    for rule in SCATTERS:
        for resource in (False, True):
            found["Scatter{} {}".format(rule, resource)] = observe_scatter(tf, rule, resource, False)
            if rule in ("Update", "Add", "Sub"):
                found["ScatterNd{} {}".format(rule, resource)] = observe_scatter(tf, rule, resource, True)
    return found
