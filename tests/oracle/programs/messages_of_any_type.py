"""Messages whose types the program itself describes: decode_proto and encode_proto."""

from google.protobuf import descriptor_pb2

from . import Case, program
from .refused import outcome

KINDS = {"double": 1, "float": 2, "int64": 3, "uint64": 4, "int32": 5, "fixed64": 6, "fixed32": 7, "bool": 8,
         "string": 9, "bytes": 12, "uint32": 13, "enum": 14, "sfixed32": 15, "sfixed64": 16, "sint32": 17,
         "sint64": 18}


def described(syntax):
    """A set of files with one message: a repeated field of each kind, and some that are there once."""
    file = descriptor_pb2.FileDescriptorProto(name=syntax + ".proto", package="seen", syntax=syntax)
    kind = file.enum_type.add(name="Kind")
    for number, name in ((0, "NONE"), (5, "FIVE")):
        kind.value.add(name=name, number=number)
    message = file.message_type.add(name="All")
    for number, name in enumerate(sorted(KINDS), 1):
        field = message.field.add(name=name + "_list", number=number, label=3, type=KINDS[name])
        if name == "enum":
            field.type_name = ".seen.Kind"
    message.field.add(name="one", number=30, label=1, type=5)
    message.field.add(name="inner", number=31, label=1, type=11, type_name=".seen.All")
    message.field.add(name="packed", number=32, label=3, type=5).options.packed = True
    message.field.add(name="word", number=33, label=1, type=9)
    if syntax == "proto2":
        message.field[-4].default_value = "7"
        message.field[-1].default_value = "hey"
    return b"bytes://" + descriptor_pb2.FileDescriptorSet(file=[file]).SerializeToString()


OLD, NEW = described("proto2"), described("proto3")


def types(tf):
    named = {"double": tf.float64, "float": tf.float32, "enum": tf.int32, "bytes": tf.string, "fixed64": tf.uint64,
             "fixed32": tf.uint32, "sfixed32": tf.int32, "sfixed64": tf.int64, "sint32": tf.int32, "sint64": tf.int64}
    return {kind: named.get(kind) or tf.as_dtype(kind) for kind in KINDS}


@program
def messages_there_and_back(tf):
    kinds = types(tf)
    names = [kind + "_list" for kind in sorted(KINDS)]
    values = [tf.constant([["a", "bc"], ["", "d"]]) if kinds[kind] == tf.string
              else tf.cast(tf.constant([[1, 0], [5, 1]]), kinds[kind]) for kind in sorted(KINDS)]
    # What TensorFlow puts in place of missing enums is whatever was in memory.
    sizes = [[2] * len(names), [1 + (kind == "enum") for kind in sorted(KINDS)]]
    written = tf.io.encode_proto(sizes, values, names, "seen.All", descriptor_source=OLD)
    read = tf.io.decode_proto(written, "seen.All", names, [kinds[kind] for kind in sorted(KINDS)],
                              descriptor_source=OLD)
    return Case([([written, read.sizes] + [tf.cast(value, tf.int64) if value.dtype in (tf.uint32, tf.uint64) else value
                                           for value in read.values], None)])


@program
def messages_with_defaults(tf):
    names, kinds = ["word", "one", "packed", "inner", "string_list"], [tf.string, tf.int32, tf.int64, tf.string,
                                                                       tf.string]
    given = tf.placeholder(tf.string)
    rows = [[b""], [b"\xf0\x01\x09\xf0\x01\x08"], [b"\x82\x02\x03\x01\xac\x02\x80\x02\x07"],
            [b"\xfa\x01\x04\xf0\x01\x88\x00", b"\xfa\x01\x00", b"\xd0\x05\x01"]]
    shown = []
    for source in (OLD, NEW):
        for sanitize in (False, True):
            found = tf.io.decode_proto(given, "seen.All", names, kinds, descriptor_source=source, sanitize=sanitize)
            shown += [found.sizes] + found.values
    return Case([(shown, {given: row}) for row in rows])


@program
def messages_in_text(tf):
    texts = ["one: 4 inner { one: 5 } enum_list: FIVE enum_list: 0", "word: 'x' sint32_list: -3 enum_list: [5, 0]"]
    found = tf.io.decode_proto(texts, "seen.All", ["one", "inner", "enum_list", "word", "sint32_list"],
                               [tf.int32, tf.string, tf.int32, tf.string, tf.int64], descriptor_source=OLD,
                               message_format="text")
    known = tf.io.decode_proto([[b"\x0a\x00"], [b""]], "tensorflow.Example", ["features"], [tf.string])
    return Case([([found.sizes, known.sizes] + found.values + known.values, None)])


@program
def messages_refused(tf):
    def read(content, names, kinds, message="seen.All", **more):
        more.setdefault("descriptor_source", OLD)
        return outcome(lambda: tf.Session().run(tf.io.decode_proto(content, message, names, kinds, **more)) and None)

    def write(sizes, values, names, message="seen.All"):
        return outcome(lambda: tf.Session().run(tf.io.encode_proto(sizes, values, names, message,
                                                                   descriptor_source=OLD)) and None)

    def hidden(value):
        return tf.placeholder_with_default(value, None)

    facts = {
        "no field": read([b""], ["none"], [tf.int32]), "no message": read([b""], ["one"], [tf.int32], "seen.None"),
        "type": [read([b""], [kind + "_list"], [tf.float16]) for kind in sorted(KINDS)],
        "other type": read([b""], ["one"], [tf.uint32]), "format": read([b""], ["one"], [tf.int32], message_format="x"),
        "no file": read([b""], ["one"], [tf.int32], descriptor_source="/no/such/file"),
        "no source": read([b""], ["one"], [tf.int32], descriptor_source=""),
        "no descriptors": read([b""], ["one"], [tf.int32], descriptor_source=b"bytes://\xff"),
        "lengths": read([b""], ["one"], [tf.int32, tf.int32]), "none": read(tf.constant([], tf.string), ["one"],
                                                                        [tf.int32]),
        "broken": [read([part], ["one", "packed", "word"], [tf.int32, tf.int32, tf.string]) for part in (
            b"\xff", b"\x00", b"\xf0\x01", b"\x8a\x02\x05a", b"\xd0\x05", b"\x82\x02\x02\x01\xff", b"\x82\x02\x05\x01",
            b"\xf5\x01\x00", b"\xf3\x01", b"\xf7\x01")],
        "broken text": read(["none: 1"], ["one"], [tf.int32], message_format="text"),
        "write type": [write([[1]], [tf.cast([[1]], tf.float16)], [kind + "_list"]) for kind in sorted(KINDS)],
        "write field": write([[1]], [[[1]]], ["none"]), "write message": write([[1]], [[[1]]], ["one"], "seen.None"),
        "write names": write([[1]], [[[1]]], ["one", "packed"]), "write sizes": write([[1, 1]], [[[1]]], ["one"]),
        "write too many": write([[3]], [[[1]]], ["one"]), "write rank": write([1], [[1]], ["one"]),
        "write hidden rank": write(hidden([1]), [hidden([1])], ["one"]),
        "write batches": write([[1, 1]], [[[1]], [[1], [2]]], ["one", "packed"]),
        "write hidden batches": write(hidden([[1, 1]]), [hidden([[1]]), hidden([[1], [2]])], ["one", "packed"]),
    }
    return Case(show=[], facts=facts)
