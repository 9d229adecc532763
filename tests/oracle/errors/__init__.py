"""Wrong input: programs that TensorFlow refuses while building or while running, and what it says.

They run under TensorFlow 1.15, so they are written in the common subset of Python 2.7 and 3.
"""

import importlib
import pkgutil

CASES = {}


class ErrorCase(object):
    """One refused program.

    Args:
        function: `function(tf, sess)`, expected to raise.
        words: what any good message about it holds; checked against TensorFlow's own message when recorded.
        kills_session: whether the session can't be used afterwards, by design.
        python_words: whether the message is Python's or NumPy's own, which changes with their version.
    """

    def __init__(self, function, words, kills_session=False, python_words=False):
        self.function = function
        self.words = words
        self.kills_session = kills_session
        self.python_words = python_words


def refused(*words, **options):
    """Registers a function of `(tf, sess)` that raises with a message that holds `words`.

    Args:
        words: see `ErrorCase`.
        options: see `ErrorCase`.
    """

    def register(function):
        if function.__name__ in CASES:
            raise ValueError("two cases are called " + function.__name__)
        CASES[function.__name__] = ErrorCase(function, words, **options)
        return function

    return register


def load():
    """All cases by name, from every module of this package."""
    for module in sorted(name for _, name, _ in pkgutil.iter_modules(__path__)):
        importlib.import_module(__name__ + "." + module)
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
