"""Many threads on one graph: scopes are the thread's own, nothing is lost, nothing foreign comes in."""

from __future__ import annotations

import gc
import sys
import threading
import weakref

import pytest

from tfmagic import tf
from tfmagic.base import source

THREADS = 16


@pytest.fixture
def graph():
    with tf.Graph().as_default() as g:
        yield g


def in_threads(count, function):
    """What `function(number)` returns in `count` threads that begin together and are switched as often as can be."""
    results, errors = [None] * count, []
    barrier = threading.Barrier(count)

    def work(number):
        try:
            barrier.wait(30)
            results[number] = function(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
    finally:
        sys.setswitchinterval(interval)
    if errors:
        raise errors[0]
    return results


def beside(scope, function):
    """What `function` returns in this thread while another stands inside `scope`."""
    inside, done = threading.Event(), threading.Event()

    def stand():
        with scope:
            inside.set()
            done.wait(30)

    thread = threading.Thread(target=stand)
    thread.start()
    assert inside.wait(30)
    try:
        return function()
    finally:
        done.set()
        thread.join(30)


SCOPES = {
    "attr": lambda g: g._marked({"_class": [b"loc:@foreign"], "_mark": b"foreign"}),
    "gradient": lambda g: g.gradient_override_map({"VariableV2": "Foreign"}),
    "kernel": lambda g: g._kernel_label_map({"VariableV2": "foreign"}),
    "container": lambda g: g.container("foreign"),
    "device": lambda g: g.device("/cpu:1"),
    "name": lambda g: g.name_scope("foreign"),
    "variable": lambda g: tf.variable_scope("foreign"),
    "creator": lambda g: tf.variable_creator_scope(lambda make, **arguments: make(**{**arguments, "name": "foreign"})),
}


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_of_another_thread_leaves_no_trace(graph, scope) -> None:
    def build():
        v = tf.Variable([1.0], name="v")
        return [str(op.node_def) for op in v.graph.get_operations()]

    with tf.Graph().as_default() as other:
        alone = build()
    with graph.as_default():
        stood_in = SCOPES[scope](graph)

        class Scope:  # enters the graph in the other thread too
            def __enter__(self):
                self._graph = graph.as_default()
                self._graph.__enter__()
                stood_in.__enter__()

            def __exit__(self, *exc_info):
                stood_in.__exit__(*exc_info)
                self._graph.__exit__(*exc_info)

        assert beside(Scope(), build) == alone
    assert len(graph.get_operations()) == len(other.get_operations())


def test_scopes_of_one_thread_nest_and_end(graph) -> None:
    def attrs():
        op = graph.create_op("VariableV2", [], attrs={"shape": tf.TensorShape([]), "dtype": tf.float32})
        return {key: value for key, value in op._attrs.items() if key[0] == "_" or key == "container"}

    assert attrs() == {"container": ""}
    with graph._marked({"_a": b"1", "_b": b"1"}), graph.container("x"):
        with (graph._marked({"_a": b"2"}), graph._kernel_label_map({"VariableV2": "k"}), graph.container(""),
              graph.gradient_override_map({"VariableV2": "G"})):
            assert attrs() == {"_a": b"2", "_b": b"1", "_kernel": "k", "_gradient_op_type": "G", "container": ""}
        assert attrs() == {"_a": b"1", "_b": b"1", "container": "x"}
    assert attrs() == {"container": ""}


def model(scope):
    """A program with all that a graph keeps open while it is built; everything it makes stands under `scope`."""
    with tf.variable_scope(scope, initializer=tf.zeros_initializer()):
        with tf.name_scope("input"), tf.container(scope):
            x = tf.placeholder(tf.float32, [None, 3], name="x")
            table = tf.get_variable("table", [5, 3], use_resource=True)
        with tf.device("/cpu:0"):
            h = tf.layers.dense(x + tf.gather(table, [0]), 4, tf.nn.relu, name="hidden")
        v = tf.get_variable("v", [4, 2])
        w = tf.Variable(tf.ones([2]), name="w")
        y = tf.matmul(h, v) + w
        with tf.control_dependencies([v.assign_add(tf.ones([4, 2]), name="step")]):
            y = tf.identity(y, name="y")
        y = tf.cond(tf.reduce_sum(y) > 0, lambda: y * 2, lambda: -y, name="branch")
        y = tf.while_loop(lambda i, t: i < 2, lambda i, t: (i + 1, t + tf.sin(t)), [0, y], name="loop",
                          shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 2])])[1]
        with tf.get_default_graph().gradient_override_map({"Tanh": "Identity"}):
            loss = tf.reduce_mean(tf.tanh(y), name="loss")
        train = tf.train.AdamOptimizer(name="adam").minimize(loss, var_list=[v, w], name="train")
    return x, loss, train


def nodes_under(graph, scope):
    """The nodes of a scope, with its name taken out, in order."""
    return [str(op.node_def).replace(scope, "model") for op in graph.get_operations()
            if op.name.startswith(scope + "/")]


