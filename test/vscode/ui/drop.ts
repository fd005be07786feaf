/** A file of the Explorer, dropped on the view of reports. */
import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { deadline, done } from './waits.js';
import type { Workbench } from './workbench.js';

/** A view that is still opening takes no drop: again, until what comes of it is there. */
export async function dropOnReports(
  { page }: Workbench,
  file: string,
  outcome: (view: Locator) => Locator,
): Promise<Locator> {
  const row = page.locator('.explorer-folders-view .monaco-list-row', { hasText: file }).first();
  await row.waitFor();
  const header = page.locator('.pane-header', { hasText: 'Kernel Reports' });
  const view = page.locator('.pane', { has: header }).locator('.pane-body');
  for (const end = deadline(); ;) {
    if (!(await view.isVisible())) await header.click();
    await done(row.dragTo(view.locator('.monaco-list-row').first(), { timeout: 10_000 }));
    if (await done(outcome(view).first().waitFor({ timeout: 5000 }))) return view;
    assert.ok(Date.now() < end, `nothing comes of ${file}, dropped`);
  }
}
