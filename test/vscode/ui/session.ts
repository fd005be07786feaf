/**
 * The debug session: its start and end, steps and stops, the call stack, breakpoints, the console.
 *
 * Nothing is pressed before the stop at hand is on the screen, and no wait for a stop outlasts the session.
 */
import type { Locator, Page } from 'playwright-core';
import type { Editor } from './editor.js';
import type { QuickInput } from './quickInput.js';
import { deadline, done, plain, until } from './waits.js';
import type { Wire } from './wire.js';

/** How long a start, or an end, may take to get under way before its key counts as lost. */
const LOST_KEY_MS = 30_000;
/** How long all may be silent before what has not come does not come any more. */
const SILENT_MS = 15_000;
/** How long the screen may go on changing when all has been said. */
const MOST_UNREST_MS = 15_000;

export type Button = 'Continue' | 'Reverse' | 'Step Into' | 'Step Out' | 'Step Over' | 'Step Back';

export class Session {
  readonly toolbar: Locator;
  readonly breakpoints: Locator;
  private readonly rows: Locator;

  constructor(
    private readonly page: Page,
    private readonly wire: Wire,
    private readonly quick: QuickInput,
    private readonly editor: Editor,
  ) {
    this.toolbar = page.locator('.debug-toolbar');
    this.breakpoints = page.locator('.monaco-list[aria-label="Breakpoints"]');
    this.rows = page.locator('.monaco-list[aria-label="Debug Call Stack"] .monaco-list-row');
  }

  /** Starts the scenario on show with F5, and waits until it stands at its first statement, in a line if one is given. */
  async start(line?: number): Promise<void> {
    // Before the extension is there, F5 means nothing. Its lens may be out of view.
    await this.editor.codeLens('Debug').waitFor({ state: 'attached' });
    await this.startShown();
    if (line !== undefined) await this.stoppedAt(line);
  }

  /** Starts what F5 starts where the extension is known to be there. */
  async startShown(): Promise<void> {
    const { begun } = this.wire;
    await this.pressUntil('F5', 'a session begins', () => this.wire.begun > begun);
    await this.toolbar.waitFor();
    await this.stands();
  }

  /** Ends the session with Shift+F5. */
  async end(): Promise<void> {
    await this.settled();
    await this.pressUntil('Shift+F5', 'the session ends', () => !this.wire.hasSession);
    await this.toolbar.waitFor({ state: 'hidden' });
  }

  /** A key is lost now and then while a webview hands over the focus. */
  private async pressUntil(key: string, what: string, holds: () => boolean): Promise<void> {
    let again = 0;
    await until(this.page, what, async () => {
      if (holds()) return true;
      if (Date.now() < again) return false;
      again = Date.now() + LOST_KEY_MS;
      await this.page.keyboard.press(key);
      return false;
    });
  }

  /** Clicks a button of the toolbar, when the stop before is on the screen. */
  async press(button: Button): Promise<void> {
    await this.stands();
    await this.toolbar.locator(`.action-label[aria-label^="${button}"]`).click();
  }

  /** Clicks a button, and waits until the call stack shows where that led. */
  async step(button: Button): Promise<void> {
    const { stops } = this.wire;
    await this.press(button);
    await until(
      this.page,
      `${button} leads to a stop`,
      () => this.wire.stops > stops || !this.wire.hasSession,
    );
    await this.stands();
  }

  get hasEnded(): boolean {
    return !this.wire.hasSession;
  }

  /** Goes on until the session is over, whatever it stops for. */
  async runToEnd(): Promise<void> {
    while (this.wire.hasSession) await this.step('Continue');
    await this.toolbar.waitFor({ state: 'hidden' });
  }

  /** Waits until the call stack shows where the debuggee stands; not when there is no session any more. */
  async stands(): Promise<void> {
    await until(this.page, 'the call stack shows the stop', async () => {
      if (!this.wire.hasSession) return true;
      const { top } = this.wire;
      if (top === undefined) return false;
      const shown = await this.topFrame();
      return shown.startsWith(top.name) && ` ${shown}`.endsWith(` ${top.place}`.trimEnd());
    });
  }

