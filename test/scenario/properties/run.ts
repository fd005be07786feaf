/**
 * One random scenario on its machine: after each statement all laws, in the end that nothing is left, and then back to the beginning:
 * each place has the hash it had, and from any place on the run is the same run.
 */
import assert from 'node:assert/strict';
import * as kernel from '../../../src/engine/entry/functions.js';
import { bootMachine } from '../../../src/engine/image/boot/bootMachine.js';
import { loadProfile } from '../../../src/engine/types/bundled.js';
import { ScenarioVm } from '../../../src/scenario/index.js';
import { compile } from '../machines.js';
import { Laws } from './laws.js';
import { scenarioText, type RandomScenario } from './randomScenario.js';
import { spacesOf } from './spaces.js';

const MiB = 1 << 20;
/** Statements of a scenario; one that runs longer has gone wild. */
const MAX_STATEMENTS = 6000;
/** Of an entry of the tape: cell, before, after. */
const ENTRY_WORDS = 3;
/** Of the tape, 65,536 entries each, that one statement may fill. */
const MAX_SEGMENTS = 60;
/** How often the slower laws are looked at, in statements. */
const SLOW_EVERY = 16;

/** What a run came to, for those who want to know that something happened. */
export interface RunFigures {
  readonly statements: number;
  readonly signals: number;
  readonly mostMapped: number;
  /** What the kernel counted meanwhile (vm_event_states), in the order of {@link COUNTED}. */
  readonly events: readonly number[];
}

/** Events that show what the scenarios reach. */
export const COUNTED = [
  'PGFAULT',
  'PGREUSE',
  'PGMIGRATE_SUCCESS',
  'PGMIGRATE_FAIL',
  'CMA_ALLOC_SUCCESS',
  'CMA_ALLOC_FAIL',
  'UNEVICTABLE_PGMLOCKED',
  'HTLB_BUDDY_PGALLOC',
  'THP_FAULT_ALLOC',
  'THP_ZERO_PAGE_ALLOC',
  'THP_SPLIT_PMD',
  'THP_SPLIT_PAGE',
  'THP_SPLIT_PAGE_FAILED',
  'THP_DEFERRED_SPLIT_PAGE',
  'THP_COLLAPSE_ALLOC',
  'THP_MIGRATION_SUCCESS',
] as const;

function eventsOf({ image: { mm: k, nrCpus } }: ScenarioVm): readonly number[] {
  const cpus = Array.from({ length: nrCpus }, (_, cpu) => kernel.vmEventStates(k, cpu));
  return COUNTED.map((name) =>
    cpus.reduce((sum, states) => sum + k.read_ulong(states + k[name] * k.ptr_words), 0),
  );
}

export interface Failure {
  readonly message: string;
  /** Statement after which it was seen. */
  readonly statement: number;
}

/** Undefined: everything held. */
export function runScenario(
  scenario: RandomScenario,
): { readonly figures: RunFigures } | { readonly failure: Failure } {
  const text = scenarioText(scenario);
  let statement = 0;
  try {
    const { profile, ramMiB, highmemMiB, cmaMiB, cpus } = scenario.machine;
    const image = bootMachine({
      profile: loadProfile(profile),
      ramBytes: ramMiB * MiB,
      cmaBytes: cmaMiB * MiB,
      highmemBytes: highmemMiB * MiB,
      cpus,
    });
    const vm = new ScenarioVm(compile(text, profile), image, { kernel, name: 'random.mms' });
    const laws = new Laws(vm);
    const before = eventsOf(vm);
    let nrSegments = 0;
    vm.tape.midway = () => {
      if (++nrSegments > MAX_SEGMENTS) throw new Error('a statement that does not come to its end');
    };
    let signals = 0;
    const places: { readonly position: number; readonly hash: string }[] = [];
    let checked = 0;
    for (; statement < MAX_STATEMENTS; statement++) {
      const { cursor } = vm.tape;
      places.push({ position: cursor, hash: vm.tape.hash() });
      // A statement that has changed nothing but the scenario's own variables breaks no law.
      if (statement === 0 || changesMemory(vm, places.at(-2)?.position ?? 0, cursor))
        laws.check(checked++ % SLOW_EVERY === 0);
      nrSegments = 0;
      const result = vm.runStatement();
      if (result.kind === 'exited') break;
      if (result.kind === 'failed' && /^SIG(SEGV|BUS)/.test(result.text)) signals++;
      else
        assert.ok(
          result.kind === 'ran' || result.kind === 'ended' || result.kind === 'blocked',
          JSON.stringify(result.kind === 'failed' ? result.text : result),
        );
    }
    laws.check(true);
    assert.equal(spacesOf(vm).length, 0, 'address spaces that are left');
    const events = eventsOf(vm).map((nr, i) => nr - (before[i] ?? 0));
    checkTime(vm, places);
    return {
      figures: { statements: places.length, signals, mostMapped: laws.mostMapped, events },
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { failure: { message, statement } };
  }
}

/** Whether entries of [from, to) are about memory: not about the debugger's own words, which lie beyond it. */
function changesMemory({ tape, image: { memory } }: ScenarioVm, from: number, to: number): boolean {
  for (const { words } of tape.stretches(from, to))
    for (let at = 0; at < words.length; at += ENTRY_WORDS) {
      const frame = memory.frameOfSlot[(words[at] ?? 0) >>> 10] ?? 0;
      if (frame < memory.nrFrames) return true;
    }
  return false;
}

/** Back to each place; and from some of them on, which cuts off what came after, the next statement is the same. */
function checkTime(
  vm: ScenarioVm,
  places: readonly { readonly position: number; readonly hash: string }[],
): void {
  const { tape } = vm;
  const end = tape.hash();
  const endPosition = tape.cursor;
  for (const { position, hash } of places.toReversed()) {
    tape.seek(position);
    assert.equal(tape.hash(), hash, `the hash at ${position}, on the way back`);
  }
  tape.seek(endPosition);
  assert.equal(tape.hash(), end, 'the hash at the end, after the way back');
  for (let i = places.length - 2; i >= 0; i -= 1 + Math.floor(places.length / 12)) {
    const place = places[i];
    const next = places[i + 1];
    if (place === undefined || next === undefined) break;
    tape.seek(place.position);
    vm.runStatement();
    assert.equal(tape.cursor, next.position, `statement ${i}, run again`);
    assert.equal(tape.hash(), next.hash, `the hash behind statement ${i}, run again`);
  }
}
