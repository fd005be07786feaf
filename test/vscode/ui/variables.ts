/** The variables view: rows, scopes, context menus. It is drawn anew after each stop, so what is done in it waits for that. */
import type { Locator, Page } from 'playwright-core';
import type { Session } from './session.js';
import { deadline, done, eventually, isHidden, plain, until } from './waits.js';

/** How long a row or a menu may take to react. */
const REACTS_MS = 5000;
/** A mouse-up so shortly after a menu opened is ignored. */
const MENU_IS_DEAF_MS = 250;

export class Variables {
  readonly root: Locator;

  constructor(
    private readonly page: Page,
    private readonly session: Session,
  ) {
    this.root = page.locator('.monaco-list[aria-label="Debug Variables"]');
  }

  /** The row of a variable, by its name. */
  row(name: string): Locator {
    return this.root.locator(`.monaco-list-row[aria-label^="${name}, value"]`).first();
  }

  async valueOf(name: string): Promise<string> {
    await this.session.settled();
    const value = this.row(name).locator('.value');
    await value.waitFor();
    return eventually(this.page, async () => plain(await value.innerText({ timeout: REACTS_MS })));
  }

  openScope(name: string): Promise<void> {
    return this.fold(this.scope(name), name, 'true', (row) => row.click({ timeout: REACTS_MS }));
  }

  foldScope(name: string): Promise<void> {
    return this.fold(this.scope(name), name, 'false', (row) => row.click({ timeout: REACTS_MS }));
  }

  expand(name: string): Promise<void> {
    return this.fold(this.row(name), name, 'true', (row) =>
      row.locator('.monaco-tl-twistie').click({ timeout: REACTS_MS }),
    );
  }

  private scope(name: string): Locator {
    return this.root.locator('.monaco-list-row', { hasText: name }).first();
  }

  /** Brings a row into a state that lasts when all has been drawn. */
  private async fold(
    row: Locator,
    name: string,
    expanded: 'true' | 'false',
    toggle: (row: Locator) => Promise<void>,
  ): Promise<void> {
    await until(this.page, `${name} has expanded=${expanded}`, async () => {
      await this.session.settled();
      const state = await row
        .getAttribute('aria-expanded', { timeout: REACTS_MS })
        .catch(() => undefined);
      if (state === expanded) return true;
      if (state !== undefined) await done(toggle(row));
      return false;
    });
  }

  async scroll(deltaPx: number): Promise<void> {
    await this.root.hover();
    await this.page.mouse.wheel(0, deltaPx);
  }

  /** Clicks a button that a row shows while the pointer is on it. */
  async rowAction(name: string, label: string): Promise<void> {
    const action = this.row(name).locator(`.action-label[aria-label*="${label}"]`);
    await until(this.page, `${name} has an action ${label}`, async () => {
      await this.session.settled();
      return (
        (await done(this.row(name).hover({ timeout: REACTS_MS }))) &&
        (await done(action.click({ timeout: REACTS_MS })))
      );
    });
  }

  /**
   * An item of the context menu of a variable. A menu closes by itself when the editor that shows a stop takes the focus, or when its row
   * is drawn anew: then it is opened again. One whose item was clicked closes at once.
   */
  async contextMenu(name: string, item: string): Promise<void> {
    const entry = this.page.locator('.monaco-menu .action-item', { hasText: item }).first();
    const menu = this.page.locator('.monaco-menu').first();
    for (const end = deadline(); Date.now() < end;) {
      await this.session.settled();
      if (!(await done(this.row(name).click({ button: 'right', timeout: REACTS_MS })))) continue;
      while (await done(entry.waitFor({ timeout: REACTS_MS }))) {
        await this.page.waitForTimeout(MENU_IS_DEAF_MS);
        if ((await done(entry.click({ timeout: REACTS_MS }))) && (await isHidden(menu))) return;
      }
      await this.page.keyboard.press('Escape');
    }
    throw new Error(`no menu of ${name} stays open for ${item}`);
  }
}
