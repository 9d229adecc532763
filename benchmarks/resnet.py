"""ResNet-50 on 8 images of 64 x 64, and on one of 224 x 224: slim's, run and trained, and its PyTorch twin.

This file is read by the peer's interpreter too, which may be a Python 2.
"""

import importlib

import numpy as np

from benchmarks.programs import session, started, stepping

BATCH, ONE = (8, 64, 64, 3), (1, 224, 224, 3)


def pictures(shape=BATCH):
    """A fixed batch of images with their classes."""
    random = np.random.RandomState(0)
    return random.rand(*shape).astype(np.float32), random.randint(0, 1000, shape[0])


def network(tf, training, shape=BATCH):
    """The images, and the logits of their 1,000 classes."""
    slim = tf.contrib.slim
    if not hasattr(slim, "nets"):  # TensorFlow has them once somebody asks for the module
        importlib.import_module("tensorflow.contrib.slim.nets")
    nets = slim.nets.resnet_v1
    x = tf.placeholder(tf.float32, shape)
    scope = ("trained" if training else "used") + str(shape[1])
    with tf.variable_scope(scope), slim.arg_scope(nets.resnet_arg_scope()):
        logits, _ = nets.resnet_v1_50(x, 1000, is_training=training)
    return x, tf.reshape(logits, [shape[0], 1000])


def running(tf, threads, shape):
    """A run that gives the logits of the images."""
    x, logits = network(tf, False, shape)
    sess = session(tf, threads)
    sess.run(tf.global_variables_initializer())
    images, _ = pictures(shape)
    return (lambda: sess.run(logits, feed_dict={x: images})), 1


def resnet_run(tf, threads):
    """The logits of 8 small images."""
    return running(tf, threads, BATCH)


def picture_run(tf, threads):
    """The logits of one image."""
    return running(tf, threads, ONE)


def resnet_step(tf, threads):
    """One momentum step, which moves the averages of batch normalisation too."""
    x, logits = network(tf, True)
    y = tf.placeholder(tf.int64, [8])
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train = tf.train.MomentumOptimizer(1e-3, 0.9).minimize(loss)
    sess = session(tf, threads)
    sess.run(tf.global_variables_initializer())
    images, labels = pictures()
    return (lambda: sess.run([train, loss], feed_dict={x: images, y: labels})), 1


def twin(torch):
    """The same network in PyTorch: strides at the end of each block, as slim has them."""
    nn = torch.nn

    def normed(given, out, size, stride=1):
        return [nn.Conv2d(given, out, size, stride, size // 2, bias=False), nn.BatchNorm2d(out)]

    def shortcut(given, out, stride):
        if given != out:
            return nn.Sequential(*normed(given, out, 1, stride))
        return nn.MaxPool2d(1, stride) if stride > 1 else nn.Identity()

    class Unit(nn.Module):
        def __init__(self, given, inner, out, stride):
            super().__init__()
            self.shortcut = shortcut(given, out, stride)
            self.residual = nn.Sequential(*(
                normed(given, inner, 1) + [nn.ReLU()] + normed(inner, inner, 3, stride) + [nn.ReLU()] +
                normed(inner, out, 1)))

        def forward(self, x):
            return torch.relu(self.residual(x) + self.shortcut(x))

    layers, given = normed(3, 64, 7, 2) + [nn.ReLU(), nn.MaxPool2d(3, 2, 1)], 64
    for inner, units, stride in ((64, 3, 2), (128, 4, 2), (256, 6, 2), (512, 3, 1)):
        for unit in range(units):
            layers.append(Unit(given, inner, 4 * inner, stride if unit == units - 1 else 1))
            given = 4 * inner
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(given, 1000)]
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


def fed(torch, images):
    """Images in PyTorch's layout, channels last: the same memory."""
    return torch.from_numpy(images).permute(0, 3, 1, 2)


def running_torch(torch, threads, shape):
    """The same run in eager PyTorch."""
    started(torch, threads)
    model = twin(torch).eval()
    images, _ = pictures(shape)

    def step():
        with torch.inference_mode():
            return model(fed(torch, images)).numpy()

    return step, 1


def resnet_run_torch(torch, threads):
    """The same logits of 8 small images."""
    return running_torch(torch, threads, BATCH)


def picture_run_torch(torch, threads):
    """The same logits of one image."""
    return running_torch(torch, threads, ONE)


def resnet_step_torch(torch, threads):
    """The same step in eager PyTorch."""
    started(torch, threads)
    model = twin(torch)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    images, labels = pictures()

    def loss():
        return torch.nn.functional.cross_entropy(model(fed(torch, images)), torch.from_numpy(labels))

    return stepping(optimizer, loss), 1


TENSORFLOW = {f.__name__: f for f in (resnet_run, picture_run, resnet_step)}
PYTORCH = {"resnet_run": resnet_run_torch, "picture_run": picture_run_torch, "resnet_step": resnet_step_torch}
