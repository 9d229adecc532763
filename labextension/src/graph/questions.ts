/** Questions that wait for their answers, told apart by number, whatever way they go to the kernel. */

/** What the kernel sends back (`tfmagic/notebook/shell/questions.py`). */
export type Answer = { id: number; answer?: unknown; error?: string };

export class Questions {
  private readonly waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  private count = 0;

  /** A new question's number, and the promise of its answer; rejected with the kernel's own words. */
  next(): { id: number; answer: Promise<unknown> } {
    const id = (this.count += 1);
    return { id, answer: new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject })) };
  }

  readonly receive = ({ id, answer, error }: Answer): void => {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (error === undefined) {
      waiting?.resolve(answer);
    } else {
      waiting?.reject(new Error(error));
    }
  };

  /** No answer will come any more. */
  failAll(reason: Error): void {
    this.waiting.forEach(({ reject }) => reject(reason));
    this.waiting.clear();
  }
}
