/** Machines for the map: one that the adapter opened from a recorded state, and one made of rules, of any size. */
import { createInlineAdapter } from '../../src/adapter/index.js';
import {
  dominantState,
  pageKindCode,
  PAGE_KINDS,
  pageState,
} from '../../src/engine/view/pageState.js';
import type {
  FrameBody,
  MapArguments,
  MapBody,
  MapZone,
  VerdictBody,
} from '../../src/engine/view/map.js';
import type { Machine } from './mapPage.js';

/** The adapter with a recorded state opened for inspection; calls are made from its debug console. */
export async function recordedMachine(
  state: string,
  ...calls: readonly string[]
): Promise<Machine> {
  const adapter = createInlineAdapter();
  const waiting = new Map<number, (body: unknown) => void>();
  let seq = 0;
  adapter.onDidSendMessage((sent) => {
    const message = sent as unknown as {
      type: string;
      request_seq: number;
      success: boolean;
      body: unknown;
    };
    if (message.type === 'response' && message.success)
      waiting.get(message.request_seq)?.(message.body);
  });
  const request = (command: string, args?: object): Promise<unknown> =>
    new Promise((resolve) => {
      waiting.set(++seq, resolve);
      adapter.handleMessage({ type: 'request', seq, command, arguments: args });
    });
  await request('initialize', { adapterID: 'mmscope' });
  const launched = request('launch', { state });
  await request('configurationDone');
  await launched;
  for (const expression of calls) await request('evaluate', { expression, context: 'repl' });
  return {
    map: (asks) => request('mmscope/map', asks) as Promise<MapBody>,
    frame: (pfn) => request('mmscope/frame', { pfn }) as Promise<FrameBody>,
    verdict: () => request('mmscope/verdict') as Promise<VerdictBody>,
  };
}

/** A machine whose frames' states are given by an array that a test may change. */
export function plainMachine(zones: readonly MapZone[], states: Uint8Array): Machine {
  const code = (kind: number): number => kind >>> 4;
  const counts = (from: number, to: number): number[] => {
    const all = new Array<number>(PAGE_KINDS.length).fill(0);
    for (let pfn = from; pfn < to; pfn++) {
      const kind = code(states[pfn] ?? 0);
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
    const totals = counts(0, states.length);
    return { maxPfn: states.length, zones, states: text, totals };
  };
  return {
    map: (asks) => Promise.resolve(map(asks)),
    frame: (pfn) =>
      Promise.resolve({
        pfn,
        state: states[pfn] ?? 0,
        phys: `0x${(pfn * 4096).toString(16)}`,
        flags: ['PG_uptodate', 'PG_lru'],
        fields: [{ name: '_refcount', value: '1' }],
        expression: `*pfn_to_page(0x${pfn.toString(16)})`,
      }),
  };
}

/** 16 MiB: reserved at the bottom, then free blocks of order 10. */
export function smallMachine(): { readonly machine: Machine; readonly states: Uint8Array } {
  const states = new Uint8Array(4096).fill(pageState(pageKindCode('free'), 10));
  states.fill(pageState(pageKindCode('reserved')), 0, 1024);
  return { machine: plainMachine([{ name: 'DMA', startPfn: 0, endPfn: 4096 }], states), states };
}
