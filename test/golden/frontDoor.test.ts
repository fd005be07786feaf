/**
 * The front door is as exact as the back door: on each core, a scenario that makes the calls of a recorded run gives the same words of
 * memory as the kernel's run, and each call the same result.
 */
import assert from 'node:assert/strict';
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import * as kernel from '../../src/engine/entry/functions.js';
import { openStart } from '../../src/cli/replay/replay.js';
import type { OwnAddresses } from '../../src/cli/replay/standIns.js';
import { compareWords, parseWord, type WordsVerdict } from '../../src/cli/replay/words.js';
import { readLines, readText } from '../../src/cli/openFile.js';
import { FUNCTION_STRIDE } from '../../src/scenario/semantics/window.js';
import { compileScenario, ScenarioVm, type Program } from '../../src/scenario/index.js';
import { recordedTraces, titleOf } from '../recordings.js';
import { scenarioOf } from './scenarioText.js';

/** What stands in memory for the recorder's code: the scenario's functions. */
function addressesOf({ window, declaredFunctions }: Program): OwnAddresses {
  const ctor = declaredFunctions.findIndex(({ name }) => name === 'ctor');
  const isFunction = (address: number): boolean =>
    address >= window.functions &&
    address < window.functions + declaredFunctions.length * FUNCTION_STRIDE;
  return {
    isCall: isFunction,
    isConstructor: (address) => address === window.functions + ctor * FUNCTION_STRIDE,
    isListHead: (address) => address >= window.data && address < window.stacks,
  };
}

interface Run {
  readonly program: Program;
  readonly image: KernelImage;
  readonly failedExpects: readonly string[];
  /** What the scenario's task died of. */
  readonly died: string | undefined;
}

/** @param leftOut the number of a call that is not made */
function runFromCore(file: string, leftOut?: number): Run {
  const folder = file.slice(0, file.lastIndexOf('/') + 1);
  const image = openStart(`${folder}before.vmcore.gz`);
  const { text, unknown } = scenarioOf(readText(file), leftOut);
  assert.deepEqual(unknown, []);
  const { program, diagnostics } = compileScenario(text, image.profile);
  assert.ok(program !== undefined, JSON.stringify(diagnostics.slice(0, 3)));
  const vm = new ScenarioVm(program, image, { kernel, name: 'run.mms' });
  const failedExpects: string[] = [];
  let died: string | undefined;
  for (;;) {
    const result = vm.runStatement();
    if (result.kind === 'exited' || result.kind === 'deadlock') break;
    if (result.kind === 'failed') died = result.text;
    for (const event of result.failedExpects) failedExpects.push(event.source);
  }
  return { program, image, failedExpects, died };
}

function wordsOf(file: string, { program, image }: Run): WordsVerdict {
  const kernels = [...readLines(file.replace(/\.trace(\.gz)?$/, '.after.gz'))].map(parseWord);
  return compareWords(image, kernels, addressesOf(program));
}

describe('a scenario of a recorded run, from its core', function () {
  const runs = (['cores', 'misuse'] as const).flatMap((parent) =>
    recordedTraces(parent, /-s\d+\.trace/),
  );
  assert.ok(runs.length > 0);
  for (const file of runs)
    it(titleOf(file), () => {
      const run = runFromCore(file);
      assert.equal(run.died, undefined);
      assert.deepEqual(run.failedExpects.slice(0, 3), []);
      const { wrong, missing, first, ours } = wordsOf(file, run);
      assert.ok(ours > 0);
      assert.deepEqual({ wrong, missing, first }, { wrong: 0, missing: 0, first: undefined });
    });

  it('notices that one call was not made', () => {
    const [file = ''] = runs.filter((each) => /x86_64-slub-192M\/tour/.test(each));
    const { nrCalls } = scenarioOf(readText(file));
    // Of calls of every kind: a tour makes each once or twice.
    const STEP = 71;
    let noticed = 0;
    for (let left = 0; left < nrCalls; left += STEP) {
      const run = runFromCore(file, left);
      const { wrong, missing } = wordsOf(file, run);
      if (wrong + missing > 0 || run.died !== undefined) noticed++;
    }
    assert.ok(noticed >= nrCalls / STEP / 2, `${noticed} of ${Math.ceil(nrCalls / STEP)}`);
  });
});
