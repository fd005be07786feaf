/**
 * VS Code's workbench in a browser, by what a user sees and does. Selectors live here and nowhere else; they hold in
 * VS Code 1.139.
 */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Browser, type Frame, type Locator, type Page } from 'playwright-core';

/** Generous: a machine may be busy with other things. */
const TIMEOUT_MS = 90_000;
const LOAD_MS = 180_000;
const POLL_MS = 100;
/** A hover that is to come has come by then. */
const NO_HOVER_MS = 1500;
/** How long an open quick input may take to be drawn. */
const QUICK_INPUT_MS = 5000;
/** How long a menu may take to open. */
const MENU_MS = 5000;
/** How long a call stack may go on showing where a step began. */
const STALE_MS = 8000;

/** Hovers of addresses in an editor: without those that only say that they are loading. */
export const EDITOR_HOVER = '.monaco-hover .hover-contents:has-text(" is ")';

export interface Place {
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

export class Workbench {
  readonly editor: Locator;
  readonly toolbar: Locator;
  readonly callStack: Locator;
  readonly variables: Locator;
  readonly breakpoints: Locator;
  private shots = 0;

  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
    private readonly shotsDir: string,
  ) {
    this.editor = page.locator('.editor-group-container').first().locator('.monaco-editor').first();
    this.toolbar = page.locator('.debug-toolbar');
    this.callStack = page.locator('.monaco-list[aria-label="Debug Call Stack"]');
    this.variables = page.locator('.monaco-list[aria-label="Debug Variables"]');
    this.breakpoints = page.locator('.monaco-list[aria-label="Breakpoints"]');
  }

  static async open(
    url: string,
    executablePath: string,
    shotsDir: string,
    viewport = { width: 1600, height: 1000 },
  ): Promise<Workbench> {
    const browser = await chromium.launch({
      executablePath,
      headless: true,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    });
    const page = await browser.newPage({ viewport });
    page.setDefaultTimeout(TIMEOUT_MS);
    mkdirSync(shotsDir, { recursive: true });
    await page.goto(url);
    await page.locator('.monaco-workbench').waitFor({ timeout: LOAD_MS });
    return new Workbench(browser, page, shotsDir);
  }

  close(): Promise<void> {
    return this.browser.close();
  }

  /** What is on the screen, in a few lines: for the message of a step that failed. */
  async sight(): Promise<string> {
    const textOf = async (selector: string): Promise<string> => {
      const texts = await this.page.locator(`${selector}:visible`).allInnerTexts();
      return texts.join(' | ').replaceAll(/\s+/g, ' ').trim();
    };
    const parts = [
      ['editor', '.tab.active'],
      ['call stack', '.monaco-list[aria-label="Debug Call Stack"] .monaco-list-row'],
      ['variables', '.monaco-list[aria-label="Debug Variables"] .monaco-list-row'],
      ['dialog', '.monaco-dialog-box'],
      ['notifications', '.notification-toast'],
      ['quick input', '.quick-input-list .monaco-list-row'],
      ['hover', '.monaco-hover'],
    ] as const;
    const lines: string[] = [];
    for (const [name, selector] of parts) {
      const text = await textOf(selector);
      if (text !== '') lines.push(`${name}: ${text.slice(0, 400)}`);
    }
    return lines.join('\n');
  }

  /** Numbered, so that a folder of them tells the story. Returns the file. */
  async screenshot(name: string): Promise<string> {
    const number = String(++this.shots).padStart(2, '0');
    const base = `${number}-${name.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase()}.png`;
    const file = path.join(this.shotsDir, base);
    await this.page.screenshot({ path: file });
    return file;
  }

  async openFile(name: string): Promise<void> {
    const row = this.page.locator('.explorer-folders-view .monaco-list-row', { hasText: name });
    await row.first().dblclick();
    await this.lineNumber(1).waitFor();
  }

