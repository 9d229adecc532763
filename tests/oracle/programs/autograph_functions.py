"""Functions that AutoGraph converts: conditions, loops, break, continue and return decided by tensors."""

from . import Case, program


def tensor(tf, name="x", shape=(), dtype="float32"):
    return tf.placeholder(dtype, shape, name=name)


@program
def autograph_if(tf):
    def absolute(x):
        if x > 0:
            y = x * 2
        elif x < -5:
            y = -x
        else:
            y = x + 1
        return y

    x = tensor(tf)
    y = tf.autograph.to_graph(absolute)(x)
    return Case(steps=[(y, {x: value}) for value in (3.0, -2.0, -7.0)], show=[y])


@program
def autograph_if_returns(tf):
    def sign(x):
        if x > 0:
            return x
        if x < -10:
            x = x + 1
            return -x
        return x * 5

    x = tensor(tf)
    y = tf.autograph.to_graph(sign)(x)
    return Case(steps=[([y, tf.gradients(y, x)], {x: value}) for value in (3.0, -2.0, -12.0)])


@program
def autograph_if_of_many(tf):
    def many(n):
        alpha, beta, total, name, pair = 1, 2.5, n, "no", (n, 2)
        if n > 0:
            alpha, beta, pair = 2, 1.5, (n + 1, 3)
            name = "yes"
            temporary = total * 2
            total = temporary
        else:
            total = total + alpha
        return alpha, beta, total, name, pair

    n = tensor(tf, "n", dtype="int32")
    results = tf.autograph.to_graph(many)(n)
    return Case(steps=[(results, {n: 2}), (results, {n: -2})])


@program
def autograph_if_without_results(tf):
    def shown(x):
        if x > 0:
            tf.Print(x, [x])
        return x

    x = tensor(tf)
    return Case(steps=[(tf.autograph.to_graph(shown)(x), {x: -1.0})])


@program
def autograph_if_of_attributes(tf):
    class Model(object):
        pass

    def f(n):
        model = Model()
        model.count = 1
        if n > 0:
            model.count = n
        while model.count > 0:
            model.count -= 1
            model.last = 3
        return model.count

    n = tensor(tf, "n", dtype="int32")
    model = Model()
    model.x = model.steps = 0

    def g(model, n):
        while n > 0:
            model.x = 3
            model.steps += 1
            n -= 1
        return model.x, model.steps

    def h(n):
        if n > 0:
            n = n + 1
        return n

    results = [tf.autograph.to_graph(h)(n), tf.autograph.to_graph(g)(model, n)]
    return Case(steps=[(results, {n: 2}), (results, {n: -2})])


@program
def autograph_expressions(tf):
    def logic(x, y):
        both = x > 0 and y > 0
        either = x > 5 or not y < 3 or y > 8
        chosen = x if both else -x
        return both, either, chosen, 3 and 4, not 0, 1 if 2 > 1 else 0

    x, y = tensor(tf), tensor(tf, "y")
    results = list(tf.autograph.to_graph(logic)(x, y))
    return Case(steps=[(results[:3], {x: a, y: b}) for a, b in ((1.0, 2.0), (1.0, -2.0), (-1.0, 9.0), (7.0, 3.0))],
                facts={"plain": results[3:]})


@program
def autograph_while(tf):
    def powers(x, n):
        i = 0
        while i < n:
            x = x * 2.0
            i += 1
        return x, i

    x, n = tensor(tf), tensor(tf, "n", dtype="int32")
    y, i = tf.autograph.to_graph(powers)(x, n)
    return Case(steps=[([y, i, tf.gradients(y, x)], {x: 3.0, n: 4}), (y, {x: 1.0, n: 0})])


@program
def autograph_while_of_python_values(tf):
    def f(n):
        done = False
        count = 0
        while n > 0:
            done = True
            count = 3
            n -= 1
        k = 3
        while k > 0:
            n += k
            k -= 1
        return done, count, n

    n = tensor(tf, "n", dtype="int32")
    results = tf.autograph.to_graph(f)(n)
    return Case(steps=[(results, {n: 2}), (results, {n: 0})])


@program
def autograph_for_rows(tf):
    def total(xs):
        s = 0.0
        for x in xs:
            s += x
        return s

    def rows(xs):
        s = tf.zeros([2])
        for x in xs:
            s = s + x * x
        return s

    xs, fixed = tensor(tf, "xs", [None]), tensor(tf, "fixed", [3, 2])
    y, z = tf.autograph.to_graph(total)(xs), tf.autograph.to_graph(rows)(fixed)
    return Case(steps=[([y, z], {xs: [1.0, 2.0, 4.0], fixed: [[1.0, 2.0]] * 3}), (y, {xs: []})])


