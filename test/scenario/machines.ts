/** Machines for tests: a script compiled and put on a small booted machine. */
import assert from 'node:assert/strict';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import * as kernel from '../../src/engine/entry/functions.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import {
  compileScenario,
  ScenarioVm,
  type Evaluated,
  type Program,
  type StatementResult,
} from '../../src/scenario/index.js';
import { asVirt } from '../../src/engine/memory/address.js';
import { placeAt } from '../../src/engine/types/access.js';
import { formatPlace, formatScalar } from '../../src/engine/types/format.js';
import { typedMemory } from '../../src/engine/view/typedMemory.js';
import { diagnosticLines } from './marked.js';

export const PROFILES: readonly ProfileName[] = ['x86_64-slub', 'i386-highmem4g-slub'];

export function compile(text: string, profile: ProfileName = 'x86_64-slub'): Program {
  const { program, diagnostics } = compileScenario(text, loadProfile(profile));
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  assert.deepEqual(diagnosticLines(text, errors), [], text);
  assert.ok(program);
  return program;
}

function boot(profile: ProfileName, cpus = 1): KernelImage {
  return bootMachine({ profile: loadProfile(profile), ramBytes: 32 << 20, cpus });
}

export function machine(text: string, profile: ProfileName = 'x86_64-slub', cpus = 1): ScenarioVm {
  return new ScenarioVm(compile(text, profile), boot(profile, cpus), { kernel, name: 'test.mms' });
}

/** A value as one line. */
export function valueText(vm: ScenarioVm, { type, value, address, bits }: Evaluated): string {
  const { profile } = vm.program;
  if (address !== undefined && bits === undefined)
    return formatPlace(profile, typedMemory(vm.image), placeAt(asVirt(address), type));
  return value === undefined ? 'void' : formatScalar(profile, type, value);
}

const MAX_STATEMENTS = 100_000;

/** Runs until nothing can run any more; every result but the ordinary ones. */
export function runToEnd(vm: ScenarioVm): StatementResult[] {
  const results: StatementResult[] = [];
  for (let i = 0; i < MAX_STATEMENTS; i++) {
    const result = vm.runStatement();
    if (result.kind !== 'ran') results.push(result);
    if (result.kind === 'exited' || result.kind === 'deadlock') return results;
  }
  throw new Error('the script does not end');
}

/** What a script has logged so far, with failed expectations and oopses between. */
export function log(vm: ScenarioVm): string[] {
  return vm.tape.marksBetween(0, vm.tape.cursor + 1).flatMap(({ event }) => {
    if (event.kind === 'printk') return [event.text];
    return event.kind === 'expect-failed' ? [`FAILED ${event.source}`] : [];
  });
}

/** Runs a script to its end and checks what it logs. */
export function checkLog(
  text: string,
  expected: readonly string[],
  profiles: readonly ProfileName[] = PROFILES,
): void {
  for (const profile of profiles) {
    const vm = machine(text, profile);
    runToEnd(vm);
    assert.deepEqual(log(vm), expected, `${profile}: ${text}`);
  }
}

const SOME: readonly ProfileName[] = ['x86_64-slub', 'i386-pae-slab', 'x86_64-slub-smp'];

/** A scenario on booted machines says this, all that it expects holds, and no task dies. */
export function says(text: string, said: readonly string[]): void {
  for (const profile of SOME) {
    const vm = machine(text, profile);
    const died = runToEnd(vm).flatMap((result) => (result.kind === 'failed' ? [result.text] : []));
    assert.deepEqual(log(vm), said, profile);
    assert.deepEqual(died, [], profile);
    assert.equal(vm.expects.failed, 0, profile);
  }
}
