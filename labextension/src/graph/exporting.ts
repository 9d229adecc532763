/** Saving what is in sight as a file: SVG and PNG from the browser, other forms from the kernel. */

import { html } from "./dom";
import type { Link } from "./link";
import { STYLE } from "./style";

/** Who writes the formats that the renderer itself does not: a kernel, or the page around the drawing. */
export interface Ways {
  link?: Link;
  writers?: Record<string, () => Blob>;
}

/** What a drawing can be saved as. */
export function formats({ link, writers }: Ways): string[] {
  return ["svg", "png", ...(link ? ["pdf", "html", "dot", "pbtxt"] : Object.keys(writers ?? {}))];
}

/** The drawing as the content of a file; `picture` gives it as SVG, `open` are the scopes that are open in it. */
export async function written(format: string, picture: () => string, open: string[], { link, writers }: Ways): Promise<Blob> {
  if (format === "svg") {
    return new Blob([picture()], { type: "image/svg+xml" });
  }
  if (format === "png") {
    return pngBlob(picture());
  }
  const writer = writers?.[format];
  if (writer) {
    return writer();
  }
  const { base64 } = (await link!.ask({ kind: "export", format, open })) as { base64: string };
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: "application/octet-stream" });
}

/** A file's name made of the drawing's title. */
export function fileName(title: string, format: string): string {
  return `${(title || "graph").replace(/[^\p{L}\p{N}]+/gu, "-").toLowerCase()}.${format}`;
}

/** The drawing in sight as a self-contained SVG. */
export function svgText(canvas: SVGSVGElement, width: number, height: number, theme: string): string {
  const margin = 14;
  const copy = canvas.cloneNode(true) as SVGSVGElement;
  copy.querySelector(".view")?.setAttribute("transform", `translate(${margin} ${margin})`);
  for (const touch of copy.querySelectorAll(".touch")) {
    touch.remove();
  }
  const [w, h] = [Math.ceil(width + 2 * margin), Math.ceil(height + 2 * margin)];
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(w));
  copy.setAttribute("height", String(h));
  copy.setAttribute("viewBox", `0 0 ${w} ${h}`);
  const style = document.createElementNS("http://www.w3.org/2000/svg", "style");
  style.textContent = STYLE.replaceAll(":host([theme=dark])", theme === "dark" ? "svg" : ".dark")
    .replaceAll(":host", "svg") + "svg{background:var(--bg)}";
  copy.prepend(style);
  return new XMLSerializer().serializeToString(copy);
}

async function pngBlob(text: string): Promise<Blob> {
  const image = new Image();
  const loaded = new Promise<void>((resolve, reject) => {
    image.onload = () => resolve();
    image.onerror = () => reject(new Error("the browser could not draw the picture"));
  });
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await loaded;
  const scale = 2;
  const canvas = html("canvas", { width: image.width * scale, height: image.height * scale });
  canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the browser could not write a PNG"))), "image/png"));
}

export function download(blob: Blob, name: string): void {
  const link = html("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