@program
def autograph_for_rows_of_unknown_rank(tf):
    def total(xs):
        s = 0.0
        for x in xs:
            s += tf.reduce_sum(x)
        return s, len(xs)

    xs = tf.placeholder(tf.float32, name="xs")
    results = tf.autograph.to_graph(total)(xs)
    return Case(steps=[(results, {xs: [[1.0, 2.0], [4.0, 5.0]]})])


@program
def autograph_for_range(tf):
    def total(n, m):
        s = 0
        for i in range(n):
            s += i
        for i in range(n, m):
            s += i * i
        for i in range(n, 0, -2):
            s += i
        for i in tf.range(n, m, 3):
            s += i
        for i in tf.range(0, m, n):
            s += 100 * i
        for i in range(2):
            s += i
        return s

    n, m = tensor(tf, "n", dtype="int32"), tensor(tf, "m", dtype="int32")
    s = tf.autograph.to_graph(total)(n, m)
    return Case(steps=[(s, {n: 3, m: 7}), (s, {n: 5, m: 2})])


@program
def autograph_break_and_continue(tf):
    def f(n):
        s = 0
        for i in tf.range(n):
            if i > 5:
                break
            if tf.equal(i % 2, 0):
                continue
            s += i
        while n > 0:
            n -= 1
            if tf.equal(n, 3):
                break
        return s, n

    n = tensor(tf, "n", dtype="int32")
    results = tf.autograph.to_graph(f)(n)
    return Case(steps=[(results, {n: value}) for value in (3, 10)])


@program
def autograph_break_in_rows(tf):
    def f(xs):
        s = 0.0
        for x in xs:
            if x > 3.0:
                break
            s += x
        return s

    xs = tensor(tf, "xs", [None])
    s = tf.autograph.to_graph(f)(xs)
    return Case(steps=[(s, {xs: [1.0, 2.0, 5.0, 1.0]}), (s, {xs: [1.0]})])


@program
def autograph_nested_loops(tf):
    def f(n):
        s = 0
        for i in tf.range(n):
            for j in tf.range(i):
                if j > 2:
                    continue
                s += j
            while s > 50:
                s -= 7
                if s < 48:
                    break
        return s

    n = tensor(tf, "n", dtype="int32")
    return Case(steps=[(tf.autograph.to_graph(f)(n), {n: 9})])


@program
def autograph_calls(tf):
    def absolute(x):
        if x > 0:
            return x
        else:
            return -x

    class Scale(object):
        def __init__(self, factor):
            self.factor = factor

        def __call__(self, x):
            if x > 1:
                x = x * self.factor
            return self.shifted(x)

        def shifted(self, x, by=1.0):
            if x > 10:
                by = 2.0
            return x + by

    scale = Scale(3.0)

    def f(x):
        def inner(y, z=2.0):
            if y > 3:
                y = y * z
            return y

        twice = lambda y: y * 2 if y > 0 else y  # noqa: E731
        return absolute(x) + absolute(x=-x) + scale(x) + inner(x) + twice(x)

    x = tensor(tf)
    y = tf.autograph.to_graph(f)(x)
    return Case(steps=[(y, {x: value}) for value in (4.0, -4.0, 0.5)])


@program
def autograph_built_in_functions(tf):
    def f(n, xs, s):
        return len(xs), int(xs[0]), float(n), int(s), float(s), abs(n), max(1, 2), len([1, 2]), int("7"), float(3)

    n, xs, s = tensor(tf, "n", dtype="int32"), tensor(tf, "xs", [None]), tensor(tf, "s", dtype="string")
    results = tf.autograph.to_graph(f)(n, xs, s)
    return Case(steps=[(list(results[:6]), {n: -3, xs: [2.7, 1.0], s: b"12"})], facts={"plain": results[6:]})


@program
def autograph_python_control_flow(tf):
    def f(x, layers, training=False):
        for size in layers:
            if size == 3:
                continue
            if size > 5:
                break
            x = x * size
        else:
            x = -x
        k = 0
        while True:
            k += 1
            if k > 4:
                break
        try:
            if training:
                raise ValueError("training")
            x = x + k
        except ValueError:
            x = x - 1
        with tf.name_scope("last"):
            return x + 1 if training else x + 2

    x = tensor(tf)
    convert = tf.autograph.to_graph(f)
    return Case(steps=[(convert(x, [2, 3, 4, 7, 5], True), {x: 1.0}), (convert(x, [2, 9]), {x: 1.0})])


