/** The renderer's style sheet, in the colours that the static drawings have, light and dark. */

import palette from "../../../tfmagic/view/palette.json";

const SANS = "var(--jp-ui-font-family, system-ui), -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif";
const MONO = "var(--jp-code-font-family, ui-monospace), Menlo, Consolas, monospace";

function colours(theme: 0 | 1): string {
  const named = Object.entries(palette.colours).map(([name, pair]) => `--${name}:${pair[theme]}`);
  const devices = palette.devices.flatMap(([fill, line], i) => [`--d${i}:${fill[theme]}`, `--d${i}-line:${line[theme]}`]);
  const heat = palette.heat.map((pair, i) => `--heat${i}:${pair[theme]}`);
  return [...named, ...devices, ...heat, `color-scheme:${theme ? "dark" : "light"}`].join(";");
}

const DEVICES = palette.devices.map((_, i) => `.node.d${i}>.shape{fill:var(--d${i});stroke:var(--d${i}-line)}`).join("");

const HEAT = palette.heat.map((_, i) =>
  `.node.heat${i}>.shape{fill:var(--heat${i})}.node.heat${i}>text{fill:var(--fg)}.heat i.heat${i}{background:var(--heat${i})}`).join("");

export const STYLE = `
:host{display:block;${colours(0)}}
:host([theme=dark]){${colours(1)}}
*{box-sizing:border-box}
.tfm{position:relative;display:flex;flex-direction:column;border:1px solid var(--box-line);border-radius:6px;
  background:var(--bg);color:var(--fg);font:12px/1.45 ${SANS};overflow:hidden;container-type:inline-size}
.bar{display:flex;flex-wrap:wrap;gap:4px;align-items:center;padding:4px 6px;border-bottom:1px solid var(--box-line)}
.bar .title{font-weight:600;font-size:13px;margin-right:auto;padding:0 4px;overflow-wrap:anywhere}
button,input,select{font:inherit;color:var(--fg);background:var(--op);border:1px solid var(--op-line);
  border-radius:4px;padding:2px 7px;min-height:26px;min-width:26px}
button{cursor:pointer}
button svg{display:block;fill:none;stroke:currentColor;stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round}
input[type=search]{width:20ch;max-width:40vw}
@container(max-width:760px){input[type=search]{width:13ch}select{width:44px}}
@container(max-width:460px){input[type=search]{width:9ch}select{width:44px}}
:focus-visible{outline:2px solid var(--ph-line);outline-offset:1px}
.found{color:var(--muted)}
@container(min-width:460px){.found{min-width:5ch}}
.legend{display:flex;gap:10px;color:var(--muted);padding:0 4px}
.legend i{display:inline-block;width:12px;height:12px;border-radius:3px;border:1px solid;vertical-align:-1px;margin-right:4px}
.body{display:flex;min-height:0;position:relative}
.stage{position:relative;flex:1 1 auto;min-width:0;overflow:hidden;touch-action:pan-x pan-y}
.stage svg.graph{outline:none;display:block;width:100%;height:100%;cursor:grab;user-select:none}
.stage svg.graph.dragging{cursor:grabbing}
.minimap{position:absolute;right:8px;bottom:8px;background:var(--bg);border:1px solid var(--box-line);border-radius:4px}
.minimap path{fill:var(--op-line);opacity:.5}
.minimap .boxes{fill:none;stroke:var(--op-line);vector-effect:non-scaling-stroke}
.minimap .window{fill:none;stroke:var(--ph-line);stroke-width:2}
.note{color:var(--muted);padding:3px 8px;border-top:1px solid var(--box-line)}
.complaint{color:var(--error);font-weight:600;white-space:pre-wrap}
svg text{fill:var(--fg);text-anchor:middle;font-family:${SANS};font-size:11px;pointer-events:none}
.node{cursor:pointer}
.node>.shape{fill:var(--op);stroke:var(--op-line);stroke-width:1.2;pointer-events:all}
.node.placeholder>.shape{fill:var(--ph);stroke:var(--ph-line)}
.node.variable>.shape,.node.loop-variable>.shape{fill:var(--var);stroke:var(--var-line)}
.node.constant>.shape,.node.gradients>.shape,.node.training>.shape{fill:var(--const)}
.node.scope>.shape,.node.run>.shape{fill:var(--scope);stroke:var(--scope-line)}
${DEVICES}
.node.boundary>.shape{stroke-dasharray:4 3}
.node.not-finite>.shape{stroke:var(--error);stroke-width:2}
.node.failed>.shape{fill:var(--error-fill);stroke:var(--error);stroke-width:2.4}
.node>.lid{fill:none}
.box>.shape{fill:var(--box);stroke:var(--box-line)}
.box.frame>.shape{stroke-dasharray:7 3}
.box,.heading{cursor:zoom-out}
.heading>rect{fill:transparent}
text.title{font-size:13px;font-weight:600}
text.type,text.note{fill:var(--muted)}
text.value{font-family:${MONO};fill:var(--value)}
text.port{font-family:${MONO};white-space:pre}
.wrong{fill:var(--error);font-weight:700;text-decoration:underline}
.node.unbuilt>.shape{fill:none;stroke-dasharray:6 4}
text.error{fill:var(--error);font-weight:600}
text.box{font-size:11.5px;font-weight:600;text-anchor:start;fill:var(--muted);stroke:var(--box);stroke-width:4px;stroke-linejoin:round;paint-order:stroke}
text.label{font-size:10.5px;fill:var(--muted);stroke:var(--bg);stroke-width:3px;stroke-linejoin:round;paint-order:stroke}
.edge>.line{fill:none;stroke:var(--line);stroke-width:1.3}
.edge.control>.line{stroke-dasharray:4 3}
.edge.updates>.line{stroke-dasharray:1 3;stroke-linecap:round}
.edge>.head{fill:var(--line)}
.edge>.touch{fill:none;stroke:transparent;stroke-width:11}
text.cell-number{font-size:9.5px;text-anchor:end;fill:var(--muted);stroke:var(--bg);stroke-width:3px;paint-order:stroke}
button[aria-pressed=true]{border-color:var(--accent);box-shadow:inset 0 0 0 1px var(--accent)}
.traced>.shape{stroke:var(--accent);stroke-width:3}
.lit>.line{stroke:var(--accent);stroke-width:2.2}
.lit>.head{fill:var(--accent)}
.lit>.shape{stroke:var(--accent);stroke-width:2.4}
.dim{opacity:.38}
.node:focus,.box:focus{outline:none}
.node:focus-visible>.shape,.box:focus-visible>.shape{stroke:var(--ph-line);stroke-width:3}
.node.selected>.shape{stroke:var(--accent);stroke-width:3}
.node.hit>.shape{stroke:var(--accent);stroke-width:3;stroke-dasharray:none}
.tip{position:absolute;z-index:2;max-width:340px;padding:5px 8px;border-radius:4px;border:1px solid var(--box-line);
  background:var(--box);color:var(--fg);font-size:11.5px;pointer-events:none;white-space:pre-line;overflow-wrap:anywhere}
.panel{flex:0 0 300px;max-width:48%;overflow:auto;border-left:1px solid var(--box-line);padding:8px 10px}
.panel h2{font-size:13px;margin:0 0 2px;overflow-wrap:anywhere}
.panel .kind{color:var(--muted);margin:0 0 8px}
.panel dl{display:grid;grid-template-columns:max-content 1fr;gap:3px 8px;margin:0 0 8px}
.panel dt{color:var(--muted)}
.panel dd{margin:0;overflow-wrap:anywhere}
.panel code,.panel pre,.twin code{font-family:${MONO};font-size:11px}
.panel pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:0}
.panel .message{color:var(--error);font-weight:600}
.panel .ports{list-style:none;margin:0 0 8px;padding:0;font-family:${MONO};font-size:11px;overflow-wrap:anywhere}
.panel mark{background:none;color:var(--error);font-weight:700;text-decoration:underline}
.panel .top{display:flex;justify-content:space-between;gap:6px;align-items:start}
.panel canvas{max-width:100%;image-rendering:pixelated;border:1px solid var(--box-line)}
.choice{display:flex;gap:5px;align-items:center;min-height:24px}
.choice input{min-width:16px;min-height:16px;margin:0;accent-color:var(--ph-line)}
.planes label{display:flex;gap:6px;align-items:center;color:var(--muted)}
.planes input{flex:1 1 auto;min-width:60px;padding:0;accent-color:var(--ph-line)}
.planes output{font-family:${MONO};font-size:11px;color:var(--muted)}
.panel .links button{font-family:${MONO};font-size:11px;padding:0 5px;margin:0 4px 3px 0;min-height:24px;text-align:left;
  overflow-wrap:anywhere}
.twin{flex:1 1 auto;min-width:0;overflow:auto;padding:8px 12px;max-height:560px}
.twin ul{list-style:none;margin:0;padding-left:16px}
.twin ul[role=tree]{padding-left:0}
.twin li>span{padding:1px 4px;border-radius:3px;cursor:pointer}
.twin .kind{color:var(--muted);margin-left:8px}
.pending{opacity:.4}
.now.now>.shape{stroke:var(--accent);stroke-width:3.6}
text.badge{font-size:10.5px;font-family:${MONO};fill:var(--value);stroke:var(--bg);stroke-width:3px;stroke-linejoin:round;
  paint-order:stroke}
text.badge.turn{text-anchor:end;font-weight:600;fill:var(--accent);stroke:none}
${HEAT}
.node.new>.shape{stroke:var(--value);stroke-width:2.4}
.node.gone>.shape{stroke:var(--error);stroke-width:1.6;stroke-dasharray:2 3}
.node.changed>.shape{stroke:var(--accent);stroke-width:2.4}
.fused>.shape{stroke-dasharray:2 3;fill:var(--const)}
.fused>text{fill:var(--muted)}
.fused>text.title{text-decoration:line-through}
.plan{position:relative;flex:0 1 auto;max-width:52%;min-width:0;overflow:auto;max-height:560px;border-left:1px solid var(--box-line);
  padding:8px 0;font-family:${MONO};font-size:11.5px}
.plan .line{white-space:pre;padding:0 10px;min-height:17px;width:max-content;min-width:100%}
.plan .line[role]{cursor:pointer}
.plan .plain{color:var(--muted)}
.plan .lit{background:var(--ph);box-shadow:inset 3px 0 var(--accent)}
.plan .line:focus-visible{outline-offset:-2px}
@media (max-width:640px){.body:has(.plan){flex-direction:column}.plan{max-width:none;border-left:0;border-top:1px solid var(--box-line)}}
.player{border-top:1px solid var(--box-line);padding:4px 8px}
.player .controls{display:flex;gap:4px;align-items:center;flex-wrap:wrap}
.player input{flex:1 1 160px;min-width:90px;padding:0;accent-color:var(--ph-line)}
.player .told{display:block;padding:3px 2px 0;overflow-wrap:anywhere;min-height:21px}
.player code{font-family:${MONO};font-size:11.5px;color:var(--value)}
.player .heat{display:flex;gap:1px;align-items:center;color:var(--muted);margin-left:6px}
.player .heat i{width:15px;height:13px;border:1px solid var(--op-line)}
.player .heat i:first-of-type{margin-left:4px}
.player .heat i:last-of-type{margin-right:4px}
text.label.asked{pointer-events:auto;font-size:12.5px;font-weight:700;fill:var(--accent);cursor:pointer}
.edge.asked{cursor:pointer}
.edge.now>.line{stroke:var(--accent);stroke-width:2.6}
.quiz{border-top:1px solid var(--box-line);padding:6px 8px}
.quiz .row{display:flex;gap:5px 8px;align-items:center;flex-wrap:wrap;margin:0 0 5px}
.quiz .row:last-child{margin:0}
.quiz label{display:flex;gap:5px;align-items:center}
.quiz input{width:9.5em;font-family:${MONO}}
.quiz code{font-family:${MONO};font-size:11.5px;overflow-wrap:anywhere}
.quiz .score{margin-right:auto;color:var(--muted)}
.quiz .said{margin:0 0 5px;min-height:18px}
.quiz .right{color:var(--value)}
.quiz .wrong{color:var(--error);text-decoration:none}
.status{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
[hidden]{display:none!important}
@media (prefers-reduced-motion:no-preference){.moving .view{transition:transform .18s ease-out}}
`;
