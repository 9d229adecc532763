/** The model behind a drawing: folding, layout, the way of arrows, and finding, without a browser. */

import { describe, expect, it } from "vitest";

import { type EdgeRecord, type GraphDocument, joined, readDocument } from "../src/graph/document";
import { aggregate, Folding } from "../src/graph/folding";
import { layOutLevel } from "../src/graph/levels";
import { next } from "../src/graph/moving";
import { Placing } from "../src/graph/placing";
import { Search } from "../src/graph/search";

/** x → block (w → product → relu) → loss; the block may be open. */
function sample(open: boolean): GraphDocument {
  const node = (id: string, name: string, role: string, more: object = {}) => ({
    id, name, role, size: [80, 40] as [number, number],
    lines: [["title", name.split("/").at(-1)!], ["type", role]] as [string, string][], ...more });
  return readDocument({
    version: 2, title: "", direction: "TB", description: "", operations: 5,
    nodes: [
      node("n1", "block", "scope", { holds: 3, details: [["holds", "MatMul, Relu"]] }), node("n0", "x", "placeholder"),
      node("n2", "block/w", "variable", { in: "n1" }), node("n3", "block/product", "MatMul", { in: "n1" }),
      node("n4", "block/relu", "Relu", { in: "n1" }), node("n10", "loss", "Mean")],
    open: open ? [["n1", "scope", "block"]] : [],
    edges: [["n0", "n3", "(?, 6) float32", "x:0"], ["n2", "n3", "(6, 6) float32", "block/w/read:0"],
      ["n3", "n4", "(?, 6) float32", "block/product:0"], ["n4", "n10", "(?, 6) float32", "block/relu:0"],
      ["n0", "n4", null]],
  });
}

describe("folding", () => {
  it("shows a folded scope for what is in it", () => {
    const folding = new Folding(sample(false));
    expect(folding.visible()).toEqual(["n0", "n1", "n10"]);
    expect(folding.shownBy("n3")).toBe("n1");
    expect(folding.edges().map(({ source, target }) => [source, target])).toEqual([["n0", "n1"], ["n1", "n10"]]);
  });

  it("shows the children of an open scope after it, in the graph's order", () => {
    const folding = new Folding(sample(false));
    folding.unfold("n1");
    expect(folding.visible()).toEqual(["n0", "n1", "n2", "n3", "n4", "n10"]);
    folding.fold("n1");
    expect(folding.visible()).toEqual(["n0", "n1", "n10"]);
  });

  it("makes one edge of all that flows between two things, and a tensor counts once", () => {
    const [edge, ...others] = aggregate([["n0", "n1", "(2,) float32", "a:0"], ["n0", "n1", "(2,) float32", "a:0"],
      ["n0", "n1", "(2,) float32", "b:0"], ["n0", "n0", "(2,) float32", "c:0"]], (id) => id);
    expect(others).toEqual([]);
    expect(edge).toMatchObject({ text: "2 × (2,) float32", tensors: ["a:0", "b:0"], control: false });
  });

  it("draws an order alone as a control edge", () => {
    expect(aggregate([["n0", "n1", null]], (id) => id)[0]).toMatchObject({ control: true, text: "" });
  });
});

describe("a level", () => {
  it("holds each child inside its box, without overlap", () => {
    const folding = new Folding(sample(true));
    const level = layOutLevel(folding, "n1", (id) => folding.node(id).size, (id) => id);
    const places = [...level.places.values()];
    expect([...level.places.keys()].sort()).toEqual(["n2", "n3", "n4"]);
    for (const [x, y] of places) {
      expect(x - 40).toBeGreaterThanOrEqual(0);
      expect(x + 40).toBeLessThanOrEqual(level.width);
      expect(y - 20).toBeGreaterThanOrEqual(0);
      expect(y + 20).toBeLessThanOrEqual(level.height);
    }
    expect(level.places.get("n3")![1]).toBeLessThan(level.places.get("n4")![1]);
  });

  it("lets what comes from outside in at the edge of the box", () => {
    const folding = new Folding(sample(true));
    const level = layOutLevel(folding, "n1", (id) => folding.node(id).size, (id) => id);
    expect(level.routes.get("in:n0>n3")!.points[0][1]).toBe(0);
    expect(level.routes.get("n4>out:n10")!.points.at(-1)![1]).toBe(level.height);
  });

  it("lets ways cross its border straight, and at the border only", () => {
    const folding = new Folding(sample(true));
    const level = layOutLevel(folding, "n1", (id) => folding.node(id).size, (id) => id);
    const [arrives, leaves] = [level.routes.get("in:n0>n3")!.points, level.routes.get("n4>out:n10")!.points];
    expect(arrives[1][0]).toBe(arrives[0][0]);
    expect(leaves.at(-2)![0]).toBe(leaves.at(-1)![0]);
    for (const [, y] of [...arrives.slice(1), ...leaves.slice(0, -1)]) {
      expect(y).toBeGreaterThan(0);
      expect(y).toBeLessThan(level.height);
    }
  });
});