@program
def autograph_in_a_variable_scope(tf):
    def dense(x, training):
        with tf.variable_scope("layer"):
            w = tf.get_variable("w", [2, 2], initializer=tf.ones_initializer())
            y = tf.matmul(x, w)
            if training:
                y = y * 0.5
            return y

    x, training = tensor(tf, "x", [None, 2]), tensor(tf, "training", dtype="bool")
    y = tf.autograph.to_graph(dense)(x, training)
    return Case(steps=[(y, {x: [[1.0, 2.0]], training: True}), (y, {x: [[1.0, 2.0]], training: False})], init=True)


@program
def autograph_dataset_loop(tf):
    def total(n):
        s = n
        for x in tf.data.Dataset.range(5):
            if x > 2:
                s += x
        return s

    n = tensor(tf, "n", dtype="int64")
    return Case(steps=[(tf.autograph.to_graph(total)(n), {n: 10})])


@program
def autograph_dataset_functions(tf):
    def double_the_large(x):
        if x > 2:
            y = x * 2
        else:
            y = x
        return y

    def clipped(x):
        if x > 5:
            return tf.constant(5, tf.int64)
        return x

    data = tf.data.Dataset.range(7).map(double_the_large).map(clipped).filter(lambda x: x > 1 and x < 6 or x > 11)
    element = data.make_one_shot_iterator().get_next()
    return Case(steps=[(element, None), (element, None)])


@program
def autograph_effects_in_dataset_functions(tf):
    def f(x):
        a = tf.py_func(lambda y: y, [x], tf.int64)
        tf.debugging.Assert(x >= 0, [x])
        b = tf.py_func(lambda y: y + 1, [x], tf.int64)
        if x > 3:
            tf.debugging.Assert(x > 2, ["large"])
        return a + b

    element = tf.data.Dataset.range(2).map(f).make_one_shot_iterator().get_next()
    return Case(steps=[(element, None), (element, None)])


@program
def autograph_not_converted(tf):
    @tf.autograph.experimental.do_not_convert
    def plain(x):
        return x + 1 if tf.executing_eagerly() else x

    def f(x):
        return plain(x) if x > 0 else x

    x = tensor(tf)
    feature = tf.autograph.experimental.Feature
    return Case(steps=[(tf.autograph.to_graph(f)(x), {x: 1.0})], facts={
        "features": sorted(each.name for each in feature), "name": tf.autograph.to_graph(f).__name__,
        "without": sorted(each.name for each in feature.all_but(feature.LISTS))})


@program
def autograph_of_contrib(tf):
    autograph = tf.contrib.autograph

    @autograph.convert()
    def absolute(x):
        if x > 0:
            return x
        return -x

    def scaled(x, y=2.0):
        values = []
        autograph.set_element_type(values, tf.float32)
        if x > 0:
            x = x * y
        values.append(x)
        return autograph.stack(tf.stack(values))

    x = tensor(tf)
    results = [absolute(x), autograph.to_graph(scaled)(x)]
    return Case(steps=[(results, {x: 3.0}), (results, {x: -3.0})], facts={"name": absolute.__name__})


@program
def autograph_break_in_a_data_set(tf):
    @tf.function
    def up_to(n):
        total = tf.constant(0, tf.int64)
        for v in tf.data.Dataset.range(10):
            if v > n:
                break
            total += v
        return total

    @tf.function
    def odd(n):
        total = tf.constant(0, tf.int64)
        for i, v in enumerate(tf.data.Dataset.range(10)):
            if tf.equal(v % 2, 0):
                continue
            if i > n:
                break
            total += v
        return total

    n = tf.placeholder(tf.int64, [], name="n")
    results = [up_to(n), odd(n)]
    return Case(steps=[(results, {n: 4}), (results, {n: 20})])


@program
def autograph_zip_and_enumerate_data_sets(tf):
    @tf.function
    def f():
        total = tf.constant(0, tf.int64)
        for a, b in zip(tf.data.Dataset.range(3), tf.data.Dataset.range(1, 4)):
            total += a * b
        for i, a in enumerate(tf.data.Dataset.range(4), 2):
            total += a * i
        return total

    return Case(steps=[(f(), None)])
