/** What cards add to the renderer's style sheet. */

export const CARDS_STYLE = `
.tfm.cards{padding:4px 10px 6px;max-width:60em}
.cards summary{cursor:pointer;padding:3px 2px;overflow-wrap:anywhere;min-height:24px}
.cards details details{border-top:1px solid var(--box-line)}
.cards ul{list-style:none;margin:0;padding:0 0 0 16px}
.cards dl{display:grid;grid-template-columns:max-content 1fr;gap:3px 12px;margin:2px 0 8px 16px}
.cards dt{color:var(--muted)}
.cards dd{margin:0;overflow-wrap:anywhere}
.cards .plain{padding:3px 2px}
.cards .value,.cards pre.kind,.cards p.kind{margin:0 0 8px 16px}
.cards code,.cards pre,.cards dd{font-family:var(--jp-code-font-family, ui-monospace), Menlo, Consolas, monospace;font-size:11px}
.cards pre{white-space:pre-wrap;overflow-wrap:anywhere}
.cards .kind{color:var(--muted)}
.cards .message{color:var(--error);font-weight:600}
.cards .blocks{display:block;max-width:100%;margin-bottom:6px;color-scheme:light}
:host([theme=dark]) .cards .blocks{color-scheme:dark}
.cards .drawing{margin-top:6px}
.cards canvas{max-width:100%;image-rendering:pixelated;border:1px solid var(--box-line)}
`;