def test_sixteen_threads_build_on_one_graph_as_each_would_alone(graph) -> None:
    with tf.Graph().as_default() as alone:
        model("model")
    expected = nodes_under(alone, "model")
    assert len(expected) == len(alone.get_operations())

    def build(number):
        with graph.as_default():
            return model(f"t{number:02}")

    built = in_threads(THREADS, build)
    for number in range(THREADS):
        assert nodes_under(graph, f"t{number:02}") == expected
    operations = graph.get_operations()
    assert len(operations) == THREADS * len(expected)
    assert len({op.name for op in operations}) == len(operations)
    assert [op._id for op in operations] == list(range(1, len(operations) + 1))
    for key in alone.get_all_collection_keys():
        assert len(graph.get_collection(key)) == THREADS * len(alone.get_collection(key)), key
    with tf.Session(graph=graph) as sess, graph.as_default():
        sess.run(tf.global_variables_initializer())
        losses = in_threads(2, lambda number: sess.run(list(built[number][1:]), {built[number][0]: [[1, 2, 3]]})[0])
    assert losses[0] == losses[1]


def test_names_stay_unique_when_all_want_the_same(graph) -> None:
    def build(number):
        with graph.as_default(), graph.name_scope("same"):
            return [tf.constant(0).op.name for _ in range(50)]

    names = [name for part in in_threads(THREADS, build) for name in part]
    assert len(set(names)) == len(names) == len(graph.get_operations())


def test_threads_without_a_graph_of_their_own_share_the_default_graph() -> None:
    tf.reset_default_graph()
    try:
        graphs = in_threads(THREADS, lambda number: tf.constant(0).graph)
        assert len({id(g) for g in graphs}) == 1 and len(graphs[0].get_operations()) == THREADS
    finally:
        tf.reset_default_graph()


def test_a_shared_variable_is_made_once(graph) -> None:
    def build(number):
        with graph.as_default(), tf.variable_scope("shared", reuse=tf.AUTO_REUSE):
            return [tf.get_variable(f"v{index}", [2]) for index in range(20)]

    made = in_threads(THREADS, build)
    assert all(variables == made[0] for variables in made)
    assert len(graph.get_collection("variables")) == 20


def test_layers_without_a_name_get_different_ones(graph) -> None:
    def build(number):
        with graph.as_default():
            return [tf.layers.Dense(1).name for _ in range(20)]

    names = [name for part in in_threads(THREADS, build) for name in part]
    assert len(set(names)) == len(names)


def test_a_custom_gradient_knows_what_its_own_thread_read(graph) -> None:
    """Variables that another thread reads meanwhile are none of this function's."""
    reading, read = threading.Event(), threading.Event()
    foreign = tf.get_variable("foreign", [], use_resource=True)

    @tf.custom_gradient
    def square(x):
        reading.set()
        assert read.wait(30)
        return x * x, lambda dy: 2 * x * dy

    def other():
        assert reading.wait(30)
        with graph.as_default():
            foreign.read_value()
        read.set()

    thread = threading.Thread(target=other)
    thread.start()
    y = square(tf.constant(3.0))
    thread.join(30)
    assert [t.name for t in y.op.inputs] == ["mul:0", "Const:0"]


def test_a_branch_takes_its_own_summaries_only(graph) -> None:
    def inside():
        summary = tf.constant(b"inside")
        graph.add_to_collection("_SUMMARY_V2", summary)
        thread = threading.Thread(target=beside_it)
        thread.start()
        thread.join(30)
        return tf.constant(1)

    def beside_it():
        with graph.as_default():
            graph.add_to_collection("_SUMMARY_V2", tf.constant(b"beside", name="beside"))

    tf.cond(tf.placeholder(tf.bool, []), inside, lambda: tf.constant(2))
    assert [s.op.name for s in graph.get_collection("_SUMMARY_V2")] == ["beside"]


def test_a_failed_import_gives_back_no_names_of_others(graph) -> None:
    bad = tf.GraphDef()
    for number in range(200):
        bad.node.add(name=f"n{number}", op="NoOp")
    bad.node.add(name="last", op="NoSuchOp")

    def build(number):
        with graph.as_default():
            if number % 2:
                with pytest.raises(tf.errors.NotFoundError):
                    tf.import_graph_def(bad, name="")
                return []
            return [tf.no_op(name="n1").name for _ in range(100)]

    names = [name for part in in_threads(8, build) for name in part]
    assert len(set(names)) == len(names) == len(graph.get_operations())


def test_a_scope_object_works_again_after_it_ended(graph) -> None:
    @graph.gradient_override_map({"Tanh": "Other"})
    def build():
        return tf.tanh(1.0).op._attrs.get("_gradient_op_type")

    with graph.gradient_override_map({"Sin": "More"}):
        assert build() == "Other"
    assert build() == "Other" and tf.tanh(1.0).op._attrs.get("_gradient_op_type") is None


def test_where_nodes_were_made_does_not_keep_the_code_of_a_graph_that_is_gone() -> None:
    """A cell that ran once is not remembered for ever."""
    code = compile("node = tf.constant(1)", "<cell that is gone>", "exec")
    gone = weakref.ref(code)
    with tf.Graph().as_default():
        exec(code, {"tf": tf})
        assert tf.get_default_graph().get_operations()[0].source.filename == "<cell that is gone>"
    del code
    gc.collect()
    assert gone() is None


def test_the_files_known_to_source_are_bounded(monkeypatch) -> None:
    monkeypatch.setattr(source, "_own_files", {})
    monkeypatch.setattr(source, "_MOST_FILES", 8)
    for number in range(20):
        source.is_own(compile("0", f"<cell {number}>", "exec"))
        assert len(source._own_files) <= 8
    assert not source.is_own(compile("0", "<cell 0>", "exec")) and source.is_own(source.is_own.__code__)
