// @vitest-environment jsdom
/** The quiz: what counts as an answer, what stays hidden until it is given, and how it is counted. */

import { beforeEach, describe, expect, it } from "vitest";

import { readDtype, readShape } from "../src/graph/answers";
import type { GraphDocument, NodeRecord } from "../src/graph/document";
import { Folding } from "../src/graph/folding";
import type { Painting } from "../src/graph/paint";
import { Quiz } from "../src/graph/quiz";
import { Search } from "../src/graph/search";
import { buildTwin } from "../src/graph/twin";
import { wordsOf } from "../src/graph/words";

describe("a shape", () => {
  it.each([
    "(2, 3)", "(2,3)", "[2, 3]", "[2,3]", "2, 3", "2,3", "2 3", "2x3", "2 X 3", "2×3", " ( 2 , 3 ) ", "(2, 3,)", "02x03",
    "TensorShape([2, 3])", "tf.TensorShape([Dimension(2), Dimension(3)])", "shape=(2, 3)",
  ])("may be written %j", (text) => expect(readShape(text)).toEqual(["(2, 3)"]));

  it.each([["()", "()"], ["[]", "()"], ["( )", "()"], ["scalar", "()"], ["3", "(3,)"], ["(3,)", "(3,)"], ["[3]", "(3,)"],
    ["(?, 10)", "(?, 10)"], ["[None, 10]", "(?, 10)"], ["none x 10", "(?, 10)"], ["-1, 10", "(?, 10)"], ["[None]", "(?,)"],
    ["<unknown>", "<unknown>"], ["unknown", "<unknown>"]])("of TensorFlow's is read from %j", (text, shape) =>
    expect(readShape(text)).toEqual([shape]));

  it("that is None alone is a vector of any length, or anything", () => {
    expect(readShape("None")).toEqual(["(?,)", "<unknown>"]);
    expect(readShape("?")).toEqual(["(?,)", "<unknown>"]);
  });

  it.each(["", "  ", ",", "2,,3", "abc", "(2, 3", "2.5", "(,)", "x", "(2, x)", "-2", "9999999999999999999"])("is not %j", (text) =>
    expect(readShape(text)).toEqual([]));
});

describe("a dtype", () => {
  it.each(["float32", "tf.float32", " Float32 ", "np.float32", "'float32'", "<dtype: 'float32'>", "float", "DT_FLOAT", "f32", "float32_ref"])(
    "may be written %j", (text) => expect(readDtype(text)).toBe("float32"));

  it.each([["int", "int32"], ["long", "int64"], ["str", "string"], ["tf.bool", "bool"], ["double", "float64"], ["uint8", "uint8"]])(
    "of TensorFlow's is read from %j", (text, dtype) => expect(readDtype(text)).toBe(dtype));

  it.each(["", "flot32", "constructor", "toString", "(2, 3)", "tf."])("is not %j", (text) => expect(readDtype(text)).toBe(""));
});

/** x (given) → product → split ⇒ join; of the product and the join is asked, and of both parts of the split. */
function sample(): GraphDocument {
  const node = (id: string, name: string, gives?: string[]): NodeRecord => ({
    id, name, role: "operation", size: [80, 40], lines: [["title", name], ...(gives ? [["type", "→ ?"] as [string, string]] : [])], gives });
  return {
    version: 2, title: "", direction: "TB", description: "", operations: 4,
    nodes: [node("n0", "x"), node("n1", "product"), node("n2", "split"), node("n3", "join", ["join:0"])], open: [],
    edges: [["n0", "n1", "(?, 6) float32", "x:0"], ["n1", "n2", "?", "product:0"], ["n2", "n3", "2 × ?", "split:0", "split:1"]],
    quiz: [["product:0", "n1", "(?, 4)", "float32"], ["split:0", "n2", "(?, 2)", "float32"], ["split:1", "n2", "(?, 2)", "float32"],
      ["join:0", "n3", "()", "int64"]],
  };
}