  /** Opens a file in the first group, whichever view stands beside it. */
  async quickOpen(name: string): Promise<void> {
    await this.press('Control+1');
    await this.quickInput('Control+p', name);
    const row = this.page.locator('.quick-input-list .monaco-list-row', { hasText: name });
    await row.first().click();
    await this.page.locator('.tab.active', { hasText: name }).first().waitFor();
    await this.lineNumber(1).waitFor();
  }

  async goToLine(line: number): Promise<void> {
    // A frame that was just shown, and the exception's widget in it, come into view late and take the line away.
    for (const end = deadline(); Date.now() < end;) {
      await this.quickInput('Control+g', `:${line}`);
      await this.press('Enter');
      await this.lineNumber(line).waitFor();
      await this.page.waitForTimeout(SETTLED_MS);
      if (await this.lineNumber(line).isVisible()) return;
    }
    throw new Error(`line ${line} does not stay in view`);
  }

  /** Opens the quick input by a key and fills it; again, when a view that came late took the focus, which closes it. */
  async quickInput(key: string, text: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget input').first();
    for (const end = deadline(); Date.now() < end;) {
      await this.page.keyboard.press(key);
      const isFilled = await input.fill(text, { timeout: QUICK_INPUT_MS }).then(
        () => true,
        () => false,
      );
      if (isFilled) return;
      await this.page.keyboard.press('Escape');
    }
    throw new Error(`the quick input does not stay open for ${key}`);
  }

  /** A command of the palette, by its whole title. An open palette does not learn of extensions that come late. */
  async command(title: string): Promise<void> {
    const row = this.page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first();
    for (const end = deadline(); Date.now() < end;) {
      await this.quickInput('F1', `>${title}`);
      const isThere = await row.waitFor({ timeout: 5000 }).then(
        () => true,
        () => false,
      );
      if (isThere) {
        await row.click();
        return;
      }
      await this.press('Escape');
    }
    throw new Error(`there is no command ${title}`);
  }

  quickPickRow(text: string): Locator {
    return this.page.locator('.quick-input-list .monaco-list-row', { hasText: text }).first();
  }

  /** Ticks a row of an open pick of several, or takes its tick away, and closes it. */
  async tickRow(text: string): Promise<void> {
    const row = this.quickPickRow(text);
    await row.click();
    await this.press('Enter');
    await row.waitFor({ state: 'hidden' });
  }

  lineNumber(line: number): Locator {
    const text = new RegExp(`^${line}$`);
    return this.editor.locator('.margin-view-overlays .line-numbers', { hasText: text });
  }

  /** Clicks into the margin left of a line's number. */
  async toggleBreakpoint(line: number): Promise<void> {
    const number = await this.lineNumber(line).boundingBox();
    const margin = await this.editor.locator('.glyph-margin').first().boundingBox();
    if (number === null || margin === null) throw new Error(`line ${line} is not in view`);
    await this.page.mouse.click(margin.x + margin.width / 2, number.y + number.height / 2);
    await this.editor
      .locator('.glyph-margin-widgets [class*="codicon-debug-breakpoint"]')
      .first()
      .waitFor();
  }

  press(key: string): Promise<void> {
    return this.page.keyboard.press(key);
  }

  /** A button of the debug toolbar, by the start of its label. */
  async tool(label: string): Promise<void> {
    await this.toolbar.locator(`.action-label[aria-label^="${label}"]`).click();
  }

  /** Waits until the top frame's row of the call stack says what is expected. */
  async stoppedAt(text: string): Promise<void> {
    await this.callStack.locator('.monaco-list-row', { hasText: text }).first().waitFor();
  }

  /** Starts the scenario in the active editor, and waits until it stands at its first statement, in the line if one is given. */
  async start(line?: number): Promise<void> {
    // Before the extension is there, F5 means nothing. Its lens may be out of view.
    await this.codeLens('Debug').waitFor({ state: 'attached' });
    await this.press('F5');
    await this.toolbar.waitFor();
    if (line !== undefined) await this.stoppedAt(`${line}:`);
    else await this.callStack.locator('.stack-frame').first().waitFor();
  }

