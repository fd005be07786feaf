/** Machines for the map: one that the adapter opened from a recorded state, and one made of rules, of any size. */
import { createInlineAdapter } from '../../src/adapter/index.js';
import {
  dominantState,
  kindOfState,
  pageKindCode,
  PAGE_KINDS,
  pageState,
} from '../../src/engine/view/pageState.js';
import {
  FRAME_CHANGES,
  type FrameChangesArguments,
  type FrameChangesBody,
} from '../../src/engine/view/frameChanges.js';
import type {
  FrameLabelsArguments,
  FrameLabelsBody,
  FrameValuesArguments,
  FrameValuesBody,
} from '../../src/engine/view/frameValues.js';
import type { LocateArguments, LocateBody } from '../../src/engine/view/locate.js';
import type { TimelineArguments, TimelineBody } from '../../src/engine/view/timeline.js';
import type { FrameBody, MapArguments, MapBody, MapZone } from '../../src/engine/view/map.js';
import type { Machine } from './mapPage.js';

/** The adapter with a machine that it opened, driven as a client does. */
export interface AdapterMachine extends Machine {
  /** Resolves when the machine stands still again, with the reason. */
  run(command: 'next' | 'continue' | 'stepIn' | 'stepBack'): Promise<string>;
}

async function adapterMachine(launch: object): Promise<AdapterMachine> {
  const adapter = createInlineAdapter();
  const waiting = new Map<
    number,
    { resolve: (body: unknown) => void; reject: (error: Error) => void }
  >();
  let stopped: ((reason: string) => void) | undefined;
  let seq = 0;
  /** The one that stopped last. */
  let threadId = 1;
  adapter.onDidSendMessage((sent) => {
    const message = sent as unknown as {
      type: string;
      event?: string;
      request_seq: number;
      success: boolean;
      message?: string;
      body:
        | {
            readonly reason?: string;
            readonly threadId?: number;
            readonly error?: { readonly variables?: { readonly sentence?: string } };
          }
        | undefined;
    };
    if (message.type === 'event' && ['stopped', 'terminated'].includes(message.event ?? '')) {
      threadId = message.body?.threadId ?? threadId;
      stopped?.(message.body?.reason ?? message.event ?? '');
    }
    if (message.type !== 'response') return;
    const asked = waiting.get(message.request_seq);
    if (message.success) asked?.resolve(message.body);
    else asked?.reject(new Error(message.body?.error?.variables?.sentence ?? message.message));
  });
  const request = (command: string, args?: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      waiting.set(++seq, { resolve, reject });
      adapter.handleMessage({ type: 'request', seq, command, arguments: args });
    });
  const standing = (): Promise<string> => new Promise((resolve) => (stopped = resolve));
  await request('initialize', { adapterID: 'mmscope' });
  const atEntry = standing();
  const launched = request('launch', { ...launch, stopOnEntry: true });
  await request('configurationDone');
  await launched;
  await atEntry;
  return {
    request,
    async run(command) {
      const still = standing();
      await request(command, { threadId });
      return still;
    },
  };
}

/** A recorded state opened for inspection; calls are made from the debug console. */
export async function recordedMachine(
  state: string,
  ...calls: readonly string[]
): Promise<AdapterMachine> {
  const machine = await adapterMachine({ state });
  for (const expression of calls)
    await machine.request('evaluate', { expression, context: 'repl' });
  return machine;
}

/** A scenario at its first line. */
export const scenarioMachine = (program: string): Promise<AdapterMachine> =>
  adapterMachine({ program });

