"""tf.contrib.specs: networks as short texts, and what is told of them."""

import numpy as np

from . import Case, program


def image():
    return np.arange(96, dtype=np.float32).reshape(2, 4, 4, 3) / 96.0


def declare(name, spec, make=image):
    def build(tf):
        specs = tf.contrib.specs
        with tf.variable_scope("net", initializer=tf.constant_initializer(0.2)):
            net = specs.create_net(spec, tf.constant(make()))
        lines = []
        specs.tf_print(net, printer=lines.append)
        specs.tf_parameter_summary(net, printer=lines.append)
        specs.tf_parameter_summary(net, printer=lines.append, combine=False)
        return Case(init=True, steps=[(tf.shape(net), None)], facts={
            "structure": specs.tf_structure(net), "shapes": specs.tf_structure(net, include_shapes=True),
            "lines": lines, "parameters": specs.tf_num_params(net)})

    build.__name__ = "specs_" + name
    return program(build)


declare("of_images", "net = Cr(4,[3,3]) | Mp([2,2]) | Bn | Flat | Fm(3)")
declare("joined", "net = (Cl(3,3) + Cs(3,_1=[3,3])) * Cx(3,1) | Conc(3,Relu,Id) | Dws(2)")
declare("repeated_and_shared", "s = Shared(Fr(3)); net = s ** 2 | Do(0.5) | Reshape([3,2]) | Unit(1)",
        lambda: np.ones([2, 3], np.float32))


@program
def specs_words(tf):
    specs = tf.contrib.specs
    refused = []
    for call in (lambda: specs.create_net("x = 3", tf.ones([2, 3])), lambda: specs.check_keywords("import os"),
                 lambda: specs.eval_params("while 1: pass"), lambda: specs.Import("f = 3")):
        try:
            call()
        except ValueError as error:
            refused.append(str(error))
    added = specs.Fun(max, 1, a=2)(3, b=4)
    with specs.LocalImport({"a_name_of_a_test": 3}):
        seen = globals()["a_name_of_a_test"]
    return Case(facts={
        "refused": refused, "seen": [seen, "a_name_of_a_test" in globals()],
        "positional": [specs.get_positional([1, 2], {"_3": 5, "a": 3}), specs.get_positional([1], {"_0": 5}),
                       specs.get_positional([1], {"_0": 5}, True)],
        "added": [added.args, sorted(added.kw.items())],
        "bound": sorted(specs.eval_params("a = 2; b = a + c", {"c": 3}).items()),
        "structure": specs.tf_spec_structure("net = Fr(3) + Fs(3)", input_shape=[2, 4]),
        "names": sorted(specs.SHORT_NAMES.items())})
