/** A debugger at the keyboard: a session told what to do in few words, and asked where it stands. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import type { AdapterClient } from './adapterClient.js';
import { CLIENT, withAdapter, withProcess } from './session.js';

export const scenario = (name: string): string => path.resolve('test/dap/scenarios', name);

/** The line that a marker comment stands on. */
export function lineOf(file: string, marker: string): number {
  const lines = readFileSync(file, 'utf8').split('\n');
  const line = lines.findIndex((text) => text.endsWith(`// ${marker}`));
  assert.ok(line >= 0, `no line is marked '${marker}'`);
  return line + 1;
}

export interface LaunchOptions {
  readonly stopOnEntry?: boolean;
  /** Off unless it is what is tested: a test that runs to the end is done there. */
  readonly stopAtEnd?: boolean;
  readonly client?: Partial<Dap.InitializeRequestArguments>;
  /** In a process of its own: its time is measured, or a call is to last. */
  readonly isAlone?: boolean;
  /** What is set before configurationDone. */
  readonly configure?: (drive: Drive) => Promise<void>;
  readonly args?: object;
}

export type Motion = 'continue' | 'next' | 'stepIn' | 'stepOut' | 'stepBack' | 'reverseContinue';

/** Runs a test on a session that has been launched and stands still at its entry (unless told otherwise). */
export function onScenario(
  name: string,
  test: (drive: Drive) => Promise<void>,
  options: LaunchOptions = {},
): Promise<void> {
  return (options.isAlone === true ? withProcess : withAdapter)(async (client) => {
    const drive = new Drive(client, scenario(name));
    await drive.launch({ program: drive.program }, options);
    await test(drive);
  });
}

export class Drive {
  threadId = 1;

  constructor(
    readonly client: AdapterClient,
    readonly program: string,
  ) {}

  async launch(what: object, options: LaunchOptions = {}): Promise<void> {
    const { client } = this;
    const { stopOnEntry = true, stopAtEnd = false } = options;
    await client.send('initialize', { ...CLIENT, ...options.client });
    await client.waitForEvent('initialized');
    const launch = client.send('launch', { ...what, stopOnEntry, stopAtEnd, ...options.args });
    await options.configure?.(this);
    // In this order always: transcripts are compared.
    await launch;
    await client.send('configurationDone');
    if (stopOnEntry) await this.stopped();
  }

  /** Waits for the next stop. */
  async stopped(): Promise<Dap.StoppedEvent['body']> {
    const event: Dap.StoppedEvent = await this.client.waitForEvent('stopped');
    if (event.body.threadId !== undefined) this.threadId = event.body.threadId;
    return event.body;
  }

  /** Moves, and tells why it stopped. */
  async go(motion: Motion): Promise<Dap.StoppedEvent['body']> {
    await this.client.send(motion, { threadId: this.threadId });
    return this.stopped();
  }

  async frames(): Promise<Dap.StackFrame[]> {
    const body = await this.client.body<Dap.StackTraceResponse['body']>('stackTrace', {
      threadId: this.threadId,
    });
    return body.stackFrames;
  }

  async top(): Promise<Dap.StackFrame> {
    const [frame] = await this.frames();
    assert.ok(frame, 'there is no frame');
    return frame;
  }

  /** `expand@buddy.ts:40 < ... < main@blocks.mms:12` */
  async stack(): Promise<string> {
    const frames = await this.frames();
    return frames.map((f) => `${f.name}@${f.source?.name ?? ''}:${f.line}`).join(' < ');
  }

  /** Names of the active functions, innermost first. */
  async names(): Promise<string[]> {
    return (await this.frames()).map(({ name }) => name);
  }

  async line(): Promise<number> {
    return (await this.top()).line;
  }

  async setLines(
    breakpoints: readonly Dap.SourceBreakpoint[],
    file = this.program,
  ): Promise<Dap.Breakpoint[]> {
    const body = await this.client.body<Dap.SetBreakpointsResponse['body']>('setBreakpoints', {
      source: { path: file },
      breakpoints,
    });
    return body.breakpoints;
  }

  async setFunctions(breakpoints: readonly Dap.FunctionBreakpoint[]): Promise<Dap.Breakpoint[]> {
    const body = await this.client.body<Dap.SetFunctionBreakpointsResponse['body']>(
      'setFunctionBreakpoints',
      { breakpoints },
    );
    return body.breakpoints;
  }

  async setData(breakpoints: readonly Dap.DataBreakpoint[]): Promise<Dap.Breakpoint[]> {
    const body = await this.client.body<Dap.SetDataBreakpointsResponse['body']>(
      'setDataBreakpoints',
      { breakpoints },
    );
    return body.breakpoints;
  }

  async evaluate(
    expression: string,
    context = 'watch',
    frame?: number,
  ): Promise<Dap.EvaluateResponse['body']> {
    const frameId = frame ?? (await this.top()).id;
    return this.client.body('evaluate', { expression, context, frameId });
  }

  async value(expression: string): Promise<string> {
    return (await this.evaluate(expression)).result;
  }

  async scopes(frame = 0): Promise<Dap.Scope[]> {
    const frames = await this.frames();
    const body = await this.client.body<Dap.ScopesResponse['body']>('scopes', {
      frameId: frames[frame]?.id,
    });
    return body.scopes;
  }

  async variables(
    variablesReference: number,
    more: Partial<Dap.VariablesArguments> = {},
  ): Promise<Dap.Variable[]> {
    const body = await this.client.body<Dap.VariablesResponse['body']>('variables', {
      variablesReference,
      ...more,
    });
    return body.variables;
  }

  /** Opens the tree along names, from a scope on. The last one is not opened. */
  async find(...names: string[]): Promise<Dap.Variable & { readonly parent: number }> {
    const [scope = '', ...rest] = names;
    const found = (await this.scopes()).find(({ name }) => name === scope);
    assert.ok(found, `no scope ${scope}`);
    let parent = found.variablesReference;
    let variable: Dap.Variable | undefined;
    for (const name of rest) {
      if (variable !== undefined) parent = variable.variablesReference;
      variable = (await this.variables(parent)).find((one) => one.name === name);
      assert.ok(variable, `no variable ${name}`);
    }
    assert.ok(variable);
    return { ...variable, parent };
  }

  async hash(): Promise<string> {
    const body = await this.client.body<{ hash: string; position: number }>('mmscope/hash');
    return `${body.hash}@${body.position}`;
  }

  /** Runs to the end; what was printed, and the exit code. */
  async finish(): Promise<{ readonly output: string; readonly exitCode: number }> {
    await this.client.send('continue', { threadId: this.threadId });
    const event: Dap.ExitedEvent = await this.client.waitForEvent('exited');
    await this.client.waitForEvent('terminated');
    return { output: this.output(), exitCode: event.body.exitCode };
  }

  /** What came to the debug console since this was asked. */
  output(): string {
    return this.client
      .takeEvents('output')
      .map((event) => (event as Dap.OutputEvent).body.output)
      .join('');
  }
}
