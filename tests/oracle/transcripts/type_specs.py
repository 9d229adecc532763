"""IndexedSlicesSpec, RaggedTensorSpec and TensorArraySpec: what they say and which of them fit."""
Slices, Ragged, Array = tf.IndexedSlicesSpec, tf.RaggedTensorSpec, tf.TensorArraySpec

for label, spec in [("all", Slices()), ("shape", Slices([3, 4])),
                    ("in full", Slices([3, 4], tf.int32, tf.int32, tf.int64, [2])), ("no last", Slices([3, None]))]:
    say(label, spec)
    say("type", spec.value_type.__name__)
    say("fits", spec.is_compatible_with(Slices([3, 4])))
    say("equal", spec == Slices([3, 4]))
say("hash", hash(Slices([3, 4])) == hash(Slices([3, 4])))
long = tf.IndexedSlices(tf.zeros([2, 4]), tf.zeros([2], tf.int64))
short = tf.IndexedSlices(tf.zeros([2, 4]), tf.zeros([2], tf.int32))
say("value", Slices([3, 4]).is_compatible_with(long))
say("other indices", Slices([3, 4]).is_compatible_with(short))
say("common", Slices([3, 4]).most_specific_compatible_type(Slices([3, 5])))

say("nothing", lambda: Ragged())
for arguments in ([[2, None]], [[2, None], tf.int32, 1], [[2, None], tf.int32, 1, tf.int32], [[2, None, 3]], [[2, 3]],
                  [None, tf.int32, 2]):
    say("ragged", Ragged(*arguments))
say("too ragged", lambda: Ragged([2, None], ragged_rank=3))
say("no number", lambda: Ragged([2, None], ragged_rank="x"))
rows = tf.ragged.constant([[1, 2], [3]])
say("from a value", Ragged.from_value(rows))
say("type", Ragged([2, None]).value_type.__name__)
say("fits", Ragged([2, None], tf.int32).is_compatible_with(rows))
say("other type", Ragged([2, None], tf.float32).is_compatible_with(rows))
say("common", Ragged([2, None]).most_specific_compatible_type(Ragged([3, None])))

for arguments in ([], [[3], tf.int32], [[3], tf.int32, True, False]):
    say("array", Array(*arguments))
say("type", Array([3]).value_type.__name__)
say("from a value", Array.from_value(tf.TensorArray(tf.float32, 3)))
say("from another", Array.from_value(tf.TensorArray(tf.int32, 3, dynamic_size=True, element_shape=[2])))
for other in (Array([None]), tf.TensorArray(tf.float32, 3, element_shape=[3]),
              tf.TensorArray(tf.int32, 3, element_shape=[3]), 5, Array([4]), Array([3], dynamic_size=True)):
    say("fits", Array([3]).is_compatible_with(other))
say("common", lambda: Array([3]).most_specific_compatible_type(Array([4])))
say("with none", lambda: Array([3]).most_specific_compatible_type(5))
say("wider", Array([3]).most_specific_compatible_type(Array([None])))
say("equal", Array([3]) == Array([3]))
