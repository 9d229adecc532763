"""Records what TensorFlow 1.15 reads from the files of samples/pictures.py, and what it refuses, into data/codecs.json.

Run it with a Python that has TensorFlow 1.15:
    python tests/oracle/record_codecs.py
What runs under it is written in the common subset of Python 2.7 and 3.
"""

from __future__ import print_function

import io
import json
import os

FILES = {}
# Not imported: its folder has modules that are called as Python's own are.
with io.open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "samples", "pictures.py")) as text:
    exec(text.read(), FILES)

ACCURATE = {"dct_method": "INTEGER_ACCURATE"}  # Pillow decodes as this does


def cases():
    """Yields (name, function of tf.image, file, options)."""
    files = {name: value for name, value in FILES.items() if name.isupper()}
    png, jpeg = files["RGB_PNG"], files["RGB_JPEG"]
    files.update({"EMPTY": b"", "NONSENSE": b"nonsense 'and' much\n", "CUT_PNG": png[:60], "CUT_JPEG": jpeg[:100],
                  "CUT_BMP": files["RGB_BMP"][:60], "HEAD": png[:8]})
    for name in sorted(files):
        for function in ("decode_jpeg", "decode_png", "decode_gif", "decode_bmp", "extract_jpeg_shape"):
            if function == "decode_bmp" and not name.endswith(("BMP", "EMPTY", "HEAD")):
                continue
            for channels in (0, 1, 2, 3, 4) if function in ("decode_jpeg", "decode_png", "decode_bmp") else (None,):
                if name == "PALETTE_PNG" and channels == 4:
                    continue  # TensorFlow 1.15 makes it nearly transparent
                options = {} if channels is None else {"channels": channels}
                if function == "decode_jpeg":
                    options.update(ACCURATE)
                elif name.endswith("JPEG") and function in ("decode_png", "decode_gif"):
                    continue  # these take the fast transform
                yield "{} {} {}".format(function, name, channels), function, files[name], options
    yield "uint16", "decode_png", files["WIDE_PNG"], {"uint16": True}
    yield "uint16 of bytes", "decode_png", png, {"uint16": True}
    yield "ratio", "decode_jpeg", jpeg, {"ratio": 3}
    yield "dct", "decode_jpeg", jpeg, {"dct_method": "slow"}
    # A smaller part has other pixels at its edge in TensorFlow, which mixes the colours of neighbours within it only.
    for window in ([8, 8, 9, 1], [0, 0, 0, 1], [0, 0, 16, 16]):
        yield "crop {}".format(window), "decode_and_crop_jpeg", jpeg, dict(ACCURATE, crop_window=window)


def observe(tf, session, function, data, options):
    """What comes of one case: the array, or the class and first line of the error."""
    options = dict(options)
    if options.pop("uint16", False):
        options["dtype"] = tf.uint16
    try:
        value = session.run(getattr(tf.image, function)(data, **options))
        return [str(value.dtype), list(value.shape), value.ravel().tolist()]
    except tf.errors.InvalidArgumentError as error:
        return [type(error).__name__, error.message.split("\n")[0].partition(": No screen")[0]]


if __name__ == "__main__":
    from record import HERE, header, oracle, write

    tf = oracle()
    with tf.Session() as session:
        record = {name: observe(tf, session, function, data, options) for name, function, data, options in cases()}
    record["made by"] = header(tf)
    text = json.dumps(record, sort_keys=True, separators=(",", ":")).replace("],\"", "],\n\"") + "\n"
    write(os.path.join(HERE, "data", "codecs.json"), text)
