"""tf.contrib.graph_editor: what is selected, and graphs after they were connected otherwise or copied."""

from . import Case, program
from .monitored import Watch


def _build(tf):
    """A small graph with scopes and an edge of control: its tensors by name."""
    a, v = tf.constant([1.0, 2.0], name="a"), tf.get_variable("v", initializer=[3.0, 4.0], use_resource=False)
    with tf.name_scope("s"):
        b = tf.add(a, v, name="b")
        c = tf.multiply(b, a, name="c")
        with tf.control_dependencies([b.op]):
            d = tf.exp(c, name="d")
    return {"a": a, "b": b, "c": c, "d": d, "e": tf.sqrt(d, name="e"), "f": tf.add(d, b, name="f")}


def _named(thing):
    if isinstance(thing, dict):
        return sorted([_named(key), _named(value)] for key, value in thing.items())
    if isinstance(thing, (list, tuple)):
        return [_named(item) for item in thing]
    return getattr(thing, "name", thing)


def _facts(tf, cases):
    watch = Watch(tf)
    found = []
    for work in cases:
        try:
            found.append(_named(work()))
        except Exception as error:
            found.append([type(error).__name__, watch.plain(error).split("\n")[0].replace("<type", "<class")])
    return found


def _wires(graph):
    return ["%s(%s)%s" % (op.name, ",".join(t.name for t in op.inputs), [str(c.name) for c in op.control_inputs] or "")
            for op in graph.get_operations() if op.type not in ("Const", "VariableV2", "Assign")]


@program
def graph_editor_selection(tf):
    ge = tf.contrib.graph_editor
    t = _build(tf)
    g = tf.get_default_graph()
    a, b, c, d = t["a"], t["b"], t["c"], t["d"]
    ios = ge.ControlOutputs(g)
    return Case(facts={"found": _facts(tf, [
        lambda: ge.filter_ts(g, True), lambda: ge.filter_ts_from_regex(g, "s/"),
        lambda: ge.filter_ops_from_regex(g, "^s/.*"), lambda: ge.filter_ops(g, lambda op: op.type == "Add"),
        lambda: ge.get_name_scope_ops(g, "s"), lambda: ge.get_name_scope_ops(g, "s/"),
        lambda: ge.compute_boundary_ts([b.op, c.op]), lambda: ge.compute_boundary_ts([t["f"].op]),
        lambda: ge.get_ops_ios([c.op, d.op], control_inputs=True), lambda: ge.get_ops_ios([b.op], control_ios=ios),
        lambda: ge.check_cios(False, True), lambda: ge.check_cios(control_ios=3), lambda: ge.select_ops("s/"),
        lambda: ge.select_ops("s/", graph=g), lambda: ge.select_ops(b.op, a, [c.op]),
        lambda: ge.select_ops("s/", graph=g, positive_filter=lambda op: op.type == "Mul"),
        lambda: ge.select_ops("s/", graph=g, restrict_ops_regex=True), lambda: ge.select_ops(g, foo=1),
        lambda: ge.select_ops("(?#ops)s/", graph=g, restrict_ops_regex=True), lambda: ge.select_ts([a, b], c),
        lambda: ge.select_ts("s/", graph=g), lambda: ge.select_ts("(?#ops)s/b", graph=g),
        lambda: ge.select_ts("(?#ts)s/b", graph=g), lambda: ge.select_ops_and_ts("s/", "(?#ts)^a", graph=g),
        lambda: ge.get_generating_ops([a, c]), lambda: ge.get_consuming_ops([a]),
        lambda: ge.get_generating_ops([a.op]), lambda: ge.get_tensors(g), lambda: ge.make_list_of_op([a]),
        lambda: ge.make_list_of_op([a], ignore_ts=True), lambda: ge.make_list_of_op(g, allow_graph=False),
        lambda: ge.make_list_of_t([a.op, a], ignore_ops=True), lambda: ge.can_be_regex("x"),
        lambda: ge.get_walks_intersection_ops([b.op], [d.op]), lambda: sorted(
            op.name for op in ge.get_walks_union_ops(t["e"].op, b.op)),
        lambda: sorted(op.name for op in ge.get_forward_walk_ops(b, inclusive=False)),
        lambda: sorted(op.name for op in ge.get_forward_walk_ops(b.op)),
        lambda: sorted(op.name for op in ge.get_forward_walk_ops(a, stop_at_ts=[c])),
        lambda: sorted(op.name for op in ge.get_forward_walk_ops(a.op, within_ops_fn=lambda op: op.type != "Mul")),
        lambda: sorted(op.name for op in ge.get_backward_walk_ops(d)),
        lambda: sorted(op.name for op in ge.get_backward_walk_ops(t["e"], stop_at_ts=[c])),
        lambda: sorted(op.name for op in ge.get_backward_walk_ops(d.op, inclusive=False, control_inputs=True)),
        lambda: sorted(op.name for op in ge.get_within_boundary_ops(g, [c.op], [b.op, d.op])),
        lambda: ge.placeholder_name(a), lambda: ge.placeholder_name(b, scope="q"), lambda: ge.placeholder_name(),
        lambda: ge.util.scope_dirname("a/b/c"), lambda: ge.util.scope_basename("a/b"),
        lambda: ge.util.flatten_tree([1, (2, [3])]), lambda: ge.util.transform_tree([1, (2, [3])], lambda x: x + 1),
        lambda: ge.util.get_unique_graph([]), lambda: ge.util.get_unique_graph([a], check_types=tf.Operation),
        lambda: ios.get(b.op), lambda: len(ge.util.ListView([1, 2]) + [3])])})


