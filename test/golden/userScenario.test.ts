/**
 * The front door of processes: a scenario that does what a recorded user program did, on the core that the program started from, comes to the
 * same page states, entries and numbers as the kernel's run, operation by operation. Which frames are taken depends on what other threads of
 * that machine took meanwhile, which a scenario does not; so frames are compared by what they are, not by their numbers.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { readBytes, readLines, readText } from '../../src/cli/openFile.js';
import { readProgram } from '../../src/cli/replay/program/readProgram.js';
import { UserOperations } from '../../src/cli/replay/program/userOps.js';
import { openCore } from '../../src/engine/image/core/openCore.js';
import { randomAccessOf } from '../../src/engine/image/core/randomAccess.js';
import { pageStateText, readTrace } from '../../src/engine/image/state/index.js';
import { default_hstate } from '../../src/engine/kernel/include/linux/hugetlb.h.js';
import { asVirt } from '../../src/engine/memory/address.js';
import * as kernel from '../../src/engine/entry/functions.js';
import { compileScenario, ScenarioVm } from '../../src/scenario/index.js';
import { userScenario } from './userScenario.js';

/** On this machine the pool of huge pages is large enough for the program: from there on it does what a scenario cannot. */
const HAS_HUGE_PAGES = new Set(['i386-highmem4g-slub-256M']);
const MAP_HUGETLB = 0x40000;

const FOLDER = 'test/golden/data/user';
/** What only looks, and is done from outside. */
const LOOKS = new Set(['umm', 'upt', 'upage', 'mlock_stat']);

/** Numbers of frames are masked: a page's state, an entry's low bits and what it must not stay. */
const masked = (text: string): string =>
  text
    .replace(/ page [0-9a-f]+ at=.*$/gm, '')
    .replace(/pfn=[0-9a-f]+/g, 'pfn=')
    .replace(/pgd=[0-9a-f]+/g, 'pgd=')
    .replace(/@[0-9a-f]+=/g, '@=')
    .replace(/=(8?)[0-9a-f]*([0-9a-f]{3})\b(?= pud| pmd| pte|$)/gm, '=$1..$2')
    .replace(/pt [0-9a-f]+ /g, 'pt ');

describe('a scenario after a recorded user program', () => {
  for (const name of readdirSync(FOLDER).filter((each) =>
    existsSync(path.join(FOLDER, each, 'usr.trace.gz')),
  ))
    it(`comes to the same page states on ${name}`, function () {
      this.timeout(60_000);
      const file = (each: string): string => path.join(FOLDER, name, each);
      const image = openCore(randomAccessOf(readBytes(file('before.vmcore.gz'))));
      const k = image.mm;
      const items = [...readTrace(readText(file('usr.trace.gz')))];
      // A mark is printed by an operation of the recorder, too.
      const ops = items.flatMap((item) =>
        item.kind === 'op' ? [item] : item.kind === 'mark' ? [undefined] : [],
      );
      const program = readProgram(readLines(file('usr.program.gz')));
      const { text, steps } = userScenario(program, ops);
      const compiled = compileScenario(text, image.profile);
      assert.ok(compiled.program !== undefined, JSON.stringify(compiled.diagnostics.slice(0, 3)));
      const vm = new ScenarioVm(compiled.program, image, { kernel, name: 'program.mms' });
      const mmOf = (): ReturnType<typeof kernel.current> =>
        k.read_ptr(k.plus(kernel.current(k), k.task_struct.mm));
      const user = new UserOperations(image, mmOf as never);

      const slots = new Map([[1, 0]]);
      const runLine = (task: number, line: number): void => {
        for (let i = 0; i < 4000 && (vm.location(task)?.line ?? Infinity) <= line; i++) {
          assert.ok(vm.switchTask(task), `line ${line} waits`);
          const result = vm.runStatement();
          assert.ok(
            result.kind === 'ran' || result.kind === 'ended',
            `line ${line}: ${JSON.stringify(result)}`,
          );
          if (result.kind === 'ended') return;
        }
      };
      const value = (expression: string): number => {
        const found = vm.evaluate(expression);
        assert.ok(found.ok, expression);
        return Number(found.value);
      };
      let compared = 0;
      for (const { action, op, line } of steps) {
        const wantsHuge =
          action.name === 'mmap' && (parseInt(action.args[3] ?? '0', 16) & MAP_HUGETLB) !== 0;
        if (wantsHuge && HAS_HUGE_PAGES.has(name)) break;
        if (action.name === 'rcu') kernel.rcu_process_callbacks(k);
        if (action.name === 'nr_hugepages')
          kernel.set_max_huge_pages(k, default_hstate(k), parseInt(action.args[0] ?? '0', 16));
        const task = slots.get(action.pid);
        if (task === undefined) continue;
        if (line !== undefined) {
          runLine(task, line);
          if (action.name === 'fork') {
            const made = vm.tasks().findLast(({ status }) => status !== 'new');
            slots.set(Number(action.args[0]), made?.id ?? -1);
          }
        } else if (op !== undefined) vm.switchTask(task);
        if (op === undefined) continue;
        const wanted = masked(
          [...(op.result === undefined ? [] : [op.result]), ...op.details].join('\n'),
        );
        const say = `line ${op.line}: ${op.name} ${op.args.join(' ')}`;
        if (LOOKS.has(op.name)) {
          assert.equal(masked(user.perform(op.name, op.args) ?? ''), wanted, say);
          compared++;
        } else if (/^(gup|pin)f?$/.test(op.name)) {
          const ret = value('ret');
          const pages = Array.from({ length: Math.max(0, ret) }, (_, i) =>
            k.cell_at(asVirt(value(`(long)pages[${op.args[0]} + ${i}]`))),
          );
          const ours = [`ret=${ret}`, ...pages.map((page) => `> ${pageStateText(image, page)}`)];
          assert.equal(masked(ours.join('\n')), wanted, say);
          compared++;
        }
      }
      assert.ok(compared > 100, `${compared} operations`);
    });
});
