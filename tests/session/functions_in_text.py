"""Small functions as text of GraphDefs, and what runs them."""

from google.protobuf import text_format
from tensorboard.compat.proto.graph_pb2 import GraphDef

from tfmagic import tf

T = 'attr { key: "T" value { type: DT_FLOAT } }'
DTYPE = 'attr { key: "dtype" value { type: DT_FLOAT } }'
_FLOATS = "{ list { type: DT_FLOAT } }"
TYPES = f'attr {{ key: "Tin" value {_FLOATS} }} attr {{ key: "Tout" value {_FLOATS} }}'

PLACEHOLDERS = f"""
node {{ name: "x" op: "Placeholder" {DTYPE} attr {{ key: "shape" value {{ shape {{ }} }} }} }}
node {{ name: "p" op: "Placeholder" attr {{ key: "dtype" value {{ type: DT_BOOL }} }}
        attr {{ key: "shape" value {{ shape {{ }} }} }} }}
"""


def function(name, result, nodes, inputs="x", result_type="DT_FLOAT", stateful=False):
    """The text of a function of scalars: `inputs` as "x" or "h: DT_RESOURCE, x"."""
    arguments = ""
    for item in inputs.split(", "):
        argument, _, dtype = item.partition(": ")
        arguments += f'input_arg {{ name: "{argument}" type: {dtype or "DT_FLOAT"} }} '
    return (f'function {{ signature {{ name: "{name}" {"is_stateful: true" if stateful else ""} {arguments} '
            f'output_arg {{ name: "o" type: {result_type} }} }} {nodes} ret {{ key: "o" value: "{result}" }} }}')


def node(name, op, inputs="", attrs=T, where="node_def"):
    """The text of a node: `inputs` as "x, m:z:0"."""
    texts = "".join(f' input: "{text}"' for text in inputs.split(", ") if text)
    return f'{where} {{ name: "{name}" op: "{op}"{texts} {attrs} }}\n'


def number(name, value):
    """The text of a constant in a function."""
    return node(name, "Const", attrs=f'{DTYPE} attr {{ key: "value" value {{ tensor {{ dtype: DT_FLOAT tensor_shape '
                                     f'{{ }} float_val: {value} }} }} }}')


def func(key, name):
    """The text of an attr that names a function."""
    return f'attr {{ key: "{key}" value {{ func {{ name: "{name}" }} }} }}'


def call(op, function="Squared", name="r", inputs="x", types=TYPES):
    """The text of a node that calls a function by its attr."""
    return node(name, op, inputs, f"{types} {func('f', function)}", "node")


def choice(op, then="Squared", otherwise="Minus", where="node", name="r", inputs="p, x"):
    """The text of an If."""
    cond = 'attr { key: "Tcond" value { type: DT_BOOL } }'
    return node(name, op, inputs, f"{cond} {TYPES} {func('then_branch', then)} {func('else_branch', otherwise)}", where)


def loop(op, cond="Below100", body="Squared"):
    """The text of a While."""
    return node("r", op, "x", f'attr {{ key: "T" value {_FLOATS} }} {func("cond", cond)} {func("body", body)}', "node")


SQUARE = function("Squared", "m:z:0", node("m", "Mul", "x, x"))
MINUS = function("Minus", "m:y:0", node("m", "Neg", "x"))
BELOW = function("Below100", "l:z:0", number("c", 100) + node("l", "Less", "x, c:output:0"), result_type="DT_BOOL")


def import_graph(nodes, *functions, input_map=None, result="r:0"):
    """Import placeholders x and p, `nodes`, and a library into the default graph; give the tensor `result`."""
    text = f"{PLACEHOLDERS} {nodes} library {{ {' '.join(functions)} }} versions {{ producer: 134 }}"
    return tf.import_graph_def(text_format.Parse(text, GraphDef()), input_map, [result], name="")[0]


def run(nodes, *functions, fetch="r:0", x=3.0, p=True):
    """The value of `fetch` in such a graph."""
    with tf.Graph().as_default():
        import_graph(nodes, *functions, result="x:0")
        with tf.Session() as session:
            return session.run(fetch, {"x:0": x, "p:0": p})
