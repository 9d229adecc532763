"""The networks of tf.contrib.slim.nets: their graphs and end points."""

import importlib

from . import whole


def nets(tf):
    """The module; TensorFlow has it only when it is imported by name."""
    return importlib.import_module(tf.__name__.replace("tensorflow_core", "tensorflow") + ".contrib.slim.nets")


def points(tf, net, scope, size, *arguments, **options):
    """The end points of a network."""
    with tf.contrib.slim.arg_scope(scope):
        logits, found = net(tf.placeholder(tf.float32, [2, size, size, 3], name="x"), *arguments, **options)
    return [[key, found[key].name] for key in sorted(found)] + [[logits.name, str(logits.shape)]]


@whole
def net_alexnet(tf):
    alexnet = nets(tf).alexnet
    return points(tf, alexnet.alexnet_v2, alexnet.alexnet_v2_arg_scope(), 224)


@whole
def net_overfeat(tf):
    overfeat = nets(tf).overfeat
    return points(tf, overfeat.overfeat, overfeat.overfeat_arg_scope(), 231, 10)


@whole
def net_vgg(tf):
    vgg = nets(tf).vgg
    return [points(tf, vgg.vgg_a, vgg.vgg_arg_scope(), 224),
            points(tf, vgg.vgg_16, vgg.vgg_arg_scope(0.1), 224),
            points(tf, vgg.vgg_19, vgg.vgg_arg_scope(), 256, 5, is_training=False, spatial_squeeze=False)]


@whole
def net_resnet_v1(tf):
    resnet = nets(tf).resnet_v1
    return [points(tf, resnet.resnet_v1_50, resnet.resnet_arg_scope(), 64, 10),
            points(tf, resnet.resnet_v1_101, resnet.resnet_arg_scope(), 65, 10, output_stride=16, is_training=False)]


@whole
def net_resnet_v2(tf):
    resnet = nets(tf).resnet_v2
    return [points(tf, resnet.resnet_v2_50, resnet.resnet_arg_scope(), 64, 10),
            points(tf, resnet.resnet_v2_101, resnet.resnet_arg_scope(batch_norm_scale=False), 64, None,
                   global_pool=False, output_stride=8)]


@whole
def net_inception_v1(tf):
    inception = nets(tf).inception
    first = points(tf, inception.inception_v1, inception.inception_v1_arg_scope(), 224, 10)
    with tf.variable_scope("plain"):
        scope = inception.inception_v1_arg_scope(use_batch_norm=False)
        return [first, points(tf, inception.inception_v1, scope, 224, 10, spatial_squeeze=False)]


@whole
def net_inception_v2(tf):
    inception = nets(tf).inception
    return points(tf, inception.inception_v2, inception.inception_v2_arg_scope(), 224, 10)


@whole
def net_inception_v3(tf):
    inception = nets(tf).inception
    first = points(tf, inception.inception_v3, inception.inception_v3_arg_scope(), 299, 10)
    with tf.variable_scope("small"):
        return [first, points(tf, inception.inception_v3, inception.inception_v3_arg_scope(), 150, 10,
                              is_training=False, depth_multiplier=0.3)]
