"""Assertions and other checks: the nodes that they make, and those that are settled while the graph is built."""

from __future__ import print_function

from . import Case, program


def after(tf, checks, x):
    """`x` after the checks, each with a control dependency."""
    with tf.control_dependencies([c for c in checks if c is not None]):
        return tf.identity(x)


@program
def checks_of_order(tf):
    x, y = tf.placeholder(tf.float32, [None], name="x"), tf.constant([2.0, 3.0])
    z = after(tf, [tf.assert_less(x, y), tf.assert_less_equal(x, y), tf.assert_greater(y, x),
                   tf.assert_greater_equal(y, x), tf.assert_none_equal(x, y),
                   tf.assert_less(x, 5.0, message="too large", summarize=2, name="bound")], x)
    return Case(steps=[(z, {x: [1.0, 2.0]})])


@program
def checks_of_equality(tf):
    x, y = tf.placeholder(tf.float32, [None], name="x"), tf.constant([2, 3])
    z = after(tf, [tf.assert_equal(x, x), tf.assert_near(x, [1.0, 2.0], rtol=1e-3, atol=1e-3),
                   tf.assert_equal(y, [2, 3]), tf.assert_equal(tf.shape(x)[0], 2, data=["rows", tf.shape(x)],
                                                               message="two rows"), tf.assert_near(x, x + 1e-7)], x)
    return Case(steps=[(z, {x: [1.0, 2.0]})])


@program
def checks_of_sign(tf):
    x = tf.placeholder(tf.float32, [None], name="x")
    z = after(tf, [tf.assert_positive(x), tf.assert_non_negative(x), tf.assert_negative(-x),
                   tf.assert_non_positive(-x, name="below"), tf.assert_positive([1, 2]),
                   tf.assert_non_negative(tf.constant([0, 3]), message="count")], x)
    return Case(steps=[(z, {x: [1.0, 2.0]})])


@program
def checks_of_rank(tf):
    x, u = tf.placeholder(tf.float32, [None, 2], name="x"), tf.placeholder(tf.float32, name="u")
    rank = tf.placeholder(tf.int32, [], name="rank")
    z = after(tf, [tf.assert_rank(x, 2), tf.assert_rank(u, 1), tf.assert_rank(x, rank), tf.assert_rank_at_least(u, 1),
                   tf.assert_rank_at_least(x, 1), tf.assert_rank_in(u, [1, 3]), tf.assert_rank_in(x, (1, 2)),
                   tf.assert_rank(u, rank - 1, data=["rank", u])], x)
    return Case(steps=[(z, {x: [[1.0, 2.0]], u: [1.0], rank: 2})])


@program
def checks_of_type(tf):
    x = tf.placeholder(tf.float32, [], name="x")
    made = [tf.assert_type(x, tf.float32), tf.assert_integer(tf.constant(1)), tf.assert_scalar(x)]
    facts = {"kinds": [type(c).__name__ for c in made], "dtype": tf.assert_same_float_dtype([x]).name,
             "numeric": [tf.is_numeric_tensor(x), tf.is_numeric_tensor(tf.constant("a"))]}
    tf.assert_proper_iterable([x])
    return Case(facts=facts)


@program
def checks_of_numbers(tf):
    x = tf.placeholder(tf.float32, [None], name="x")
    y = tf.log(x)
    w = tf.sqrt(y * 2.0)
    out = [tf.check_numerics(y, "the logarithm"), tf.verify_tensor_all_finite(x, "x"),
           tf.debugging.check_numerics(x, "again", name="numbers"), w]
    every = tf.add_check_numerics_ops()
    return Case(steps=[(out, {x: [2.0, 3.0]}), (every, {x: [2.0, 3.0]})], show=out[:3])


@program
def checks_of_variables(tf):
    v, w = tf.Variable(1.0, name="v"), tf.get_variable("w", initializer=2.0, use_resource=True)
    out = [tf.is_variable_initialized(v), tf.report_uninitialized_variables(),
           tf.report_uninitialized_variables([v], name="missing"), w.is_initialized()]
    check = tf.assert_variables_initialized()
    return Case(steps=[(out, None), (tf.variables_initializer([v]), None), (out, None),
                       (tf.global_variables_initializer(), None), (out, None), (check, None)])


