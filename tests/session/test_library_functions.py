"""Functions of a graph's library run: called by name and by attrs, chosen, repeated, nested, with variables; what
TensorFlow 1.15 gives for the same graphs."""

import pytest

from tests.session.functions_in_text import (
    BELOW,
    DTYPE,
    MINUS,
    SQUARE,
    TYPES,
    T,
    call,
    choice,
    func,
    function,
    import_graph,
    loop,
    node,
    number,
    run,
)
from tfmagic import tf

BY_NAME = node("r", "Squared", "x", "", "node")
CALLS = {"by name": BY_NAME, "PartitionedCall": call("PartitionedCall"),
         "StatefulPartitionedCall": call("StatefulPartitionedCall")}


@pytest.mark.parametrize("form", CALLS)
def test_a_call_gives_what_its_function_computes(form):
    assert run(CALLS[form], SQUARE) == 9.0


@pytest.mark.parametrize("op", ["If", "StatelessIf"])
def test_a_functional_branch_computes_the_side_that_is_taken(op):
    assert run(choice(op), SQUARE, MINUS, p=True) == 9.0
    assert run(choice(op), SQUARE, MINUS, p=False) == -3.0


def test_the_side_that_is_not_taken_does_not_run():
    fails = function("Fails", "c:output:0", node("l", "Log", "n:y:0") + node("n", "Neg", "x")
                     + node("c", "CheckNumerics", "l:y:0", T + 'attr { key: "message" value { s: "bad" } }'))
    assert run(choice("If", otherwise="Fails"), SQUARE, fails, p=True) == 9.0
    with pytest.raises(tf.errors.InvalidArgumentError, match="bad : Tensor had NaN values"):
        run(choice("If", otherwise="Fails"), SQUARE, fails, p=False)


@pytest.mark.parametrize("op", ["While", "StatelessWhile"])
def test_a_functional_loop_repeats_its_body_while_the_condition_holds(op):
    assert run(loop(op), SQUARE, BELOW) == 6561.0
    assert run(loop(op), SQUARE, BELOW, x=200.0) == 200.0


def test_a_functional_loop_may_change_shapes():
    twice = function("Twice", "c:output:0", node("a", "Const", attrs="""
        attr { key: "dtype" value { type: DT_INT32 } }
        attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape { } int_val: 0 } } }""")
        + node("c", "ConcatV2", "x, x, a:output:0", T + 'attr { key: "N" value { i: 2 } }'
                                                        'attr { key: "Tidx" value { type: DT_INT32 } }'))
    short = function("Short", "l:z:0", number("c", 5) + node("s", "Size", "x", T + """
        attr { key: "out_type" value { type: DT_INT32 } }""") + node("f", "Cast", "s:output:0", """
        attr { key: "SrcT" value { type: DT_INT32 } } attr { key: "DstT" value { type: DT_FLOAT } }""")
        + node("l", "Less", "f:y:0, c:output:0"), result_type="DT_BOOL")
    with tf.Graph().as_default():
        vector = tf.placeholder(tf.float32, [None])
        result = import_graph(loop("While", "Short", "Twice"), twice, short, input_map={"x:0": vector})
        with tf.Session() as session:
            assert session.run(result, {vector: [1.0, 2.0]}).tolist() == [1.0, 2.0] * 4


def test_functions_call_functions_a_thousand_deep():
    chain = [function("F0", "m:z:0", node("m", "Mul", "x, x"))]
    chain += [function(f"F{i}", "m:o:0", node("m", f"F{i - 1}", "x", "")) for i in range(1, 1000)]
    assert run(node("r", "F999", "x", "", "node"), *chain) == 9.0


