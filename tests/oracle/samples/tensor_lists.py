"""Samples for the ops of tfmagic/ops/control_flow/tensor_lists.py: lists are made and read by other nodes."""

from oracle.samples.values import N, f32, i32, i64, row, scene

_F = {"element_dtype": "float32"}


def _from(values, shape=(), name="list"):
    """A list of the rows of `values`, whose elements have the given shape."""
    return name, "TensorListFromTensor", row(tensor=values, element_shape=i32(shape))


def _reserved(size, shape=(), name="list", **more):
    return name, "TensorListReserve", {**row(element_shape=i32(shape), num_elements=i32(size)), **_F, **more}


def _empty(shape=(), most=-1, name="list", kind="float32"):
    return name, "EmptyTensorList", row(element_shape=i32(shape), max_num_elements=i32(most), element_dtype=kind)


def _pushed(value, onto="@list", name="list"):
    return name, "TensorListPushBack", row(input_handle=onto, tensor=value)


def _stacked(of="@op", shape=(), name="read", **more):
    return name, "TensorListStack", {**row(input_handle=of, element_shape=i32(shape)), **_F, **more}


def _length(of="@op", name="length"):
    return name, "TensorListLength", row(input_handle=of)


def _element_shape(of="@op", name="shape"):
    return name, "TensorListElementShape", row(input_handle=of, shape_type="int32")


ROWS = f32([[1, 2], [3, 4], [5, 6]])
_READ = {"after": [_stacked(shape=(2,))], "fetch": ["@read"]}
_MIXED = [_empty(-1), _pushed(f32([1, 2]), name="one"), _pushed(f32([3]), "@one", "list")]

