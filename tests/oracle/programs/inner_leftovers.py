"""Objects that hold others, states of generators and other leftovers of `tensorflow.python`."""

from . import Case, program
from .functions import internal
from .inner_names import values


@program
def inner_tracked_objects(tf):
    """`training.tracking`: what an object holds, under which names, and what is refused."""
    base, tracking, data = (internal(tf, "tensorflow.python.training.tracking." + name) for name in (
        "base", "tracking", "data_structures"))
    holder, other = tracking.AutoTrackable(), tracking.AutoTrackable()
    holder.first, holder.number, holder.rows = other, 3, [other]
    holder.loose = data.NoDependency([other])
    plain = base.Trackable()
    plain._track_trackable(other, "other")
    listed, mapped = data.List([other]), data.Mapping(a=other)

    def names(thing):
        return sorted(str(d.name) for d in thing._checkpoint_dependencies)

    known = values(tf, [
        lambda: names(holder), lambda: names(plain), lambda: names(listed), lambda: names(mapped),
        lambda: holder._lookup_dependency("first") is other, lambda: plain._lookup_dependency("none"),
        lambda: plain._track_trackable(holder, "other"), lambda: plain._track_trackable(1, "one"),
        lambda: listed.append(3), lambda: mapped.__setitem__(3, other), lambda: len(listed),
        lambda: [isinstance(v, base.Trackable) for v in (tf.Variable(1.0), tf.train.Checkpoint(), 1)],
        lambda: [base.OBJECT_GRAPH_PROTO_KEY, base.VARIABLE_VALUE_KEY]])
    return Case(steps=[], facts={"known": known})


@program
def inner_states_of_generators(tf):
    """A seed has all its bits, also those above 64 and the sign."""
    states = internal(tf, "tensorflow.python.ops.stateful_random_ops")
    seeds = (5, -5, 2**70, 2**64 - 1, [5, 6], [1, 2, 3, 4])
    made = [states.create_rng_state(seed, states.RNG_ALG_PHILOX).tolist() for seed in seeds]
    known = values(tf, [lambda: states._get_state_size(3), lambda: states._uint_to_int(2**64 - 1),
                        lambda: [states.SEED_MIN, states.SEED_MAX, states.PHILOX_STATE_SIZE]])
    return Case(steps=[], facts={"made": [[int(n) for n in state] for state in made],
                                 "known": [str(k).replace("L", "") for k in known]})
