"""Samples for the ops of tfmagic/ops/state: variables, what assigns to them, what counts."""

from oracle.samples.values import N, Values, f32, i32, i64, row, scene, text

MADE = ("made", "VariableV2", row(shape=[2], dtype="float32"))
ASSIGNED = (MADE, ("variable", "Assign", row(ref="@made", value=f32([1.5, -2]))))
HANDLE = ("handle", "VarHandleOp", row(shape=[2], dtype="float32", shared_name="v"))
STORED = (HANDLE, ("stored", "AssignVariableOp", row(resource="@handle", value=f32([1.5, -2]))))
TEMPORARY = ("made", "TemporaryVariable", row(shape=[2], dtype="float32", var_name="t"))


def variable(**more):
    """Rows for an op that makes a variable by reference."""
    assign = ("assign", "Assign", row(ref="@op", value=f32([1.5, -2])))
    return [
        scene(shape=[2], dtype="float32", after=[assign], fetch=["@assign"], **more),
        scene(shape=[2], dtype="float32", **more),
        scene(shape=None, dtype="float32", after=[assign], fetch=["@assign"], **more),
        scene(shape=[3], dtype="float32", after=[assign], fetch=["@assign"], **more),
        scene(shape=[None], dtype="float32", after=[assign], fetch=["@assign"], **more),
        scene(shape=[2], dtype="int32", after=[assign], fetch=["@assign"], **more),
    ]


