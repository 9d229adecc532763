/** Saving what is in sight as a file: SVG and PNG from the browser, other forms from the kernel. */

import { html } from "./dom";
import { STYLE } from "./style";

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

export async function pngBlob(text: string): Promise<Blob> {
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
