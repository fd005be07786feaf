/**
 * The front door of processes: a scenario that does what a recorded user program did, on the core that the program started from, comes to the
 * same page states, entries, lists and numbers as the kernel's run, operation by operation, frame by frame.
 *
 * What other threads of that machine did meanwhile no scenario does: pages that they took and grace periods that ended are performed from
 * outside, where the recording has them.
 */
import assert from 'node:assert/strict';
import { readLines, readText } from '../../src/cli/openFile.js';
import { judgeProgram } from '../../src/cli/replay/program/judgeProgram.js';
import { SharedCaches } from '../../src/cli/replay/program/sharedCaches.js';
import { spansOf } from '../../src/cli/replay/program/spans.js';
import type { EarlierAct } from '../../src/cli/replay/program/earlier.js';
import { readProgram } from '../../src/cli/replay/program/readProgram.js';
import { ToldPages } from '../../src/cli/replay/program/toldPages.js';
import { UserOperations } from '../../src/cli/replay/program/userOps.js';
import { markAccessed } from '../../src/cli/replay/program/accessed.js';
import { EndedTasks } from '../../src/cli/replay/program/endedTasks.js';
import type { Action } from '../../src/cli/replay/program/processes.js';
import { poolMark } from '../../src/cli/replay/program/poolMarks.js';
import { openStart } from '../../src/cli/replay/replay.js';
import { eventsDifference, Tracepoints } from '../../src/cli/replay/tracepoints.js';
import { pageStateText, readTrace } from '../../src/engine/image/state/index.js';
import { asVirt } from '../../src/engine/memory/address.js';
import * as kernel from '../../src/engine/entry/functions.js';
import { compileScenario, ScenarioVm } from '../../src/scenario/index.js';
import { FOLDERS } from '../recordings.js';
import { recordedPrograms } from './recordedPrograms.js';
import { userScenario } from './userScenario.js';

/** The programs, and how much is compared at least; of other seeds {@link LEAST}. */
const PROGRAMS: Readonly<Record<string, number>> = {
  usr: 100,
  'usr2-s3': 100,
  'migr-s3': 30,
  'hugetlb-s1': 200,
  'thp-s1': 80,
  'thpmigr-s1': 20,
  'advise-s1': 60,
  // Its operations only look, but for a few.
  cmausr: 3,
};
const LEAST = 20;

/** What only looks, and is done from outside. */
const LOOKS = new Set(['umm', 'upt', 'upage', 'mlock_stat']);

/** The same program on more kernels, which takes its time: where all recordings are wanted. */
const MORE = /^(i386-pae-slab|x86_64-slab|x86_64-slub)-160M$/;
const isWanted = (name: string): boolean => FOLDERS.length > 1 || !MORE.test(name);

/** Whether the last reference of a process's address space goes when it ends: before anything else is recorded. */
function isDropped(program: readonly Action[], exit: Action): boolean {
  for (const { name } of program.slice(program.indexOf(exit) + 1)) {
    if (name === 'mmdrop') return true;
    if (name === 'op') return false;
  }
  return true;
}

