"""tf.autograph beside the recorded programs: which function is meant, closures, methods, errors at the user's lines."""

import functools
import subprocess
import sys
import traceback

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.base import source
from tfmagic.tf.autograph import order


def value(tensor, feeds=None):
    with tf.Session() as session:
        return session.run(tensor, feeds)


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


@pytest.mark.parametrize(("names", "ordered"), [
    ("a b c d e x", "e x b a d c"), ("x e d c b a", "e x b a d c"), ("total i beta alpha x", "alpha x total i beta"),
    ("x s n", "x s n"), ("self.a self.b.c", "self.b.c self.a"), ("do_return retval_", "retval_ do_return"),
    ("break__2 continue__2", "continue__2 break__2"), ("retval_ do_return n", "retval_ do_return n")])
def test_names_come_in_the_order_of_tensorflows_sets(names, ordered):
    assert order.in_order(names.split()) == ordered.split()


def test_of_two_lambdas_in_a_line_the_right_one_is_converted():
    first, second = tf.autograph.to_graph((lambda x: x and x), True), tf.autograph.to_graph(lambda x: not x)
    pair = [lambda x: 1 if x else 2, lambda x: 3 if x else 4]
    third, fourth = map(tf.autograph.to_graph, pair)
    x = tf.constant(True)
    assert value([first(x), second(x), third(x), fourth(x)]) == [True, False, 1, 3]


def test_closures_are_shared_with_the_function_itself():
    calls = 0

    def count(x):
        nonlocal calls
        if x > 0:
            calls += 1
        return calls

    converted = tf.autograph.to_graph(count)
    assert converted(1) == 1
    assert converted(1) == 2
    assert calls == 2
    calls = 5
    assert converted(0) == 5


def test_globals_stay_globals():
    space = {"tf": tf}
    code = "total = 0\ndef f(x):\n    global total\n    if x > 0:\n        total = total + 1\n    return total\n"
    source_file = "<globals of a test>"
    import linecache

    linecache.cache[source_file] = (len(code), None, code.splitlines(keepends=True), source_file)
    exec(compile(code, source_file, "exec"), space)
    converted = tf.autograph.to_graph(space["f"])
    assert converted(3) == 1
    assert space["total"] == 1


class Base:
    def scaled(self, x):
        return x * 3.0


class Model(Base):
    def __init__(self):
        self.__secret = 2.0

    def scaled(self, x):
        if x > 1:
            x = super().scaled(x) + self.__secret
        return x

    @staticmethod
    def fixed(x):
        return x if x > 0 else -x

    @property
    def secret(self):
        return self.__secret


def _down(n):
    if n > 0:
        return _down(n - 1) + 1
    return n


def test_functions_call_themselves():
    def down(n):
        return down(n - 1) + 1 if n > 0 else n

    for function in (_down, down):
        assert tf.autograph.to_graph(function)(4) == 4
        assert tf.autograph.to_graph(function).__name__ == f"tf__{function.__name__}"


def test_methods_with_super_and_private_names():
    model = Model()

    def f(x):
        return model.scaled(x) + Model.fixed(x) + model.secret

    assert value(tf.autograph.to_graph(f)(tf.constant(2.0))) == 12.0
    assert value(tf.autograph.to_graph(model.scaled)(model, tf.constant(2.0))) == 8.0


def test_defaults_and_keyword_arguments():
    def f(x, *more, scale=2.0, **options):
        if x > 0:
            x = x * scale
        return x + sum(more) + options.get("shift", 0.0)

    converted = tf.autograph.to_graph(f)
    assert value([converted(tf.constant(1.0)), converted(tf.constant(1.0), 2.0, scale=3.0, shift=4.0)]) == [2.0, 9.0]


def test_partial_functions_are_converted():
    def f(x, y):
        return x if y else -x

    assert value(tf.autograph.to_graph(lambda x: functools.partial(f, x)(x > 0))(tf.constant(-2.0))) == 2.0


def test_a_variable_changed_in_one_branch_is_as_before_in_the_other():
    def f(x):
        t = 1.0
        if x > 0:
            t = t * 2.0
            y = x + t
        else:
            y = x - t
        return y

    x = tf.placeholder(tf.float32, [])
    y = tf.autograph.to_graph(f)(x)
    assert [value(y, {x: 1.0}), value(y, {x: -1.0})] == [3.0, -2.0]


def test_a_variable_without_a_value_is_an_error_of_python():
    def f(x):
        if x:
            y = 1
        return y

    converted = tf.autograph.to_graph(f)
    assert converted(True) == 1
    with pytest.raises(NameError, match="y"):
        converted(False)


def test_the_else_of_a_loop_runs_unless_it_was_left():
    def f(n):
        for i in range(n):
            if i > 2:
                break
        else:
            return "through"
        return "left"

    converted = tf.autograph.to_graph(f)
    assert [converted(2), converted(9)] == ["through", "left"]


def test_return_in_try_skips_what_follows():
    def f(x):
        log = []
        try:
            if x:
                return "early", log
            log.append("body")
        except ValueError:
            log.append("error")
        else:
            log.append("else")
        finally:
            log.append("finally")
        return "late", log

    converted = tf.autograph.to_graph(f)
    assert converted(True) == ("early", ["finally"])
    assert converted(False) == ("late", ["body", "else", "finally"])


