/** The view "Machine" of Run and Debug: a tree, of which a few rows are drawn. */
import type { Locator, Page } from 'playwright-core';
import type { Session } from './session.js';
import { until } from './waits.js';

/** So far at most a row lies below the one that was opened last. */
const MOST_ROWS_DOWN = 60;

export class MachineView {
  private readonly rows: Locator;

  constructor(
    private readonly page: Page,
    private readonly session: Session,
  ) {
    this.rows = page.locator('.customview-tree .monaco-list-row');
  }

  /** A row by how its label begins. */
  row(label: string): Locator {
    const start = new RegExp(`^${label.replaceAll(/[()[\]]/g, '\\$&')}`);
    const own = this.page.locator('.monaco-icon-label').filter({ hasText: start });
    return this.rows.filter({ has: own }).first();
  }

  /** Opens rows, each below the one before, with the keys that move in a tree. */
  async open(...labels: readonly string[]): Promise<void> {
    await this.rows.first().click();
    await this.page.keyboard.press('ArrowLeft');
    await this.page.keyboard.press('Home');
    for (const label of labels) {
      await this.goTo(label);
      const row = this.row(label);
      if ((await row.getAttribute('aria-expanded')) === 'false')
        await this.page.keyboard.press('ArrowRight');
      await until(this.page, `${label} is open`, async () => {
        return (await row.getAttribute('aria-expanded')) === 'true';
      });
      // What is in it has been asked for, and drawn.
      await this.session.settled();
    }
  }

  /** Moves down to a row. @throws Error when there is none */
  async goTo(label: string): Promise<void> {
    const focused = this.page.locator('.customview-tree .monaco-list-row.focused', {
      has: this.page.locator('.monaco-icon-label'),
    });
    for (let down = 0; down < MOST_ROWS_DOWN; down++) {
      const text = await focused.first().innerText();
      if (text.trimStart().startsWith(label)) return;
      await this.page.keyboard.press('ArrowDown');
    }
    throw new Error(`no row below is called ${label}`);
  }
}