SAMPLES = {
    "ObtainNext": [row(list=text(["a", "b", "c"]), counter=i64(start)) for start in (-1, 0, 2, 7)],
    "Variable": variable(),
    "VariableV2": variable(),
    "TemporaryVariable": [
        scene(shape=[2], dtype="float32", var_name="t", fetch=["@end"],
              after=[("assign", "Assign", row(ref="@op", value=f32([1.5, -2]))),
                     ("end", "DestroyTemporaryVariable", row(ref="@assign", var_name="t"))]),
    ],
    "DestroyTemporaryVariable": [
        scene([TEMPORARY, ("variable", "Assign", row(ref="@made", value=f32([1.5, -2]))),
               ("more", "AssignAdd", row(ref="@variable", value=f32([1, 1])))], ref="@more", var_name="t"),
        scene([TEMPORARY, ("variable", "Assign", row(ref="@made", value=f32([1.5, -2])))], ref="@variable",
              var_name="other"),
    ],
    "VarHandleOp": [
        scene(shape=[2], dtype="float32", shared_name="v", fetch=["@read"],
              after=[("assign", "AssignVariableOp", row(resource="@op", value=f32([1.5, -2]))),
                     ("read", "ReadVariableOp", row(resource="@op", dtype="float32"))]),
        scene(shape=[2], dtype="float32", shared_name="v", fetch=["@read"],
              after=[("read", "ReadVariableOp", row(resource="@op", dtype="float32"))]),
        scene(shape=[2], dtype="float32", shared_name="v", fetch=["@read"],
              after=[("assign", "AssignVariableOp", row(resource="@op", value=f32([1, 2]))),
                     ("read", "ReadVariableOp", row(resource="@op", dtype="int32"))]),
    ],
    "DestroyResourceOp": [
        scene(STORED, resource="@handle", control=["stored"]),
        scene(STORED, resource="@handle", control=["stored"], fetch=["@there"],
              after=[("there", "VarIsInitializedOp", row(resource="@handle"))]),
        scene([HANDLE], resource="@handle", ignore_lookup_error=False),
        scene([HANDLE], resource="@handle"),
    ],
    "VarIsInitializedOp": [row(resource=N(2)), scene([HANDLE], resource="@handle"),
                           scene(STORED, resource="@handle", control=["stored"])],
    "IsVariableInitialized": [row(ref=N(2)), scene([MADE], ref="@made"), scene(ASSIGNED, ref="@variable")],
    "ReadVariableOp": [
        row(resource=Values((2, 3)), dtype="float32"), scene([HANDLE], resource="@handle", dtype="float32"),
        row(resource=N(2), dtype="int32"), scene(STORED, resource="@handle", dtype="float32", control=["stored"]),
    ],
    "VariableShape": [row(input=N(2, 3)), row(input=N()), row(input=N(0, 3), out_type="int64")],
    "AssignVariableOp": [row(resource=N(2, 3), value=N(2, 3)), row(resource=N(2, 3), value=N(3)),
                         row(resource=N(2), value=i32([1, 2]))],
    "AssignAddVariableOp": [row(resource=N(2, 3), value=N(2, 3)), row(resource=i32([1, 2]), value=i32([3, 4])),
                            scene([HANDLE], resource="@handle", value=f32([1, 2]))],
    "AssignSubVariableOp": [row(resource=N(2, 3), value=N(2, 3)), row(resource=i32([1, 2]), value=i32([3, 4])),
                            scene([HANDLE], resource="@handle", value=f32([1, 2]))],
    "Assign": [
        row(ref=N(2, 3), value=N(2, 3)), row(ref=N(2), value=N(3), validate_shape=False),
        row(ref=N(), value=N()), row(ref=N(2), value=N(2), use_locking=False),
        *(scene([("made", "VariableV2", row(shape=None, dtype="float32")),
                 ("variable", "Assign", row(ref="@made", value=f32([1.5, -2, 3]), validate_shape=False)),
                 ("seen", "Assign", row(ref="@variable", value=f32([1, 2, 3])))],
                ref="@seen", value=f32(value)) for value in ([4, 5, 6], [4, 5])),
    ],
    "AssignAdd": [row(ref=N(2, 3), value=N(2, 3)), row(ref=N(), value=N()), row(ref=N(2), value=N(2), use_locking=True),
                  scene([MADE], ref="@made", value=f32([1, 2])), scene(ASSIGNED, ref="@variable", value=f32([1, 2]))],
    "AssignSub": [row(ref=N(2, 3), value=N(2, 3)), row(ref=N(), value=N()), row(ref=N(2), value=N(2), use_locking=True),
                  scene([MADE], ref="@made", value=f32([1, 2]))],
    "CountUpTo": [row(ref=i32(1), limit=5), row(ref=i32(5), limit=5), row(ref=i32(7), limit=5),
                  row(ref=i64(1), limit=2),
                  scene(ref=i32(0), limit=2, runs=2), scene(ref=i32(0), limit=2, runs=3), row(ref=i32([1]), limit=5)],
    "ResourceCountUpTo": [
        row(resource=i32(1), limit=5, T="int32"), row(resource=i32(5), limit=5, T="int32"),
        row(resource=i64(1), limit=2, T="int64"), scene(resource=i32(0), limit=2, T="int32", runs=3),
        row(resource=i32([1]), limit=5, T="int32"),
    ],
    "ResourceGather": [
        row(resource=N(3, 2), indices=i32([0, 2]), dtype="float32"), row(resource=N(3), indices=i64([[0], [1]]),
                                                                         dtype="float32"),
        row(resource=N(3, 2), indices=i32(1), dtype="float32"), row(resource=N(3, 2), indices=i32([]), dtype="float32"),
        row(resource=N(3, 2), indices=i32([3]), dtype="float32"), row(resource=N(3, 2), indices=i32([-1]),
                                                                      dtype="float32"),
        row(resource=N(), indices=i32([0]), dtype="float32"),
        row(resource=N(2, 3, 2), indices=i32([[0], [1]]), batch_dims=1, dtype="float32"),
    ],
    "ResourceGatherNd": [
        row(resource=N(3, 2), indices=i32([[0], [2]]), dtype="float32"),
        row(resource=N(3, 2), indices=i64([[0, 1], [2, 0]]), dtype="float32"),
        row(resource=N(3, 2), indices=i32([[3]]), dtype="float32"),
    ],
}
