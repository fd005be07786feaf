/** When stacks of tasks that have ended are given back: which end of a grace period each of them waits for. */
import assert from 'node:assert/strict';
import { EndedTasks } from '../../src/cli/replay/program/endedTasks.js';
import {
  current,
  dup_task_struct,
  page_ref_count,
  virt_to_page,
} from '../../src/engine/entry/functions.js';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { loadProfile } from '../../src/engine/types/bundled.js';

const KSOFTIRQD = 7;

function start() {
  const { mm: k } = bootMachine({ profile: loadProfile('i386-pae-slab'), ramBytes: 128 << 20 });
  const tasks = new EndedTasks(k);
  const die = () => {
    const task = dup_task_struct(k, current(k));
    const stack = virt_to_page(k, k.read_va(k.plus(task, k.task_struct.stack)));
    tasks.add(task);
    return { address: k.hex(k.va_of(task)), hasStack: () => page_ref_count(k, stack) > 0 };
  };
  return { tasks, die };
}

describe('stacks of tasks that have ended, on one CPU', () => {
  it('go at the end of the grace period that began behind them', () => {
    const { tasks, die } = start();
    const task = die();
    tasks.loseStack(task.address, undefined);
    assert.equal(tasks.waiting.length, 1);
    assert.ok(task.hasStack());
    tasks.settle(KSOFTIRQD);
    tasks.endGracePeriod();
    assert.ok(!task.hasStack());
    assert.equal(tasks.waiting.length, 0);
  });

  it('wait for the next one, if the thread that put them calls what was ready before', () => {
    const { tasks, die } = start();
    const [earlier, later] = [die(), die()];
    tasks.loseStack(earlier.address, undefined);
    tasks.settle(KSOFTIRQD);
    tasks.loseStack(later.address, KSOFTIRQD);
    tasks.settle(KSOFTIRQD);
    tasks.endGracePeriod();
    assert.deepEqual([earlier.hasStack(), later.hasStack()], [false, true]);
    tasks.endGracePeriod();
    assert.ok(!later.hasStack());
  });

  it('do not wait longer, if somebody else has run in between', () => {
    const { tasks, die } = start();
    const task = die();
    tasks.loseStack(task.address, KSOFTIRQD);
    tasks.settle(1);
    tasks.settle(KSOFTIRQD);
    tasks.endGracePeriod();
    assert.ok(!task.hasStack());
  });
});
