"""tf.Module: names, scopes, and the variables and modules that it finds."""

from . import Case, program
from .refused import outcome


def classes(tf):
    class Dense(tf.Module):
        def __init__(self, inputs, outputs, name=None):
            super(Dense, self).__init__(name=name)
            with self.name_scope:
                self.w = tf.Variable(tf.ones([inputs, outputs]), name="w")
                self.b = tf.Variable(tf.zeros([outputs]), name="b", trainable=False)

        @tf.Module.with_name_scope
        def __call__(self, x):
            return tf.matmul(x, self.w) + self.b

    class Net(tf.Module):
        def __init__(self):
            super(Net, self).__init__(name="net")
            with self.name_scope:
                self.layers = [Dense(2, 3), Dense(3, 1, name="last")]
                self.more = {"k": Dense(1, 1)}
                self._own = tf.Variable(1.0)
            self.again = self.layers[0]
            self.other = 5

        @tf.Module.with_name_scope
        def __call__(self, x):
            for layer in self.layers:
                x = layer(x)
            return x

    return Dense, Net


@program
def module_of_modules(tf):
    _, Net = classes(tf)
    net = Net()
    y, again = net(tf.constant([[1.0, 2.0]])), net(tf.constant([[3.0, 4.0]]))
    facts = {"name": net.name, "variables": [v.name for v in net.variables],
             "trainable": [v.name for v in net.trainable_variables], "modules": [m.name for m in net.submodules]}
    return Case([((y, again), None)], init=True, facts=facts)


@program
def module_trained(tf):
    Dense, _ = classes(tf)
    dense = Dense(2, 1)
    loss = tf.reduce_sum(tf.square(dense(tf.constant([[1.0, 2.0]]))))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss, var_list=list(dense.trainable_variables))
    return Case([(train, None), (loss, None), (dense.variables, None)], init=True)


@program
def module_names(tf):
    class HTTPServer2(tf.Module):
        pass

    class ABTest(tf.Module):
        pass

    class conv2D(tf.Module):
        pass

    Dense, _ = classes(tf)
    made = [HTTPServer2(), ABTest(), conv2D(), tf.Module(), Dense(1, 1), Dense(1, 1)]
    facts = {"names": [m.name for m in made], "second": [v.name for v in made[-1].variables],
             "empty": tf.Module().variables}
    for name in ("a/b", "1a", "", "a_1"):
        facts[name or "nothing"] = outcome(lambda name=name: tf.Module(name).name)
    return Case(facts=facts)
