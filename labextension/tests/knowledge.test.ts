/** What is known of a drawing: questions one after the other, hits in folded scopes, what may be opened next. */

import { beforeEach, describe, expect, it, vi } from "vitest";

import { type GraphDocument, readDocument } from "../src/graph/document";
import { Foresight } from "../src/graph/foresight";
import { Knowledge } from "../src/graph/knowledge";

type Question = { kind: string } & Record<string, unknown>;

function node(id: string, name: string, more: object = {}): GraphDocument["nodes"][number] {
  return { id, name, role: "operation", size: [80, 40], lines: [["title", name], ["type", "Tanh"]], ...more };
}

function told(nodes: GraphDocument["nodes"], edges: GraphDocument["edges"] = []): GraphDocument {
  return readDocument({ version: 2, title: "", direction: "TB", description: "", operations: 9, nodes, edges, open: [] });
}

const WHOLE = told([node("n0", "x"), node("n1", "a", { holds: 2 }), node("n4", "b", { holds: 2 })],
  [["n0", "n1", "(2,) float32", "x:0"], ["n1", "n4", "(2,) float32", "a:0"]]);
const INSIDES: Record<string, GraphDocument["nodes"]> = {
  n1: [node("n1", "a", { holds: 2 }), node("n2", "a/p", { in: "n1" }), node("n3", "a/q", { in: "n1" })],
  n4: [node("n4", "b", { holds: 2 }), node("n5", "b/p", { in: "n4" }), node("n6", "b/q", { in: "n4" })],
};

class Kernel {
  readonly asked: Question[] = [];
  answers: (() => void)[] = [];

  ask(question: Question): Promise<unknown> {
    this.asked.push(question);
    const answer = question.kind === "find"
      ? { hits: [["n3", "n1"], ["n6", "n4"]], count: 2 }
      : told((question.asked as string[]).flatMap((id) => INSIDES[id]), [["n0", "n2", "(2,) float32", "x:0"]]);
    return new Promise((resolve) => this.answers.push(() => resolve(answer)));
  }

  async answer(): Promise<void> {
    this.answers.shift()!();
    await new Promise((done) => setTimeout(done));
  }
}

let kernel: Kernel;
let knowledge: Knowledge;

beforeEach(() => {
  kernel = new Kernel();
  knowledge = new Knowledge(WHOLE, kernel, (document) => document, () => undefined);
});

describe("loading", () => {
  it("waits for what is on its way, and asks only what that does not tell", async () => {
    void knowledge.ask(["n1"]);
    const both = Promise.all([knowledge.load("n1"), knowledge.load("n4")]);
    await kernel.answer();
    expect(kernel.asked.map(({ asked }) => asked)).toEqual([["n1"], ["n4"]]);
    expect(kernel.asked[1].known).toEqual(["n1"]);
    await kernel.answer();
    await both;
    expect(knowledge.folding.children.get("n4")).toEqual(["n5", "n6"]);
    expect(knowledge.folding.document.edges).toContainEqual(["n0", "n2", "(2,) float32", "x:0"]);
  });

  it("says why, to whoever asked", async () => {
    kernel.ask = () => Promise.reject(new Error("its graph is gone"));
    await expect(knowledge.load("n1")).rejects.toThrow("its graph is gone");
  });
});

describe("searching", () => {
  it("finds what is in scopes that nobody opened, and can go there", async () => {
    expect(knowledge.find("q")).toEqual([]);
    const all = knowledge.findAll("q");
    await kernel.answer();
    expect(await all).toEqual([["n3", "n6"], 2]);
    expect(knowledge.shownBy("n6")).toBe("n4");
    const there = knowledge.reach("n6");
    await vi.waitFor(() => expect(kernel.answers.length).toBe(1));
    await kernel.answer();
    await there;
    expect(knowledge.folding.nodes.get("n6")?.name).toBe("b/q");
  });

  it("asks nobody where all is known", async () => {
    const small = new Knowledge(told([node("n0", "x")]), kernel, (document) => document, () => undefined);
    expect(await small.findAll("x")).toEqual([["n0"], 1]);
    expect(kernel.asked).toEqual([]);
  });
});

describe("what may be opened next", () => {
  it("is asked for and laid out once the reader is near, and not before", async () => {
    const prepared: string[] = [];
    const foresight = new Foresight(knowledge, (id) => !prepared.includes(id) && !!prepared.push(id));
    foresight.again();
    await new Promise((done) => setTimeout(done, 60));
    expect(kernel.asked).toEqual([]);
    foresight.begin();
    await vi.waitFor(() => expect(kernel.answers.length).toBe(1));
    expect(kernel.asked[0].asked).toEqual(["n1", "n4"]);
    await kernel.answer();
    await vi.waitFor(() => expect(prepared).toEqual(["n1", "n4"]));
    foresight.dispose();
  });

  it("stops asking a kernel that does not answer, without a word", async () => {
    kernel.ask = vi.fn(() => Promise.reject(new Error("nobody there")));
    const foresight = new Foresight(knowledge, () => false);
    foresight.begin();
    await vi.waitFor(() => expect(kernel.ask).toHaveBeenCalledTimes(1));
    foresight.again();
    await new Promise((done) => setTimeout(done, 80));
    expect(kernel.ask).toHaveBeenCalledTimes(1);
  });
});
