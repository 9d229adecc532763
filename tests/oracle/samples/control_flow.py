"""Samples for the ops of tfmagic/ops/control_flow: routing, stacks, TensorArrays."""

from oracle.samples.values import N, boolean, f32, i32, i64, row, scene

VARIABLE = (("made", "VariableV2", row(shape=[2], dtype="float32")),
            ("variable", "Assign", row(ref="@made", value=f32([1.5, -2]))))
FRAME = row(frame_name="frame")
STACK = ("stack", "Stack", row(elem_type="float32", stack_name="s"))
STACK_V2 = ("stack", "StackV2", row(max_size=i32(2), elem_type="float32", stack_name="s"))


def pushed(version):
    """A stack with one element, as nodes."""
    stack = STACK_V2 if version else STACK
    return stack, ("push", "StackPush" + version, row(handle="@stack", elem=f32([1, 2])))


def stack_samples(version):
    """The ops of stacks in a version."""
    stack = STACK_V2 if version else STACK
    size = row(max_size=i32(3)) if version else {}
    return {
        "Stack" + version: [
            scene(**size, elem_type="float32", stack_name="s", fetch=["@push"],
                  after=[("push", "StackPush" + version, row(handle="@op", elem=f32([1, 2])))]),
        ],
        "StackPush" + version: [
            scene([stack], handle="@stack", elem=f32([1, 2])),
            scene([stack], handle="@stack", elem=f32(3), swap_memory=True),
            scene([stack], handle="@stack", elem=i32([1, 2])),
            *([scene([*pushed(version), ("more", "StackPushV2", row(handle="@stack", elem=f32([3])))],
                     control=["push", "more"], handle="@stack", elem=f32([4]))] if version else []),
        ],
        "StackPop" + version: [
            scene(pushed(version), control=["push"], handle="@stack", elem_type="float32"),
            scene([stack], handle="@stack", elem_type="float32"),
            scene(pushed(version), control=["push"], handle="@stack", elem_type="int32"),
        ],
        "StackClose" + version: [
            scene([stack], handle="@stack"),
            scene([stack], handle="@stack", fetch=["@pop"],
                  after=[("pop", "StackPop" + version, row(handle="@stack", elem_type="float32"))]),
        ],
    }


