"""Strings that are no UTF-8, that end early, and that write numbers oddly."""

from . import Case, program
from .testing import answers

# Bytes that go on with nothing, letters that break off, are written too long, are halves of pairs or beyond the last.
BROKEN = [b"a\x80b", b"\x80\x80", b"\xc3", b"\xc3\xa9\xe2\x82", b"\xe0\x80\x80z", b"\xed\xa0\x80", b"\xf0\x9f\x98",
          b"\xf4\x90\x80\x80", b"\xff\xfe", b"\xf8\x88\x80\x80\x80"]
CONTROLS = [b"\x00a\x1f", b"\x7f", b"\xc2\x80\xc2\x9f", b"\t\n\x0b\r ", b"\xe2\x82\xac\x01"]


def refused(tf, asked):
    """What runs that fail say: fetches, feeds."""
    with tf.Session() as sess:
        return answers(tf, [lambda each=each: sess.run(*each) for each in asked])


@program
def malformed_characters(tf):
    s = tf.placeholder(tf.string, [None], name="s")
    out = [tf.strings.length(s, unit="UTF8_CHAR"), tf.strings.lower(s, encoding="utf-8")]
    out += [tf.strings.substr(s, place, length, unit="UTF8_CHAR") for place, length in ((0, 1), (1, 0), (-1, 1))]
    out += [tf.regex_replace(s, pattern, b"<\\0>") for pattern in (b".", b"[^a]", b"", b"\\C", b"\xc3\xa9")]
    out += [tf.strings.regex_full_match(s, pattern) for pattern in (b".*", b"[^a]*", b"\\C*")]
    return Case(steps=[(each, {s: BROKEN}) for each in out], show=out)


@program
def malformed_code_points(tf):
    s = tf.placeholder(tf.string, [None], name="s")
    out = []
    for errors in ("replace", "ignore"):
        points, starts = tf.strings.unicode_decode_with_offsets(s, "UTF-8", errors=errors)
        out += [points.values, points.row_splits, starts.values,
                tf.strings.unicode_transcode(s, "UTF-8", "UTF-16-BE", errors=errors, replacement_char=63)]
    strict = [tf.strings.unicode_decode(s, "UTF-8", errors="strict").values,
              tf.strings.unicode_transcode(s, "UTF-8", "UTF-8", errors="strict")]
    return Case(steps=[(each, {s: BROKEN}) for each in out],
                facts={"refused": refused(tf, [(each, {s: BROKEN}) for each in strict])}, show=out)


@program
def control_characters(tf):
    s = tf.constant(CONTROLS)
    out = []
    for errors in ("replace", "ignore"):
        points, starts = tf.strings.unicode_decode_with_offsets(s, "UTF-8", errors=errors,
                                                                replace_control_characters=True)
        out += [points.values, points.row_splits, starts.values,
                tf.strings.unicode_transcode(s, "UTF-8", "UTF-8", errors=errors, replace_control_characters=True)]
    # Reading replaces them even where malformed bytes are refused, and writing does not.
    out.append(tf.strings.unicode_decode(s, "UTF-8", errors="strict", replace_control_characters=True).values)
    strict = [tf.strings.unicode_transcode(s, "UTF-8", "UTF-8", errors="strict", replace_control_characters=True)]
    return Case(steps=[(each, None) for each in out], facts={"refused": refused(tf, [(each,) for each in strict])},
                show=out)


@program
def encodings_of_other_systems(tf):
    every = b"".join(bytes(bytearray([byte])) for byte in range(128, 256))
    out = [tf.strings.unicode_decode(every, name) for name in ("windows-1250", "windows-1252", "windows-1255")]
    wide = [b"\x00a\x00b", b"\xd8\x3d\xde\x00", b"\x00"]
    marked = [[b"\xff\xfea\x00b\x00"], [b"\xfe\xff\x00a\x00b"]]
    out += [value for texts in (wide, marked[0], marked[1])
            for value in tf.strings.unicode_decode_with_offsets(tf.constant(texts), "UTF-16")]
    out = [getattr(each, "values", each) for each in out]
    return Case(steps=[(each, None) for each in out], show=out)


@program
def cases_of_letters(tf):
    letters = [u"\u00c0\u0130\u1e9eA", u"\u1f88\u1faf\u1fbc", u"\u03a3\u03a3 \u03a3", u"\ufb01\u01c5\u0149", u"a\0B"]
    s = tf.constant([letter.encode("utf-8") for letter in letters])
    out = [function(s, encoding=encoding) for function in (tf.strings.lower, tf.strings.upper)
           for encoding in ("", "utf-8")]
    return Case(steps=[(each, None) for each in out], show=out)


@program
def numbers_in_odd_texts(tf):
    p = tf.placeholder(tf.string, [], name="p")
    real, wide, whole = [tf.string_to_number(p, dtype) for dtype in (tf.float32, tf.float64, tf.int64)]
    fields = tf.decode_csv(p, [[7.0]])
    long = b"0." + b"1" * 29
    good = [b" ", b"\n\x0b", b"1\t", b"0x1F", b"-inf", long]
    bad = [b"", long + b"1", b"1" * 32, b" " * 32, b"3\x00", b"\x001", b"1_0", b"1e"]
    return Case(steps=[([real, wide, fields], {p: text}) for text in good],
                facts={"refused": refused(tf, [(value, {p: text}) for text in bad
                                               for value in (real, wide, whole, fields[0])])},
                show=[real, wide, whole])