SAMPLES = {
    "EmptyTensorList": [
        *(scene(element_shape=i32(shape), max_num_elements=i32(-1), **_F, fetch=["@shape", "@length"],
                after=[_element_shape(), _length()]) for shape in ([2, 3], [-1, 2], -1, [])),
        scene(element_shape=i64([2]), max_num_elements=i32(1), **_F, fetch=["@length"], after=[_length()]),
        scene(element_shape=i32(5), max_num_elements=i32(1), **_F, fetch=["@length"], after=[_length()]),
        scene(element_shape=i32([2]), max_num_elements=i32([1]), **_F, fetch=["@length"], after=[_length()]),
        scene(element_shape=i32([[2]]), max_num_elements=i32(1), **_F, fetch=["@length"], after=[_length()]),
        scene(element_shape=i32([-2]), max_num_elements=i32(1), **_F, fetch=["@length"], after=[_length()]),
        scene(element_shape=i32([2]), max_num_elements=i32(-1), **_F, fetch=["@read"], after=[_stacked(shape=(2,))]),
        scene(element_shape=i32([-1]), max_num_elements=i32(-1), **_F, fetch=["@read"], after=[_stacked(shape=-1)]),
    ],
    "TensorListReserve": [
        scene(element_shape=i32([2]), num_elements=i32(3), **_F, **_READ),
        *(scene(element_shape=i32(shape), num_elements=i32(2), **_F, fetch=["@shape", "@length"],
                after=[_element_shape(), _length()]) for shape in ([2], [-1], -1, 3)),
        scene(element_shape=i32(-1), num_elements=i32(2), **_F, fetch=["@read"], after=[_stacked(shape=-1)]),
        scene(element_shape=i32([2]), num_elements=i32([1]), **_F, fetch=["@length"], after=[_length()]),
        scene(element_shape=i32([2]), num_elements=i32(0), **_F, **_READ),
    ],
    "TensorListPushBack": [
        scene([_from(ROWS, (2,))], input_handle="@list", tensor=f32([7, 8]), **_READ),
        scene([_empty(-1)], input_handle="@list", tensor=N(2), **_READ),
        scene([_empty((2,))], input_handle="@list", tensor=f32([7, 8, 9]), **_READ),
        scene([_empty((2,), 1), _pushed(f32([1, 2]), "@list", "full")], input_handle="@full", tensor=f32([7, 8]),
              **_READ),
        scene([_empty((2,), kind="int32")], input_handle="@list", tensor=f32([7, 8]), **_READ),
    ],
    "TensorListPopBack": [
        scene([_from(ROWS, (2,))], input_handle="@list", element_shape=i32([2]), **_F, fetch=["@op:1", "@read"],
              after=[_stacked("@op:0", (2,))]),
        scene([_empty((2,))], input_handle="@list", element_shape=i32([2]), **_F, fetch=["@op:1"]),
        scene([_from(ROWS, (2,))], input_handle="@list", element_shape=i32([2]), element_dtype="int32",
              fetch=["@op:1"]),
        scene([_reserved(2, (2,))], input_handle="@list", element_shape=i32(-1), **_F, fetch=["@op:1"]),
        scene([_reserved(2, -1)], input_handle="@list", element_shape=i32([3]), **_F, fetch=["@op:1"]),
        scene([_reserved(2, -1)], input_handle="@list", element_shape=i32([-1]), **_F, fetch=["@op:1"]),
        scene(_MIXED, input_handle="@list", element_shape=i32([-1]), **_F, fetch=["@op:1", "@length"],
              after=[_length("@op:0")]),
    ],
    "TensorListLength": [scene([_from(ROWS, (2,))], input_handle="@list"), scene([_empty()], input_handle="@list"),
                         scene([_reserved(4)], input_handle="@list")],
    "TensorListElementShape": [
        scene([_from(ROWS, (2,))], input_handle="@list", shape_type=kind) for kind in ("int32", "int64")] + [
        scene([_empty(shape)], input_handle="@list", shape_type="int32") for shape in (-1, (-1, 3), ())],
    "TensorListGetItem": [
        scene([_from(ROWS, (2,))], input_handle="@list", index=i32(1), element_shape=i32(shape), **_F)
        for shape in ([2], -1, [-1])] + [
        scene([_from(ROWS, (2,))], input_handle="@list", index=i32(index), element_shape=i32([2]), **_F)
        for index in (3, -1)] + [
        scene([_reserved(2, shape)], input_handle="@list", index=i32(0), element_shape=i32(wanted), **_F)
        for shape, wanted in (((2,), (2,)), ((2,), -1), (-1, (2,)), (-1, -1), ((-1, 2), (3, -1)), ((3, 2), (2, 2)))] + [
        scene([_from(ROWS, (2,))], input_handle="@list", index=i32(1), element_shape=i32([2]), element_dtype="int32"),
        scene([_from(ROWS, (2,))], input_handle="@list", index=i32(1), element_shape=i32([3]), **_F)],
    "TensorListSetItem": [
        scene([_from(ROWS, (2,))], input_handle="@list", index=i32(1), item=f32([8, 9]), **_READ),
        scene([_reserved(3, -1)], input_handle="@list", index=i32(1), item=N(2), **_READ),
        scene([_from(ROWS, (2,))], input_handle="@list", index=i32(3), item=f32([8, 9]), **_READ),
        scene([_from(ROWS, (2,))], input_handle="@list", index=i32(-1), item=f32([8, 9]), **_READ),
        scene([_from(ROWS, (2,))], input_handle="@list", index=i32(1), item=f32([8, 9, 1]), **_READ),
        scene([_empty((2,), kind="int32")], input_handle="@list", index=i32(0), item=f32([7, 8]), **_READ),
    ],
    "TensorListStack": [
        scene([_from(ROWS, (2,))], input_handle="@list", element_shape=i32(shape), **_F, num_elements=count)
        for shape, count in (([2], -1), (-1, 3), ([-1], -1), ([2], 4), ([3], -1))] + [
        scene([_reserved(2, shape)], input_handle="@list", element_shape=i32(wanted), **_F)
        for shape, wanted in (((2,), -1), (-1, (2,)), (-1, -1))] + [
        scene([_empty(shape)], input_handle="@list", element_shape=i32(wanted), **_F)
        for shape, wanted in (((2,), -1), (-1, (2,)), (-1, (-1,)))] + [
        scene(_MIXED, input_handle="@list", element_shape=i32(-1), **_F),
        scene([_reserved(3, -1), ("set", "TensorListSetItem", row(input_handle="@list", index=i32(1),
                                                                   item=f32([8, 9])))],
              input_handle="@set", element_shape=i32(-1), **_F),
        scene([_from(ROWS, (2,))], input_handle="@list", element_shape=i32([2]), element_dtype="int32"),
    ],
    "TensorListFromTensor": [
        scene(tensor=N(3, 2), element_shape=i32([2]), **_READ),
        scene(tensor=f32([[1, 2]]), element_shape=i32([-1]), fetch=["@shape", "@length"],
              after=[_element_shape(), _length()]),
        scene(tensor=f32([1, 2]), element_shape=i32(-1), fetch=["@read"], after=[_stacked(shape=())]),
        scene(tensor=f32([[1, 2]]), element_shape=i32([3]), **_READ),
        scene(tensor=f32(1), element_shape=i32([]), **_READ),
    ],
    "TensorListGather": [
        scene([_from(ROWS, (2,))], input_handle="@list", indices=i32(indices), element_shape=i32(shape), **_F)
        for indices, shape in (([2, 0, 2], [2]), ([1], -1), ([], [2]), ([3], [2]), ([-1], [2]), ([0], [3]))] + [
        scene([_reserved(2, -1)], input_handle="@list", indices=i32([0, 1]), element_shape=i32(shape), **_F)
        for shape in ([2], -1)] + [
        scene([_empty(-1)], input_handle="@list", indices=i32([]), element_shape=i32(-1), **_F),
        scene(_MIXED, input_handle="@list", indices=i32([0, 1]), element_shape=i32(-1), **_F),
        scene([_from(ROWS, (2,))], input_handle="@list", indices=i32([0]), element_shape=i32([2]),
              element_dtype="int32")],
    "TensorListScatter": [
        scene(tensor=f32([[1, 2], [3, 4]]), indices=i32(indices), element_shape=i32(shape), **_READ)
        for indices, shape in (([2, 0], [2]), ([0, 1], -1), ([0], [2]), ([-1, 0], [2]), ([0, 1], [3]), ([0, 0], [2]))],
    "TensorListScatterV2": [
        scene(tensor=f32([[1, 2], [3, 4]]), indices=i32(indices), element_shape=i32(shape), num_elements=i32(count),
              **_READ)
        for indices, shape, count in (([2, 0], [2], -1), ([0, 1], -1, 4), ([0], [2], -1), ([-1, 0], [2], 2),
                                      ([3, 1], [2], 3), ([0, 1], [3], 2), ([0, 1], [2], -2))],
    "TensorListScatterIntoExistingList": [
        scene([_from(ROWS, (2,))], input_handle="@list", tensor=f32([[7, 8], [9, 0]]), indices=i32(indices), **_READ)
        for indices in ([2, 0], [0])],
    "TensorListResize": [
        scene([_from(ROWS, (2,))], input_handle="@list", size=i32(size), **_READ) for size in (2, 3, 5, 0, -1)],
    "TensorListConcat": [
        scene([_from(f32([[[1, 2]], [[3, 4]]]), (1, 2))], input_handle="@list", **_F, element_shape=shape)
        for shape in ([1, 2], [None, 2], [None, None], None)] + [
        scene(_MIXED, input_handle="@list", **_F, element_shape=[None]),
        scene([_empty((-1, 2))], input_handle="@list", **_F, element_shape=[None, 2])],
    "TensorListConcatV2": [
        scene([_from(f32([[[1, 2]], [[3, 4]]]), (1, 2))], input_handle="@list", **_F, element_shape=i32(shape),
              leading_dims=i64([])) for shape in ([1, 2], [-1, 2], -1, [2, 2])] + [
        scene(_MIXED, input_handle="@list", **_F, element_shape=i32([-1]), leading_dims=i64([])),
        scene([_reserved(2, (-1, 2))], input_handle="@list", **_F, element_shape=i32([-1, 2]),
              leading_dims=i64([1, 2])),
        scene([_reserved(2, (-1, 2))], input_handle="@list", **_F, element_shape=i32([-1, 2]), leading_dims=i64([1])),
        scene([_reserved(2, (-1, 2))], input_handle="@list", **_F, element_shape=i32([-1, 2]), leading_dims=i64([])),
        scene([_from(f32([1, 2]))], input_handle="@list", **_F, element_shape=i32([]), leading_dims=i64([])),
        scene([_empty((-1, 2))], input_handle="@list", **_F, element_shape=i32([-1, 2]), leading_dims=i64([]))],
    "TensorListSplit": [
        scene(tensor=f32([[1, 2], [3, 4], [5, 6]]), element_shape=i32(shape), lengths=i64(lengths), fetch=["@item"],
              after=[("item", "TensorListGetItem", {**row(input_handle="@op", index=i32(1), element_shape=i32(-1)),
                                                     **_F})])
        for shape, lengths in (([-1, 2], [1, 2]), ([-1, 2], [3, 0]), (-1, [1, 2]), ([1, 2], [1, 1, 1]),
                               ([-1, 2], [1, 1]), ([-1, 2], [-1, 4]), ([-1, 3], [1, 2]))] + [
        scene(tensor=f32(1), element_shape=i32([]), lengths=i64([1]), fetch=["@length"], after=[_length()]),
        scene(tensor=f32([1]), element_shape=i32([1]), lengths=i64(1), fetch=["@length"], after=[_length()])],
    "TensorListConcatLists": [
        scene([_from(ROWS, (2,)), _from(f32([[7, 8]]), (2,), "other")], input_a="@list", input_b="@other", **_F,
              **_READ),
        scene([_from(ROWS, (2,)), _from(f32([[7]]), (1,), "other")], input_a="@list", input_b="@other", **_F,
              fetch=["@length"], after=[_length()]),
        scene([_from(ROWS, (2,)), _from(i32([[7, 8]]), (2,), "other")], input_a="@list", input_b="@other", **_F,
              **_READ)],
    "TensorListPushBackBatch": [
        scene([_empty((2,), name="a"), _from(ROWS, (2,), "b"),
               ("both", "Pack", row(values=["@a", "@b"]))], input_handles="@both", tensor=f32([[7, 8], [9, 0]]),
              fetch=["@read"], after=[("parts", "Unpack", row(value="@op", num=2)), _stacked("@parts:1", (2,))]),
        scene([_empty((2,), name="a"), ("both", "Pack", row(values=["@a"]))], input_handles="@both",
              tensor=f32([[7, 8], [9, 0]]), fetch=["@op"]),
        scene([_empty((2,), name="a")], input_handles="@a", tensor=f32(1), fetch=["@op"])],
}
