/** The side panel's words, by language. */

import type { ValueWords } from "../graph/values";
import { wordsOf } from "../graph/words";

const ENGLISH = {
  title: "TensorFlow graph",
  graph: "Graph",
  operations: "operations",
  refresh: "Refresh",
  scopes: "Scopes",
  tensors: "Tensors",
  variables: "Variables",
  sessions: "Sessions",
  devices: "Devices",
  filter: "Filter: name, op, shape, dtype",
  name: "name",
  op: "op",
  shape: "shape",
  dtype: "dtype",
  device: "device",
  state: "state",
  value: "value",
  values: "with a value",
  memory: "memory",
  used: "used",
  type: "type",
  previous: "Previous page",
  next: "Next page",
  of: "of",
  more: "more …",
  empty: "Nothing here yet.",
  noSession: "No session of this graph is open.",
  noDevices: "Devices are listed after the first run.",
  kernel: "Memory of the kernel",
  noNotebook: "No notebook is open.",
  noKernel: "No kernel is connected.",
  close: "Close",
  madeBy: "made by",
};

type Own = typeof ENGLISH;

/** A count in the words' language, as tfmagic/view/phrases.py writes it. */
interface Figures {
  figures(count: number): string;
  quizHides: string;
}

export type SideWords = Own & ValueWords & Figures;

const PORTUGUESE: Own = {
  title: "Grafo TensorFlow",
  graph: "Grafo",
  operations: "operações",
  refresh: "Atualizar",
  scopes: "Escopos",
  tensors: "Tensores",
  variables: "Variáveis",
  sessions: "Sessões",
  devices: "Dispositivos",
  filter: "Filtro: nome, operação, forma, tipo",
  name: "nome",
  op: "operação",
  shape: "forma",
  dtype: "tipo",
  device: "dispositivo",
  state: "estado",
  value: "valor",
  values: "com valor",
  memory: "memória",
  used: "em uso",
  type: "tipo",
  previous: "Página anterior",
  next: "Próxima página",
  of: "de",
  more: "mais …",
  empty: "Nada aqui ainda.",
  noSession: "Nenhuma sessão deste grafo está aberta.",
  noDevices: "Os dispositivos aparecem depois da primeira execução.",
  kernel: "Memória do kernel",
  noNotebook: "Nenhum notebook está aberto.",
  noKernel: "Nenhum kernel está conectado.",
  close: "Fechar",
  madeBy: "feito por",
};

export function sideWords(language: string | undefined): SideWords {
  const { asPicture, axis, mean, least, most, quizHides } = wordsOf(language);
  const own = language?.toLowerCase().startsWith("pt") ? PORTUGUESE : ENGLISH;
  const figures = (count: number): string =>
    own === ENGLISH ? count.toLocaleString("en") : count.toLocaleString("en").replaceAll(",", "\u00a0");
  return { ...own, figures, asPicture, axis, mean, least, most, quizHides };
}