  /** What the adapter last answered to a request of its own, if that was after the last stop. */
  answerTo(command: string): unknown {
    const { stops, body } = this.wire.answers.get(command) ?? {};
    return stops === this.wire.stops ? body : undefined;
  }

  /** Waits until all that a stop, or an edit, brings about has been asked, answered and drawn. */
  async settled(): Promise<void> {
    await this.stands();
    for (const end = Date.now() + MOST_UNREST_MS; Date.now() < end;) {
      if (this.wire.isQuiet()) {
        await this.page.evaluate(
          () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
        );
        if (this.wire.isQuiet()) return;
      }
      await this.page.waitForTimeout(50);
    }
  }

  /** Waits for a stop with a frame in a line of the scenario, or with some text. @throws Error when it stands, or ends, elsewhere */
  async stoppedAt(where: number | string): Promise<void> {
    const row = this.rows.filter({
      hasText: typeof where === 'number' ? new RegExp(`\\D${where}:\\d+\\s*$`) : where,
    });
    await until(this.page, `it stops at ${where}`, async () => {
      if (await row.first().isVisible()) return true;
      if (this.wire.silentMs < SILENT_MS) return false;
      if (!this.wire.hasSession) throw new Error(`the session ended before it stopped at ${where}`);
      if (this.wire.isStopped && this.wire.top !== undefined)
        throw new Error(`it stands at ${await this.topFrame()}, not at ${where}`);
      return false;
    });
    await this.stands();
  }

  /** Function, file and line of the frame that is executing; empty while it runs. */
  async topFrame(): Promise<string> {
    // Text contents: under the pointer a row hides its line behind its buttons.
    const frame = this.rows.locator('.stack-frame').first();
    const parts = frame.locator('.label, .file-name, .line-number');
    return plain((await parts.allTextContents()).join(' '));
  }

  /** Selects the first frame of the call stack that is in a file, and so shows that file. */
  async showFrame(file: string): Promise<void> {
    await this.settled();
    await this.rows.locator('.stack-frame', { hasText: file }).first().click();
    await this.editor.tab(file).waitFor();
  }

  /** Why the session says it is paused. */
  async pausedBecause(reason: string): Promise<void> {
    await this.page
      .locator('.debug-call-stack-title, .pane-header', { hasText: reason })
      .first()
      .waitFor();
  }

  /** A breakpoint of the user's own is listed: behind the exception filters, so that it may have to be scrolled to. */
  async breakpointSet(text: string): Promise<void> {
    const row = this.breakpoints.locator('.monaco-list-row', { hasText: text }).first();
    for (const end = deadline(); Date.now() < end && !(await row.isVisible());) {
      await this.breakpoints.hover({ position: { x: 5, y: 5 } });
      await this.page.mouse.wheel(0, 120);
      await this.page.waitForTimeout(200);
    }
    await row.waitFor();
  }

  /** What the widget under a line that stopped with an exception says. */
  async exceptionText(): Promise<string> {
    const widget = this.page.locator('.exception-widget').first();
    await widget.waitFor();
    return plain(await widget.innerText());
  }

  /** What the debug console answers. */
  async evaluate(expression: string, answer: RegExp): Promise<string> {
    const input = this.page.locator('.repl .repl-input-wrapper .monaco-editor');
    await this.settled();
    for (const end = deadline(); Date.now() < end && !(await input.isVisible());) {
      await this.quick.command('Focus on Debug Console View');
      await done(input.waitFor({ timeout: 5000 }));
    }
    await input.click();
    await this.page.keyboard.type(expression);
    await this.page.keyboard.press('Escape');
    await this.page.keyboard.press('Enter');
    const value = this.page.locator('.repl .evaluation-result .value', { hasText: answer }).last();
    await value.waitFor();
    return value.innerText();
  }
}
