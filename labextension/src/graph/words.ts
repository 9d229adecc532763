/** The renderer's own words, by language. */

const ENGLISH = {
  after: "waits for",
  arrange: "Arrange anew",
  attributes: "attributes",
  byCell: "Colour by cell",
  cell: "cell",
  close: "Close",
  collections: "collections",
  device: "device",
  export: "Save the drawing as …",
  fit: "Show all",
  fold: "folded",
  found: "found",
  holds: "holds",
  in: "in",
  inputs: "inputs",
  made: "made by",
  name: "name",
  noKernel: "No kernel is connected: what the notebook holds is shown.",
  none: "nothing found",
  notDrawn: "Not drawn",
  open: "open",
  outputs: "outputs",
  plan: "in PyTorch",
  search: "Search names, ops, shapes, dtypes",
  text: "As text",
  value: "value",
  zoomIn: "Larger",
  zoomOut: "Smaller",
};

export type Words = typeof ENGLISH;

const PORTUGUESE: Words = {
  after: "espera por",
  arrange: "Arrumar de novo",
  attributes: "atributos",
  byCell: "Colorir por célula",
  cell: "célula",
  close: "Fechar",
  collections: "coleções",
  device: "dispositivo",
  export: "Salvar o desenho como …",
  fit: "Mostrar tudo",
  fold: "fechado",
  found: "encontrados",
  holds: "contém",
  in: "em",
  inputs: "entradas",
  made: "feito por",
  name: "nome",
  noKernel: "Nenhum kernel está conectado: mostra-se o que o notebook contém.",
  none: "nada encontrado",
  notDrawn: "Não desenhado",
  open: "aberto",
  outputs: "saídas",
  plan: "em PyTorch",
  search: "Procurar nomes, operações, formas, tipos",
  text: "Como texto",
  value: "valor",
  zoomIn: "Maior",
  zoomOut: "Menor",
};

export function wordsOf(language: string | undefined): Words {
  return language?.toLowerCase().startsWith("pt") ? PORTUGUESE : ENGLISH;
}
