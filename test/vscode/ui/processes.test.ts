/**
 * A process under the debugger: a write stepped into, from the fault down to the entry that the kernel writes, in C; stops at faults and at a
 * copy on write, by what happens; who holds a page that is pinned; the processes of the machine. A screenshot of each step.
 */
import assert from 'node:assert/strict';
import { runToText } from './kernelLines.js';
import { lineOf, tell } from './story.js';

const EXAMPLE = 'fork-and-cow.mms';
const at = (text: string): number => lineOf(EXAMPLE, text);
/** Where the page is pinned, and only the parent has it. */
const BEHIND_PIN = at('pin_user_pages(address') + 1;
const BREAK_INSIDE = 'mmscope: Break Inside the Allocator...';

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
    assert.match(await bench.variables.valueOf('error_code'), /X86_PF_WRITE\|X86_PF_USER/);
  });

  step('and into the call that handles it', async (bench) => {
    await runToText(bench, 'handle_mm_fault(');
    await bench.session.step('Step Into');
    await bench.session.stoppedAt('handle_mm_fault');
    await bench.session.settled();
  });

  step(
    'picks faults and copies on write to stop at, and comes to the page that is missing',
    async (bench) => {
      await bench.quick.command(BREAK_INSIDE);
      await bench.quick.tickEach(['page-fault', 'cow-break']);
      await bench.session.breakpointSet('cow-break');
      await bench.session.step('Continue');
      await bench.session.stoppedAt('do_anonymous_page');
      await bench.session.settled();
    },
  );

  step('steps down to the page table entry', async (bench) => {
    await runToText(bench, 'set_pte(', 30);
    await bench.session.step('Step Into');
    await bench.session.stoppedAt('native_set_pte');
    assert.match(await bench.variables.valueOf('pte'), /P\|RW\|US\|A\|D/);
  });

  step('sees the entry before it is written, in the window Memory', async (bench) => {
    const memory = await bench.webview('.tabs');
    await memory.getByRole('tab', { name: 'Page Walk', exact: true }).click();
    await memory.locator('[data-walk$="7ffff7ffb000"]').waitFor({ state: 'attached' });
    await memory.locator('[data-bit="PTE/P"][data-set="0"]').waitFor();
    await memory.locator('[data-fault="page fault"]').waitFor();
    const texts = await memory.locator('.board svg text').allTextContents();
    // Nothing is cut down to what says nothing.
    assert.deepEqual(
      texts.filter((text) => /^.{0,3}\u2026$/.test(text)),
      [],
    );
    await bench.session.settled();
  });

  step('and after', async (bench) => {
    await bench.session.step('Step Over');
    const memory = await bench.webview('.tabs');
    for (const bit of ['P', 'RW', 'US', 'A', 'D', 'NX'])
      await memory.locator(`[data-bit="PTE/${bit}"][data-set="1"]`).waitFor();
    await memory.locator('[data-page]').waitFor();
    await bench.session.settled();
  });

  step('stops where the child writes, and nowhere else: copy on write', async (bench) => {
    await bench.quick.command(BREAK_INSIDE);
    await bench.quick.tickEach(['page-fault']);
    await bench.session.press('Continue');
    await bench.session.stoppedAt('wp_page_copy');
    await bench.session.stoppedAt('copy on write: pid 100 gets a page of its own');
    await bench.session.settled();
  });

  step('the pinned page, and who has it', async (bench) => {
    await bench.quick.command(BREAK_INSIDE);
    await bench.quick.tickEach(['cow-break']);
    await bench.editor.quickOpen(EXAMPLE);
    await bench.editor.goToLine(BEHIND_PIN);
    await bench.quick.command('Debug: Run to Cursor');
    await bench.session.stoppedAt(BEHIND_PIN);
    await bench.variables.foldScope('Locals');
    await bench.variables.openScope('Machine');
    await bench.variables.scroll(300);
    await bench.variables.expand('Pinned pages');
    await bench.session.settled();
  });

  step('and by which call, at which line', async (bench) => {
    await bench.quick.command('Run and Debug: Focus on Machine View');
    await bench.machine.open('Pinned pages', 'pfn 0x');
    const held = `pinned at line ${at('pin_user_pages(address')} by pin_user_pages() in task main`;
    await bench.machine.goTo('2 pin');
    await bench.machine.row('2 pin').filter({ hasText: held }).waitFor();
    await bench.session.settled();
  });

  step('ends the session', (bench) => bench.session.end());
});