/** A machine whose frames' states are given by an array that a test may change; its clock counts the changes that were seen. */
export function plainMachine(zones: readonly MapZone[], states: Uint8Array): Machine {
  const counts = (from: number, to: number): number[] => {
    const all = new Array<number>(PAGE_KINDS.length).fill(0);
    for (let pfn = from; pfn < to; pfn++) {
      const kind = kindOfState(states[pfn] ?? 0);
      all[kind] = (all[kind] ?? 0) + 1;
    }
    return all;
  };
  const map = ({ firstPfn, framesPerCell, cells }: MapArguments): MapBody => {
    const slice = new Uint8Array(cells);
    for (let cell = 0; cell < cells; cell++) {
      const from = firstPfn + cell * framesPerCell;
      const to = Math.min(from + framesPerCell, states.length);
      slice[cell] =
        framesPerCell === 1
          ? (states[from] ?? 0)
          : from < to
            ? dominantState(counts(from, to), to - from)
            : 0;
    }
    const text = Buffer.from(slice).toString('base64');
    const isAll = cells * framesPerCell >= states.length;
    const body = { maxPfn: states.length, zones, states: text };
    return isAll ? { ...body, totals: counts(0, states.length) } : body;
  };
  /** The states at each time. */
  const times: Uint8Array[] = [];
  const now = (): number => {
    const last = times.at(-1);
    if (last === undefined || Buffer.compare(last, states) !== 0) times.push(states.slice());
    return times.length - 1;
  };
  const changes = ({ from, to = now() }: FrameChangesArguments): FrameChangesBody => {
    const runs: [number, number, number, number, number][] = [];
    const [before, after] = [times[from], times[to]];
    if (before === undefined || after === undefined) throw new Error('no such time');
    for (let pfn = 0; pfn < states.length; pfn++) {
      const [was, is] = [before[pfn] ?? 0, after[pfn] ?? 0];
      if (was === is) continue;
      const change = kindOfState(was) === kindOfState(is) ? 'regrouped' : 'changed';
      const code = FRAME_CHANGES.indexOf(change);
      const last = runs.at(-1);
      if (last !== undefined && last[0] + last[1] === pfn && last[2] === was && last[3] === is)
        last[1]++;
      else runs.push([pfn, 1, was, is, code]);
    }
    return { from, to, runs, total: runs.length };
  };
  const locate = ({ text, pfn }: LocateArguments): LocateBody => {
    const found = pfn ?? Number(text);
    if (!(found < states.length)) throw new Error(`'${text}' is not defined`);
    return { text: `pfn ${found}`, pfn: found, aliases: [] };
  };
  const answers: Readonly<Record<string, (args: never) => unknown>> = {
    'mmscope/map': map,
    'mmscope/clock': () => ({ now: now(), start: 0, end: times.length - 1 }),
    'mmscope/frameChanges': changes,
    'mmscope/timeline': ({ buckets }: TimelineArguments): TimelineBody => {
      const of = (value: number): number[] => new Array<number>(buckets).fill(value);
      return {
        from: 0,
        to: Math.max(1, times.length - 1),
        first: 0,
        last: Math.max(1, times.length - 1),
        now: now(),
        times: [...of(0), times.length - 1],
        lines: of(1),
        tasks: of(0),
        cpus: of(0),
        tasksRan: of(1),
        cpusUsed: of(1),
        taskNames: ['main'],
        nrCpus: 1,
        events: [],
        expects: [],
        zones: [],
      };
    },
    'mmscope/changeBreakpoints': () => ({ breakpoints: [] }),
    'mmscope/verdict': () => ({ lines: [], failed: false }),
    'mmscope/locate': locate,
    'mmscope/frame': ({ pfn }: { pfn: number }): FrameBody => ({
      pfn,
      state: states[pfn] ?? 0,
      phys: `0x${(pfn * 4096).toString(16)}`,
      flags: ['PG_uptodate', 'PG_lru'],
      fields: [{ name: '_refcount', value: '1' }],
      expression: `*pfn_to_page(0x${pfn.toString(16)})`,
    }),
    'mmscope/frameLabels': ({ nrFrames }: FrameLabelsArguments): FrameLabelsBody => ({
      counts: new Array<number>(nrFrames).fill(1),
      flags: new Array<string>(nrFrames).fill('U'),
    }),
    'mmscope/frameValues': ({ cells }: FrameValuesArguments): FrameValuesBody => ({
      values: Buffer.from(new Uint8Array(cells).map((_, i) => i % 4)).toString('base64'),
      names: ['first', 'second', 'third', 'fourth'],
    }),
  };
  return {
    request: (name, args) =>
      new Promise((resolve) => {
        const answer = answers[name];
        if (answer === undefined) throw new Error(`${name} is not answered here`);
        resolve(answer(args as never));
      }),
  };
}

/** 16 MiB: reserved at the bottom, then free blocks of order 10. */
export function smallMachine(): { readonly machine: Machine; readonly states: Uint8Array } {
  const states = new Uint8Array(4096).fill(pageState(pageKindCode('free'), 10));
  states.fill(pageState(pageKindCode('reserved')), 0, 1024);
  return { machine: plainMachine([{ name: 'DMA', startPfn: 0, endPfn: 4096 }], states), states };
}

/** A dump, opened for inspection by its own types. */
export const dumpMachine = (core: string): Promise<AdapterMachine> => adapterMachine({ core });
