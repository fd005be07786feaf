/**
 * One conversation with a client. Handlers are `arguments -> result`; this is the one place that answers.
 *
 * Invariants: every request gets exactly one response, whatever its handler does, and a cancelled one gets it at once;
 * events that a handler wants after its response come after it; nothing that arrives can make this throw.
 *
 * @vscode/debugadapter is deliberately not used: its server dies of a handler that rejects and of a body that is `null`,
 * drops requests it does not know, and needs node's `events`.
 */
import { asAdapterError, errors, type AdapterError } from './errors.js';
import type { Dap, Events } from './dap.js';

/** A request as it came: only that it is an object with a number and a command has been checked. */
export interface IncomingRequest {
  readonly seq: number;
  readonly command: string;
  readonly arguments: unknown;
}

/** What a handler may know and do besides returning its result. */
export interface RequestContext {
  /** True once the client has lost interest: long work should stop. */
  readonly cancelled: () => boolean;
  /** Runs when the response is out. Not run when the request fails. */
  readonly afterResponse: (action: () => void) => void;
}

export type Dispatch = (request: IncomingRequest, context: RequestContext) => unknown;

/** Receives each message that goes out. */
export type Send = (message: Dap.ProtocolMessage) => void;

interface Pending {
  readonly command: string;
  answered: boolean;
}

export class Connection {
  private seq = 0;
  private readonly pending = new Map<number, Pending>();
  private closed = false;

  constructor(
    private readonly send: Send,
    private readonly dispatch: Dispatch,
  ) {}

  /** Takes any value that came in place of a message. */
  handleMessage(message: unknown): void {
    if (this.closed) return;
    const fields = isObject(message) ? message : {};
    const type = fields['type'];
    // Responses to requests of ours, and events: there is nobody here who waits for them.
    if (type === 'response' || type === 'event') return;
    const seq = fields['seq'];
    const command = fields['command'];
    if (type !== 'request' || typeof command !== 'string' || !Number.isInteger(seq)) {
      const reason = isObject(message) ? 'it has no type, command or seq' : 'it is no object';
      this.refuse(
        typeof seq === 'number' ? seq : 0,
        asText(command),
        errors.malformedMessage(reason),
      );
      return;
    }
    void this.handleRequest({ seq: seq as number, command, arguments: fields['arguments'] });
  }

  /** Answers bytes that could not be read as a message. */
  handleMalformed(reason: string, text: string): void {
    if (this.closed) return;
    const seq = /"seq"\s*:\s*([0-9]{1,9})/.exec(text)?.[1];
    const command = /"command"\s*:\s*"([^"]*)"/.exec(text)?.[1];
    this.refuse(Number(seq ?? 0), command ?? '', errors.malformedMessage(reason));
  }

  event<Name extends keyof Events>(
    event: Name,
    ...[body]: undefined extends Events[Name] ? [body?: Events[Name]] : [body: Events[Name]]
  ): void {
    this.post({ type: 'event', event, ...(body !== undefined && { body }) });
  }

  /** The `cancel` request: true if there was still something to cancel. */
  cancel(requestId: number): boolean {
    const pending = this.pending.get(requestId);
    if (pending === undefined || pending.answered) return false;
    pending.answered = true;
    this.refuse(requestId, pending.command, errors.cancelled());
    return true;
  }

  /** Nothing goes out any more. */
  close(): void {
    this.closed = true;
  }

  private async handleRequest(request: IncomingRequest): Promise<void> {
    const { seq, command } = request;
    const pending: Pending = { command, answered: false };
    this.pending.set(seq, pending);
    const after: (() => void)[] = [];
    try {
      const body = await this.dispatch(request, {
        cancelled: () => pending.answered,
        afterResponse: (action) => after.push(action),
      });
      if (!pending.answered) this.respond(seq, command, body);
      pending.answered = true;
      for (const action of after) action();
    } catch (error) {
      if (!pending.answered) this.refuse(seq, command, asAdapterError(error));
      else
        this.event('output', { category: 'stderr', output: `${asAdapterError(error).message}\n` });
      pending.answered = true;
    } finally {
      this.pending.delete(seq);
    }
  }

  private respond(request_seq: number, command: string, body: unknown): void {
    this.post({
      type: 'response',
      request_seq,
      success: true,
      command,
      ...(body !== undefined && { body }),
    });
  }

  private refuse(request_seq: number, command: string, error: AdapterError): void {
    this.post({
      type: 'response',
      request_seq,
      success: false,
      command,
      message: error.short,
      body: { error: error.toDap() },
    });
  }

  private post(message: object): void {
    if (this.closed) return;
    this.send({ seq: ++this.seq, ...message } as Dap.ProtocolMessage);
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const asText = (value: unknown): string => (typeof value === 'string' ? value : '');
