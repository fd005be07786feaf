/**
 * What the workbench and the debug adapters say to each other, read from the page's web sockets: a wait then knows whether what it
 * waits for is still to come.
 *
 * A socket carries a stream of VS Code's own messages (13 bytes of header: a type, two numbers, and from byte 9 the length), and some of
 * these call a method by its name, with arguments in JSON. DAP passes through two of them. What a frame has of a message is kept until
 * the rest comes.
 */
import type { Page, WebSocket } from 'playwright-core';

const HEADER_BYTES = 13;
const LENGTH_AT = 9;
/** Messages of the first byte 1 say something; others keep the connection. */
const REGULAR = 1;
const SENT = '$sendDAMessage';
const RECEIVED = '$acceptDAMessage';
/** How long nothing is said when all has been said; longer where answers take long. */
const QUIET_MS = 150;
const MOST_QUIET_MS = 3000;
/** So many answers tell how busy the machine is. */
const RECENT = 20;
/** Requests after whose success the debuggee runs until it stops. */
const RESUMES = new Set([
  'launch',
  'attach',
  'continue',
  'next',
  'stepIn',
  'stepOut',
  'stepBack',
  'reverseContinue',
  'restartFrame',
  'goto',
  'restart',
]);
const ENDS = new Set(['terminate', 'disconnect']);

interface Message {
  readonly type: 'request' | 'response' | 'event';
  readonly seq?: number;
  readonly request_seq?: number;
  readonly command?: string;
  readonly event?: string;
  readonly success?: boolean;
  readonly arguments?: { readonly startFrame?: number };
  readonly body?: {
    readonly stackFrames?: readonly {
      readonly name: string;
      readonly line: number;
      readonly column: number;
      readonly source?: object;
    }[];
  };
}

interface Asked {
  readonly since: number;
  /** Of a question for the stack from its top: after how many stops it was asked. */
  readonly topAt: number | undefined;
}

/** The frame that executes, as the call stack has to show it: its function, and `35:1` where it is in a file. */
export interface TopFrame {
  readonly name: string;
  readonly place: string;
}

export class Wire {
  /** Stops of all sessions, counted. */
  stops = 0;
  /** Sessions that were begun, counted. */
  begun = 0;
  /** What the adapter last answered to each of its own requests (`mmscope/map`), and after how many stops. */
  readonly answers = new Map<string, { readonly stops: number; readonly body: unknown }>();
  /** Where the debuggee stands, once that was asked; undefined while it runs. */
  top: TopFrame | undefined;
  private runs = false;
  /** Adapters, by the workbench's numbers for them. */
  private readonly open = new Set<number>();
  /** Requests that have no answer yet. */
  private readonly asked = new Map<string, Asked>();
  private readonly recentMs: number[] = [];
  private lastSaid = Date.now();

  constructor(page: Page) {
    page.on('websocket', (socket) => this.listen(socket));
  }

  /** Whether a session is there that has not ended. */
  get hasSession(): boolean {
    return this.open.size > 0;
  }

  get isStopped(): boolean {
    return this.hasSession && !this.runs && this.stops > 0;
  }

  /** Whether nothing runs, each question has its answer, and since then nothing was said. */
  isQuiet(): boolean {
    return !this.runs && this.asked.size === 0 && this.silentMs > this.quietMs;
  }

  /** How long nothing was said. */
  get silentMs(): number {
    return Date.now() - this.lastSaid;
  }

  private get quietMs(): number {
    return Math.min(QUIET_MS + 2 * Math.max(0, ...this.recentMs), MOST_QUIET_MS);
  }

  private listen(socket: WebSocket): void {
    const reader = (name: string, take: (handle: number, message: Message) => void) => {
      let rest = Buffer.alloc(0);
      return ({ payload }: { payload: string | Buffer }): void => {
        rest = Buffer.concat([rest, Buffer.from(payload)]);
        while (rest.length >= HEADER_BYTES) {
          const end = HEADER_BYTES + rest.readUInt32BE(LENGTH_AT);
          if (rest.length < end) return;
          if (rest[0] === REGULAR) this.lastSaid = Date.now();
          const found = callOf(name, rest.subarray(HEADER_BYTES, end));
          if (found !== undefined) take(...found);
          rest = rest.subarray(end);
        }
      };
    };
    socket.on(
      'framesent',
      reader(SENT, (handle, message) => this.sent(handle, message)),
    );
    socket.on(
      'framereceived',
      reader(RECEIVED, (handle, message) => this.received(handle, message)),
    );
  }

  private sent(handle: number, message: Message): void {
    const { type, seq, command = '' } = message;
    if (type !== 'request') return;
    if (command === 'initialize') {
      this.begun++;
      this.open.add(handle);
    }
    if (ENDS.has(command)) this.end(handle);
    if (!this.open.has(handle)) return;
    const isOfTop = command === 'stackTrace' && (message.arguments?.startFrame ?? 0) === 0;
    const topAt = isOfTop && !this.runs ? this.stops : undefined;
    this.asked.set(`${handle}:${seq}`, { since: Date.now(), topAt });
    if (RESUMES.has(command)) this.resume();
  }

  private received(handle: number, message: Message): void {
    const { type, request_seq: asked, command = '', event, success, body } = message;
    if (!this.open.has(handle)) return;
    if (type === 'response') {
      const question = this.answered(`${handle}:${asked}`);
      if (success === true && command.startsWith('mmscope/'))
        this.answers.set(command, { stops: this.stops, body });
      if (success === false && RESUMES.has(command)) this.runs = false;
      const [top] = body?.stackFrames ?? [];
      // A question of the stop before may be answered late, and one of deeper frames has another first frame.
      const isOfStop = question?.topAt === this.stops && !this.runs;
      if (isOfStop && top !== undefined) this.top = shownAs(top);
    } else if (event === 'stopped') {
      this.runs = false;
      this.top = undefined;
      this.stops++;
    } else if (event === 'continued') this.resume();
    else if (event === 'terminated') this.end(handle);
  }

  private resume(): void {
    this.runs = true;
    this.top = undefined;
  }

  /** What it was asked may go without an answer. */
  private end(handle: number): void {
    this.open.delete(handle);
    for (const key of this.asked.keys()) if (key.startsWith(`${handle}:`)) this.asked.delete(key);
    if (this.hasSession) return;
    this.runs = false;
    this.top = undefined;
  }

  private answered(key: string): Asked | undefined {
    const asked = this.asked.get(key);
    if (asked === undefined) return undefined;
    this.asked.delete(key);
    this.recentMs.push(Date.now() - asked.since);
    if (this.recentMs.length > RECENT) this.recentMs.shift();
    return asked;
  }
}

function shownAs({
  name,
  line,
  column,
  source,
}: {
  name: string;
  line: number;
  column: number;
  source?: object;
}): TopFrame {
  return { name, place: source === undefined ? '' : `${line}:${column}` };
}

/** The arguments of a call by name, where the bytes are one: a length in four bytes, then JSON. */
function callOf(name: string, bytes: Buffer): [number, Message] | undefined {
  const at = bytes.indexOf(name);
  if (at < 0) return undefined;
  const start = at + name.length + 4;
  if (bytes.length < start) return undefined;
  const text = bytes.toString('utf8', start, start + bytes.readUInt32BE(start - 4));
  try {
    return JSON.parse(text) as [number, Message];
  } catch {
    return undefined; // The name stands in some other text.
  }
}
