/** The script of a page that holds drawings: each becomes interactive in place of its picture.
 *
 * The page is whole in itself: a drawing's document stands beside its picture as JSON, and a copy of one drawing is
 * made from what is here.
 */

import type { GraphDocument } from "./graph/document";
import { html } from "./graph/dom";
import { mount } from "./module";

const self = document.currentScript?.textContent ?? "";

/** A page with the drawing in `place` alone. */
function alone(place: HTMLElement, data: GraphDocument): Blob {
  const page = document.implementation.createHTMLDocument(data.title || "TensorFlow graph");
  page.documentElement.lang = document.documentElement.lang;
  const copy = page.importNode(place, true);
  copy.querySelector(".tfm-host")?.remove();
  copy.querySelector("[hidden]")?.removeAttribute("hidden");
  const heads = document.querySelectorAll("meta[charset], meta[http-equiv], meta[name=viewport], style[data-tfmagic]");
  page.head.prepend(...[...heads].map((head) => page.importNode(head, true)));
  const heading = html("h1", { class: "unseen" }, page.title);
  const script = html("script");
  script.textContent = self;
  page.body.append(html("main", {}, heading, copy), script);
  return new Blob(["<!DOCTYPE html>\n", page.documentElement.outerHTML], { type: "text/html" });
}

for (const place of document.querySelectorAll<HTMLElement>(".tfm-live")) {
  const picture = place.firstElementChild as HTMLElement;
  const host = html("div", { class: "tfm-host" });
  place.prepend(host);
  try {
    const data = JSON.parse(place.querySelector("script")?.textContent ?? "") as GraphDocument & { lang?: string };
    mount(host, data, { language: data.lang, writers: { html: () => alone(place, data) } });
    picture.hidden = true;
  } catch (error) {
    host.remove();
    console.error(error);
  }
}