def test_a_function_that_calls_itself_is_a_clean_error():
    endless = function("Endless", "m:o:0", node("m", "Endless", "x", ""))
    with pytest.raises(tf.errors.UnimplementedError, match="The function Endless calls itself"):
        run(node("r", "Endless", "x", "", "node"), endless)
    ping = function("Ping", "m:o:0", node("m", "Pong", "x", ""))
    pong = function("Pong", "m:o:0", node("m", "Ping", "x", ""))
    with pytest.raises(tf.errors.UnimplementedError, match="calls itself"):
        run(node("r", "Ping", "x", "", "node"), ping, pong)


def test_functions_that_double_a_thousand_times_are_a_clean_error():
    bomb = [function("F0", "m:z:0", node("m", "Mul", "x, x"))]
    bomb += [function(f"F{i}", "s:z:0", node("a", f"F{i - 1}", "x", "") + node("b", f"F{i - 1}", "a:o:0", "")
                      + node("s", "Add", "a:o:0, b:o:0")) for i in range(1, 1000)]
    with pytest.raises(tf.errors.ResourceExhaustedError, match="comes to .* operations"):
        run(node("r", "F999", "x", "", "node"), *bomb)


def test_branches_nested_by_functions_are_a_result_or_a_clean_error():
    def nested(depth):
        functions = [SQUARE, MINUS]
        for i in range(depth):
            inner = choice("If", "Minus", "Squared" if i == 0 else f"F{i - 1}", "node_def", "i", "l:z:0, x")
            functions.append(function(f"F{i}", "i:output:0", number("one", 1)
                                      + node("l", "Less", "x, one:output:0") + inner, stateful=True))
        return run(node("r", f"F{depth - 1}", "x", "", "node"), *functions)

    assert nested(20) == 9.0
    with pytest.raises(tf.errors.UnimplementedError, match="branches and loops are nested"):
        nested(200)


def test_a_function_that_is_not_there_is_named():
    with pytest.raises(tf.errors.InvalidArgumentError, match='Failed to find function "Nope" in function library'):
        run(call("PartitionedCall", "Nope"), SQUARE)
    with pytest.raises(tf.errors.NotFoundError, match="Function Nope is not defined"):
        run(choice("If", "Nope"), SQUARE, MINUS)


def test_a_call_that_does_not_fit_its_function_says_what_it_expects():
    of_ints = SQUARE.replace("DT_FLOAT", "DT_INT32")
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Expects arg\[0\] to be int32 but float is provided"):
        run(call("PartitionedCall"), of_ints)
    of_two = function("Squared", "m:z:0", node("m", "Mul", "x, y"), inputs="x, y")
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expects 2 arguments, but 1 is provided"):
        run(choice("If"), of_two, MINUS)


def test_an_error_in_a_function_names_its_node_and_the_call():
    product = function("Product", "m:product:0", node("m", "MatMul", "x, x"))
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        run(node("r", "Product", "x", "", "node"), product)
    text = str(caught.value)
    assert text.splitlines()[0] == "In[0] is not a matrix. Instead it has shape []"
    assert "[[node m]]" in text and "[[node r (defined at" in text and "in the function Product" in text


def test_attrs_of_a_function_go_into_its_nodes():
    generic = """function { signature { name: "Same" input_arg { name: "x" type_attr: "T" }
                 output_arg { name: "o" type_attr: "T" } attr { name: "T" type: "type" } }
                 node_def { name: "m" op: "Mul" input: "x" input: "x" attr { key: "T" value { placeholder: "T" } } }
                 ret { key: "o" value: "m:z:0" } }"""
    assert run(node("r", "Same", "x", T, "node"), generic) == 9.0


def test_lists_of_arguments_and_results():
    both = """function { signature { name: "Both" input_arg { name: "x" type_attr: "T" number_attr: "N" }
              output_arg { name: "o" type_attr: "T" number_attr: "N" } attr { name: "T" type: "type" }
              attr { name: "N" type: "int" } }
              node_def { name: "m" op: "IdentityN" input: "x:1" input: "x:0"
                         attr { key: "T" value { list { type: DT_FLOAT type: DT_FLOAT } } } }
              ret { key: "o" value: "m:output" } }"""
    nodes = node("n", "Neg", "x", T, "node") + node("r", "Both", "x, n", T + 'attr { key: "N" value { i: 2 } }', "node")
    assert run(nodes, both, fetch=["r:0", "r:1"]) == [-3.0, 3.0]


