"""Where values are on a machine with GPUs (pretended ones: any machine can run this)."""

import numpy as np
import pretended_streams
import pytest
import torch
from pretended_gpus import KIND, pretended_gpus

from tfmagic import tf
from tfmagic.session.devices import settings, transfers
from tfmagic.session.planning import make_plan


@pytest.fixture(autouse=True)
def _gpus():
    with pretended_gpus(2), tf.Graph().as_default():
        yield


@pytest.mark.parametrize("behind_handle", [False, True])
def test_training_stays_on_the_first_gpu(behind_handle):
    x = tf.placeholder(tf.float32, [None, 3])
    w = tf.get_variable("w", [3, 2], initializer=tf.ones_initializer(), use_resource=behind_handle)
    loss = tf.reduce_sum(tf.matmul(x, w) ** 2)
    step = tf.train.AdamOptimizer().minimize(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        first, last = [session.run([loss, step], {x: [[1, 2, 3]]})[0] for _ in range(2)]
        assert last < first
        assert {str(held.device) for held in session.resources.variables.values.values()} == {f"{KIND}:0"}
        assert isinstance(session.run(w), np.ndarray)


def plan_of(session, fetch, *feeds):
    return make_plan([fetch], [], list(feeds), session._torch_device, session.resources).code()


def test_numbers_of_numbers_are_computed_on_the_host():
    rate = tf.placeholder(tf.float32, [])
    halved = rate * 0.5
    moved = tf.fill([2], halved) + tf.ones([2])
    with tf.Session() as session:
        assert KIND not in plan_of(session, halved, rate)
        assert plan_of(session, moved, rate).count(".to(") == 1
        np.testing.assert_array_equal(session.run(moved, {rate: 0.5}), [1.25, 1.25])


def test_an_asked_device_gets_the_values_of_others():
    x = tf.placeholder(tf.float32, [2])
    with tf.device("/cpu:0"):
        a = x * 2
    with tf.device("/gpu:1"):
        b = a + 1
    with tf.device("/gpu:0"):
        c = b * 10
    with tf.Session() as session:
        code = plan_of(session, c, x)
        assert f"{KIND}:1" in code and f"{KIND}:0" in code
        np.testing.assert_array_equal(session.run(c, {x: [1, 2]}), [30, 50])


def test_what_a_kernel_takes_as_python_values_stays_on_the_host():
    x = tf.placeholder(tf.float32, [None, None])
    flat = tf.reshape(tf.exp(x), [tf.size(x)])
    with tf.Session() as session:
        assert plan_of(session, flat, x).count(".to(") == 1, "only the fed array"
        assert session.run(flat, {x: np.ones([2, 3])}).shape == (6,)


def test_a_position_outside_gives_zeros_as_tensorflow_gives_on_a_gpu():
    at = tf.placeholder(tf.int32, [2])
    found = tf.gather(tf.ones([3]), at)
    with tf.Session() as session:
        np.testing.assert_array_equal(session.run(found, {at: [0, 7]}), [1, 0])


# --- copies between host and GPU --------------------------------------------------------------------------------------

@pytest.fixture
def waits():
    """How often the host waits for a GPU."""
    return pretended_streams.counted


def waits_of(waits, run):
    before = waits.waits
    run()
    return waits.waits - before


def trained(x, units=20):
    loss = tf.reduce_mean(tf.layers.dense(tf.layers.dense(x, units, tf.nn.relu), 2) ** 2)
    number = tf.train.get_or_create_global_step()
    return loss, number


@pytest.mark.parametrize("optimizer", [
    tf.train.GradientDescentOptimizer, lambda rate: tf.train.MomentumOptimizer(rate, 0.9), tf.train.AdamOptimizer,
    tf.train.RMSPropOptimizer, tf.train.AdagradOptimizer])
def test_a_run_waits_once_for_all_that_it_fetches_and_never_if_it_fetches_nothing(optimizer, waits):
    x = tf.placeholder(tf.float32, [None, 300])
    loss, number = trained(x)
    step = optimizer(tf.train.exponential_decay(0.1, number, 10, 0.5)).minimize(loss, global_step=number)
    w = tf.trainable_variables()[0]
    batch = np.ones([64, 300], np.float32)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(step, {x: batch}), session.run([loss, number, w, step], {x: batch})  # constants come to the GPU
        for _ in range(6):  # as it stands, and as a graph
            assert waits_of(waits, lambda: session.run(step, {x: batch})) == 0
            assert waits_of(waits, lambda: session.run([loss, number, w, step], {x: batch})) == 1


def test_large_feeds_go_over_pinned_memory(monkeypatch):
    staged = []
    copy = pretended_streams.pin
    monkeypatch.setattr(pretended_streams, "pin", lambda tensor: staged.append(tensor.nbytes) or copy(tensor))
    small, large = tf.placeholder(tf.float32, [4]), tf.placeholder(tf.float32, [200, 200])
    y = tf.reduce_sum(tf.exp(small)) + tf.reduce_sum(tf.tanh(large))
    with tf.Session() as session:
        session.run(y, {small: [1, 2, 3, 4], large: np.ones([200, 200])})
    assert staged == [200 * 200 * 4]


@pytest.mark.parametrize("units, huge", [(3, False), (100, False), (100, True)])
def test_no_copy_reads_what_a_user_may_change_meanwhile(units, huge, monkeypatch):
    if huge:
        monkeypatch.setattr(transfers, "_HUGE", 1000)
    unwaited = []
    before = pretended_streams.before

    def noted(name, func, args, kwargs, kind):
        if kwargs.get("non_blocking") or name == "aten::copy_" and args[2:3] == (True,):
            unwaited.extend(each.data_ptr() for each in args[:2] if type(each) is torch.Tensor)
        before(name, func, args, kwargs, kind)

    monkeypatch.setattr(pretended_streams, "before", noted)
    x = tf.placeholder(tf.float32, [units, units])
    y = x
    for _ in range(9):
        y = tf.tanh(y + 1)
    array = np.ones([units, units], np.float32)
    with tf.Session() as session:
        results = [session.run(y, {x: array}) for _ in range(6)]  # as it stands, and as a graph
    assert all(np.array_equal(results[0], other) for other in results[1:])
    assert array.ctypes.data not in unwaited and bool(unwaited) is not huge


def test_results_are_ordinary_memory_of_their_own(waits):
    x = tf.placeholder(tf.float32, [3])
    with tf.Session() as session:
        first, text = session.run([x * 2, tf.as_string(x)], {x: [1, 2, 3]})
        second = session.run(x * 3, {x: [1, 2, 3]})
    first[0] = 9
    assert second.tolist() == [3, 6, 9] and text.tolist() == [b"1.000000", b"2.000000", b"3.000000"]
    assert first.flags.owndata and second.flags.owndata


def test_a_fed_tensor_of_a_gpu_stays_there(waits):
    x, at = tf.placeholder(tf.float32, [3]), tf.placeholder(tf.int32, [])
    on_gpu = torch.tensor([1.0, 2.0, 3.0], device=f"{KIND}:0")
    with tf.Session() as session:
        step = tf.assign(tf.get_variable("w", [3], initializer=tf.zeros_initializer()), x)
        session.run(tf.global_variables_initializer())
        assert waits_of(waits, lambda: session.run(step.op, {x: on_gpu})) == 0
        on_gpu.zero_()
        assert session.run("w:0").tolist() == [1, 2, 3], "what a variable has is memory of its own"
        on_gpu.fill_(4)
        assert session.run(x * 2, {x: on_gpu}).tolist() == [8, 8, 8]
        assert session.run(x, {x: on_gpu}).tolist() == [4, 4, 4]
        assert session.run(tf.as_string(x), {x: on_gpu}).tolist() == [b"4.000000"] * 3, "the host takes it, too"
        assert session.run(x[at], {x: on_gpu, at: torch.tensor(1, device=f"{KIND}:0")}) == 4
    with tf.Session(config=tf.ConfigProto(device_count={"GPU": 0})) as session:
        assert session.run(x * 2, {x: on_gpu}).tolist() == [8, 8, 8]


def test_a_fed_tensor_of_another_gpu_is_copied():
    x = tf.placeholder(tf.float32, [3])
    with tf.Session() as session:
        assert session.run(x + 1, {x: torch.ones(3, device=f"{KIND}:1")}).tolist() == [2, 2, 2]


def test_two_gpus_get_their_work_without_a_wait_between(waits):
    x = tf.placeholder(tf.float32, [300, 300])
    halves = []
    for index in range(2):
        with tf.device(f"/gpu:{index}"):
            y = x
            for _ in range(5):
                y = tf.matmul(y, y) * 0.01
            halves.append(y)
    with tf.device("/cpu:0"):
        both = tf.add_n(halves)
    with tf.device("/gpu:1"):
        moved = tf.reduce_sum(halves[0]) + tf.reduce_sum(halves[1])
    array = np.full([300, 300], 0.1, np.float32)
    with tf.Session() as session:
        assert waits_of(waits, lambda: session.run(halves, {x: array})) == 2, "once per GPU, for the results"
        assert waits_of(waits, lambda: session.run(moved.op, {x: array})) == 0
        assert waits_of(waits, lambda: session.run(both, {x: array})) == 2, "the host adds"


def test_the_host_waits_when_all_gpus_have_their_work(monkeypatch):
    x = tf.placeholder(tf.float32, [3, 3])
    sums = []
    for index in range(2):
        with tf.device(f"/gpu:{index}"):
            y = tf.matmul(x, x)
        with tf.device("/cpu:0"):
            sums.append(tf.reduce_sum(tf.py_func(np.square, [y], tf.float32)))
    done = []
    monkeypatch.setattr(pretended_streams, "before", lambda name, *_: done.append(name))
    with tf.Session() as session:
        assert session.run(tf.add_n(sums), {x: np.eye(3)}) == 6
        done.clear()
        session.run(sums, {x: np.eye(3)})
    assert [name for name in done if name in ("aten::mm", "aten::_to_copy")] == [
        "aten::_to_copy", "aten::mm", "aten::_to_copy", "aten::mm", "aten::_to_copy", "aten::_to_copy"]


# --- settings of the process ------------------------------------------------------------------------------------------

@pytest.fixture
def switches():
    """torch's switches as they are when it is imported; they are put back."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = False, True
    settings.multiply_in_float32.cache_clear()
    yield torch.backends
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


def one_run(**config):
    with tf.Session(config=tf.ConfigProto(**config)) as session:
        session.run(tf.ones([2]) + tf.random_normal([2]))


def test_convolutions_multiply_in_float32(switches):
    one_run(device_count={"GPU": 0})
    assert switches.cudnn.allow_tf32, "nobody has asked for a GPU"
    one_run()
    assert not switches.cudnn.allow_tf32
    switches.cudnn.allow_tf32 = True
    one_run()
    assert switches.cudnn.allow_tf32, "who asks for TF32 afterwards gets it"


def test_who_has_allowed_tf32_keeps_it(switches):
    torch.set_float32_matmul_precision("high")
    one_run()
    assert switches.cudnn.allow_tf32 and switches.cuda.matmul.allow_tf32


@pytest.mark.parametrize("asked, limit", [(0.25, 0.25), (1.5, 1.0), (0.0, None)])
def test_a_fraction_of_memory_limits_every_gpu(asked, limit, monkeypatch):
    limits = {}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction",
                        lambda fraction, index: limits.update({index: fraction}))
    settings.apply(tf.ConfigProto(gpu_options=tf.GPUOptions(per_process_gpu_memory_fraction=asked)))
    assert limits == ({} if limit is None else {0: limit, 1: limit})


@pytest.mark.parametrize("behind_handle", [False, True])
def test_variables_of_strings_stay_on_the_host(behind_handle):
    words = tf.get_variable("words", initializer=["a", "b"], use_resource=behind_handle)
    with tf.Session() as session:
        session.run(words.initializer)
        assert session.run(words).tolist() == [b"a", b"b"]
        session.run(words.assign(["c", "d"]))
        assert session.run(words).tolist() == [b"c", b"d"]