@program
def checks_that_raise_while_building(tf):
    caught = []
    for check in (lambda: tf.assert_equal([1, 2], [1, 3]), lambda: tf.assert_positive([1, -1], message="sign"),
                  lambda: tf.assert_rank([1], 2), lambda: tf.assert_rank_at_least(1.0, 1),
                  lambda: tf.assert_type(tf.constant(1), tf.float32), lambda: tf.assert_integer([1.0]),
                  lambda: tf.assert_less([2], [1]), lambda: tf.assert_scalar([1]), lambda: tf.assert_near([1.0], [2.0]),
                  lambda: tf.assert_rank_in([[1]], [0, 1])):
        try:
            check()
            caught.append("nothing")
        except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
            caught.append([type(error).__name__, str(error).splitlines()[0]])
    return Case(facts={"caught": caught})


@program
def prints_and_asserts(tf):
    x = tf.placeholder(tf.float32, [None], name="x")
    shown = tf.Print(x, [tf.shape(x), x], "x: ", first_n=1, summarize=2, name="shown")
    told = tf.print("x is", x, tf.shape(x), summarize=2)
    plain = tf.print(x, end="")
    check = tf.Assert(tf.reduce_all(x > 0.0), [x, "is not positive"], summarize=4)
    with tf.control_dependencies([told, plain, check]):
        y = shown * 2.0
    return Case(steps=[(y, {x: [1.0, 2.0]}), (tf.gradients(y, x), {x: [1.0]})])


@program
def bounds_that_follow_assertions(tf):
    n = tf.placeholder(tf.int32, [], name="n")
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    with tf.control_dependencies([tf.assert_greater(n, 0, message="n must be positive")]):
        m = tf.identity(n)
    with tf.control_dependencies([tf.assert_equal(tf.shape(x)[1], 3), tf.assert_less(n, tf.shape(x)[0] + 1)]):
        y = x[:m]
    return Case(steps=[(y, {x: [[1, 2, 3], [4, 5, 6]], n: 1})])


@program
def checks_of_shapes(tf):
    x, y = tf.placeholder(tf.float32, [None, 2], name="x"), tf.constant([1.0, 2.0])
    check = tf.debugging.assert_shapes([(x, ("N", "D")), (y, ("D",))])
    with tf.control_dependencies([check] if check is not None else []):
        z = x * y
    return Case(steps=[(z, {x: [[1, 2]]})])


@program
def checks_of_shapes_of_all_forms(tf):
    x, y = tf.placeholder(tf.float32, [None, 3], name="x"), tf.placeholder(tf.float32, [2, 2, 2], name="y")
    p, q = tf.placeholder(tf.float32, name="p"), tf.placeholder(tf.float32, name="q")
    raised = []
    for shapes in ([(x, ("N", 3))], [(x, ("N", "D")), (p, ("D", "N"))], [(x, ("N", 4))], [(x, (None, "."))],
                   [(x, "N3")], [(x, ("N",))], [(tf.constant(1.0), ())], [(tf.constant(1.0), 1)], [], [(p, ())],
                   {"a": (1,)},
                   [(y, ("N", "M", "M")), (x, ("M", "N"))], [(y, ("N", "M", "Q")), (p, ("Q", "N"))],
                   [(p, ("N", 2)), (q, ("N", 2))], [(p, ("N", None)), (q, ("N", 2, "."))]):
        try:
            tf.debugging.assert_shapes(shapes)
        except ValueError as error:
            raised.append(str(error))
    tf.debugging.assert_shapes([(p, ("N", 2))], message="wrong", name="first")
    tf.debugging.assert_shapes([(x, ("N", "D")), (p, ("D", "N"))], data=["text"], summarize=2)
    return Case(facts={"raised": raised})


@program
def checks_of_all_numerics_beside_variables(tf):
    """References are not checked, what reads them is."""
    v = tf.Variable([1.0, 2.0], name="v")
    tf.assign_add(v, tf.log(v), name="added")
    every = tf.add_check_numerics_ops()
    return Case(init=True, steps=[(every, None)])


@program
def handles_of_partial_runs(tf):
    """The name of a partial run, and a function of a session that misses a feed."""
    a, b, c = [tf.placeholder(tf.float32, [], name) for name in "abc"]
    total = a + b
    product = total * c
    done, session = tf.group(product), tf.Session()
    setups = [([total, product], [a, b, c]), ([product, total, done], [c, a, b]), (total, a),
              ([total, [product]], ["a:0"]), ([done], [])]
    handles = [str(session.partial_run_setup(*setup)) for setup in setups]
    late = tf.Session().make_callable(c * 2.0)
    try:
        late()
        said = "nothing"
    except tf.errors.InvalidArgumentError as error:
        said = error.message.split("\n")[0]
    return Case(facts={"handles": handles, "late": said})