def _line_of(text):
    with open(__file__, encoding="utf-8") as file:
        return next(number for number, line in enumerate(file, 1) if text in line and "_line_of" not in line)


def test_errors_and_nodes_are_at_the_users_lines():
    def f(x):
        if x > 0:
            for _ in tf.range(3):
                x = tf.square(x, name="here")  # the node's line
        return tf.matmul(x, x)  # the line of the error

    x = tf.placeholder(tf.float32, [])
    with pytest.raises(ValueError, match="rank 2") as raised:
        tf.autograph.to_graph(f)(x)
    frame = [frame for frame in traceback.extract_tb(raised.tb) if frame.filename == __file__][-1]
    assert (frame.lineno, frame.name) == (_line_of("the line of the error"), "f")
    node = next(op for op in tf.get_default_graph().get_operations() if op.type == "Square")
    line = source.lines(node._frames)[0]
    assert (line.lineno, line.function) == (_line_of("the node's line"), "f")


def test_a_function_whose_source_is_not_at_hand_runs_as_it_is(caplog):
    space = {}
    exec("def f(x):\n    return 1 if x else 2", space)
    with pytest.raises(Exception, match="converting"):
        tf.autograph.to_graph(space["f"])
    assert tf.autograph.to_graph(lambda x: space["f"](x))(True) == 1


def test_what_comes_with_python_and_packages_is_called_as_it_is():
    def f(x):
        return np.where(x > 0, x, -x), sorted([3, 1], key=lambda v: v if v > 2 else -v)

    array, ordered = tf.autograph.to_graph(f)(np.array([-1.0, 2.0]))
    assert array.tolist() == [1.0, 2.0]
    assert ordered == [1, 3]


def test_the_code_can_be_read_and_is_python():
    def f(x):
        if x > 0:
            return x
        return -x

    code = tf.autograph.to_code(f)
    compile(code, "<code>", "exec")
    assert code.startswith("def tf__f(x):\n  ")
    assert "ag__.if_stmt(x > 0, " in code


@pytest.mark.parametrize("feature", [tf.autograph.experimental.Feature.LISTS, [tf.autograph.experimental.Feature.ALL]])
def test_optional_features_are_refused(feature):
    with pytest.raises(NotImplementedError, match="optional feature"):
        tf.autograph.to_graph(lambda x: x, experimental_optional_features=feature)


def test_functions_of_python_2_programs_are_converted(tmp_path):
    (tmp_path / "program.py").write_text(
        "import tensorflow as tf\n"
        "def f(x):\n    print 'building',\n    if x > 0:\n        return x / 2\n    return -x\n"
        "y = tf.autograph.to_graph(f)(tf.constant(7))\nprint tf.Session().run(y)\n"
        "d = tf.data.Dataset.range(3).map(lambda x: x / 2 if x > 1 else x)\n")
    result = subprocess.run([sys.executable, "-m", "tfmagic.notebook.command.cli", "run", "--py2", "program.py"],
                            cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert result.stdout == "building 3\n", result.stderr


def test_a_traced_function_is_built_once_per_kind_of_arguments():
    seen = []

    @tf.function
    def f(x, scale=1.0):
        """The product."""
        seen.append(scale)
        return x * scale

    for x, scale in ((tf.zeros([2]), 1.0), (tf.ones([2]), 1.0), (tf.zeros([2]), 2.0), (tf.zeros([3]), 2.0)):
        f(x, scale)
    f(tf.zeros([2]))
    assert seen == [1.0, 2.0, 2.0]
    assert f.__name__ == "f"
    assert f.__doc__ == "The product."
    with tf.Graph().as_default():
        assert value(f(tf.ones([2]), 3.0)).tolist() == [3.0, 3.0]


def test_gradients_go_through_traced_functions():
    weight = tf.get_variable("w", [], initializer=tf.ones_initializer(), use_resource=True)

    @tf.function
    def f(x):
        if x > 0:
            return tf.sin(x) * weight
        return x * 2.0

    x = tf.placeholder(tf.float32, [])
    gradients = tf.gradients(f(x), [x, weight])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        np.testing.assert_allclose(session.run(gradients, {x: 1.0}), [np.cos(1.0), np.sin(1.0)], rtol=1e-6)
        np.testing.assert_allclose(session.run(gradients, {x: -1.0}), [2.0, 0.0])


def test_loops_in_traced_functions():
    @tf.function
    def collatz(n):
        steps = 0
        while n > 1:
            if tf.equal(n % 2, 0):
                n = n // 2
            else:
                n = 3 * n + 1
            steps += 1
        return steps

    assert value(collatz(tf.constant(6))) == 8


def test_a_variable_made_at_the_first_call_is_used_by_all():
    class Model:
        v = None

        @tf.function
        def __call__(self, x):
            if self.v is None:
                self.v = tf.Variable(2.0)
            return self.v * x

    model = Model()
    results = [model(tf.constant(3.0)), model(tf.constant([1.0, 2.0]))]
    assert len(tf.global_variables()) == 1
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert [r.tolist() for r in session.run(results)] == [6.0, [2.0, 4.0]]
