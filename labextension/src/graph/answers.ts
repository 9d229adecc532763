/** What a reader types for a shape or a dtype, in TensorFlow's spelling or another that says the same. */

const SCALARS = ["()", "[]", "scalar", "escalar"];
const UNKNOWN_RANK = ["<unknown>", "unknown", "unknown rank"];
const OPEN = ["?", "none", "-1", "null"];

const DTYPES = [
  "bfloat16", "bool", "complex64", "complex128", "float16", "float32", "float64", "int8", "int16", "int32", "int64",
  "qint8", "qint16", "qint32", "quint8", "quint16", "string", "uint8", "uint16", "uint32", "uint64",
];
const OTHER_NAMES: Record<string, string> = {
  boolean: "bool", bool_: "bool", bytes: "string", complex: "complex128", double: "float64", f16: "float16", f32: "float32", f64: "float64",
  float: "float32", half: "float16", i32: "int32", i64: "int64", int: "int32", long: "int64", object: "string",
  single: "float32", str: "string",
};

/** The shapes that a text may mean, as TensorFlow writes them; none where it is no shape. */
export function readShape(text: string): string[] {
  let words = text.trim().toLowerCase().replace(/^(?:tf\.)?tensorshape\((.*)\)$/, "$1")
    .replace(/dimension\(([^()]*)\)/g, "$1").replace(/^shape\s*=\s*/, "").trim();
  if (SCALARS.includes(words.replace(/\s/g, ""))) {
    return ["()"];
  }
  if (UNKNOWN_RANK.includes(words)) {
    return ["<unknown>"];
  }
  const inside = /^(?:\((.*)\)|\[(.*)\])$/.exec(words);
  words = (inside ? inside[1] ?? inside[2] : words).trim().replace(/,$/, "");
  if (!words) {
    return [];
  }
  const dims = words.split(/\s*[,;x×*]\s*|\s+/).map((word) => (OPEN.includes(word) ? "?" : /^\d{1,15}$/.test(word) ? String(Number(word)) : ""));
  if (dims.includes("")) {
    return [];
  }
  const shape = dims.length === 1 ? `(${dims[0]},)` : `(${dims.join(", ")})`;
  return !inside && shape === "(?,)" ? [shape, "<unknown>"] : [shape]; // None alone is also TensorFlow's word for any shape
}

/** The dtype that a text means, by TensorFlow's name; "" where it is none. */
export function readDtype(text: string): string {
  const name = text.trim().toLowerCase().replace(/^<?(?:dtype\s*[:=]\s*)?['"]?([\w.]+)['"]?>?$/, "$1")
    .replace(/^(?:tf|np|numpy|tensorflow|torch|dtypes)\./, "").replace(/^dt_/, "").replace(/_ref$/, "");
  const found = Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : name;
  return DTYPES.includes(found) ? found : "";
}