  /**
   * Steps, and waits until the call stack shows where to. It is drawn some time after the stop, so what it shows first is
   * where the step began; a step that ends there (one turn of a loop of one line) is believed after a while.
   */
  async step(button: 'Step Into' | 'Step Out' | 'Step Over' | 'Step Back'): Promise<void> {
    const before = await this.topFrame();
    await this.tool(button);
    const patienceEnds = Date.now() + STALE_MS;
    let last = '';
    for (let rests = 0; rests < 2;) {
      await this.page.waitForTimeout(40);
      const now = await this.topFrame();
      const mayBeStale = now === before && Date.now() < patienceEnds;
      rests = now !== '' && now === last && !mayBeStale ? rests + 1 : 0;
      last = now;
    }
  }

  /** Function, file and line of the frame that is executing; empty while it runs. */
  async topFrame(): Promise<string> {
    const rows = this.callStack.locator('.monaco-list-row', {
      has: this.page.locator('.stack-frame'),
    });
    const texts = await rows.allInnerTexts();
    return (texts[0] ?? '').replaceAll(/\s+/g, ' ').trim();
  }

  /** Selects the first frame of the call stack that is in a file, and so shows that file. */
  async showFrame(file: string): Promise<void> {
    const frame = this.callStack.locator('.monaco-list-row .stack-frame', { hasText: file });
    await frame.first().click();
    await this.page.locator('.tab.active', { hasText: file }).first().waitFor();
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
    return (await widget.innerText()).replaceAll(/\s+/g, ' ');
  }

  /** Values at the ends of lines, as they are shown. */
  async inlineValues(): Promise<string[]> {
    const shown = this.editor.locator('.debug-inline-value');
    return (await shown.allInnerTexts()).map((text) => text.replaceAll('\u00a0', ' ').trim());
  }

  codeLens(title: string): Locator {
    return this.editor.locator('.codelens-decoration a', { hasText: title }).first();
  }

  /** How many maps there are, on show or not. */
  async nrMaps(): Promise<number> {
    let maps = 0;
    for (const frame of this.page.frames())
      maps += await frame
        .locator('#map .legend')
        .count()
        .catch(() => 0);
    return maps;
  }

  /** The map's overlay has outlines of changes in view. */
  async outlinesInView(): Promise<boolean> {
    const map = await this.webview('.legend');
    return map.evaluate(() => {
      const overlay = document.querySelector<HTMLCanvasElement>('canvas.overlay');
      const pixels = overlay?.getContext('2d')?.getImageData(0, 0, overlay.width, overlay.height);
      return pixels?.data.some((value, index) => index % 4 === 3 && value > 100) === true;
    });
  }

  get notifications(): Locator {
    return this.page.locator('.notification-toast');
  }

