"""tf.contrib: hyperparameters, the projector's file, names as people import them."""

import pytest

from tfmagic import tf
from tfmagic.tf import internal


def test_hyperparameters_keep_their_types():
    hparams = tf.contrib.training.HParams(a=1, b=2.5, c=[1, 2], d="x", e=True)
    assert repr(hparams) == "HParams([('a', 1), ('b', 2.5), ('c', [1, 2]), ('d', 'x'), ('e', True)])"
    assert hparams.parse("a=3,b=3,c=[7,8],d=a b,e=false") is hparams
    assert hparams.values() == {"a": 3, "b": 3.0, "c": [7, 8], "d": "a b", "e": False}
    assert hparams.to_json() == '{"a": 3, "b": 3.0, "c": [7, 8], "d": "a b", "e": false}'
    assert hparams.parse_json('{"a": 4}').a == 4
    assert "a" in hparams and hparams.get("zz") is None and hparams.get("a", 9) == 4
    hparams.del_hparam("a")
    assert "a" not in hparams


@pytest.mark.parametrize(("text", "message"), [
    ("b=2", "Unknown hyperparameter type for b"),
    ("a=x", "Could not parse hparam 'a' of type 'int' with value 'x' in a=x"),
    ("a=[1,2]", "Must not pass a list for single-valued parameter: a"),
    ("c=1", "Must pass a list for multi-valued parameter: c."),
    ("c[1]=9", "Must pass a list for multi-valued parameter: c."),
    ("a", "Malformed hyperparameter value: a"),
    ("a=1,a=2", "Multiple assignments to variable 'a' in a=1,a=2"),
    ("c=[1,2", "Malformed hyperparameter value: c=[1,2"),
])
def test_hyperparameters_refuse_what_tensorflow_refuses(text, message):
    with pytest.raises(ValueError) as error:
        tf.contrib.training.HParams(a=1, c=[1]).parse(text)
    assert str(error.value) == message


@pytest.mark.parametrize(("text", "kinds", "values"), [
    ("a=1,b=[2,3]", {"a": int, "b": float}, {"a": 1, "b": [2.0, 3.0]}),
    ("a[0]=5", {"a": int}, {"a": {0: 5}}),
    ("a=true,b=False,c=0,d=1", dict.fromkeys("abcd", bool), {"a": True, "b": False, "c": False, "d": True}),
    ("a=b=c", {"a": str}, {"a": "b=c"}),
    ("", {}, {}),
])
def test_values_are_parsed_as_in_tensorflow(text, kinds, values):
    assert tf.contrib.training.parse_values(text, kinds) == values


def test_the_projectors_file_tells_tensorboard_what_to_show(tmp_path):
    projector = tf.contrib.tensorboard.plugins.projector
    config = projector.ProjectorConfig()
    embedding = config.embeddings.add()
    embedding.tensor_name = "w"
    embedding.sprite.single_image_dim.extend([2, 3])
    projector.visualize_embeddings(tf.summary.FileWriter(str(tmp_path)), config)
    text = (tmp_path / "projector_config.pbtxt").read_text()
    assert text == ('embeddings {\n  tensor_name: "w"\n  sprite {\n    single_image_dim: 2\n'
                    "    single_image_dim: 3\n  }\n}\n")


def test_slim_has_the_layers_under_their_other_names():
    slim, layers = tf.contrib.slim, tf.contrib.layers
    assert slim.conv2d is layers.conv2d is slim.layers.conv2d is layers.convolution2d
    assert slim.arg_scope is tf.contrib.framework.arg_scope
    assert slim.losses.softmax_cross_entropy is tf.contrib.losses.softmax_cross_entropy
    assert layers.relu.func is layers.fully_connected


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda layers: layers.l2_regularizer(-1.0), ValueError, "Setting a scale less than 0 on a regularizer: -1."),
    (lambda layers: layers.l2_regularizer(2), ValueError, "scale cannot be an integer: 2"),
    (lambda layers: layers.conv2d(tf.ones([2, 3, 3]), 2, 1), ValueError,
     "Convolution expects input with rank 4, got 3"),
    (lambda layers: layers.conv2d(tf.ones([2, 3, 3, 1]), 2, 1, data_format="XX"), ValueError,
     "Invalid data_format: 'XX'"),
    (lambda layers: layers.stack(tf.ones([3]), 3, 4), ValueError, "stack_args need to be a list or tuple"),
    (lambda layers: layers.maxout(tf.ones([3, 5]), 2), ValueError,
     "number of features(5) is not a multiple of num_units(2)"),
    (lambda layers: layers.batch_norm(tf.ones([3, 2]), data_format="X"), ValueError,
     "data_format has to be either NCHW or NHWC."),
    (lambda layers: layers.embed_sequence(tf.zeros([2, 3], tf.int32)), ValueError,
     "Must specify vocab size and embedding dimension when not reusing. Got vocab_size=None and embed_dim=None"),
    (lambda layers: layers.optimize_loss(tf.get_variable("w", []), None, 0.1, "X"), ValueError,
     "Optimizer name should be one of [Ftrl, RMSProp, Adam, Adagrad, SGD, Momentum], you provided X."),
])
def test_layers_refuse_what_tensorflow_refuses(call, error, message):
    with tf.Graph().as_default(), pytest.raises(error) as raised:
        call(tf.contrib.layers)
    assert str(raised.value) == message