describe('a scenario after a recorded user program', () => {
  for (const { machine, program: named, file } of recordedPrograms()) {
    if (!isWanted(machine)) continue;
    it(`${named} comes to the same page states on ${machine}`, function () {
      const read = () => readTrace(readText(file(`${named}.trace.gz`)));
      const program = readProgram(readLines(file(`${named}.program.gz`)));
      // The first time it is replayed: where others take pages.
      const told: ReadonlySet<number>[] = [];
      const shared: ReadonlyMap<number, readonly string[]>[] = [];
      const before: (readonly EarlierAct[])[] = [];
      judgeProgram(openStart(file('before.vmcore.gz')), read(), program, {
        onTold: (span, events, acts, pages) => {
          told[span] = events;
          shared[span] = pages;
          before[span] = acts;
        },
      });

      const image = openStart(file('before.vmcore.gz'));
      const k = image.mm;
      const spans = spansOf(read());
      const { text, steps } = userScenario(
        program,
        spans.map(({ op }) => op),
      );
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
          // A child that touches what its parent must keep gets no page.
          const isKilled = result.kind === 'failed' && result.text.startsWith('SIGBUS');
          assert.ok(
            result.kind === 'ran' || result.kind === 'ended' || isKilled,
            `line ${line}: ${JSON.stringify(result)}`,
          );
          if (result.kind !== 'ran') return;
        }
      };
      const value = (expression: string): number => {
        const found = vm.evaluate(expression);
        assert.ok(found.ok, expression);
        return Number(found.value);
      };
      // Others take pages where the recording has it, counted by the events of a span.
      const others = new ToldPages();
      const tracepoints = new Tracepoints(k);
      const threads = new EndedTasks(k);
      const caches = new SharedCaches(k, others);
      let offers = new Map<number, readonly string[]>();
      /** Where their structures lie. */
      const children = new Map<string, ReturnType<typeof kernel.current>>();
      let span = -1;
      let heard = 0;
      let events: string[] = [];
      let isOtherOrder = false;
      let mask = 0;
      // The first driver has no events of migration.
      const isFirst = !spans.some(({ events }) => events.some((event) => /^m[msr] /.test(event)));
      const hear = (): void => {
        const taken = tracepoints.take().filter((event) => !caches.isTaken(event));
        heard += taken.length;
        events.push(...taken);
        for (; told[span]?.has(heard) === true; heard++) {
          tracepoints.listen(0);
          others.perform(k, spans[span]?.events[heard] ?? '');
          events.push(spans[span]?.events[heard] ?? '');
          tracepoints.listen(mask);
        }
        const [gfp, ...rest] = offers.get(heard) ?? [];
        if (gfp === undefined) return;
        offers.set(heard, rest);
        caches.give(gfp);
      };
      tracepoints.onEvent = hear;
      const outside = (run: () => void): void => {
        tracepoints.listen(0);
        run();
        tracepoints.listen(mask);
      };
      const quiet = { isStill: false };
      /** What others did in front of an operation that nothing but a later dump tells. */
      const actBefore = (next: number): void => {
        for (const act of before[next] ?? [])
          if (act === 'still') quiet.isStill = true;
          else if (act === 'rcu') kernel.rcu_process_callbacks(k);
          else outside(() => others.take(k, act.gfp, act.order));
      };
      actBefore(0);
      let compared = 0;
      const same = (ours: string, wanted: string, say: string): void => {
        assert.equal(ours, wanted, say);
        compared++;
      };
      for (const { action, op, line, marks } of steps) {
        threads.settle(action.pid);
        if (action.name === 'rcu') threads.endGracePeriod();
        if (action.name === 'quiet') {
          kernel.lru_add_drain_all(k);
          if (!quiet.isStill) kernel.refresh_cpu_vm_stats(k);
          quiet.isStill = false;
        }
        if (action.name === 'split_huge_pages') kernel.split_huge_pages_all(k);
        if (action.name === 'pagemap') kernel.mmgrab(k, mmOf() as never);
        // khugepaged looks at an address space that ends: it holds the structure.
        if (action.name === 'exit' && !isDropped(program, action)) {
          vm.turns.give(slots.get(action.pid) ?? 0);
          outside(() => kernel.mmgrab(k, mmOf() as never));
        }
        if (action.name === 'alloc')
          outside(() => others.take(k, action.args[0] ?? '', parseInt(action.args[1] ?? '0', 16)));
        if (action.name === 'op') {
          const { text: name = '', events: theirs = [] } = spans[span] ?? {};
          const ordered = (all: readonly string[]) => (isOtherOrder ? [...all].sort() : all);
          assert.equal(eventsDifference(ordered(events), ordered(theirs)), undefined, name);
          isOtherOrder = false;
          events = [];
          span++;
          heard = 0;
          offers = new Map(shared[span] ?? []);
          if (op?.name === 'events') mask = Number(op.args[0]) & (isFirst ? 7 : 15);
          else if (mask === 0 && (spans[span]?.events.length ?? 0) > 0) mask = 1;
          if (span > 0) actBefore(span);
          tracepoints.listen(mask);
          hear();
        }
        if (action.name === 'stack' || action.name === 'free') {
          // Of a thread of the kernel it is done from outside; a child's stack goes when another task runs, its structure after wait().
          const [at = ''] = action.args;
          const child = children.get(at);
          if (child === undefined && action.name === 'free') threads.free(at);
          else if (child === undefined)
            threads.loseStack(at, slots.has(action.pid) ? undefined : action.pid);
          else if (action.name === 'free') kernel.free_task_struct(k, child);
          else if (slots.has(action.pid)) vm.turns.give(slots.get(action.pid) ?? 0);
          // A thread of the kernel runs next, which no scenario has: the stack goes before the memory, and not behind it.
          else isOtherOrder = true;
        }
        const task = slots.get(action.pid);
        if (task === undefined) continue;
        if (action.name === 'mmdrop') vm.turns.give(task);
        if (marks.length > 0)
          outside(() => {
            vm.turns.give(task);
            markAccessed(k, mmOf() as never, marks);
          });
        const isOver = ['ended', 'failed'].includes(vm.tasks()[task]?.status ?? '');
        if (line !== undefined && !isOver) {
          runLine(task, line);
          const running = kernel.current(k);
          if (task !== 0) children.set(k.hex(k.va_of(running)), running);
          if (action.name === 'fork') {
            const made = vm.tasks().findLast(({ status }) => status !== 'new');
            slots.set(Number(action.args[0]), made?.id ?? -1);
          }
        } else if (action.name === 'op' && !isOver) vm.turns.give(task);
        if (action.name !== 'op') continue;
        const { text: mark = '', dumps = [] } = spans[span] ?? {};
        outside(() => {
          const pool = op === undefined ? poolMark(k, mark) : undefined;
          if (pool !== undefined) same(pool.difference ?? '', '', mark);
          for (const dump of dumps)
            if (dump.name === 'pts')
              same(user.tables(dump.args).join('\n'), dump.lines.join('\n'), `line ${dump.line}`);
          if (op === undefined) return;
          // The later driver puts the number of pages behind the arguments.
          const first = [op.result, op.args.find((arg) => arg.startsWith('ret='))];
          const wanted = [...first.filter((each) => each !== undefined), ...op.details].join('\n');
          const say = `line ${op.line}: ${op.name} ${op.args.join(' ')}`;
          if (LOOKS.has(op.name)) same(user.perform(op.name, op.args) ?? '', wanted, say);
          else if (/^(gup|pin)f?$/.test(op.name)) {
            const ret = value('ret');
            const pages = Array.from({ length: Math.max(0, ret) }, (_, i) =>
              k.cell_at(asVirt(value(`(long)pages[${op.args[0]} + ${i}]`))),
            );
            const ours = [`ret=${ret}`, ...pages.map((page) => `> ${pageStateText(image, page)}`)];
            same(ours.join('\n'), wanted, say);
          }
        });
      }
      tracepoints.listen(0);
      assert.ok(
        compared > (PROGRAMS[named] ?? PROGRAMS[named.replace(/-.*/, '')] ?? LEAST),
        `${compared} operations`,
      );
    });
  }
});
