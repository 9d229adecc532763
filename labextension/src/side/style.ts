/** The side panel's style sheet, on top of the renderer's. */

export const SIDE_STYLE = `
:host{height:100%;overflow:hidden}
.side{display:flex;flex-direction:column;height:100%;background:var(--bg);color:var(--fg);font-size:12px;line-height:1.45}
.side .head{display:flex;gap:4px;align-items:center;padding:6px 8px}
.side .head select{flex:1 1 auto;min-width:0}
.side .head button{margin-left:auto}
.side [role=tablist]{display:flex;flex-wrap:wrap;gap:2px;padding:0 6px;border-bottom:1px solid var(--box-line)}
.side [role=tab]{background:none;border:0;border-bottom:2px solid transparent;border-radius:0;color:var(--muted)}
.side [role=tab][aria-selected=true]{border-bottom-color:var(--accent);color:var(--fg);font-weight:600}
.side .page{flex:1 1 auto;min-height:0;overflow:auto;padding:6px 8px}
.side .tools{display:flex;gap:4px;align-items:center;margin-bottom:4px}
.side .tools input{flex:1 1 auto;min-width:0;width:auto;max-width:none}
.side .tools span{color:var(--muted);white-space:nowrap}
.side table{border-collapse:collapse;width:100%}
.side th{position:sticky;top:-6px;background:var(--bg);text-align:left;color:var(--muted);font-weight:600}
.side th,.side td{padding:2px 8px 2px 0;vertical-align:top;border-bottom:1px solid var(--box-line)}
.side td:first-child{min-width:12ch;overflow-wrap:anywhere}
.side td button,.side li button{font:11px/1.4 var(--jp-code-font-family,ui-monospace),monospace;background:none;border:0;
  padding:2px 0;min-height:24px;text-align:left;text-decoration:underline;text-decoration-color:var(--op-line);overflow-wrap:anywhere}
.side ul{list-style:none;margin:0;padding-left:14px}
.side ul[role=tree]{padding-left:0}
.side li>.row{display:flex;gap:8px;padding:1px 4px;border-radius:3px;cursor:pointer;min-height:24px;align-items:baseline}
.side li>.row::before{content:"";flex:0 0 8px}
.side li[aria-expanded=false]>.row::before{content:"▸"}
.side li[aria-expanded=true]>.row::before{content:"▾"}
.side li:focus{outline:none}
.side li:focus-visible>.row{outline:2px solid var(--ph-line)}
.side code{font-family:var(--jp-code-font-family,ui-monospace),monospace;font-size:11px;overflow-wrap:anywhere}
.side .kind{color:var(--muted);margin:0}
.side .look{flex:0 0 auto;max-height:45%;overflow:auto;border-top:1px solid var(--box-line);padding:6px 8px}
.side .look .top{display:flex;justify-content:space-between;gap:6px;align-items:start}
.side .look .heading{font-size:12px;font-weight:600;margin:0;overflow-wrap:anywhere}
.side .look canvas{max-width:100%;image-rendering:pixelated;border:1px solid var(--box-line)}
.side .look pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:4px 0;font-size:11px}
.side .message{color:var(--error);font-weight:600;margin:0}
`;
