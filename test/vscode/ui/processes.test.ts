/**
 * A process under the debugger: a write stepped into, from the fault down to the entry that the kernel writes, in C; a stop at a copy on
 * write; who holds a page that is pinned. A screenshot of each step.
 */
import assert from 'node:assert/strict';
import { lineOf, tell } from './story.js';
import type { Workbench } from './workbench.js';

const EXAMPLE = 'fork-and-cow.mms';
const at = (text: string): number => lineOf(EXAMPLE, text);

/** What lies between the write and the entry: other functions are stepped out of. */
const WAY_DOWN = [
  'do_user_addr_fault',
  'handle_mm_fault',
  '__handle_mm_fault',
  'handle_pte_fault',
  'do_anonymous_page',
  'native_set_pte',
];

/** Steps down until a function is on top. */
async function stepDownTo(bench: Workbench, name: string): Promise<void> {
  for (let steps = 0; steps < 60; steps++) {
    const [at = ''] = (await bench.session.topFrame()).split(' ');
    if (at === name) return;
    await bench.session.step(WAY_DOWN.includes(at) ? 'Step Into' : 'Step Out');
  }
  assert.fail(`60 steps did not come to ${name}()`);
}

tell('a process in VS Code', { shots: 'processes' }, (step) => {
  step('opens the example, and stops in front of the first write', async (bench) => {
    await bench.editor.open(EXAMPLE);
    await bench.editor.toggleBreakpoint(at("buf[0] = 'p'"));
    await bench.session.start(at('char *buf'));
    await bench.session.press('Continue');
    await bench.session.stoppedAt(at("buf[0] = 'p'"));
  });

  step('steps into the write: the processor faults', async (bench) => {
    await bench.session.step('Step Into');
    await bench.session.stoppedAt('do_user_addr_fault');
    await bench.editor.withText('do_user_addr_fault(struct mm_struct *mm').waitFor();
  });

  step('steps over to the call that handles it, and down to the page table entry', async (bench) => {
    await stepDownTo(bench, 'do_anonymous_page');
  });

  step('and to the entry', async (bench) => {
    await stepDownTo(bench, 'native_set_pte');
  });
});
