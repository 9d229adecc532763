"""Every update rule and scatter leaves in its variables what TensorFlow leaves in them."""

import json
from pathlib import Path

import numpy as np
import pytest
import updates

from tfmagic import tf

RECORDED = json.loads(Path(__file__).with_name("updates.json").read_text())


@pytest.mark.parametrize(("name", "form", "update", "extra"), list(updates.cases()),
                         ids=[case[0] for case in updates.cases()])
def test_two_steps_of_an_update_give_tensorflows_values(name, form, update, extra):
    found = updates.observe_update(tf, form, update, extra)
    assert found.keys() == RECORDED[name].keys()
    for slot, value in found.items():
        np.testing.assert_allclose(value, RECORDED[name][slot], rtol=2e-5, atol=1e-6, err_msg=slot)


@pytest.mark.parametrize("resource", [False, True])
@pytest.mark.parametrize("rule", list(updates.SCATTERS))
def test_a_scatter_that_names_a_row_twice_gives_tensorflows_values(rule, resource):
    np.testing.assert_allclose(updates.observe_scatter(tf, rule, resource, False),
                               RECORDED[f"Scatter{rule} {resource}"])


@pytest.mark.parametrize("resource", [False, True])
@pytest.mark.parametrize("rule", ["Update", "Add", "Sub"])
def test_a_scatter_of_elements_gives_tensorflows_values(rule, resource):
    np.testing.assert_allclose(updates.observe_scatter(tf, rule, resource, True),
                               RECORDED[f"ScatterNd{rule} {resource}"])


@pytest.mark.parametrize("resource", [False, True])
def test_a_row_that_is_not_there_is_an_error_and_changes_nothing(resource):
    with tf.Graph().as_default(), tf.Session() as sess:
        v = tf.Variable([[1.0], [2.0]], use_resource=resource)
        add = tf.scatter_add(v, [1, 7], [[1.0], [1.0]])
        sess.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[1\] = 7 is not in \[0, 2\)"):
            sess.run(add)
        assert sess.run(v).tolist() == [[1.0], [2.0]]