def array_samples(version):
    """The ops of TensorArrays in a version: from the third on, the order of writes and reads goes through a flow."""
    def named(name):
        return f"TensorArray{name}{version}"

    new = "@array:1" if version == "V3" else f32(0)

    def array(name="array", **given):
        return name, named(""), {"size": i32(3), "dtype": "float32", **given}

    def write(index, value, flow=new, name=None):
        return (name or f"write{index}", named("Write"),
                row(handle="@array", index=i32(index), value=value, flow_in=flow))

    def written(**given):
        return (array(**given), write(0, f32([1, 2])), write(1, f32([3, 4]), "@write0"),
                write(2, f32([5, 6]), "@write1"))

    flow = "@write2"
    call = row(handle="@array", flow_in=flow)
    fresh = row(handle="@array", flow_in=new)
    read = row(handle="@op", index=i32(0), flow_in="@op:1" if version == "V3" else f32(0), dtype="float32")
    several = [array(), write(0, f32([1, 2]), name="w"), write(1, f32([[3, 4]]), "@w", name="v")]
    return {
        named(""): [
            scene(size=i32(2), dtype="float32", element_shape=[2], fetch=["@read"],
                  after=[("read", named("Read"), read)]),
            scene(size=i32(2), dtype="float32", fetch=["@read"], after=[("read", named("Read"), read)]),
            scene(size=i32(-1), dtype="float32", fetch=["@size"],
                  after=[("size", named("Size"), {k: read[k] for k in ("handle", "flow_in")})]),
            scene(size=i32([1, 2]), dtype="float32", fetch=["@size"],
                  after=[("size", named("Size"), {k: read[k] for k in ("handle", "flow_in")})]),
        ],
        named("Write"): [
            scene([array()], **fresh, index=i32(1), value=f32([1, 2])),
            scene([array()], **fresh, index=i32(7), value=f32([1, 2])),
            scene([array()], **fresh, index=i32(-1), value=f32([1, 2])),
            scene([array(dynamic_size=True)], **fresh, index=i32(7), value=f32([1, 2])),
            scene([array()], **fresh, index=i32(0), value=i32([1, 2])),
            scene([array(element_shape=[3])], **fresh, index=i32(0), value=f32([1, 2])),
            scene(written(), **call, index=i32(0), value=f32([1, 2])),
            scene([array(), write(0, f32([1, 2]))], handle="@array", flow_in="@write0", index=i32(1),
                  value=f32([1, 2, 3])),
        ],
        named("Read"): [
            scene(written(), **call, index=i32(1), dtype="float32"),
            scene(written(), **call, index=i32(3), dtype="float32"),
            scene(written(), **call, index=i32(-1), dtype="float32"),
            scene(written(), **call, index=i32(0), dtype="int32"),
            scene([array()], **fresh, index=i32(0), dtype="float32"),
            scene([array(element_shape=[2])], **fresh, index=i32(0), dtype="float32"),
            scene([array(element_shape=[2], dtype="string")], **fresh, index=i32(0), dtype="string"),
            scene(written(clear_after_read=True), **call, index=i32(0), dtype="float32", fetch=["@op", "@again"],
                  after=[("again", named("Read"), row(handle="@array", index=i32(0), flow_in=flow, dtype="float32"))]),
            scene(written(clear_after_read=False), **call, index=i32(0), dtype="float32", fetch=["@op", "@again"],
                  after=[("again", named("Read"), row(handle="@array", index=i32(0), flow_in=flow, dtype="float32"))]),
        ],
        named("Gather"): [
            scene(written(), **call, indices=i32([0, 2]), dtype="float32"),
            scene(written(), **call, indices=i32([0, 1, 2]), dtype="float32", element_shape=[2]),
            scene(written(element_shape=[2]), **call, indices=i32([]), dtype="float32", element_shape=[2]),
            scene(written(), **call, indices=i32([]), dtype="float32"),
            scene(written(), **call, indices=i32([5]), dtype="float32"),
            scene(written(), **call, indices=i32([[0]]), dtype="float32"),
            scene(several, handle="@array", flow_in="@v", indices=i32([0, 1]), dtype="float32"),
            scene(written(), **call, indices=i32([0]), dtype="float32", element_shape=[4]),
            scene(written(element_shape=[2]), **call, indices=i32([]), dtype="float32", element_shape=[4]),
            scene(written(element_shape=[2]), **call, indices=i32([]), dtype="float32"),
        ],
        named("Scatter"): [
            scene([array()], **fresh, indices=i32([2, 0, 1]), value=f32([[1, 2], [3, 4], [5, 6]]),
                  fetch=["@op", "@read"],
                  after=[("read", named("Gather"), row(handle="@array", indices=i32([0, 1, 2]), flow_in="@op",
                                                       dtype="float32"))]),
            scene([array()], **fresh, indices=i32([0, 1]), value=f32([[1, 2], [3, 4], [5, 6]])),
            scene([array()], **fresh, indices=i32([0, 1, 5]), value=f32([[1, 2], [3, 4], [5, 6]])),
            scene([array()], **fresh, indices=i32([0, 1, 1]), value=f32([[1, 2], [3, 4], [5, 6]])),
            scene([array()], **fresh, indices=i32([]), value=f32(1)),
        ],
        named("Concat"): [
            scene(written(), **call, dtype="float32"),
            scene(written(), **call, dtype="float32", element_shape_except0=[]),
            scene([array(size=i32(2)), write(0, f32([[1, 2]]), name="w"),
                   write(1, f32([[3, 4], [5, 6]]), "@w", name="v")], handle="@array", flow_in="@v", dtype="float32"),
            scene([array(size=i32(2)), write(0, f32([[1, 2]]), name="w"), write(1, f32([[3], [5]]), "@w", name="v")],
                  handle="@array", flow_in="@v", dtype="float32"),
            scene([array(size=i32(1)), write(0, f32(1), name="w")], handle="@array", flow_in="@w", dtype="float32"),
            scene([array(size=i32(0))], **fresh, dtype="float32", element_shape_except0=[2]),
            scene([array(size=i32(0))], **fresh, dtype="float32"),
            scene([array(size=i32(0), element_shape=[3, 2])], **fresh, dtype="float32"),
            scene([array(size=i32(0), element_shape=[3, 2])], **fresh, dtype="float32", element_shape_except0=[5]),
            scene([array(size=i32(1)), write(0, f32([[1, 2]]), name="w")], handle="@array", flow_in="@w",
                  dtype="float32", element_shape_except0=[3]),
        ],
        named("Split"): [
            scene([array()], **fresh, value=f32([1, 2, 3, 4]), lengths=i64([1, 0, 3]), fetch=["@op", "@read"],
                  after=[("read", named("Read"), row(handle="@array", index=i32(2), flow_in="@op", dtype="float32"))]),
            scene([array()], **fresh, value=f32([1, 2, 3, 4]), lengths=i64([1, 1, 1])),
            scene([array()], **fresh, value=f32([1, 2, 3, 4]), lengths=i64([2, 2])),
            scene([array()], **fresh, value=f32([1, 2, 3, 4]), lengths=i64([-1, 2, 3])),
            scene([array()], **fresh, value=f32(1), lengths=i64([1, 0, 0])),
            scene([array()], **fresh, value=f32([1, 2]), lengths=i64([[1, 1, 0]])),
        ],
        named("Size"): [scene([array()], **fresh), scene([array(dynamic_size=True), write(5, f32(1), name="w")],
                                                         handle="@array", flow_in="@w")],
        named("Close"): [
            scene([array()], handle="@array"),
            scene([array()], handle="@array", fetch=["@size"], after=[("size", named("Size"), fresh)]),
        ],
        named("Grad"): [
            scene(written(), **call, source="gradients", fetch=["@read"],
                  after=[("write", named("Write"), row(handle="@op", index=i32(1), value=f32([1, 2]),
                                                       flow_in=read["flow_in"])),
                         ("add", named("Write"), row(handle="@op", index=i32(1), value=f32([10, 20]),
                                                     flow_in="@write")),
                         ("read", named("Gather"), row(handle="@op", indices=i32([0, 1, 2]), flow_in="@add",
                                                       dtype="float32"))]),
            scene(written(), **call, source="gradients", fetch=["@add"],
                  after=[("write", named("Write"), row(handle="@op", index=i32(1), value=f32([1, 2]),
                                                       flow_in=read["flow_in"])),
                         ("add", named("Write"), row(handle="@op", index=i32(1), value=f32([[10, 20]]),
                                                     flow_in="@write"))]),
            *(scene(written(element_shape=shape), **call, source="gradients", fetch=["@read"],
                    after=[("read", named("Read"), {**read, "index": i32(9)})]) for shape in (None, [2])),
        ],
    }