HANDLE = f"""{DTYPE} attr {{ key: "shape" value {{ shape {{ }} }} }} attr {{ key: "shared_name" value {{ s: "v" }} }}
             attr {{ key: "container" value {{ s: "" }} }}"""
PUT = function("Put", "r:value:0", node("v", "VarHandleOp", attrs=HANDLE)
               + node("a", "AssignVariableOp", "v:resource:0, x", DTYPE)
               + node("r", "ReadVariableOp", "v:resource:0, ^a", DTYPE), stateful=True)
GET = function("Get", "r:value:0", node("r", "ReadVariableOp", "h", DTYPE), "h: DT_RESOURCE", stateful=True)
ADD = function("Add2", "r:value:0", node("a", "AssignAddVariableOp", "h, x", DTYPE)
               + node("r", "ReadVariableOp", "h, ^a", DTYPE), "h: DT_RESOURCE, x", stateful=True)
SKIP = function("Skip", "x", "", "h: DT_RESOURCE, x")


def test_functions_read_and_write_variables_by_their_handles():
    with_handle = TYPES.replace("{ list { type: DT_FLOAT", "{ list { type: DT_RESOURCE type: DT_FLOAT", 1)
    cond = 'attr { key: "Tcond" value { type: DT_BOOL } }'
    nodes = (node("v", "VarHandleOp", attrs=HANDLE, where="node") + node("put", "Put", "x", "", "node")
             + node("get", "Get", "v", "", "node") + node("add", "Add2", "v, x", "", "node")
             + call("StatefulPartitionedCall", "Add2", "add_by_attr", "v, x", with_handle)
             + node("add_if", "If", "p, v, x", f"{cond} {with_handle} {func('then_branch', 'Add2')} "
                                               f"{func('else_branch', 'Skip')}", "node"))
    with tf.Graph().as_default():
        import_graph(nodes, PUT, GET, ADD, SKIP, result="get:0")
        with tf.Session() as session:
            def value(fetch, p=True):
                return session.run(fetch, {"x:0": 3.0, "p:0": p})

            with pytest.raises(tf.errors.FailedPreconditionError, match="Error while reading resource variable v "):
                value("get:0")
            assert value("put:0") == 3.0
            assert value("get:0") == 3.0
            assert [value("add:0"), value("add_by_attr:0"), value("add_if:0"), value("get:0")] == [6.0, 9.0, 12.0, 12.0]
            assert value("add_if:0", p=False) == 3.0
            assert value("get:0") == 12.0


def test_a_variable_of_the_graph_is_the_one_that_a_function_names():
    with tf.Graph().as_default():
        variable = tf.get_variable("v", [], initializer=tf.zeros_initializer(), use_resource=True)
        import_graph(node("put", "Put", "x", "", "node"), PUT, result="put:0")
        with tf.Session() as session:
            session.run(variable.initializer)
            session.run("put:0", {"x:0": 5.0})
            assert session.run(variable) == 5.0


def test_every_call_of_a_random_function_has_numbers_of_its_own():
    random = function("Random", "m:z:0", node("c", "Const", attrs="""attr { key: "dtype" value { type: DT_INT32 } }
        attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape { dim { size: 0 } } } } }""")
        + node("u", "RandomUniform", "c:output:0", DTYPE + 'attr { key: "T" value { type: DT_INT32 } } '
                                                           'attr { key: "seed" value { i: 5 } } '
                                                           'attr { key: "seed2" value { i: 7 } }')
        + node("m", "Mul", "x, u:output:0"), stateful=True)
    with tf.Graph().as_default():
        import_graph(node("r", "Random", "x", "", "node") + node("s", "Random", "x", "", "node"), random)
        with tf.Session() as session:
            values = [session.run(["r:0", "s:0"], {"x:0": 3.0}) for _ in range(3)]
    assert [[f"{v:.6f}" for v in pair] for pair in values] == [["1.342391"] * 2, ["0.144921"] * 2, ["1.252641"] * 2]


