/** Show Last Write, as a user has it: on a page flag in the variables view, and from there to the moment of the write. */
import { lineOf as lineIn, tell } from './story.js';

const EXAMPLE = 'split-a-block.mms';
const lineOf = (text: string): number => lineIn(EXAMPLE, text);

tell('who wrote this', {}, (step) => {
  step('stops behind the lock', async (bench) => {
    await bench.openFile(EXAMPLE);
    await bench.toggleBreakpoint(lineOf('expect(PageLocked(block))'));
    await bench.press('F5');
    await bench.toolbar.waitFor();
    await bench.stoppedAt(`${lineOf('alloc_pages(')}:`);
    await bench.tool('Continue');
    await bench.stoppedAt(`${lineOf('expect(PageLocked(block))')}:`);
  });

  step('shows the last write of PG_locked', async (bench) => {
    await bench.openScope('Locals');
    await bench.expand('block');
    await bench.expand('flags');
    await bench.contextMenu(bench.variable('PG_locked'), 'Show Last Write');
    await bench.notifications
      .filter({ hasText: /PG_locked.*in .*lock_page\(\).*lock_page\(block\)/ })
      .first()
      .waitFor();
  });

  step('goes there, into the kernel', async (bench) => {
    await bench.notifications.getByRole('button', { name: 'Go There' }).click();
    await bench.stoppedAt('lock_page');
    await bench.until('the line that sets the bit is on top', async () =>
      (await bench.topFrame()).startsWith('test_and_set_bit'),
    );
  });

  step('ends the session', async (bench) => {
    await bench.press('Shift+F5');
    await bench.toolbar.waitFor({ state: 'hidden' });
  });
});
