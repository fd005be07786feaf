/**
 * Every error a user of the debugger can meet, by name: the answer to a request that cannot be carried out.
 *
 * The sentence says what to do. `url` leads to the section of the documentation that explains more; clients show it as a
 * button.
 * Anything thrown that is not an AdapterError is a defect, and answered as one (`defect`).
 */
import type { WantedKernel } from '../../engine/image/dump/wanted.js';
import type { Dap } from './dap.js';

const REPOSITORY = 'https://github.com/mmscope/mmscope/blob/main/';

/** Codes are part of the protocol to our own extension and to tests: never reuse one. */
const CODES = {
  malformedMessage: 1001,
  unknownRequest: 1002,
  notInitialized: 1003,
  alreadyInitialized: 1004,
  cancelled: 1005,
  badArguments: 1006,
  notLaunched: 2001,
  alreadyLaunched: 2002,
  nothingToDebug: 2003,
  cannotRead: 2004,
  cannotOpen: 2005,
  scenarioHasErrors: 2006,
  ended: 2007,
  cannotRunOn: 2008,
  wantsVmlinux: 2009,
  running: 3001,
  notRunnable: 3002,
  noSuchFrame: 3003,
  noSuchThread: 3004,
  staleReference: 3005,
  cannotEvaluate: 3006,
  cannotAssign: 3007,
  noSuchVariable: 3008,
  badAddress: 3009,
  notWritable: 3010,
  noSuchSource: 3011,
  noException: 3012,
  noSuchPage: 3013,
  notOfDumps: 3014,
  cannotExport: 3015,
  otherTaskInside: 3020,
  noSuchTarget: 3101,
  frameIsOld: 3102,
  notRecorded: 3103,
  defect: 9000,
} as const;

type ErrorName = keyof typeof CODES;

/** The section of the documentation that explains an error. */
export const helpOf = (code: ErrorName): string => `docs/debugging.md#${code.toLowerCase()}`;

export const ERROR_NAMES = Object.keys(CODES) as readonly ErrorName[];

export class AdapterError extends Error {
  constructor(
    readonly code: ErrorName,
    sentence: string,
    private readonly showUser = false,
    /** What our own extension asks the user with, instead of the client's words. */
    private readonly facts?: Readonly<Record<string, string>>,
  ) {
    super(sentence);
    this.name = 'AdapterError';
  }

  /** The short form that clients compare (`cancelled` and `notStopped` are the protocol's own words). */
  get short(): string {
    return this.code === 'running' ? 'notStopped' : this.code;
  }

  toDap(): Dap.Message {
    const { showUser } = this;
    return {
      id: CODES[this.code],
      // Braces in the protocol's format are variables: keep ours literal.
      format: '{sentence}',
      variables: { ...this.facts, sentence: this.message },
      showUser,
      // With a button of its own an error is shown by VS Code, whatever showUser says.
      ...(this.facts === undefined && {
        url: `${REPOSITORY}${helpOf(this.code)}`,
        urlLabel: 'Help',
      }),
    };
  }
}

const quiet = (code: ErrorName, sentence: string): AdapterError => new AdapterError(code, sentence);
/** Shown to the user, whatever asked. */
const shown = (code: ErrorName, sentence: string): AdapterError =>
  new AdapterError(code, sentence, true);

