/** How wide text is, as `tfmagic/view/paint/metrics.py` estimates it: a little generously, without asking for a font. */

const NARROW = /[ijltf.,:;'|!()[\]I /-]/;
const WIDE = /[mwMW@%]/;

export function textWidth(text: string, size: number): number {
  let total = 0;
  for (const character of text) {
    total += NARROW.test(character) ? 0.3 : WIDE.test(character) ? 0.86 : character > "ჿ" ? 1 : 0.58;
  }
  return total * size * 1.16;
}
