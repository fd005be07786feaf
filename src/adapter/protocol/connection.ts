/**
 * One conversation with a client: the server of @vscode/debugadapter, with its promises made good. Handlers are
 * `arguments -> result`; this is the one place that answers.
 *
 * Invariants: every request gets exactly one response, whatever its handler does, and a cancelled one gets it at once;
 * events that a handler wants after its response come after it; nothing that arrives can make this throw.
 *
 * The library numbers the messages, tells requests from responses, and has the two doors of a `vscode.DebugAdapter`
 * (`handleMessage`, `onDidSendMessage`, which takes one listener). Three things it does badly stay outside: its
 * `handleMessage` throws on `null`; its DebugSession drops the error of an asynchronous handler, so that a request is
 * never answered; its stream reader loses its place at a malformed header and ends the process over a body that is not
 * JSON (framing.ts reads streams instead).
 */
import { Event, Response } from '@vscode/debugadapter/lib/messages.js';
import { ProtocolServer } from '@vscode/debugadapter/lib/protocol.js';
import { asAdapterError, errors, type AdapterError } from './errors.js';
import type { Dap, Events } from './dap.js';
import { MessageLog } from './messageLog.js';
import { Paths } from './paths.js';

/** A request as it came: only that it is an object with a number and a command has been checked. */
interface IncomingRequest {
  readonly seq: number;
  readonly command: string;
  readonly arguments: unknown;
}

/** What a handler may know and do besides returning its result. */
export interface RequestContext {
  /** The request's number. */
  readonly seq: number;
  /** True once the client has lost interest: long work should stop. */
  readonly cancelled: () => boolean;
  /** Runs when the response is out. Not run when the request fails. */
  readonly afterResponse: (action: () => void) => void;
}

export type Dispatch = (request: IncomingRequest, context: RequestContext) => unknown;

interface Pending {
  readonly command: string;
  answered: boolean;
}

export abstract class Connection extends ProtocolServer {
  /** Every message, where the launch attribute `trace` asks for it. */
  readonly log = new MessageLog();
  /** How the client writes paths. */
  readonly paths = new Paths();
  private readonly pending = new Map<number, Pending>();
  private closed = false;

  /** The result of a request, or a promise of it. What it throws is answered as an error. */
  protected abstract readonly dispatch: Dispatch;

  /** Takes any value that came in place of a message. */
  override handleMessage(message: unknown): void {
    if (this.closed) return;
    this.log.note('->', message);
    const fields = isObject(message) ? message : {};
    const { type, seq, command } = fields;
    const isRequest = type !== 'response' && type !== 'event';
    const isSound = type === 'request' && typeof command === 'string' && isNumberOf(seq);
    if (isRequest && !isSound) {
      const reason = isObject(message)
        ? "it lacks a 'type', a 'command' or a 'seq' that is a positive whole number"
        : 'it is not an object';
      this.malformed(seq, command, reason);
    } else super.handleMessage(message as Dap.ProtocolMessage);
  }

  /** Answers bytes that could not be read as a message. */
  handleMalformed(reason: string, text: string): void {
    const seq = /"seq"\s*:\s*([0-9]{1,9})/.exec(text)?.[1];
    const command = /"command"\s*:\s*"([^"]*)"/.exec(text)?.[1];
    this.malformed(seq === undefined ? undefined : Number(seq), command, reason);
  }

  /** A request whose number is known is answered; anything else can only be complained of. */
  private malformed(seq: unknown, command: unknown, reason: string): void {
    const error = errors.malformedMessage(reason);
    if (isNumberOf(seq) && seq > 0)
      this.refuse(seq, typeof command === 'string' ? command : '', error);
    else this.event('output', { category: 'stderr', output: `${error.message}\n` });
  }

  event<Name extends keyof Events>(
    event: Name,
    ...[body]: undefined extends Events[Name] ? [body?: Events[Name]] : [body: Events[Name]]
  ): void {
    this.sendEvent(new Event(event, this.paths.toTheirs(body)));
  }

  /** The `cancel` request: true if there was still something to cancel. */
  cancel(requestId: number): boolean {
    const pending = this.pending.get(requestId);
    if (pending === undefined || pending.answered) return false;
    pending.answered = true;
    this.refuse(requestId, pending.command, errors.cancelled());
    return true;
  }

  /** Whatever has not been answered yet, when the conversation ends. */
  cancelAllBut(seq: number): void {
    for (const requestId of this.pending.keys()) if (requestId !== seq) this.cancel(requestId);
  }

  /** Nothing goes out any more. */
  override dispose(): void {
    this.closed = true;
  }

  override sendEvent(event: Dap.Event): void {
    if (this.closed) return;
    super.sendEvent(event);
    this.log.note('<-', event);
  }

  override sendResponse(response: Dap.Response): void {
    if (this.closed) return;
    super.sendResponse(response);
    this.log.note('<-', response);
  }

  protected override dispatchRequest(request: Dap.Request): void {
    void this.answer(request);
  }

  private async answer(request: Dap.Request): Promise<void> {
    const { seq, command } = request;
    const pending: Pending = { command, answered: false };
    this.pending.set(seq, pending);
    const after: (() => void)[] = [];
    try {
      const body = await this.dispatch(
        { seq, command, arguments: this.paths.toOurs(request.arguments) },
        {
          seq,
          cancelled: () => pending.answered,
          afterResponse: (action) => after.push(action),
        },
      );
      if (!pending.answered) this.respond(request, body);
      pending.answered = true;
      for (const action of after) action();
    } catch (error) {
      const known = asAdapterError(error);
      if (!pending.answered) this.refuse(seq, command, known);
      else if (known.code !== 'cancelled')
        this.event('output', { category: 'stderr', output: `${known.message}\n` });
      pending.answered = true;
    } finally {
      this.pending.delete(seq);
    }
  }

  private respond(request: Dap.Request, body: unknown): void {
    const response: Dap.Response = new Response(request);
    if (body !== undefined) response.body = this.paths.toTheirs(body);
    this.sendResponse(response);
  }

  private refuse(seq: number, command: string, error: AdapterError): void {
    const response: Dap.Response = new Response({ seq, command, type: 'request' }, error.short);
    response.body = { error: error.toDap() };
    this.sendResponse(response);
  }
}

/** The protocol begins at 1; there are clients that begin at 0. */
const isNumberOf = (seq: unknown): seq is number => Number.isSafeInteger(seq) && Number(seq) >= 0;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