@program
def graph_editor_views(tf):
    ge = tf.contrib.graph_editor
    t = _build(tf)
    g = tf.get_default_graph()
    view = ge.sgv("s/", graph=g)

    def told(view):
        return [list(map(_named, part)) for part in (view.ops, view.inputs, view.outputs, view.passthroughs)]

    shown = [str(part).replace(str(id(g)), "G") for part in (
        view, view.remap_inputs([1]), view.remap_outputs([1]), ge.sgv(t["a"]), ge.SubGraphView([]),
        ge.sgv(t["e"], t["f"].op))]
    return Case(facts={"shown": shown, "found": _facts(tf, [
        lambda: told(view.remap_default()), lambda: told(view.remap_outputs_make_unique()),
        lambda: told(view.remap_outputs_to_consumers()), lambda: told(view.remap(new_output_indices=[0, 0, 1])),
        lambda: told(ge.sgv_scope("s", g)), lambda: sorted(op.name for op in view.consumers()),
        lambda: list(view.connected_inputs), lambda: list(view.connected_outputs),
        lambda: view.find_op_by_name("s/c"), lambda: view.find_op_by_name("zz"), lambda: view.input_index(t["a"]),
        lambda: view.output_index(t["b"]), lambda: view.op(0), lambda: view.op(9),
        lambda: view.remap_inputs([7]), lambda: view.remap_inputs([0, 0]), lambda: ge.sgv("s/")])})


def _changed(name, change):
    def build(tf):
        t = _build(tf)
        graph = tf.get_default_graph()
        facts = {"said": _facts(tf, [lambda: change(tf.contrib.graph_editor, t, graph) and None]),
                 "wires": _wires(graph)}
        return Case(facts=facts, steps=[([t["e"], t["f"]], None)], init=True)

    build.__name__ = "graph_editor_" + name
    program(build)


_changed("rerouted", lambda ge, t, g: ge.reroute_ts([t["a"]], [t["c"]]))
_changed("rerouted_only", lambda ge, t, g: ge.reroute_ts([t["a"]], [t["b"]], can_modify=[t["f"].op]))
_changed("inputs_swapped", lambda ge, t, g: ge.swap_inputs(ge.sgv(t["d"].op), ge.sgv(t["f"].op).remap_inputs([1])))
_changed("outputs_rerouted", lambda ge, t, g: ge.reroute_outputs(ge.sgv(t["c"].op), ge.sgv(t["d"].op)))
_changed("control_edges", lambda ge, t, g: (ge.remove_control_inputs(t["d"].op, t["b"].op),
                                            ge.add_control_inputs(t["e"].op, [t["b"].op]),
                                            ge.add_control_inputs(t["e"].op, [t["b"].op])))