describe("a quiz", () => {
  const words = wordsOf("en");
  let quiz: Quiz;
  let told: GraphDocument;

  const retell = (): void => {
    told = quiz.told(sample());
    quiz.painted({ folding: new Folding(told), placement: { rects: new Map() } as never,
      painting: { things: new Map(), edges: [], view: document.createElementNS("http://www.w3.org/2000/svg", "g") } as Painting });
  };
  const fields = (): HTMLInputElement[] => [...quiz.element.querySelectorAll("input")];
  const guess = (shape: string, dtype: string): void => {
    [fields()[0].value, fields()[1].value] = [shape, dtype];
    press("Check");
  };
  const press = (label: string): void =>
    [...quiz.element.querySelectorAll("button")].find((button) => button.textContent === label)!.click();
  const score = (): string => quiz.element.querySelector(".score")!.textContent!;
  const said = (): string => quiz.element.querySelector(".said")!.textContent!;
  /** All that can be read or found without asking. */
  const readable = (): string => [quiz.element.textContent, buildTwin(new Folding(told), words, () => undefined).textContent,
    ...["float32", "int64", "(?,", "4)"].map((query) => new Search(told).find(query).join())].join("\n");

  beforeEach(() => {
    quiz = new Quiz(sample(), words, { reveal: () => undefined, light: () => undefined, focus: () => undefined, retell });
    document.body.replaceChildren(quiz.element);
    retell();
  });

  it("tells no answer before it is asked for", () => {
    expect(readable()).not.toContain("int64");
    expect(readable()).not.toMatch(/\(\?, [24]\)/);
    expect(new Search(told).find("int64")).toEqual([]);
    expect(new Search(told).find("float32")).toEqual(["n0"]);
    expect(score()).toBe("right 0 · wrong 0 · shown 0 · still hidden 4");
  });

  it("is asked at a node or at an edge, but not where nothing is hidden", () => {
    expect(quiz.chosen("n0")).toBe(false);
    expect(quiz.chosen("n0", "n1")).toBe(false);
    expect(quiz.chosen("")).toBe(false);
    expect(quiz.chosen("n1", "n2")).toBe(true);
    expect(quiz.element.querySelector("code")!.textContent).toBe("product:0");
    expect(quiz.chosen("n3")).toBe(true);
    expect(quiz.element.querySelector("code")!.textContent).toBe("join:0");
  });

  it("counts a right guess and shows its answer alone", () => {
    quiz.chosen("n1");
    guess("None, 4", "tf.float32");
    expect(score()).toBe("right 1 · wrong 0 · shown 0 · still hidden 3");
    expect(told.edges[1][2]).toBe("(?, 4) float32");
    expect(told.edges[2][2]).toBe("2 × ?");
    expect(new Search(told).find("(?, 4)")).toEqual(["n1"]);
    expect(quiz.chosen("n1")).toBe(false);
  });

  it.each([["(?, 4)", "int32", words.wrongDtype], ["(4,)", "float32", words.wrongShape], ["()", "bool", words.wrongBoth]])(
    "tells what is wrong of %s %s and counts it", (shape, dtype, why) => {
      quiz.chosen("n1");
      guess(shape, dtype);
      expect(said()).toContain(why);
      expect(said()).not.toContain("(?, 4) float32");
      expect(score()).toBe("right 0 · wrong 1 · shown 0 · still hidden 4");
      expect(told.edges[1][2]).toBe("?");
    });

  it("does not count what is no shape or no dtype", () => {
    quiz.chosen("n1");
    guess("four", "float32");
    expect(said()).toBe(words.noShape);
    guess("(?, 4)", "");
    expect(said()).toBe(words.noDtype);
    expect(score()).toContain("wrong 0");
  });

  it("asks for several tensors of an edge in turn", () => {
    quiz.chosen("n2", "n3");
    guess("?, 2", "float32");
    expect(quiz.element.querySelector("code")!.textContent).toBe("split:1");
    expect(told.edges[2][2]).toBe("2 × ?");
    guess("?, 2", "float32");
    expect(told.edges[2][2]).toBe("2 × (?, 2) float32");
  });

  it("shows one answer, or all, and starts again", () => {
    quiz.chosen("n3");
    press(words.reveal);
    expect(told.nodes[3].lines[1][1]).toBe("→ () int64");
    expect(score()).toBe("right 0 · wrong 0 · shown 1 · still hidden 3");
    press(words.revealAll);
    expect(score()).toBe("right 0 · wrong 0 · shown 4 · still hidden 0");
    expect(told.edges.map(([, , text]) => text)).toEqual(["(?, 6) float32", "(?, 4) float32", "2 × (?, 2) float32"]);
    press(words.again);
    expect(score()).toBe("right 0 · wrong 0 · shown 0 · still hidden 4");
    expect(told.edges[1][2]).toBe("?");
  });

  it("lets the kernel tell of a node only when it and its inputs are known", () => {
    expect(quiz.refuses("x")).toBe("");
    expect(quiz.refuses("product")).toBe(words.quizHides);
    quiz.chosen("n2");
    press(words.reveal);
    press(words.reveal);
    expect(quiz.refuses("split")).toBe(words.quizHides);
    quiz.chosen("n1");
    guess("(?, 4)", "float32");
    expect(quiz.refuses("split")).toBe("");
  });
});
