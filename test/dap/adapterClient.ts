/**
 * The test client of @vscode/debugadapter-testsupport, with what that lacks: a session that others follow in the same process
 * (adapterProcess.ts), every message kept and validated in both directions, errors with their bodies, events that came early, and
 * the requests it has no wrapper for.
 */
import assert from 'node:assert/strict';
import type { Writable } from 'node:stream';
import { DebugClient } from '@vscode/debugadapter-testsupport';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { problemsOf } from './protocolSchema.js';
import { cpuMsOf } from '../cpuTime.js';
import type { AdapterProcess, Link } from './adapterProcess.js';

/** A request that was answered with an error. */
export class RequestFailed extends Error {
  constructor(readonly response: Dap.ErrorResponse) {
    const { error } = response.body;
    super(
      `${response.command}: ${response.message ?? ''}: ${error?.variables?.['sentence'] ?? ''}`,
    );
  }

  get short(): string {
    return this.response.message ?? '';
  }

  get sentence(): string {
    return this.response.body.error?.variables?.['sentence'] ?? '';
  }
}

export type Direction = '->' | '<-';

/** What the base class keeps private and this one must reach. */
interface Internals {
  dispatch(body: string): void;
  doSend(command: string, args: unknown, done: (response: Dap.Response) => void): void;
  pendingRequests: Map<number, (response: Dap.Response) => void>;
  sequence: number;
  outputStream: Writable;
}

export class AdapterClient extends DebugClient {
  /** Every message of the session, in the order it went over the wire. */
  readonly messages: { readonly direction: Direction; readonly message: Dap.ProtocolMessage }[] =
    [];
  /** Problems of all messages; a test that ends with some has failed. */
  readonly problems: string[] = [];
  /** Set by a test that sends what is no message of the protocol. */
  sendsWrongThings = false;
  private isOver = false;
  private nrReceived = 0;
  private readonly unclaimed: Dap.Event[] = [];
  private readonly waiting: { event: string; take: (event: Dap.Event) => void }[] = [];
  private readonly internals = this as unknown as Internals;

  constructor(private readonly link: Link) {
    super('node', '', 'mmscope');
    this.defaultTimeout = 90_000;
    this.internals.dispatch = (body) => this.received(JSON.parse(body) as Dap.ProtocolMessage);
    this.internals.doSend = (name, args, done) => this.sent(name, args, done);
    this.connect(link.input, link.output);
  }

  get process(): AdapterProcess {
    return this.link.process;
  }

  /** Number of the request that was sent last. */
  get lastSeq(): number {
    return this.internals.sequence - 1;
  }

  /** What the adapter has computed so far, in milliseconds. */
  get cpuMs(): number {
    return cpuMsOf(this.process.pid);
  }

  /** Ends the session and checks that nothing was wrong with it. */
  override async stop(): Promise<void> {
    if (this.isOver) return;
    this.isOver = true;
    await this.link.end();
    assert.equal(this.process.stderr, '', 'the adapter wrote to stderr');
    assert.deepEqual(this.problems, [], 'messages that are not of the protocol');
  }

  /** Bytes as they are, past the protocol. */
  raw(text: string | Uint8Array): void {
    this.internals.outputStream.write(text);
  }

  /** What `work` sends arrives together: nothing is answered in between. */
  atOnce<T>(work: () => T): T {
    const { outputStream } = this.internals;
    outputStream.cork();
    const result = work();
    outputStream.uncork();
    return result;
  }

  /** Sends a request; rejects with {@link RequestFailed}. */
  override send(command: string, args?: unknown): Promise<never> {
    return new Promise<Dap.Response>((resolve, reject) => {
      this.internals.doSend(command, args, (response) => {
        if (response.success) resolve(response);
        else reject(new RequestFailed(response as Dap.ErrorResponse));
      });
    }) as Promise<never>;
  }

  /** The body of a request's response. */
  async body<T = unknown>(command: string, args?: unknown): Promise<T> {
    const response: Dap.Response = await this.send(command, args);
    return response.body as T;
  }

  /** The error that a request is answered with. */
  async failure(command: string, args?: unknown): Promise<RequestFailed> {
    try {
      await this.send(command, args);
    } catch (error) {
      if (error instanceof RequestFailed) return error;
      throw error;
    }
    assert.fail(`${command} succeeded`);
  }

  /** The next event of that name: one that came since the last such call, else one to come. */
  override waitForEvent(name: string, timeoutMs = this.defaultTimeout): Promise<never> {
    const index = this.unclaimed.findIndex((event) => event.event === name);
    const early = this.unclaimed[index];
    if (early !== undefined) {
      this.unclaimed.splice(index, 1);
      return Promise.resolve(early) as Promise<never>;
    }
    return new Promise<Dap.Event>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no '${name}' event within ${timeoutMs} ms; ${this.seen()}`)),
        timeoutMs,
      );
      this.waiting.push({
        event: name,
        take: (event) => {
          clearTimeout(timer);
          resolve(event);
        },
      });
    }) as Promise<never>;
  }

  /** The last messages in short, for a wait that ran out. */
  private seen(): string {
    const last = this.messages.slice(-8).map(({ direction, message }) => {
      const { event, command } = message as { event?: string; command?: string };
      return `${direction} ${message.type} ${event ?? command ?? ''}`;
    });
    const { exitCode, stderr } = this.process;
    const exit = exitCode === null ? '' : `; the adapter exited with ${exitCode}`;
    return `the last messages: ${last.join(', ')}${exit}${stderr && `; stderr: ${stderr}`}`;
  }

  /** Events that came and that nobody has waited for. */
  takeEvents(name: string): Dap.Event[] {
    const taken = this.unclaimed.filter((event) => event.event === name);
    for (const event of taken) this.unclaimed.splice(this.unclaimed.indexOf(event), 1);
    return taken;
  }

  private sent(command: string, args: unknown, done: (response: Dap.Response) => void): void {
    const { internals } = this;
    const request: Dap.Request = {
      type: 'request',
      seq: internals.sequence++,
      command,
      ...(args !== undefined && { arguments: args }),
    };
    internals.pendingRequests.set(request.seq, done);
    this.note('->', request);
    const json = JSON.stringify(request);
    internals.outputStream.write(`Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`);
  }

  private received(message: Dap.ProtocolMessage): void {
    this.note('<-', message);
    if (message.type === 'event') {
      const event = message as Dap.Event;
      this.emit(event.event, event);
      const index = this.waiting.findIndex((waiter) => waiter.event === event.event);
      const waiter = this.waiting[index];
      if (waiter === undefined) this.unclaimed.push(event);
      else {
        this.waiting.splice(index, 1);
        waiter.take(event);
      }
    } else {
      const response = message as Dap.Response;
      const done = this.internals.pendingRequests.get(response.request_seq);
      if (done === undefined) {
        if (response.success)
          this.problems.push(
            `a response to request ${response.request_seq}, which nobody waits for`,
          );
        return;
      }
      this.internals.pendingRequests.delete(response.request_seq);
      done(response);
    }
  }

  private note(direction: Direction, message: Dap.ProtocolMessage): void {
    this.messages.push({ direction, message });
    if (direction === '<-' || !this.sendsWrongThings)
      for (const problem of problemsOf(message)) this.problems.push(`${direction} ${problem}`);
    if (direction === '<-') {
      const received = ++this.nrReceived;
      if (message.seq !== received) this.problems.push(`seq ${message.seq} instead of ${received}`);
    }
  }
}
