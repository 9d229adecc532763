"""Small functions that were never public and build nothing: decorators, arguments, lengths, files, texts, tests."""
import functools
import os
import tempfile

import numpy as np
from tensorflow.python.debug import has_inf_or_nan
from tensorflow.python.framework import common_shapes, ops, random_seed, tensor_shape, test_util
from tensorflow.python.layers import utils
from tensorflow.python.lib.io import file_io
from tensorflow.python.util import deprecation, function_utils, lazy_loader, tf_decorator, tf_export, tf_inspect

tf.logging.set_verbosity(tf.logging.FATAL)


def target(a, b=1, *c, **d):
    """What it says."""
    return a + b


def twice(function):
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs) * 2

    return tf_decorator.make_decorator(function, wrapper, "twice", "it says more")


class Callable(object):
    def __init__(self, p=1):
        pass

    def __call__(self, x, y=2):
        pass

    def method(self, q):
        pass


decorated = twice(target)
decorators, inner = tf_decorator.unwrap(decorated)
say("decorated", [decorated.__name__, decorated.__doc__, decorated(1), decorated.__wrapped__ is target])
say("inner", inner is target)
say("decorator", [(d.decorator_name, d.decorator_doc, d.decorator_argspec) for d in decorators])
say("bare", tf_decorator.unwrap(target)[0])
say("arguments", tuple(tf_inspect.getargspec(decorated)))
say("of a class", tf_inspect.getfullargspec(Callable).args)
say("of an object", tf_inspect.getfullargspec(Callable()).args)
say("of a partial", tf_inspect.getfullargspec(functools.partial(target, 1)).args)
say("of another", tuple(tf_inspect.getargspec(functools.partial(target, b=3))))
say("call", sorted(tf_inspect.getcallargs(decorated, 1, 2, z=3).items()))
say("rewrapped", tf_decorator.rewrap(decorated, target, lambda x: x * 10) is decorated and decorated(1))
for function in (target, Callable(), Callable().method, functools.partial(target, 1), functools.partial(target, b=1)):
    say("to be given", function_utils.fn_args(function))
say("any names", [function_utils.has_kwargs(target), function_utils.has_kwargs(Callable().method)])
say("name", function_utils.get_func_name(target))
say("no name", lambda: function_utils.get_func_name(3))
for new, old in ((1, None), (None, 2), (1, 2), (None, None)):
    say("renamed argument", lambda: deprecation.deprecated_argument_lookup("new", new, "old", old))
say("rewritten", deprecation.rewrite_argument_docstring("Args:\n  x: `x`", "x", "z"))
tf_export.tf_export("my.name", v1=["a", "b"])(target)
say("exported", sorted(vars(target).items()))
lazy = lazy_loader.LazyLoader("collections_late", globals(), "collections")
say("late", [lazy.OrderedDict().__class__.__name__, "collections_late" in globals()])

shape = tf.TensorShape
say("shapes", [tensor_shape.scalar(), tensor_shape.vector(3), tensor_shape.matrix(2, None)])
say("numbers", ops.uid() < ops.uid())
for x, y in (([2, 1], [3]), ([2, None], [None, 1]), (None, [3]), ([2], [3])):
    say("broadcast", lambda: common_shapes.broadcast_shape(shape(x), shape(y)))
    say("fit", common_shapes.is_broadcast_compatible(shape(x), shape(y)))
say("seed", random_seed.DEFAULT_GRAPH_SEED)
say("gradient", [callable(ops.get_gradient_function(op)) for op in (tf.square(1.0).op, tf.constant(1.0).op)])
say("tensors", ops.convert_n_to_tensor([1, 2.5], dtype=tf.float32))
say("no list", lambda: ops.convert_n_to_tensor(3))
for padding in ("same", "valid", "full", "causal"):
    say(padding, lambda: [utils.conv_output_length(10, 3, padding, 2), utils.conv_output_length(10, 3, padding, 1, 2)])
    say(padding, lambda: [utils.deconv_output_length(10, 3, padding, 2), utils.deconv_output_length(10, 5, padding, 2)])
    say(padding, lambda: utils.conv_input_length(10, 3, padding, 2))
    say(padding, lambda: utils.normalize_padding(padding.upper()))
say("unknown", [utils.conv_output_length(None, 3, "same", 2), utils.deconv_output_length(None, 3, "same", 2)])
say("not finite", [has_inf_or_nan(None, np.array(x)) for x in ([1.0, np.nan], [1, 2], [b"a"], [1j * np.inf], [1.5])])

folder = tempfile.mkdtemp()
one, other = os.path.join(folder, "one"), os.path.join(folder, "other")
file_io.write_string_to_file(one, "hello")
file_io.atomic_write_string_to_file(other, "hellp")
say("read", file_io.read_file_to_string(one))
say("same", [file_io.filecmp(one, other), file_io.filecmp(one, one)])
say("checksum", file_io.file_crc32(one, block_size=2))
say("there already", lambda: type(file_io.atomic_write_string_to_file(one, "x", overwrite=False)))
say("left", sorted(os.listdir(folder)))


class Tests(tf.test.TestCase):
    @test_util.assert_no_new_tensors
    def leaves_one(self):
        self.kept = tf.constant(1)

    @test_util.assert_no_new_tensors
    def leaves_none(self):
        tf.constant(1)

    @test_util.assert_no_garbage_created
    def is_clean(self):
        pass

    @test_util.assert_no_garbage_created
    def leaves_a_circle(self):
        circle = []
        circle.append(circle)

    def runTest(self):
        pass


tests = Tests()
for name in ("leaves_one", "leaves_none", "is_clean", "leaves_a_circle"):
    say(name, getattr(tests, name))
