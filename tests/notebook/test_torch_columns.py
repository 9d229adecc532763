"""`%torch`: the plan beside its graph; every line knows its node, and nodes without a line are told."""

from __future__ import annotations

import pytest
from shells import Shell

from tfmagic.notebook.shell import plans
from tfmagic.view.paint.document import GRAPH_MIME


@pytest.fixture
def model(shell: Shell) -> Shell:
    shell.ok("x = tf.placeholder(tf.float32, [None, 3], name='x')\n"
             "w = tf.Variable(tf.ones([3, 2]), name='w'); b = tf.Variable(tf.zeros([2]), name='b')\n"
             "product = tf.matmul(x, w, name='product'); total = tf.add(product, b, name='total')\n"
             "sess = tf.InteractiveSession(); sess.run(tf.global_variables_initializer())")
    return shell


def test_each_line_belongs_to_the_node_that_it_computes(model: Shell) -> None:
    model.ok("y = tf.exp(tf.negative(x, name='minus'), name='y')")
    (bundle,) = model.ok("%torch y").bundles
    document = bundle[GRAPH_MIME]
    names = {node["id"]: node["name"] for node in document["nodes"]}
    lines = {names[line[1]]: line[0].strip() for line in document["plan"]["lines"] if len(line) > 1}
    assert lines["minus"].startswith("neg = ") and lines["y"].startswith("exp = torch.exp(neg)")
    assert bundle["text/plain"] == "\n".join(line[0] for line in document["plan"]["lines"])
    assert document["plan"]["missing"] == []


def test_a_node_that_was_computed_beforehand_has_no_line(model: Shell) -> None:
    model.ok("z = x * (tf.constant(2.0, name='two') + tf.constant(3.0, name='three'))")
    document = model.ok("%torch z --all").bundles[0][GRAPH_MIME]
    names = {node["id"]: node["name"] for node in document["nodes"]}
    assert {"two", "three"} <= {names[node] for node in document["plan"]["missing"]}
    assert not {"x", "mul"} & {names[node] for node in document["plan"]["missing"]}


def test_the_code_is_that_of_the_plan_with_its_bodies(model: Shell) -> None:
    from tfmagic.session.planning import make_plan

    model.ok("_, s = tf.while_loop(lambda i, s: i < 3, lambda i, s: [i + 1, s * 2.0], [0, tf.ones([2])])")
    session, s = model.ip.user_ns["sess"], model.ip.user_ns["s"]
    plan = make_plan([s], (), (), session._torch_device, session.resources)
    assert [line for line, _ in plan.lines()] == plan.code().rstrip("\n").split("\n")
    assert {node.meta["op"].name for _, node in plan.lines() if node is not None and node.meta.get("op")} >= {
        "while/Less", "while/add", "while/mul"}
    assert "torch.mul" in model.ok("%torch s").bundles[0]["text/plain"]


def test_a_nodes_report_lists_its_lines_of_the_latest_plan(model: Shell) -> None:
    model.ok("out = sess.run(tf.exp(total, name='out'), {x: [[1., 2., 3.]]})")
    session, graph = model.ip.user_ns["sess"], model.ip.user_ns["x"].graph
    lines = plans.lines_of(session, graph.get_operation_by_name("out"))
    assert len(lines) == 1 and lines[0].startswith("exp = torch.exp(")
    assert plans.lines_of(session, model.ip.user_ns["tf"].constant(1.0).op) == []


def test_a_variable_may_be_fed_and_an_operation_may_not(model: Shell) -> None:
    assert "matmul" in model.ok("%torch total --feed w").bundles[0]["text/plain"]
    model.ok("nothing = tf.no_op()")
    assert "--feed nothing: no tensor of a graph" in str(model.run("%torch total --feed nothing").error)
