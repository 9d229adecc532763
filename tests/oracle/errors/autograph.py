"""What converted functions refuse, and what cannot be converted."""

from . import refused


def number(tf):
    return tf.placeholder(tf.int32, [], name="n")


def convert(tf, f):
    return tf.autograph.to_graph(f)(number(tf))


@refused("symbols must also be initialized in the else branch", "'y'")
def autograph_variable_of_one_branch(tf, sess):
    def f(n):
        if n > 0:
            y = n
        return y

    convert(tf, f)


@refused("symbols must also be initialized in the if branch", "'y'")
def autograph_variable_of_the_other_branch(tf, sess):
    def f(n):
        if n > 0:
            pass
        else:
            y = n
        return y

    convert(tf, f)


@refused("must be defined before the loop", "'y'")
def autograph_variable_of_a_loop(tf, sess):
    def f(n):
        while n > 0:
            y = n
            n -= 1
        return y

    convert(tf, f)


@refused("has dtype float32 in the TRUE branch", "int32")
def autograph_types_of_branches(tf, sess):
    def f(n):
        x = 0
        if n > 0:
            x = 1.5
        return x

    convert(tf, f)


@refused("has dtype int32 before the loop", "float32")
def autograph_type_changes_in_a_loop(tf, sess):
    def f(n):
        x = 0
        while n > 0:
            n -= 1
            x = 0.5
        return x

    convert(tf, f)


@refused("has shape (1,) before the loop", "(2,)")
def autograph_shape_changes_in_a_loop(tf, sess):
    def f(n):
        x = tf.zeros([1])
        while n > 0:
            n -= 1
            x = tf.concat([x, x], 0)
        return x

    convert(tf, f)


@refused("None values not supported")
def autograph_none_in_a_branch(tf, sess):
    def f(n):
        d = None
        if n > 0:
            d = n
        return d

    convert(tf, f)


@refused("A value must also be returned from the else branch")
def autograph_one_branch_returns(tf, sess):
    def f(n):  # noqa: RET503
        if n > 0:
            return n

    convert(tf, f)


@refused("return statements are not supported within a TensorFlow loop")
def autograph_return_in_a_loop(tf, sess):
    def f(xs):
        for x in xs:
            if x > 3.0:
                return x
        return 0.0

    tf.autograph.to_graph(f)(tf.placeholder(tf.float32, [None], name="xs"))


@refused("len requires a non-scalar tensor")
def autograph_length_of_a_scalar(tf, sess):
    convert(tf, lambda n: len(n))


@refused("No loop variables provided")
def autograph_loop_without_variables(tf, sess):
    def f(n):
        while n > 0:
            tf.no_op()

    convert(tf, f)


@refused("AutoGraph did not convert this function")
def autograph_chained_comparison(tf, sess):
    convert(tf, lambda n: 0 < n < 5)


@refused("AutoGraph is disabled in this function")
def autograph_not_converted(tf, sess):
    @tf.autograph.experimental.do_not_convert
    def plain(n):
        return 1 if n > 0 else 2

    convert(tf, lambda n: plain(n))


@refused("cannot convert entity", "object conversion is not yet supported")
def autograph_of_a_number(tf, sess):
    tf.autograph.to_graph(3)


@refused("Generators are not supported by AutoGraph")
def autograph_of_a_generator(tf, sess):
    def f(n):
        yield n

    tf.autograph.to_graph(f)


@refused("in converted code", "MatMul")
def autograph_error_in_a_map(tf, sess):
    def f(x):
        y = x + 1
        return tf.matmul(y, y)

    tf.data.Dataset.range(3).map(f)
