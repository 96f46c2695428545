import { createInterface, type Interface } from 'node:readline';

/** Asks a person at a terminal. Ends with `Unanswered` when they leave (Ctrl-C, Ctrl-D). */
export class Questions {
  readonly #output: NodeJS.WritableStream;
  readonly #reader: Interface;
  /** Typed or pasted ahead of the question. */
  readonly #lines: string[] = [];
  #hasLeft = false;
  #wake: () => void = () => undefined;

  constructor(input: NodeJS.ReadableStream, output: NodeJS.WritableStream) {
    this.#output = output;
    this.#reader = createInterface({ input, output, terminal: true });
    this.#reader.on('line', (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    this.#reader.once('SIGINT', () => this.#reader.close());
    this.#reader.once('close', () => {
      this.#hasLeft = true;
      this.#wake();
    });
  }

  /**
   * One line, asked for again while `problem` finds one.
   * @returns what was typed, without blanks around it; the default for an empty line
   * @throws Unanswered
   */
  async ask(question: string, byDefault: string, problem: (answer: string) => string | undefined): Promise<string> {
    for (;;) {
      const answer = (await this.#line(`${question}${byDefault === '' ? '' : ` [${byDefault}]`}: `)) || byDefault;
      const found = problem(answer);
      if (found === undefined) return answer;
      this.#output.write(`  ${found}\n`);
    }
  }

  close(): void {
    this.#reader.close();
  }

  async #line(prompt: string): Promise<string> {
    this.#reader.setPrompt(prompt);
    if (!this.#hasLeft) this.#reader.prompt();
    while (this.#lines.length === 0) {
      if (this.#hasLeft) throw new Unanswered();
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return (this.#lines.shift() ?? '').trim();
  }
}

/** Whoever was asked has left. */
export class Unanswered extends Error {}