  /** Waits for a condition that nothing on the screen announces. */
  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (const end = deadline(); Date.now() < end;) {
      if (await holds()) return;
      await this.page.waitForTimeout(POLL_MS);
    }
    throw new Error(`not so: ${what}`);
  }

  /** An editor that shows some text. */
  editorWith(text: string): Locator {
    return this.page.locator('.monaco-editor .view-lines', { hasText: text }).first();
  }

  /** The row of a variable, by its name. */
  variable(name: string): Locator {
    return this.variables.locator(`.monaco-list-row[aria-label^="${name}, value"]`).first();
  }

  async valueOf(name: string): Promise<string> {
    const row = this.variable(name);
    await row.waitFor();
    return (await row.locator('.value').innerText()).replaceAll('\u00a0', ' ').trim();
  }

  /** A scope of the variables view, opened, and open still when the tree has been drawn anew after a stop. */
  async openScope(name: string): Promise<void> {
    const scope = this.variables.locator('.monaco-list-row', { hasText: name }).first();
    await scope.waitFor();
    const end = deadline();
    for (let seenOpen = 0; seenOpen < 3;) {
      assert.ok(Date.now() < end, `the scope ${name} does not stay open`);
      const isOpen = (await scope.getAttribute('aria-expanded')) === 'true';
      if (!isOpen) await scope.click();
      seenOpen = isOpen ? seenOpen + 1 : 0;
      await this.page.waitForTimeout(200);
    }
  }

  async foldScope(name: string): Promise<void> {
    const scope = this.variables.locator('.monaco-list-row', { hasText: name }).first();
    await scope.waitFor();
    if ((await scope.getAttribute('aria-expanded')) === 'true') await scope.click();
  }

  async scrollVariables(deltaPx: number): Promise<void> {
    await this.variables.hover();
    await this.page.mouse.wheel(0, deltaPx);
  }

  async expand(name: string): Promise<void> {
    const row = this.variable(name);
    await row.waitFor();
    if ((await row.getAttribute('aria-expanded')) === 'false')
      await row.locator('.monaco-tl-twistie').click();
  }

  /**
   * An item of the context menu of something. A menu closes by itself when the editor that shows a stop takes the focus, or when what it
   * belongs to is drawn anew: then it is opened again. One that was clicked closes at once, unless it opened so shortly before that
   * it ignores the mouse.
   */
  async contextMenu(target: Locator, item: string): Promise<void> {
    const entry = this.page.locator('.monaco-menu .action-item', { hasText: item }).first();
    const menu = this.page.locator('.monaco-menu').first();
    for (const end = deadline(); Date.now() < end;) {
      await this.variablesAtRest();
      if (!(await done(target.click({ button: 'right', timeout: MENU_MS })))) continue;
      while (await done(entry.waitFor({ timeout: MENU_MS }))) {
        await this.page.waitForTimeout(250);
        if ((await done(entry.click({ timeout: MENU_MS }))) && (await isHidden(menu))) return;
      }
      await this.press('Escape');
    }
    throw new Error(`no menu stays open for ${item}`);
  }

  /** Waits until the variables, which are drawn anew after each stop, no longer change. */
  async variablesAtRest(): Promise<void> {
    let last = '';
    let rests = 0;
    await this.until('the variables are at rest', async () => {
      const now = (await this.variables.allInnerTexts()).join();
      rests = now !== '' && now === last ? rests + 1 : 0;
      last = now;
      return rests >= 3;
    });
  }

  /** Rests the pointer on a character until a hover shows; the hover's text. */
  async hover(place: Place, widget = '.debug-hover-widget'): Promise<string> {
    const shown = this.page.locator(widget);
    for (const end = deadline(); Date.now() < end;) {
      // Anew each time: lenses that come late push the lines down, and a line that moves has no place for a moment.
      const point = await this.pointOf(place).catch(() => undefined);
      if (point === undefined) {
        await this.page.waitForTimeout(250);
        continue;
      }
      await this.page.mouse.move(point.x + 150, point.y + 250);
      await this.page.mouse.move(point.x, point.y, { steps: 3 });
      const isShown = await shown
        .first()
        .waitFor({ timeout: 1000 })
        .then(
          () => true,
          () => false,
        );
      if (isShown) return (await shown.first().innerText()).replaceAll(/\s+/g, ' ');
    }
    throw new Error(`no hover at ${place.line}:${place.column}`);
  }

  /** As {@link hover}, when the one before it is gone: else its text is read. */
  async hoverAnew(place: Place, widget: string): Promise<string> {
    await this.moveAway(widget);
    return this.hover(place, widget);
  }

  /** Rests the pointer on a character long enough for a hover: what it says, or undefined when none comes. */
  async hoverIfAny(
    place: Place,
    widget = '.monaco-hover .hover-contents',
  ): Promise<string | undefined> {
    await this.moveAway(widget);
    const point = await this.pointOf(place);
    await this.page.mouse.move(point.x, point.y, { steps: 3 });
    await this.page.waitForTimeout(NO_HOVER_MS);
    const shown = this.page.locator(widget).first();
    return (await shown.isVisible()) ? shown.innerText() : undefined;
  }

  /** A hover that was up when its file went out of sight stays until it is dismissed. */
  private async moveAway(widget: string): Promise<void> {
    const shown = this.page.locator(widget).first();
    const end = deadline();
    for (let tries = 0; Date.now() < end; tries++) {
      await this.page.mouse.move(400 + (tries % 20), 980, { steps: 3 });
      if (await isHidden(shown)) return;
      await this.press('Escape');
    }
    throw new Error('a hover does not go away');
  }

  /** What the debug console answers. */
  async evaluate(expression: string, answer: RegExp): Promise<string> {
    const input = this.page.locator('.repl .repl-input-wrapper .monaco-editor');
    // A key is lost while a webview hands over the focus. It is a toggle, so it is pressed only while there is no console.
    for (const end = deadline(); Date.now() < end && !(await input.isVisible());) {
      await this.press('Control+Shift+Y');
      await input.waitFor({ timeout: 3000 }).catch(() => undefined);
    }
    await input.click();
    await this.page.keyboard.type(expression);
    await this.press('Escape');
    await this.press('Enter');
    const value = this.page.locator('.repl .evaluation-result .value', { hasText: answer });
    await value.last().waitFor();
    return value.last().innerText();
  }

  /** The inner frame of the webview that has something. */
  async webview(selector: string): Promise<Frame> {
    const end = deadline();
    while (Date.now() < end) {
      for (const frame of this.page.frames()) {
        if (!frame.url().includes('fake.html')) continue;
        const found = await frame
          .locator(selector)
          .count()
          .catch(() => 0);
        if (found > 0) return frame;
      }
      await this.page.waitForTimeout(POLL_MS);
    }
    const urls = this.page.frames().map((frame) => frame.url().slice(0, 80));
    throw new Error(`no webview has ${selector}; frames: ${urls.join(', ')}`);
  }

  /** Screen position of a character; lines are found by their height, their text has other spaces. */
  private async pointOf({ line, column }: Place): Promise<{ x: number; y: number }> {
    const box = await this.lineNumber(line).boundingBox();
    if (box === null) throw new Error(`line ${line} is not in view`);
    const point = await this.editor.evaluate(
      (editor, { top, column: wanted }) => {
        const lines = [...editor.querySelectorAll('.view-line')];
        const found = lines.find((l) => Math.abs(l.getBoundingClientRect().top - top) < 3);
        if (found === undefined) return undefined;
        const walker = document.createTreeWalker(found, NodeFilter.SHOW_TEXT);
        let left = wanted - 1;
        for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
          const length = node.textContent?.length ?? 0;
          if (left < length) {
            const range = document.createRange();
            range.setStart(node, left);
            range.setEnd(node, left + 1);
            const { x, y, width, height } = range.getBoundingClientRect();
            return { x: x + width / 2, y: y + height / 2 };
          }
          left -= length;
        }
        return undefined;
      },
      { top: box.y, column },
    );
    if (point === undefined) throw new Error(`nothing at ${line}:${column}`);
    return point;
  }
}

/** After that nothing moves in an editor that nobody touches. */
const SETTLED_MS = 1000;

/** When a loop that repeats what it does gives up. */
const deadline = (): number => Date.now() + TIMEOUT_MS;

/** Whether something came about, rather than failed or ran out of time. */
const done = (deed: Promise<void>): Promise<boolean> =>
  deed.then(
    () => true,
    () => false,
  );

const isHidden = (shown: Locator): Promise<boolean> =>
  done(shown.waitFor({ state: 'hidden', timeout: 1000 }));
