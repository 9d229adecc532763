/** What of JupyterLab's and Notebook's objects the extension uses, described here rather than imported: small. */

import type { NodeReport } from "../graph/link";

export interface Comm {
  onMsg: (message: { content: { data: object } }) => void;
  onClose: () => void;
  open(data: object): { done: Promise<unknown> };
  send(data: object): unknown;
}

export interface Kernel {
  createComm(target: string): Comm;
}

interface CodeCell {
  node: HTMLElement;
  model: { executionCount?: number | null };
  editor?: { setSelection(range: object): void; revealPosition(position: { line: number; column: number }): void; focus(): void } | null;
}

interface NotebookPanel {
  node: HTMLElement;
  context?: { model: { getMetadata?(name: string): unknown }; sessionContext?: { session?: { kernel?: Kernel | null } | null } };
  content?: { widgets?: CodeCell[]; activeCellIndex?: number; scrollToItem?(index: number, align?: string): Promise<void> };
}

export interface App {
  shell: { widgets(area: string): Iterable<unknown>; currentWidget: unknown };
}

export interface Notebook {
  kernel(): Kernel | null;
  language(): string | undefined;
  locate(report: NodeReport): void;
}

/** The notebook whose output `element` stands in. */
export function notebookAround(app: App, element: HTMLElement): Notebook | undefined {
  for (const widget of [app.shell.currentWidget, ...app.shell.widgets("main")] as (NotebookPanel | null)[]) {
    if (widget?.context?.sessionContext && widget.node.contains(element)) {
      return asNotebook(widget);
    }
  }
  return undefined;
}

function asNotebook(panel: NotebookPanel): Notebook {
  return {
    kernel: () => panel.context?.sessionContext?.session?.kernel ?? null,
    language: () => {
      const metadata = panel.context?.model.getMetadata?.("tfmagic") as { lang?: string } | undefined;
      return metadata?.lang;
    },
    locate: ({ cell, line }) => {
      const cells = panel.content?.widgets ?? [];
      const index = cells.findIndex(({ model }) => model.executionCount === cell);
      if (index < 0) {
        return;
      }
      void panel.content?.scrollToItem?.(index, "center");
      const start = { line: Math.max(0, (line ?? 1) - 1), column: 0 };
      const { editor } = cells[index];
      editor?.setSelection({ start, end: { line: start.line + 1, column: 0 } });
      editor?.revealPosition(start);
    },
  };
}