def test_a_scope_takes_only_functions_that_take_defaults():
    with pytest.raises(ValueError, match="is not decorated with @add_arg_scope"), \
            tf.contrib.framework.arg_scope([tf.nn.relu], name="x"):
        raise AssertionError("the scope is refused")


@pytest.mark.parametrize(("module", "name", "public"), [
    ("tensorflow.contrib.layers.python.layers.layers", "conv2d", "layers.conv2d"),
    ("tensorflow.contrib.layers.python.layers.layers", "convolution2d", "layers.conv2d"),
    ("tensorflow.contrib.layers.python.layers", "batch_norm", "layers.batch_norm"),
    ("tensorflow.contrib.layers.python.layers.regularizers", "l2_regularizer", "layers.l2_regularizer"),
    ("tensorflow.contrib.framework.python.ops", "add_arg_scope", "framework.add_arg_scope"),
    ("tensorflow.contrib.losses.python.losses", "log_loss", "losses.log_loss"),
])
def test_internal_modules_have_the_names_that_programs_import_from_them(module, name, public):
    package, _, last = public.partition(".")
    assert getattr(internal.module(module), name) is getattr(getattr(tf.contrib, package), last)


def test_packages_gather_no_more_than_tensorflows():
    assert not hasattr(internal.module("tensorflow.contrib.layers.python.layers"), "append_tensor_alias")


def _helpers():
    return internal.module("tensorflow.contrib.distributions.python.ops.test_util")


class _Doubled(tf.distributions.Normal):
    """A distribution that says twice the mean of its samples."""

    def _mean(self):
        return 2.0 * super()._mean()


def test_helpers_of_tests_compare_samples_with_what_a_distribution_says_of_them():
    with tf.Graph().as_default(), tf.Session() as sess:
        case, discrete = tf.test.TestCase(), _helpers().DiscreteScalarDistributionTestHelpers
        case.histogram = lambda *args: discrete.histogram(case, *args)
        poisson = tf.contrib.distributions.Poisson([2.0, 4.0])
        discrete.run_test_sample_consistent_log_prob(case, sess.run, poisson, num_samples=20000, rtol=0.1)
        discrete.run_test_sample_consistent_mean_variance(case, sess.run, poisson, num_samples=20000, rtol=0.05)
        with pytest.raises(AssertionError):
            discrete.run_test_sample_consistent_mean_variance(case, sess.run, _Doubled(1.0, 1.0), num_samples=20000)


def test_helpers_of_tests_measure_how_dense_vectors_are_drawn():
    with tf.Graph().as_default(), tf.Session() as sess:
        case, vectors = tf.test.TestCase(), _helpers().VectorDistributionTestHelpers
        mvn = tf.contrib.distributions.MultivariateNormalDiag([1.0, 2.0], [1.0, 0.5])
        vectors.run_test_sample_consistent_log_prob(case, sess.run, mvn, num_samples=20000, center=[1.0, 2.0],
                                                    rtol=0.05)
        vectors.run_test_sample_consistent_mean_covariance(case, sess.run, mvn, num_samples=20000)
        wrong = tf.contrib.distributions.MultivariateNormalDiag([1.0, 2.0], [1.0, 0.5])
        wrong._log_prob = lambda x: mvn.log_prob(x) + 0.5
        with pytest.raises(AssertionError):
            vectors.run_test_sample_consistent_log_prob(case, sess.run, wrong, num_samples=20000, center=[1.0, 2.0],
                                                        rtol=0.05)


def test_files_of_pictures_for_tests_are_read_again(tmp_path):
    made = internal.module("tensorflow.contrib.slim.python.slim.data.test_utils")
    with tf.Graph().as_default(), tf.Session():
        paths = made.create_tfrecord_files(str(tmp_path), num_files=2, num_records_per_file=3)
    assert [path.rpartition("/")[2] for path in paths] == ["flowers.tfrecord-0-of-2", "flowers.tfrecord-1-of-2"]
    records = list(tf.python_io.tf_record_iterator(paths[1]))
    feature = tf.train.Example.FromString(records[0]).features.feature
    assert len(records) == 3 and feature["image/format"].bytes_list.value == [b"jpeg"]
    assert feature["image/class/label"].int64_list.value == [0]
    with tf.Graph().as_default(), tf.Session() as sess:
        assert sess.run(tf.image.decode_image(feature["image/encoded"].bytes_list.value[0])).shape == (10, 10, 3)
