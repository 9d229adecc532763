"""Writes the script of each code point, as TensorFlow 1.15 says it, into tfmagic/ops/strings/scripts.txt.

Run it with the Python of TensorFlow 1.15.
"""

import io
import os

import numpy as np
import tensorflow as tf

HERE = os.path.dirname(os.path.abspath(__file__))
PATH = os.path.join(os.path.dirname(HERE), "tfmagic", "ops", "strings", "scripts.txt")
HEAD = u"""\
# Scripts of Unicode as TensorFlow 1.15 numbers them (tables/record_scripts.py): where a run begins, and its script
"""


def main():
    points = tf.placeholder(tf.int32, [None])
    with tf.Session() as session:
        scripts = session.run(tf.strings.unicode_script(points), {points: np.arange(0x110000)})
    starts = np.concatenate([[0], np.flatnonzero(np.diff(scripts)) + 1])
    with io.open(PATH, "w", encoding="utf-8", newline="\n") as file:
        file.write(HEAD + u"".join(u"{:X} {}\n".format(start, scripts[start]) for start in starts))


if __name__ == "__main__":
    main()
