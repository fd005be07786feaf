/** Lines of the kernel's source on show, by their text. */
import type { Workbench } from './workbench.js';

/**
 * Runs to a line of the file on show, as _Run to Cursor_ does.
 *
 * @param below how far below the line that executes it is, where that is more than a screen has
 */
export async function runToText(bench: Workbench, text: string, below = 0): Promise<void> {
  const line = /(\d+):\d+$/.exec(await bench.session.topFrame())?.[1];
  if (below > 0) await bench.editor.goToLine(Number(line) + below);
  await bench.editor.goToLine(await bench.editor.lineShowing(text));
  await bench.quick.command('Debug: Run to Cursor');
}