def test_an_operation_that_calls_runs_when_it_is_asked_for():
    fails = function("Fails", "c:output:0", node("l", "Log", "n:y:0") + node("n", "Neg", "x")
                     + node("c", "CheckNumerics", "l:y:0", T + 'attr { key: "message" value { s: "bad" } }'))
    with pytest.raises(tf.errors.InvalidArgumentError, match="bad : Tensor had NaN values"):
        run(node("r", "Fails", "x", "", "node"), fails, fetch="r")


def test_a_call_inside_a_branch_and_a_loop_of_the_graph():
    with tf.Graph().as_default() as graph:
        import_graph(BY_NAME, SQUARE)
        x = graph.get_tensor_by_name("x:0")

        def square(value):
            return graph.create_op("Squared", [value], [tf.float32]).outputs[0]

        branch = tf.cond(graph.get_tensor_by_name("p:0"), lambda: square(x), lambda: -x)
        loop = tf.while_loop(lambda v: v < 100.0, square, [x], shape_invariants=[tf.TensorShape(None)])
        with tf.Session() as session:
            assert session.run([branch, loop], {"x:0": 3.0, "p:0": True}) == [9.0, 6561.0]
            assert session.run(branch, {"x:0": 3.0, "p:0": False}) == -3.0


# --- gradients ----------------------------------------------------------------------------------------------------


def gradients_of(nodes, *functions):
    """The graph's nodes that `tf.gradients` of r by x adds, the type and value of the result, for x = 3."""
    with tf.Graph().as_default() as graph:
        result = import_graph(nodes, *functions)
        before = len(graph.get_operations())
        gradient, = tf.gradients(result, graph.get_tensor_by_name("x:0"))
        with tf.Session() as session:
            value = session.run(gradient, {"x:0": 3.0, "p:0": True})
        return [op.name for op in graph.get_operations()[before:]], gradient, value


@pytest.mark.parametrize("form", CALLS)
def test_the_gradient_of_a_call_is_one_node(form):
    names, gradient, value = gradients_of(CALLS[form], SQUARE)
    assert names == ["gradients/Shape", "gradients/grad_ys_0", "gradients/Fill", "gradients/r_grad/SymbolicGradient"]
    assert value == 6.0
    assert gradient.op.get_attr("f").name == "Squared"


def test_the_gradient_of_a_call_goes_through_the_calls_in_it():
    outer = function("Outer", "s:z:0", node("a", "Squared", "x", "") + number("one", 1)
                     + node("y", "Add", "x, one:output:0")
                     + node("b", "Squared", "y:z:0", "") + node("s", "Add", "a:o:0, b:o:0"))
    assert gradients_of(node("r", "Outer", "x", "", "node"), SQUARE, outer)[2] == 14.0


def test_a_symbolic_gradient_of_an_imported_graph():
    types = ('attr { key: "Tin" value { list { type: DT_FLOAT type: DT_FLOAT } } } '
             'attr { key: "Tout" value { list { type: DT_FLOAT } } }')
    assert run(call("SymbolicGradient", inputs="x, x", types=types), SQUARE) == 18.0
    with pytest.raises(tf.errors.NotFoundError, match="No gradient defined for op: Nope"):
        run(call("SymbolicGradient", "Nope", inputs="x, x", types=types), SQUARE)


def test_an_argument_on_which_nothing_depends_has_a_gradient_of_zeros():
    first = function("First", "x", "", "x, y")
    with tf.Graph().as_default() as graph:
        result = import_graph(node("n", "Neg", "x", where="node") + node("r", "First", "x, n", "", "node"), first)
        gradients = tf.gradients(result, [graph.get_tensor_by_name("x:0"), graph.get_tensor_by_name("n:0")])
        with tf.Session() as session:
            assert session.run(gradients, {"x:0": 3.0}) == [1.0, 0.0]


