/**
 * The front door of processes: a scenario that does what a recorded user program did, on the core that the program started from, comes to the
 * same page states, entries and numbers as the kernel's run, operation by operation. Which frames are taken depends on what other threads of
 * that machine took meanwhile, which a scenario does not; so frames are compared by what they are, not by their numbers.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { readLines, readText } from '../../src/cli/openFile.js';
import { readProgram } from '../../src/cli/replay/program/readProgram.js';
import { UserOperations } from '../../src/cli/replay/program/userOps.js';
import { markAccessed } from '../../src/cli/replay/program/processes.js';
import { poolMark } from '../../src/cli/replay/program/poolMarks.js';
import { openStart } from '../../src/cli/replay/replay.js';
import {
  pageStateText,
  readTrace,
  type TraceDump,
  type TraceOp,
} from '../../src/engine/image/state/index.js';
import { asVirt } from '../../src/engine/memory/address.js';
import * as kernel from '../../src/engine/entry/functions.js';
import { compileScenario, ScenarioVm } from '../../src/scenario/index.js';
import { isInAreas, userScenario } from './userScenario.js';

/** The programs, and how much is compared at least. */
const PROGRAMS = { usr: 100, 'hugetlb-s1': 200 } as const;

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
    .replace(/pt [0-9a-f]+ /g, 'pt ')
    .replace(/\bpa=[0-9a-f]+/g, 'pa=')
    .replace(/^(tb \S+ L\d) \S+/gm, '$1')
    .replace(/\bval=[0-9a-f]*([0-9a-f]{3})$/gm, 'val=..$1');

/** Entries that lead to neighbouring frames are one line of a dump: here each is its own. */
function singly(line: string, pmdShift: number): string[] {
  const [, start = '', level, nr, rest] = /^pr (\S+) L(\d) n=(\w+) (.*)$/.exec(line) ?? [];
  if (rest === undefined) return [line];
  const bytes = level === '1' ? 4096 : 2 ** pmdShift;
  return Array.from(
    { length: parseInt(nr ?? '1', 16) },
    (_, i) => `pr ${(parseInt(start, 16) + i * bytes).toString(16)} L${level} ${rest}`,
  );
}

describe('a scenario after a recorded user program', () => {
  const recorded = readdirSync(FOLDER).flatMap((name) =>
    Object.entries(PROGRAMS)
      .filter(([program]) => existsSync(path.join(FOLDER, name, `${program}.trace.gz`)))
      .map(([program, least]) => ({ name, named: program, least })),
  );
  for (const { name, named, least } of recorded)
    it(`${named} comes to the same page states on ${name}`, function () {
      const file = (each: string): string => path.join(FOLDER, name, each);
      const image = openStart(file('before.vmcore.gz'));
      const k = image.mm;
      // A mark is printed by an operation of the recorder, too.
      const ops: (TraceOp | undefined)[] = [];
      const marks: (string | undefined)[] = [];
      const tables = new Map<number, TraceDump>();
      for (const item of readTrace(readText(file(`${named}.trace.gz`)))) {
        if (item.kind === 'op') ops.push(item);
        else if (item.kind === 'mark') ops.push(undefined);
        if (item.kind === 'mark') marks[ops.length - 1] = item.text;
        if (item.kind === 'dump' && item.name === 'pts') tables.set(ops.length - 1, item);
      }
      const program = readProgram(readLines(file(`${named}.program.gz`)));
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
          assert.ok(vm.turns.give(task), `line ${line} waits`);
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
      let nrOps = 0;
      for (const { action, op, line } of steps) {
        if (action.name === 'rcu') kernel.rcu_process_callbacks(k);
        if (action.name === 'op') nrOps++;
        const task = slots.get(action.pid);
        if (task === undefined) continue;
        if (action.name === 'accessed' && named === 'hugetlb-s1') {
          vm.turns.give(task);
          markAccessed(k, mmOf() as never, action.args.filter(isInAreas));
        }
        if (line !== undefined) {
          runLine(task, line);
          if (action.name === 'fork') {
            const made = vm.tasks().findLast(({ status }) => status !== 'new');
            slots.set(Number(action.args[0]), made?.id ?? -1);
          }
        } else if (action.name === 'op') vm.turns.give(task);
        if (action.name !== 'op') continue;
        const pool = poolMark(k, marks[nrOps - 1] ?? '');
        if (pool !== undefined) {
          assert.equal(pool.difference, undefined, `${nrOps}`);
          compared++;
        }
        const dump = tables.get(nrOps - 1);
        if (dump !== undefined) {
          const each = (lines: readonly string[] = []): string =>
            masked(lines.flatMap((entry) => singly(entry, k.PMD_SHIFT)).join('\n'));
          assert.equal(each(user.tables(dump.args)), each(dump.lines), `line ${dump.line}`);
          compared++;
        }
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
      assert.ok(compared > least, `${compared} operations`);
    });
});
