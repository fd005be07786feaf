/** Show Last Write, as a user has it: on a page flag in the variables view, and from there to the moment of the write. */
import { lineOf as lineIn, tell } from './story.js';

const EXAMPLE = 'split-a-block.mms';
const lineOf = (text: string): number => lineIn(EXAMPLE, text);

tell('who wrote this', {}, (step) => {
  step('stops behind the lock', async (bench) => {
    await bench.editor.open(EXAMPLE);
    await bench.editor.toggleBreakpoint(lineOf('expect(PageLocked(block))'));
    await bench.session.start(lineOf('alloc_pages('));
    await bench.session.press('Continue');
    await bench.session.stoppedAt(lineOf('expect(PageLocked(block))'));
  });

  step('shows the last write of PG_locked', async (bench) => {
    await bench.variables.openScope('Locals');
    await bench.variables.expand('block');
    await bench.variables.expand('flags');
    await bench.variables.contextMenu('PG_locked', 'Show Last Write');
    await bench.notifications
      .filter({ hasText: /PG_locked.*in .*lock_page\(\).*lock_page\(block\)/ })
      .first()
      .waitFor();
  });

  step('goes there, into the kernel', async (bench) => {
    await bench.notifications.getByRole('button', { name: 'Go There' }).click();
    await bench.session.stoppedAt('lock_page');
    await bench.until('the line that sets the bit is on top', async () =>
      (await bench.session.topFrame()).startsWith('test_and_set_bit'),
    );
  });

  step('ends the session', async (bench) => {
    await bench.session.end();
  });
});
