"""Samples for the ops of tfmagic/ops/strings."""

from oracle.samples.values import boolean, f32, i32, i64, row, rows, text



SAMPLES = {
    "StringJoin": [row(inputs=[text(["a", "b"]), text("x")], separator="-")],
    "AsString": rows(i32([1, -2]), f32([1.5, 0.25]), boolean([True]), name="input")
    + [row(input=f32([3.14159]), precision=2), row(input=i32([7]), width=4, fill="0")],
    "StringToNumber": [
        row(string_tensor=text(["1.5", "-2"])),
        row(string_tensor=text(["7", "-2"]), out_type="int64"),
    ],
    "StringLength": rows(text(["", "abc", "ação"]), name="input")
    + [row(input=text(["ação"]), unit="UTF8_CHAR")],
    "StringLower": rows(text(["AbC", ""]), name="input"),
    "StringUpper": rows(text(["AbC", ""]), name="input"),
    "StringStrip": rows(text(["  a b ", "\tc\n"]), name="input"),
    "StringSplit": [row(input=text(["a b", "c"]), delimiter=text(" "))],
    "StringSplitV2": [
        row(input=text(["a b", "c  d"]), sep=text("")),
        row(input=text(["a,b"]), sep=text(","), maxsplit=1),
    ],
    "Substr": [
        row(input=text(["hello", "world"]), pos=i32(1), len=i32(3)),
        row(input=text(["hello"]), pos=i32([-3]), len=i32([2])),
    ],
    "RegexReplace": [row(input=text(["aab", "b"]), pattern=text("a+"), rewrite=text("x"))],
    "StaticRegexReplace": [row(input=text(["aab", "b"]), pattern="a+", rewrite="x")],
    "RegexFullMatch": [row(input=text(["aab", "b"]), pattern=text("a+b"))],
    "StaticRegexFullMatch": [row(input=text(["aab", "b"]), pattern="a+b")],
    "StringToHashBucketFast": [row(input=text(["a", "hello"]), num_buckets=1000)],
    "StringToHashBucket": [row(string_tensor=text(["a", "hello"]), num_buckets=1000)],
    "StringToHashBucketStrong": [row(input=text(["a", "hello"]), num_buckets=1000, key=[1, 2])],
    "ReduceJoin": [
        row(inputs=text([["a", "b"], ["c", "d"]]), reduction_indices=i32([1])),
        row(inputs=text([["a", "b"], ["c", "d"]]), reduction_indices=i32([0]), separator="-"),
    ],
    "EncodeBase64": rows(text(["hello", ""]), name="input"),
    "DecodeBase64": rows(text(["aGVsbG8"]), name="input"),
    "DecodeRaw": [
        row(bytes=text([b"\x01\x00\x02\x00"]), out_type="int16"),
        row(bytes=text([b"\x01\x02"]), out_type="uint8"),
    ],
    "StringFormat": [row(inputs=[i32([1, 2])], template="value: {}", placeholder="{}", summarize=3)],
    "Fingerprint": [row(data=text(["a", "hello"]), method=text("farmhash64"))],
    "UnicodeTranscode": [row(input=text(["ação"]), input_encoding="UTF-8", output_encoding="UTF-16-BE")],
    "UnicodeDecode": [row(input=text(["ação", "b"]), input_encoding="UTF-8")],
    "UnicodeDecodeWithOffsets": [row(input=text(["ação", "b"]), input_encoding="UTF-8")],
    "UnicodeEncode": [row(input_values=i32([97, 231, 98]), input_splits=i64([0, 2, 3]), output_encoding="UTF-8")],
    "UnsortedSegmentJoin": [
        row(inputs=text(["a", "b", "c"]), segment_ids=i32([0, 1, 0]), num_segments=i32(2), separator="-")
    ],
    "DecodePaddedRaw": [row(input_bytes=text([b"\x01\x02", b"\x03"]), fixed_length=i32(2), out_type="uint8")],
    "UnicodeScript": rows(i32([65, 1041]), name="input"),
}
