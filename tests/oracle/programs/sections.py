"""Critical sections, and tensors that a session keeps between runs."""

from . import Case, program


def refused(call):
    """What a call that fails says."""
    try:
        call()
    except Exception as error:
        return [type(error).__name__, str(error).split("\n")[0]]
    return None


@program
def critical_sections(tf):
    v = tf.get_variable("v", initializer=0.0, use_resource=True)
    old = tf.Variable(1.0, name="old")
    x = tf.placeholder(tf.float32, name="x")
    section = tf.CriticalSection()
    added = section.execute(lambda: v.assign_add(x))
    doubled = section.execute(lambda: v.assign(v * 2.0), name="double")
    with tf.control_dependencies([added, doubled]):
        final = section.execute(v.read_value, name="final")
    moved = section.execute(lambda: old.assign_add(x), name="old_one")
    return Case(init=True, steps=[(final, {x: 0.0}), (added, {x: 3.0}), (doubled, None), (moved, {x: 2.0}),
                                  (v, None), (old, None)],
                show=[added, doubled, final, moved],
                facts={"name": section.name,
                       "executions": [e.op.name for e in tf.get_collection("critical_section_executions")]})


@program
def critical_sections_of_nests(tf):
    x = tf.placeholder(tf.float32, name="x")
    old = tf.Variable(1.0, name="old")
    section = tf.CriticalSection(name="section")
    nested = section.execute(lambda: (x * 2, [x, tf.no_op()]), name="nest")
    pair = section.execute(lambda: (x + 1, (x, old)), name="pair")
    words = section.execute(lambda: "words")
    other = tf.CriticalSection(shared_name="shared")
    inside = section.execute(lambda: other.execute(lambda: x + 1, exclusive_resource_access=False),
                             exclusive_resource_access=False, name="outer")
    return Case(init=True, steps=[(nested[0], {x: 1.0}), (nested[1], {x: 1.0}), (pair, {x: 4.0}), (words, None),
                                  (inside, {x: 2.0})], show=[nested, pair, words, inside])


@program
def critical_sections_in_loops_and_branches(tf):
    count = tf.get_variable("count", initializer=0, use_resource=True)
    yes = tf.placeholder(tf.bool, [], name="yes")
    section = tf.CriticalSection()
    loop = tf.while_loop(lambda i: i < 4, lambda i: i + 0 * section.execute(lambda: count.assign_add(1)) + 1, [0])
    branch = tf.cond(yes, lambda: section.execute(lambda: count.assign_add(10)), lambda: tf.constant(0))
    return Case(init=True, steps=[(loop, None), (count, None), (branch, {yes: True}), (branch, {yes: False}),
                                  (count, None)])


@program
def critical_sections_refused(tf):
    v = tf.get_variable("v", initializer=0.0, use_resource=True)
    w = tf.get_variable("w", initializer=0.0, use_resource=True)
    a, b = tf.CriticalSection(), tf.CriticalSection(name="b")
    a.execute(lambda: v.assign_add(1.0))
    b.execute(lambda: w.assign_add(1.0), exclusive_resource_access=False)
    a.execute(lambda: w.assign_add(2.0), exclusive_resource_access=False)
    facts = {
        "taken": refused(lambda: b.execute(lambda: v.assign_add(1.0), exclusive_resource_access=False)),
        "wanted alone": refused(lambda: a.execute(lambda: w.assign_add(1.0))),
        "itself": refused(lambda: a.execute(lambda: a.execute(lambda: v.assign_add(1.0)))),
        "nothing": refused(lambda: a.execute(lambda: ())),
        "no tensor": refused(lambda: a.execute(lambda: None)),
        "proto": refused(lambda: tf.CriticalSection(critical_section_def=3)),
        "proto and name": refused(lambda: tf.CriticalSection(name="z", critical_section_def=3)),
        "proto and shared name": refused(lambda: tf.CriticalSection(name="z", shared_name="y", critical_section_def=3)),
    }
    return Case(init=True, steps=[(v, None)], facts=facts)


@program
def session_handles(tf):
    x = tf.placeholder(tf.float32, name="x")
    doubled = tf.get_session_handle(x * 2)
    three = tf.get_session_handle(tf.constant(3), name="three")
    word = tf.get_session_handle(tf.constant(["a", "b"]), name="word")
    y = tf.placeholder(tf.float32, name="y")
    step = tf.get_session_handle(y + 1.0, name="step")
    facts = {"no tensor": refused(lambda: tf.get_session_handle([1, 2]))}
    with tf.Session() as session:
        kept = session.run(doubled, {x: [1.0, 2.0]})
        facts["handle"] = [str(kept), kept.handle, kept.to_numpy_array().tolist()[:4]]
        facts["value"] = kept.eval().tolist()
        facts["words"] = [w.decode() for w in session.run(word).eval()]
        holder, value = tf.get_session_tensor(kept.handle, tf.float32)
        facts["read"] = session.run(value * 2, {holder: kept.handle}).tolist()
        facts["fed"] = session.run(y + 1.0, {y: kept}).tolist()
        for _ in range(3):
            kept = session.run(step, {y: kept})
        facts["after three"] = kept.eval().tolist()
        number = session.run(three)
        facts["number"] = int(number.eval())
        facts["wrong type"] = refused(lambda: session.run(doubled, {x: number}))
        number.delete()
        facts["deleted"] = refused(number.eval)
        holder, delete = tf.delete_session_tensor(kept.handle)
        session.run(delete, {holder: kept.handle})
        facts["gone"] = refused(lambda: session.run(delete, {holder: kept.handle}))
        raw = session.run(doubled, {x: 5.0}).get_raw_handle()
        facts["raw"] = float(session.run(value, {value.op.inputs[0]: raw}))
        both = session.run({"a": [doubled, three]}, {x: 1.0})["a"]
        facts["nest"] = [float(h.eval()) for h in both]
    return Case(facts=facts, show=[doubled, three, holder, value])