_changed("bypassed", lambda ge, t, g: ge.bypass(ge.sgv(t["d"].op)))
_changed("sizes_refused", lambda ge, t, g: ge.reroute_ts([t["a"], t["b"]], [t["c"]]))


@program
def graph_editor_detached(tf):
    ge = tf.contrib.graph_editor
    t = _build(tf)
    view, inputs, outputs = ge.detach(ge.sgv(t["c"].op, t["d"].op))
    facts = {"names": _named([inputs, outputs]), "wires": _wires(tf.get_default_graph())}
    feeds = {inputs[0]: [1.0, 2.0], inputs[1]: [3.0, 4.0], outputs[0]: [4.0, 9.0]}
    return Case(facts=facts, steps=[([t["d"], t["e"], t["f"]], feeds)], init=True)


@program
def graph_editor_copied(tf):
    """Within the graph, into scopes, and with other inputs."""
    ge = tf.contrib.graph_editor
    t = _build(tf)
    g = tf.get_default_graph()
    tf.add_to_collection("losses", t["d"])
    view = ge.sgv("s/", graph=g)
    ge.copy(view)
    _, info = ge.copy(view, dst_scope="D", src_scope="s")
    ge.copy(view, dst_scope="D", src_scope="s")
    ge.copy(view, dst_scope="D", src_scope="s", reuse_dst_scope=True)
    tf.add_to_collection("mine", t["c"])
    _, other = ge.copy_with_input_replacements(view, {t["a"]: tf.constant([5.0, 6.0], name="z")})
    facts = {"found": _facts(tf, [
        lambda: info.transformed([t["c"], t["d"].op]), lambda: info.original(info.transformed(t["c"])),
        lambda: info.transformed(t["e"]), lambda: info.transformed(3),
        lambda: ge.copy(view, dst_scope="E", src_scope="q")]),
        "told": str(other).replace(str(id(g)), "G").split("\n")[:3]}
    return Case(steps=[([other.transformed(t["d"]), t["d"]], None)], init=True, facts=facts)


@program
def graph_editor_replaced(tf):
    ge = tf.contrib.graph_editor
    t = _build(tf)
    other = tf.constant([7.0, 8.0], name="other")
    both = ge.graph_replace([t["f"], t["e"]], {t["c"]: other})
    scoped = ge.graph_replace({"k": t["f"]}, {t["b"]: other, t["c"]: t["a"]}, dst_scope="R")
    facts = {"refused": _facts(tf, [lambda: ge.graph_replace(t["f"], {}),
                                    lambda: ge.graph_replace(t["a"], {t["f"]: other}),
                                    lambda: ge.graph_replace(t["a"].op, {t["f"]: other})])}
    return Case(steps=[(both + [scoped["k"], t["f"]], None)], init=True, facts=facts)


@program
def graph_editor_other_graph(tf):
    """A part of one graph in another."""
    ge = tf.contrib.graph_editor
    with tf.Graph().as_default() as source:
        t = _build(tf)
    here = tf.get_default_graph()
    view, info = ge.copy(ge.sgv("s/|^e|^f", graph=source), here, dst_scope="X")
    inputs = list(view.inputs)
    feeds = {op.outputs[0]: [1.0, 2.0] for op in here.get_operations() if op.type == "Placeholder"}
    facts = {"inputs": _named(inputs), "outputs": _named(list(view.outputs))}
    return Case(steps=[([info.transformed(t["f"])], feeds)], facts=facts)


@program
def contrib_util_ops(tf):
    """The ops that a graph uses, with their definitions."""
    util = tf.contrib.util
    with tf.Graph().as_default() as graph:
        _build(tf)
        tf.py_func(lambda x: x, [1.0], tf.float32)
    definition = graph.as_graph_def()
    facts = {"used": sorted(util.ops_used_by_graph_def(definition)),
             "ops": [[op.name, _named(list(op.input_arg)), _named(list(op.output_arg)), _named(list(op.attr))]
                     for op in util.stripped_op_list_for_graph(definition).op]}
    definition.node[0].op = "Nope"
    facts["refused"] = _facts(tf, [lambda: util.stripped_op_list_for_graph(definition)])
    facts["unknown"] = "Nope" in util.ops_used_by_graph_def(definition)
    return Case(facts=facts)
