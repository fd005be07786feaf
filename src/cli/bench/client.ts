/**
 * A client for measurements: the adapter inside this process, messages as text, as a pipe would carry them. The scenario that it
 * launches is a text of the benchmark.
 */
import { createInlineAdapter, nodeHost, type Host } from '../../adapter/index.js';

const SCRIPT = 'bench.mms';

const hostOf = (text: string): Host => ({
  ...nodeHost,
  resolvePath: (name) => name,
  readFile: (name) =>
    name === SCRIPT
      ? Promise.resolve(new TextEncoder().encode(text))
      : Promise.reject(new Error('no such file')),
});

interface Message {
  readonly type: string;
  readonly event?: string;
  readonly request_seq?: number;
  readonly success?: boolean;
  readonly message?: string;
  readonly body?: unknown;
}

/** Sends requests and waits for what answers them. */
export class Client {
  private readonly adapter;
  private readonly waiting = new Set<(message: Message) => void>();
  private sequence = 1;

  constructor(text: string) {
    this.adapter = createInlineAdapter(hostOf(text));
    this.adapter.onDidSendMessage((message) => {
      const received = JSON.parse(JSON.stringify(message)) as Message;
      for (const listener of this.waiting) listener(received);
    });
  }

  async request(command: string, args: object = {}): Promise<unknown> {
    const seq = this.sequence++;
    const answered = this.next((m) => m.type === 'response' && m.request_seq === seq);
    const message: unknown = JSON.parse(
      JSON.stringify({ seq, type: 'request', command, arguments: args }),
    );
    this.adapter.handleMessage(message);
    const response = await answered;
    if (response.success !== true) throw new Error(`${command}: ${response.message ?? '?'}`);
    return response.body;
  }

  /** Launches the scenario; it stands at its entry then. */
  async launch(args: object = {}): Promise<void> {
    const initialized = this.event('initialized');
    await this.request('initialize', { adapterID: 'mmscope', linesStartAt1: true });
    const stopped = this.event('stopped');
    const launched = this.request('launch', { program: SCRIPT, stopOnEntry: true, ...args });
    await initialized;
    await this.request('configurationDone');
    await launched;
    await stopped;
  }

  /** Stops where execution comes to a line, and nowhere else. */
  async breakAt(line: number): Promise<void> {
    await this.request('setBreakpoints', { source: { path: SCRIPT }, breakpoints: [{ line }] });
  }

  /** Moves, and waits for the stop. */
  async move(command: string): Promise<void> {
    const stopped = this.event('stopped');
    await this.request(command, { threadId: 1 });
    await stopped;
  }

  event(name: string): Promise<Message> {
    return this.next((m) => m.type === 'event' && m.event === name);
  }

  dispose(): void {
    this.adapter.dispose();
  }

  private next(wanted: (message: Message) => boolean): Promise<Message> {
    return new Promise((resolve) => {
      const listener = (message: Message): void => {
        if (!wanted(message)) return;
        this.waiting.delete(listener);
        resolve(message);
      };
      this.waiting.add(listener);
    });
  }
}
