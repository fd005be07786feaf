/** The workbench's quick input: commands by title, files by name, picks, boxes that ask. */
import type { Locator, Page } from 'playwright-core';
import { deadline, done, until } from './waits.js';

/** How long it may take to be drawn. */
const DRAWN_MS = 5000;

export class QuickInput {
  readonly rows: Locator;
  private readonly input: Locator;

  constructor(private readonly page: Page) {
    this.rows = page.locator('.quick-input-list .monaco-list-row');
    this.input = page.locator('.quick-input-widget input').first();
  }

  row(text: string): Locator {
    return this.rows.filter({ hasText: text }).first();
  }

  /** Opens it by a key and fills it; again, when a view that came late took the focus, which closes it. */
  async open(key: string, text: string): Promise<void> {
    for (const end = deadline(); Date.now() < end;) {
      await this.page.keyboard.press(key);
      if (await done(this.input.fill(text, { timeout: DRAWN_MS }))) return;
      await this.page.keyboard.press('Escape');
    }
    throw new Error(`the quick input does not stay open for ${key}`);
  }

  /** Opens it by a key, and takes a row: again, while there is none, or when it closes before the click. */
  private async take(key: string, text: string, row: Locator, what: string): Promise<void> {
    for (const end = deadline(); Date.now() < end;) {
      await this.open(key, text);
      const isThere = await done(row.waitFor({ timeout: DRAWN_MS }));
      if (isThere && (await done(row.click({ timeout: DRAWN_MS })))) return;
      await this.page.keyboard.press('Escape');
    }
    throw new Error(`there is no ${what}`);
  }

  /** A command of the palette, by its whole title. An open palette does not learn of extensions that come late. */
  command(title: string): Promise<void> {
    return this.take('F1', `>${title}`, this.row(title), `command ${title}`);
  }

  /** Opens a file in the first group, whichever view stands beside it. */
  async file(name: string): Promise<void> {
    await this.page.keyboard.press('Control+1');
    await this.take('Control+p', name, this.row(name), `file ${name}`);
  }

  /** Answers a box that a command opens: in the place of the palette, which must have gone. */
  async answer(text: string): Promise<void> {
    await until(this.page, 'a box asks', async () => {
      if (!(await this.input.isVisible())) return false;
      const value = await this.input.inputValue({ timeout: DRAWN_MS }).catch(() => '>');
      return !value.startsWith('>');
    });
    await this.input.fill(text);
    await this.input.press('Enter');
  }

  /** Ticks rows of an open pick of several, each found by typing, and closes it. */
  async tickEach(texts: readonly string[]): Promise<void> {
    for (const text of texts) {
      await this.input.fill(text);
      await this.row(text).click();
    }
    await this.input.press('Enter');
    await this.rows.first().waitFor({ state: 'hidden' });
  }

  /** Ticks a row of an open pick of several, or takes its tick away, and closes it. */
  async tick(text: string): Promise<void> {
    const row = this.row(text);
    await row.click();
    await this.input.press('Enter');
    await row.waitFor({ state: 'hidden' });
  }
}