export const errors = {
  malformedMessage: (reason: string) =>
    quiet('malformedMessage', `This is not a message of the Debug Adapter Protocol: ${reason}.`),
  unknownRequest: (command: string) =>
    quiet('unknownRequest', `mmscope does not know the request '${command}'.`),
  notInitialized: (command: string) =>
    quiet('notInitialized', `The request '${command}' came before 'initialize'.`),
  alreadyInitialized: () =>
    quiet('alreadyInitialized', `This session has already been initialized.`),
  cancelled: () => quiet('cancelled', 'The request was cancelled.'),
  badArguments: (what: string) => quiet('badArguments', what),

  notLaunched: (command: string) =>
    quiet('notLaunched', `The request '${command}' needs a launched session.`),
  alreadyLaunched: () => quiet('alreadyLaunched', 'This session has already been launched.'),
  nothingToDebug: () =>
    shown(
      'nothingToDebug',
      "There is nothing to debug: set 'program' to a scenario (.mms), or 'core' or 'state' to a dump.",
    ),
  cannotRead: (path: string, reason: string) =>
    shown('cannotRead', `Cannot read ${path}: ${reason}.`),
  cannotOpen: (reason: string) => shown('cannotOpen', reason),
  cannotExport: (path: string, reason: string) =>
    shown('cannotExport', `Cannot write ${path}: ${reason}.`),
  /** A client that knows the code asks for the file; others show the sentence. */
  wantsVmlinux: (reason: string, { release, buildId }: WantedKernel) =>
    new AdapterError('wantsVmlinux', reason, false, {
      release,
      ...(buildId !== undefined && { buildId }),
    }),
  scenarioHasErrors: (first: string, count: number) =>
    shown(
      'scenarioHasErrors',
      count === 1 ? first : `${first} (and ${count - 1} more; see the debug console)`,
    ),

  cannotRunOn: (origin: string) =>
    shown(
      'cannotRunOn',
      `A scenario cannot run on ${origin}: mmscope runs the algorithms of Linux 6.1 on the builds that it ships with. Launch the dump without a program to look into it.`,
    ),
  ended: () =>
    quiet('ended', 'The scenario has ended, and its session with it. Restart it to run it again.'),
  running: () => quiet('running', 'The machine is running. Pause it first.'),
  /** @param canCall whether mmscope's kernel works on this dump */
  notRunnable: (canCall: boolean) =>
    shown(
      'notRunnable',
      `This session inspects a dump and has no scenario to run.${canCall ? ' Kernel functions can be called in the debug console.' : ''}`,
    ),
  notOfDumps: () =>
    quiet(
      'notOfDumps',
      'This needs a kernel that mmscope knows; the one in this dump is looked into by its own types.',
    ),
  noSuchFrame: (id: number) =>
    quiet('noSuchFrame', `There is no stack frame ${id} any more: the machine has moved.`),
  otherTaskInside: (name: string) =>
    shown(
      'otherTaskInside',
      `A statement of ${name} is under way: step out of it before another task runs alone.`,
    ),
  /** @param ended the name of its task, where that is over */
  noSuchThread: (id: number, ended?: string) =>
    ended === undefined
      ? quiet('noSuchThread', `There is no thread ${id}.`)
      : shown('noSuchThread', `The task ${ended} has ended: step back to where it ran.`),
  staleReference: (reference: number) =>
    quiet(
      'staleReference',
      `The reference ${reference} is from before the machine moved: ask for the scopes again.`,
    ),
  cannotEvaluate: (reason: string) => quiet('cannotEvaluate', reason),
  cannotAssign: (reason: string) => shown('cannotAssign', reason),
  noSuchVariable: (name: string) => quiet('noSuchVariable', `There is no variable '${name}' here.`),
  badAddress: (text: string) =>
    quiet('badAddress', `'${text}' is not an address; write 0x followed by hexadecimal digits.`),
  notWritable: (address: string) =>
    shown('notWritable', `There is no memory at ${address}, so nothing was written.`),
  noSuchSource: (what: string) => quiet('noSuchSource', `There is no source '${what}'.`),
  noException: () => quiet('noException', 'The machine did not stop on an exception.'),
  noSuchPage: (pfn: number) =>
    quiet('noSuchPage', `There is no page frame 0x${pfn.toString(16)} in this machine.`),

  noSuchTarget: (id: number) =>
    quiet('noSuchTarget', `There is no target ${id} any more: the machine has moved.`),
  frameIsOld: (reason: string) => shown('frameIsOld', reason),
  notRecorded: (reason: string) => shown('notRecorded', reason),

  /** A defect of the engine or of the adapter. */
  defect: (error: unknown) =>
    shown(
      'defect',
      `mmscope itself failed: ${error instanceof Error ? error.message : String(error)}. Please report this.`,
    ),
} as const satisfies Partial<Record<ErrorName, (...args: never[]) => AdapterError>>;

/** Whatever was thrown, as the error to answer with. */
export const asAdapterError = (error: unknown): AdapterError =>
  error instanceof AdapterError ? error : errors.defect(error);
