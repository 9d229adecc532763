"""Samples for the ops of tfmagic/ops/strings."""

import zlib

import numpy as np
from oracle.samples.values import boolean, c64, f32, f64, i32, i64, row, rows, text

# Empty matches, letters of several bytes and none in UTF-8, groups that took no part, rewritings with faults.
REWRITES = [
    (u"a\xe9b abb".encode("utf-8"), "b*", "x"), (u"\xe9\xe9".encode("utf-8"), "", "-"), ("aaa", "a*?", "-"),
    ("ab", "$", "!"), ("", "", "x"), ("a\nb", "^b", "x"), ("xxx", "\\bx", "y"), ("aXb", "(?i)x", "\\0\\0"),
    (b"\xff\xfeab", ".", "x"), (b"\xff\xfeab", "\\C", "x"), ("abab", "(a)|(b)", "[\\1\\2]"),
    ("abcb", "(b)", "<\\1>\\\\\\0"), ("abc", "b", "x\\1y"), ("abc", "b", "x\\"), ("abc", "b", "x\\qz"),
]

SAMPLES = {
    "ShardedFilename": [row(basename=text("a/b"), shard=i32(2), num_shards=i32(12)),
                        row(basename=text(["a"]), shard=i32(2), num_shards=i32(12))],
    "ShardedFilespec": [row(basename=text("a/b"), num_shards=i32(12)), row(basename=text(["a"]), num_shards=i32(1))],
    "StringJoin": [row(inputs=[text(["a", "b"]), text("x")], separator="-"), row(inputs=[text("a")]),
                   row(inputs=[text(["a", "b"]), text(["c"])]), row(inputs=[text([["a"]]), text([["b"]])])],
    "AsString": [*rows(i32([1, -2]), f32([1.5, 0.25]), boolean([True, False]), i64([2**40]), np.int8([-3]),
                       f64([1e300, -0.1]), c64([1 + 2j]), f32([np.nan, np.inf, -np.inf, 1e20, 1e-7]), name="input"),
                 row(input=f32([3.14159]), precision=2), row(input=i32([7]), width=4, fill="0"),
                 row(input=f32([12345.678]), scientific=True), row(input=f32([12345.678, 0.00001]), shortest=True),
                 row(input=f32([1.5]), width=9), row(input=f32([1.5]), width=9, fill=" "),
                 row(input=f32([-1.5]), width=9, fill="-", precision=1), row(input=i32([7]), width=4, fill="++"),
                 row(input=i32([7]), fill="+"), row(input=i32([7, -7]), width=4, fill="+"),
                 row(input=f32([1.5]), scientific=True, shortest=True), row(input=i32([1]), precision=2)],
    "StringToNumber": [
        row(string_tensor=text(["1.5", "-2", "1e3", " 7 ", "inf", "nan"])),
        row(string_tensor=text(["7", "-2"]), out_type="int64"), row(string_tensor=text(["7", "-2"]), out_type="int32"),
        row(string_tensor=text(["1.25"]), out_type="float64"), row(string_tensor=text(["abc"])),
        row(string_tensor=text(["1.5"]), out_type="int32"), row(string_tensor=text([""])),
        row(string_tensor=text(["99999999999"]), out_type="int32"),
    ],
    "StringLength": [*rows(text(["", "abc", "ação"]), name="input"),
                     row(input=text(["ação", "日本"]), unit="UTF8_CHAR")],
    "StringLower": [*rows(text(["AbC", "", "ÇÃ"]), name="input"), row(input=text(["AbÇ"]), encoding="utf-8"),
                    row(input=text(["AbÇ"]), encoding="latin")],
    "StringUpper": [*rows(text(["AbC", "", "çã"]), name="input"), row(input=text(["abç"]), encoding="utf-8")],
    "StringStrip": rows(text(["  a b ", "\tc\n", ""]), name="input"),
    "StringSplit": [row(input=text(["a b", "c"]), delimiter=text(" ")),
                    row(input=text(["a,b;c", ""]), delimiter=text(",;")),
                    row(input=text(["a,,b"]), delimiter=text(","), skip_empty=False), row(input=text(["abc"]),
                                                                                         delimiter=text("")),
                    row(input=text([]), delimiter=text(" ")), row(input=text([["a"]]), delimiter=text(" "))],
    "StringSplitV2": [
        row(input=text(["a b", "c  d"]), sep=text("")),
        row(input=text(["a,b"]), sep=text(","), maxsplit=1),
        row(input=text(["a, b, c", "", "x,y, "]), sep=text(", ")),
        row(input=text(["  a  b "]), sep=text(""), maxsplit=1),
        row(input=text(["a,b,c"]), sep=text(","), maxsplit=0),
        row(input=text("a"), sep=text(",")),
        row(input=text(["a"]), sep=text([","])),
    ],
    "Substr": [
        row(input=text(["hello", "world"]), pos=i32(1), len=i32(3)),
        row(input=text(["hello"]), pos=i32([-3]), len=i32([2])),
        row(input=text(["hello", "hi"]), pos=i64([0, 1]), len=i64([9, 9])),
        row(input=text(["ação"]), pos=i32(1), len=i32(2), unit="UTF8_CHAR"),
        row(input=text("hello"), pos=i32([0, 1]), len=i32([1, 2])),
        row(input=text(["hello", "hi"]), pos=i32(3), len=i32(1)),
        row(input=text(["hi"]), pos=i32(-4), len=i32(1)),
        row(input=text(["hi", "ho"]), pos=i32([0, 0, 0]), len=i32([1, 1, 1])),
    ],
    "RegexReplace": [row(input=text(["aab", "b"]), pattern=text("a+"), rewrite=text("x")),
                     row(input=text(["aab aab"]), pattern=text("a"), rewrite=text("x"), replace_global=False),
                     row(input=text(["key=value"]), pattern=text("(\\w+)=(\\w+)"), rewrite=text("\\2=\\1")),
                     row(input=text(["a"]), pattern=text("("), rewrite=text("x")),
                     row(input=text(["a"]), pattern=text("a"), rewrite=text("\\1")),
                     *(row(input=text([given]), pattern=text(pattern), rewrite=text(rewrite), replace_global=everywhere)
                       for everywhere in (True, False) for given, pattern, rewrite in REWRITES),
                     row(input=text(["a"]), pattern=text(["a"]), rewrite=text("x"))],
    "StaticRegexReplace": [row(input=text(["aab", "b"]), pattern="a+", rewrite="x"),
                           row(input=text(["aab"]), pattern="a", rewrite="x", replace_global=False),
                           row(input=text(["a"]), pattern="(", rewrite="x")],
    "RegexFullMatch": [row(input=text(["aab", "b"]), pattern=text("a+b")),
                       row(input=text(["a\nb"]), pattern=text("a.b")),
                       row(input=text(["a"]), pattern=text("[")), row(input=text(["a"]), pattern=text(["a"]))],
    "StaticRegexFullMatch": [row(input=text(["aab", "b"]), pattern="a+b"),
                             row(input=text([["a", "A"]]), pattern="(?i)a"),
                             row(input=text(["a"]), pattern="[")],
    "StringToHashBucketFast": [row(input=text(["a", "hello", "", "a longer text of more than sixty-four bytes, to be "
                                               "hashed in another way"]), num_buckets=1000),
                               row(input=text([["x"]]), num_buckets=2**40), row(input=text(["x"]), num_buckets=1)],
    "StringToHashBucket": [row(string_tensor=text(["a", "hello", ""]), num_buckets=1000)],
    "StringToHashBucketStrong": [row(input=text(["a", "hello", ""]), num_buckets=1000, key=[1, 2]),
                                 row(input=text(["a"]), num_buckets=10, key=[1]),
                                 row(input=text(["a"]), num_buckets=10, key=[-1, 2**40])],
    "ReduceJoin": [
        row(inputs=text([["a", "b"], ["c", "d"]]), reduction_indices=i32([1])),
        row(inputs=text([["a", "b"], ["c", "d"]]), reduction_indices=i32([0]), separator="-"),
        row(inputs=text([["a", "b"], ["c", "d"]]), reduction_indices=i32([1, 0]), separator="-"),
        row(inputs=text([["a", "b"], ["c", "d"]]), reduction_indices=i32(-1), keep_dims=True),
        row(inputs=text([["a", "b"]]), reduction_indices=i32([])),
        row(inputs=text([["a", "b"]]), reduction_indices=i32([0, 0])),
        row(inputs=text([["a", "b"]]), reduction_indices=i32([2])),
        row(inputs=text("a"), reduction_indices=i32([])),
    ],
    "EncodeBase64": [*rows(text(["hello", "", "a?>~"]), name="input"), row(input=text(["a"]), pad=True)],
    "DecodeBase64": rows(text(["aGVsbG8", "", "YT8-fg"]), text(["YQ=="]), text(["a"]), text(["?!"]), name="input"),
    "DecodeRaw": [
        row(bytes=text([b"\x01\x00\x02\x00"]), out_type="int16"),
        row(bytes=text([b"\x01\x02"]), out_type="uint8"),
        row(bytes=text([b"\x01\x00\x02\x00"]), out_type="int16", little_endian=False),
        row(bytes=text([b"\x00\x00\x80\x3f", b"\x00\x00\x00\x40"]), out_type="float32"),
        row(bytes=text([]), out_type="int32"),
        row(bytes=text([b"abc"]), out_type="int16"),
        row(bytes=text([b"ab", b"abcd"]), out_type="int16"),
    ],
    "StringFormat": [row(inputs=[i32([1, 2])], template="value: {}", placeholder="{}", summarize=3),
                     row(inputs=[f32([1.5, 2, 3, 4, 5, 6, 7, 8]), text("a")], template="{} and {}", summarize=2),
                     row(inputs=[boolean([True])], template="%t!", placeholder="%t"),
                     row(inputs=[i32([[1, 2], [3, 4]])], template="{}", summarize=-1),
                     row(inputs=[i32(1)], template="no place")],
    "Fingerprint": [row(data=text(["a", "hello"]), method=text("farmhash64")), row(data=i32([[1, 2], [3, 4]]),
                                                                                method=text("farmhash64")),
                    row(data=i32([1]), method=text("wrong")), row(data=i32(1), method=text("farmhash64"))],
    "UnicodeTranscode": [row(input=text(["ação"]), input_encoding="UTF-8", output_encoding="UTF-16-BE"),
                         row(input=text([b"a\xff"]), input_encoding="UTF-8", output_encoding="UTF-8"),
                         row(input=text([b"a\xffb"]), input_encoding="UTF-8", output_encoding="UTF-8", errors="ignore"),
                         row(input=text([b"a\xff"]), input_encoding="UTF-8", output_encoding="UTF-8", errors="strict"),
                         row(input=text([b"a\x01"]), input_encoding="US-ASCII", output_encoding="UTF-32-BE",
                             replace_control_characters=True),
                         row(input=text(["a"]), input_encoding="nonsense", output_encoding="UTF-8")],
    "UnicodeDecode": [row(input=text(["ação", "b"]), input_encoding="UTF-8"),
                      row(input=text([b"a\xff"]), input_encoding="UTF-8"),
                      row(input=text([b"a\xff"]), input_encoding="UTF-8", errors="strict"),
                      row(input=text([b"\x00a"]), input_encoding="UTF-16-BE"), row(input=text([]),
                                                                                   input_encoding="UTF-8")],
    "UnicodeDecodeWithOffsets": [row(input=text(["ação", "b"]), input_encoding="UTF-8"),
                                 row(input=text([b"a\xffb"]), input_encoding="UTF-8", errors="ignore")],
    "UnicodeEncode": [row(input_values=i32([97, 231, 98]), input_splits=i64([0, 2, 3]), output_encoding="UTF-8"),
                      row(input_values=i32([97, 128512]), input_splits=i64([0, 2, 2]), output_encoding="UTF-16-BE"),
                      row(input_values=i32([-1]), input_splits=i64([0, 1]), output_encoding="UTF-8"),
                      row(input_values=i32([55296]), input_splits=i64([0, 1]), output_encoding="UTF-8",
                          errors="strict"),
                      row(input_values=i32([97, 55296]), input_splits=i64([0, 2]), output_encoding="UTF-16-BE"),
                      row(input_values=i32([97, -1]), input_splits=i64([0, 2]), output_encoding="UTF-8",
                          errors="strict"),
                      row(input_values=i32([97, 98, 99]), input_splits=i64([1, 2, 1, 3]), output_encoding="UTF-8")],
    "UnsortedSegmentJoin": [
        row(inputs=text(["a", "b", "c"]), segment_ids=i32([0, 1, 0]), num_segments=i32(2), separator="-"),
        row(inputs=text([["a", "b"], ["c", "d"]]), segment_ids=i64([1, 1]), num_segments=i64(3)),
        row(inputs=text(["a", "b"]), segment_ids=i32([0, 5]), num_segments=i32(2)),
    ],
    "DecodePaddedRaw": [row(input_bytes=text([b"\x01\x02", b"\x03"]), fixed_length=i32(2), out_type="uint8"),
                        row(input_bytes=text([b"\x01\x02"]), fixed_length=i32(4), out_type="int16"),
                        row(input_bytes=text([b"\x01\x02"]), fixed_length=i32(3), out_type="int16"),
                        row(input_bytes=text([b"\x01\x02"]), fixed_length=i32(0), out_type="uint8")],
    "ComputeAccidentalHits": [
        row(true_classes=i64([[1, 2], [3, 4]]), sampled_candidates=i64([3, 1, 9]), num_true=2),
        row(true_classes=i64([[1]]), sampled_candidates=i64([2]), num_true=1),
        row(true_classes=i64([[1, 2]]), sampled_candidates=i64([2]), num_true=1),
    ],
    "SdcaFprint": [row(input=text(["a", "hello", "", "twelve bytes", "sixteen bytes ok", "more than sixteen bytes",
                                   "x" * 127, "y" * 128, "0123456789" * 15, "0123456789" * 31])),
                   row(input=text([])), row(input=text([["a"]]))],
    "DecodeCompressed": [row(bytes=text([zlib.compress(b"abc"), b""]), compression_type="ZLIB"),
                         row(bytes=text(["ab"])), row(bytes=text(["not compressed"]), compression_type="ZLIB"),
                         row(bytes=text(["ab"]), compression_type="NONE")],
    "Fact": [row()],
    "StringNGrams": [
        row(data=text(words), data_splits=i64(splits), separator="-", ngram_widths=widths, left_pad="L", right_pad="R",
            pad_width=pad, preserve_short_sequences=short)
        for words, splits in ((["a", "b", "c", "d"], [0, 3, 3, 4]), (["a", "", "c"], [0, 2, 3]))
        for widths in ([2], [1, 3], [], [4])
        for pad, short in ((0, False), (0, True), (-1, False), (1, True), (5, True))
    ] + [
        row(data=text([]), data_splits=i32([0]), separator="", ngram_widths=[2], left_pad="", right_pad="",
            pad_width=0, preserve_short_sequences=False),
        row(data=text([["a"]]), data_splits=i32([0, 1]), separator="", ngram_widths=[2], left_pad="", right_pad="",
            pad_width=0, preserve_short_sequences=False),
    ],
    "UnicodeScript": [row(input=i32([97, 0x3b1, 0x4e00, 0x10ffff, 0x110000, -1, 0x378, 0x1f600])),
                      row(input=i32([[0x5d0], [0xfffd]])), row(input=i32(0x20ac)), row(input=i32([]))],
}


def beyond_words(call):
    """Whether rows end behind the last word or before they begin, or no word stands before an empty, padded row."""
    words, splits = call["data"], call["data_splits"]
    if splits.ndim != 1 or words.ndim != 1:
        return False
    ends = splits.tolist()
    return any(not 0 <= a <= b <= len(words) for a, b in zip(ends, ends[1:])) or (
        call["pad_width"] != 0 and ends[:2] == [0, 0])


# What is compressed otherwise, or ends early, ends TensorFlow's process.
BEYOND = {"StringNGrams": beyond_words, "DecodeCompressed": lambda call: True}