def test_a_function_of_the_library_that_is_given_as_a_gradient_is_taken():
    hundred = function("Hundred", "m:z:0", number("c", 100) + node("m", "Mul", "dy, c:output:0"), "x, dy")
    given = 'gradient { function_name: "Squared" gradient_func: "Hundred" }'
    assert gradients_of(BY_NAME, SQUARE, hundred, given)[2] == 100.0


def test_the_gradient_of_a_variable_by_its_handle_in_a_function():
    product = function("Product", "m:z:0", node("r", "ReadVariableOp", "h", DTYPE) + node("m", "Mul", "r:value:0, x"),
                       "h: DT_RESOURCE, x", stateful=True)
    with tf.Graph().as_default() as graph:
        import_graph("", product, result="x:0")
        variable = tf.Variable(2.0, use_resource=True)
        result = graph.create_op("Product", [variable.handle, graph.get_tensor_by_name("x:0")], [tf.float32]).outputs[0]
        gradient, = tf.gradients(result, variable)
        assert gradient.dtype == tf.float32
        assert gradient.shape.as_list() == []
        with tf.Session() as session:
            session.run(variable.initializer)
            assert session.run([result, gradient], {"x:0": 3.0}) == [6.0, 3.0]


@pytest.mark.parametrize("op", ["If", "StatelessIf"])
def test_the_gradient_of_a_functional_branch_is_that_of_the_side_taken(op):
    with tf.Graph().as_default() as graph:
        result = import_graph(choice(op), SQUARE, MINUS)
        gradient, = tf.gradients(result, graph.get_tensor_by_name("x:0"))
        assert gradient.name == "gradients/r_grad/Identity:0"
        with tf.Session() as session:
            assert [session.run(gradient, {"x:0": 3.0, "p:0": p}) for p in (True, False)] == [6.0, -1.0]
        exported = graph.as_graph_def()
    with tf.Graph().as_default() as graph, tf.Session() as session:
        gradient, = tf.import_graph_def(exported, return_elements=[gradient.name], name="")
        assert [session.run(gradient, {"x:0": 3.0, "p:0": p}) for p in (True, False)] == [6.0, -1.0]


def test_a_run_before_the_gradient_of_a_branch_is_taken_and_one_after_it_agree():
    waves = function("Waves", "s:y:0", node("e", "Exp", "x") + node("s", "Sin", "e:y:0"))
    with tf.Graph().as_default() as graph, tf.Session() as session:
        result = import_graph(choice("If", "Waves"), waves, MINUS)
        feeds = {"x:0": 0.5, "p:0": True}
        before = session.run(result, feeds)
        gradient, = tf.gradients(result, graph.get_tensor_by_name("x:0"))  # the node gets a further result
        assert session.run([result, gradient], feeds) == pytest.approx([before, -0.12834643])
        assert session.run(result, feeds) == before


def test_a_functional_loop_has_no_gradient():
    with pytest.raises(LookupError, match=r"No gradient defined for operation 'r' \(op type: While\)"):
        gradients_of(loop("While"), SQUARE, BELOW)


def test_static_shapes_of_functional_branches_and_loops():
    given = 'attr { key: "output_shapes" value { list { shape { dim { size: 2 } } } } }'
    with tf.Graph().as_default():
        vector = tf.placeholder(tf.float32, [None, 3])
        assert import_graph(loop("While"), SQUARE, BELOW, input_map={"x:0": vector}).shape.as_list() == [None, 3]
        assert import_graph(choice("If"), SQUARE, MINUS).shape.ndims is None
        with_shape = choice("If")[:-2] + given + "}"
        assert import_graph(with_shape, SQUARE, MINUS).shape.as_list() == [2]
