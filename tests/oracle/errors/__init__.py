"""Wrong input: programs that TensorFlow refuses while building or while running, and what it says."""

import importlib
import pkgutil
from dataclasses import dataclass

CASES = {}


@dataclass
class ErrorCase:
    """One refused program.

    Args:
        function: `function(tf, sess)`, expected to raise.
        words: what any good message about it holds; checked against TensorFlow's own message when recorded.
        kills_session: whether the session can't be used afterwards, by design.
    """

    function: object
    words: tuple
    kills_session: bool = False


def refused(*words, kills_session=False):
    """Registers a function of `(tf, sess)` that raises with a message that holds `words`."""

    def register(function):
        if function.__name__ in CASES:
            raise ValueError(f"two cases are called {function.__name__}")
        CASES[function.__name__] = ErrorCase(function, words, kills_session)
        return function

    return register


def load():
    """All cases by name, from every module of this package."""
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        importlib.import_module(f"{__name__}.{module}")
    return CASES


def observe(tf, case):
    """Runs a case in a new graph and session.

    Returns:
        The exception it raised, or None; and whether the session still answers afterwards.
    """
    with tf.Graph().as_default(), tf.Session() as sess:
        probe = tf.constant(42.0, name="probe")
        raised = None
        try:
            case.function(tf, sess)
        except Exception as error:
            raised = error
        alive = None if case.kills_session else answers(sess, probe)
    return raised, alive


def answers(sess, probe):
    """Whether the session still runs something healthy."""
    try:
        return float(sess.run(probe)) == 42.0
    except Exception:
        return False