describe("placing", () => {
  it("opens a scope and folds it again to the same places", () => {
    const folding = new Folding(sample(false));
    const placing = new Placing(folding);
    const before = placing.place();
    folding.unfold("n1");
    const opened = placing.place();
    folding.fold("n1");
    expect(placing.place()).toEqual(before);
    expect([...opened.rects.keys()].sort()).toEqual(["n0", "n1", "n10", "n2", "n3", "n4"]);
    expect(opened.rects.get("n10")!.y).toBeGreaterThan(before.rects.get("n10")!.y);
    expect(opened.rects.get("n0")!.y).toBe(before.rects.get("n0")!.y);
  });

  it("gives every edge in sight a way", () => {
    const folding = new Folding(sample(true));
    const { routes } = new Placing(folding).place();
    expect(routes.length).toBe(folding.edges().length);
    routes.forEach(({ route }) => expect(route.points.length).toBeGreaterThanOrEqual(4));
  });
});

describe("arrow keys", () => {
  const folding = new Folding(sample(true));
  const { rects } = new Placing(folding).place();
  const go = (key: string, id: string): string | undefined => next(key, id, folding.edges(), rects, true);

  it("lead along edges, there and back", () => {
    expect(go("ArrowDown", "n3")).toBe("n4");
    expect(go("ArrowDown", "n4")).toBe("n10");
    expect(go("ArrowUp", "n10")).toBe("n4");
    expect(go("ArrowDown", "n10")).toBeUndefined();
  });

  it("lead from side to side", () => {
    const [left, right] = rects.get("n0")!.x < rects.get("n2")!.x ? ["n0", "n2"] : ["n2", "n0"];
    expect([go("ArrowRight", left), go("ArrowLeft", right)]).not.toContain(undefined);
  });
});

describe("search", () => {
  const search = new Search(sample(true));

  it("finds names, ops, shapes and dtypes, each word of the query, whatever its case", () => {
    expect(search.find("RELU")).toEqual(["n4"]);
    expect(search.find("matmul")).toEqual(["n3"]);
    expect(search.find("(6, 6) float32")).toEqual(["n2"]);
    expect(search.find("block mean")).toEqual([]);
    expect(search.find("  ")).toEqual([]);
  });

  it("answers in the graph's order", () => {
    expect(search.find("o")).toEqual(["n0", "n1", "n2", "n3", "n4", "n10"].filter((id) => search.find("o").includes(id)));
  });

  it("names a scope for what it holds only where its inside is not known", () => {
    const document = sample(false);
    const alone = { ...document, nodes: document.nodes.filter((node) => !node.in), edges: [] };
    expect(new Search(alone).find("matmul")).toEqual(["n1"]);
  });
});

describe("a document", () => {
  it.each([[null], [{}], ["x"], [{ version: 99, nodes: [] }]])("that cannot be read is refused: %j", (data) => {
    expect(() => readDocument(data)).toThrow(/no drawing|version 99/);
  });
});

describe("a document", () => {
  it("grows by the inside of a scope that the kernel tells", () => {
    const whole = sample(false);
    const inside = whole.nodes.filter((node) => node.in === "n1");
    const ids = new Set(inside.map(({ id }) => id));
    const isInside = ([from, to]: EdgeRecord): boolean => ids.has(from) || ids.has(to);
    const folded = { ...whole, nodes: whole.nodes.filter(({ id }) => !ids.has(id)),
      edges: [["n0", "n1", "(?, 6) float32", "x:0"], ["n1", "n10", "(?, 6) float32", "block/relu:0"]] as EdgeRecord[] };
    const more = { ...whole, nodes: [...inside, whole.nodes[0]], edges: whole.edges.filter(isInside) };
    const found = joined(folded, more);
    expect(new Folding(found).children).toEqual(new Folding(whole).children);
    expect(found.edges).toEqual(whole.edges);
  });
});