def stacked_samples():
    """The oldest ops that take all elements of a TensorArray, or give them."""
    array = ("array", "TensorArray", row(size=i32(2), dtype="float32"))
    values = f32([[1, 2], [3, 4]])
    return {
        "TensorArrayUnpack": [
            scene([array], handle="@array", value=values, flow_in=f32(0), fetch=["@op", "@read"],
                  after=[("read", "TensorArrayPack", row(handle="@array", flow_in="@op", dtype="float32"))]),
            scene([array], handle="@array", value=f32(1), flow_in=f32(0)),
            scene([array], handle="@array", value=f32([[1, 2]]), flow_in=f32(0)),
        ],
        "TensorArrayPack": [
            scene([array, ("fill", "TensorArrayUnpack", row(handle="@array", value=values, flow_in=f32(0)))],
                  handle="@array", flow_in="@fill", dtype="float32", element_shape=shape)
            for shape in ([2], None, [3])],
    }


SAMPLES = {
    "Switch": [
        scene(data=N(2, 3), pred=boolean(True), fetch=["@op:1"]),
        scene(data=N(2), pred=boolean(False), fetch=["@op:0"]),
        scene(data=N(2), pred=boolean(False), fetch=["@op:1"]),
        scene(data=N(2), pred=boolean(True)),
    ],
    "RefSwitch": [scene(data=N(2, 3), pred=boolean(True), fetch=["@op:1"]),
                  scene(data=N(2), pred=boolean(False), fetch=["@op:1"])],
    "Merge": [
        scene([("switch", "Switch", row(data=N(2, 3), pred=boolean(True)))], inputs=["@switch:0", "@switch:1"]),
        scene([("switch", "Switch", row(data=N(2, 3), pred=boolean(False)))], inputs=["@switch:0", "@switch:1"]),
        scene([("switch", "Switch", row(data=N(2, 3), pred=boolean(False))),
               ("sum", "Sum", row(input="@switch:1", axis=i32(0)))], inputs=["@switch:0", "@sum"]),
        scene([("switch", "Switch", row(data=N(2, 3), pred=boolean(False)))], inputs=["@switch:1"]),
    ],
    "RefMerge": [
        scene([*VARIABLE, ("switch", "RefSwitch", row(data="@variable", pred=boolean(value)))],
              inputs=["@switch:0", "@switch:1"]) for value in (True, False)],
    "Enter": [
        scene(data=N(2, 3), **FRAME, after=[("exit", "Exit", row(data="@op"))], fetch=["@exit"]),
        scene(data=N(), **FRAME, is_constant=True, after=[("exit", "Exit", row(data="@op"))], fetch=["@exit"]),
    ],
    "Exit": [scene([("enter", "Enter", row(data=N(2, 3), **FRAME))], data="@enter")],
    "NextIteration": [scene([("enter", "Enter", row(data=N(2, 3), **FRAME))], data="@enter", fetch=["@exit"],
                            after=[("exit", "Exit", row(data="@op"))])],
    "RefEnter": [scene(VARIABLE, data="@variable", **FRAME, after=[("exit", "RefExit", row(data="@op"))],
                       fetch=["@exit"])],
    "RefExit": [scene([*VARIABLE, ("enter", "RefEnter", row(data="@variable", **FRAME))], data="@enter")],
    "RefNextIteration": [scene([*VARIABLE, ("enter", "RefEnter", row(data="@variable", **FRAME))], data="@enter",
                               fetch=["@exit"], after=[("exit", "RefExit", row(data="@op"))])],
    "LoopCond": [row(input=boolean(True)), row(input=boolean(False)), row(input=boolean([True]))],
    "NoOp": [scene()],
    "ControlTrigger": [scene()],
    "RefSelect": [
        row(index=i32(1), inputs=[N(2), N(2)]),
        row(index=i32(0), inputs=[N(2), N(3)]),
        row(index=i32(2), inputs=[N(2), N(2)]),
        row(index=i32([0]), inputs=[N(2), N(2)]),
    ],
    **stack_samples(""),
    **stack_samples("V2"),
    **array_samples("V3"),
    **array_samples("V2"),
    **array_samples(""),
    **stacked_samples(),
    "TensorArrayGradWithShape": [
        scene([("array", "TensorArrayV3", row(size=i32(2), dtype="float32", element_shape=[2]))], handle="@array",
              flow_in="@array:1", shape_to_prepend=i32([3]), source="gradients", fetch=["@read"],
              after=[("read", "TensorArrayReadV3", row(handle="@op", index=i32(0), flow_in="@op:1", dtype="float32"))]),
        scene([("array", "TensorArrayV3", row(size=i32(2), dtype="float32", element_shape=[2]))], handle="@array",
              flow_in="@array:1", shape_to_prepend=i32([3]), source="gradients", fetch=["@write"],
              after=[("write", "TensorArrayWriteV3", row(handle="@op", index=i32(0), value=f32([[1, 2]]),
                                                         flow_in="@op:1"))]),
        scene([("array", "TensorArrayV3", row(size=i32(2), dtype="float32", element_shape=[2]))], handle="@array",
              flow_in="@array:1", shape_to_prepend=i32([3]), source="gradients", fetch=["@write"],
              after=[("write", "TensorArrayWriteV3", row(handle="@op", index=i32(0), value=f32([[1, 2, 3]]),
                                                         flow_in="@op:1"))]),
    ],
}
