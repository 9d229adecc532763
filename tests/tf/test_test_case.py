"""`tf.test` as people's own suites use it: under unittest, under pytest, with benchmarks and stubs."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tfmagic import tf

SUITE = '''
import tfmagic.tf as tf

class Suite(tf.test.TestCase):
    def test_good(self):
        with self.test_session():
            self.assertAllEqual(tf.constant([1]).eval(), [1])

    def test_bad(self):
        self.assertAllClose(1.0, 2.0)

    def test_refusal(self):
        with self.session(), self.assertRaisesOpError("must be"):
            tf.check_numerics(tf.constant(float("nan")), "must be").eval()

class Measure(tf.test.Benchmark):
    def benchmarkAdd(self):
        with tf.Session() as session:
            self.run_op_benchmark(session, tf.random_uniform([2]) + 2.0, min_iters=3, burn_iters=1)
            self.report_benchmark(iters=3, wall_time=0.5, extras={"a": 1, "b": "c"}, name="again",
                                  metrics=[{"name": "m", "value": 1.0, "min_value": 0, "max_value": 2}])

if __name__ == "__main__":
    tf.test.main()
'''


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    path = tmp_path / "test_of_a_user.py"
    path.write_text(SUITE)
    return path


def run(*command: object) -> tuple[int, str]:
    done = subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("command, count", [
    ([], "Ran 4 tests"), (["-m", "pytest", "-q", "-p", "no:cacheprovider"], "1 failed, 2 passed, 1 skipped")])
def test_a_suite_under_a_runner(suite: Path, command: list[str], count: str) -> None:
    status, text = run(*command, suite)
    assert status == 1 and count in text and "Not equal to tolerance rtol=1e-06, atol=1e-06" in text
    assert "test_bad" in text


def test_one_test_by_its_name(suite: Path) -> None:
    status, text = run(suite, "Suite.test_good")
    assert status == 0 and "Ran 1 test" in text


def test_benchmarks_report_as_protos(suite: Path) -> None:
    status, text = run(suite, "--benchmarks=Measure")
    assert status == 0, text
    assert 'entry {\n  name: "Measure.benchmarkAdd"\n  iters: 3\n  wall_time: ' in text
    assert ('entry {\n  name: "Measure.again"\n  iters: 3\n  wall_time: 0.5\n  extras {\n    key: "a"\n    value {\n'
            '      double_value: 1.0\n    }\n  }\n') in text
    assert '  metrics {\n    name: "m"\n    value: 1.0\n    min_value {\n    }\n    max_value {\n' in text
    assert "allocator_maximum_num_bytes_cpu" in text


def test_stubs_are_put_back() -> None:
    class Thing:
        @staticmethod
        def static() -> int:
            return 1

        def method(self) -> int:
            return 1

    class Derived(Thing):
        pass

    before = time.time
    stubs = tf.test.StubOutForTesting()
    stubs.Set(time, "time", lambda: 5)
    stubs.Set(Thing, "static", lambda: 5)
    stubs.SmartSet(Derived, "method", lambda self: 6)
    assert (time.time(), Thing.static(), Thing().static(), Derived().method(), Thing().method()) == (5, 5, 5, 6, 6)
    stubs.SmartUnsetAll()
    assert Derived().method() == 1 and time.time() == 5
    del stubs
    assert time.time is before and Thing.static() == 1
    with pytest.raises(AttributeError), tf.test.StubOutForTesting() as stubs:
        stubs.SmartSet(Thing, "nothing", 1)


def test_the_machine() -> None:
    assert tf.test.gpu_device_name() == ("/device:GPU:0" if tf.test.is_gpu_available() else "")
    assert not tf.test.is_gpu_available(min_cuda_compute_capability=(99, 0))
    assert Path(tf.test.get_temp_dir()).is_dir() and tf.test.get_temp_dir() == tf.test.get_temp_dir()
    assert tf.test.mock.MagicMock()() is not None
    assert str(tf.test.benchmark_config()).split() == [
        "graph_options", "{", "rewrite_options", "{", "dependency_optimization:", "OFF", "}", "}"]


class TestStreams(tf.test.TestCase):
    def test_what_is_written_to_a_stream(self) -> None:
        with open(Path(self.get_temp_dir()) / "out", "w") as stream:
            with self.captureWritesToStream(stream) as captured:
                stream.write("hello")
                stream.flush()
            self.assertEqual(captured.contents(), "hello")
