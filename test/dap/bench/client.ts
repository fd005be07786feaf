/** A client for measurements: an adapter in a process of its own, as an editor starts it, over stdio. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { encodeFrame, FrameDecoder } from '../../../src/adapter/protocol/framing.js';
import { cpuMsOf } from '../../cpuTime.js';

interface Message {
  readonly type: string;
  readonly event?: string;
  readonly request_seq?: number;
  readonly success?: boolean;
  readonly message?: string;
  readonly body?: unknown;
}

export class ProcessClient {
  lastSeq = 0;
  /** Of the stop that was waited for last. */
  threadId = 1;
  private readonly child: ChildProcessWithoutNullStreams;
  /** True: it is what was waited for. */
  private readonly waiting = new Set<(message: Message) => boolean>();
  private readonly early: Message[] = [];

  constructor(command: string, args: readonly string[]) {
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const decoder = new FrameDecoder();
    this.child.stdout.on('data', (chunk: Uint8Array) => {
      for (const decoded of decoder.push(chunk))
        if (decoded.kind === 'message') this.take(decoded.value as Message);
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Of the adapter's own process. */
  get cpuMs(): number {
    return cpuMsOf(this.pid);
  }

  async request<Body = unknown>(command: string, args: object = {}): Promise<Body> {
    const seq = ++this.lastSeq;
    const answered = this.next(
      ({ type, request_seq }) => type === 'response' && request_seq === seq,
    );
    this.child.stdin.write(encodeFrame({ seq, type: 'request', command, arguments: args }));
    const { success, message, body } = await answered;
    if (success !== true) throw new Error(`${command}: ${message ?? '?'}`);
    return body as Body;
  }

  /** The next event of that name: one that has come and that nobody waited for, or one to come. */
  event(name: string): Promise<Message> {
    const index = this.early.findIndex(({ event }) => event === name);
    const [early] = index < 0 ? [] : this.early.splice(index, 1);
    return early === undefined ? this.next(({ event }) => event === name) : Promise.resolve(early);
  }

  async stopped(): Promise<void> {
    const { body } = await this.event('stopped');
    this.threadId = (body as { readonly threadId?: number }).threadId ?? this.threadId;
  }

  /** Moves, and waits for the stop. */
  async move(command: string): Promise<void> {
    await this.request(command, { threadId: this.threadId });
    await this.stopped();
  }

  /** Launches a program that stops first at a line. */
  async launch(program: string, line: number, more: object = {}): Promise<void> {
    await this.request('initialize', {
      adapterID: 'bench',
      linesStartAt1: true,
      columnsStartAt1: true,
      pathFormat: 'path',
    });
    const launched = this.request('launch', more);
    await this.event('initialized');
    await this.breakAt(program, [{ line }]);
    await this.request('configurationDone');
    await launched;
    await this.stopped();
    await this.breakAt(program, []);
  }

  async breakAt(program: string, breakpoints: readonly object[]): Promise<void> {
    await this.request('setBreakpoints', { source: { path: program }, breakpoints });
  }

  end(): void {
    this.child.stdin.end();
    this.child.kill();
  }

  private take(message: Message): void {
    const isWaitedFor = [...this.waiting].map((listener) => listener(message)).includes(true);
    if (message.type === 'event' && !isWaitedFor) this.early.push(message);
  }

  private next(wanted: (message: Message) => boolean): Promise<Message> {
    return new Promise((resolve) => {
      const listener = (message: Message): boolean => {
        if (!wanted(message)) return false;
        this.waiting.delete(listener);
        resolve(message);
        return true;
      };
      this.waiting.add(listener);
    });
  }
}
