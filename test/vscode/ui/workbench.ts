/**
 * VS Code's workbench in a browser, by what a user sees and does. Selectors live in this folder's parts of it and, of the window Memory, in
 * its stories; they hold in VS Code 1.139.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  chromium,
  type BrowserContext,
  type Frame,
  type Locator,
  type Page,
} from 'playwright-core';
import { Editor } from './editor.js';
import { MachineView } from './machineView.js';
import { QuickInput } from './quickInput.js';
import { Session } from './session.js';
import { Variables } from './variables.js';
import { deadline, eventually, LOAD_MS, plain, TIMEOUT_MS, until } from './waits.js';
import { Wire } from './wire.js';

const POLL_MS = 100;
const SIGHT_CHARACTERS = 400;

/** A browser that keeps what it has fetched and compiled, for all windows. */
export class BrowserOfStories {
  private constructor(
    readonly context: BrowserContext,
    private readonly profile: string,
  ) {}

  static async launch(executablePath: string): Promise<BrowserOfStories> {
    const profile = mkdtempSync(path.join(os.tmpdir(), 'mmscope-browser-'));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath,
      headless: true,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    });
    context.setDefaultTimeout(TIMEOUT_MS);
    return new BrowserOfStories(context, profile);
  }

  async close(): Promise<void> {
    await this.context.close();
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

export class Workbench {
  readonly quick: QuickInput;
  readonly editor: Editor;
  readonly session: Session;
  readonly variables: Variables;
  readonly machine: MachineView;
  private shots = 0;

  private constructor(
    readonly page: Page,
    wire: Wire,
    private readonly shotsDir: string,
  ) {
    this.quick = new QuickInput(page);
    this.editor = new Editor(page, this.quick);
    this.session = new Session(page, wire, this.quick, this.editor);
    this.variables = new Variables(page, this.session);
    this.machine = new MachineView(page, this.session);
  }

  /** A new window; nothing is left in it of those before. */
  static async open(
    browser: BrowserOfStories,
    url: string,
    shotsDir: string,
    viewport = { width: 1600, height: 1000 },
  ): Promise<Workbench> {
    const page = await browser.context.newPage();
    await page.setViewportSize(viewport);
    const storage = await browser.context.newCDPSession(page);
    const { origin } = new URL(url);
    await storage.send('Storage.clearDataForOrigin', {
      origin,
      storageTypes: 'indexeddb,local_storage,cookies',
    });
    await storage.detach();
    const wire = new Wire(page);
    mkdirSync(shotsDir, { recursive: true });
    await page.goto(url);
    await page.locator('.monaco-workbench').waitFor({ timeout: LOAD_MS });
    return new Workbench(page, wire, shotsDir);
  }

  close(): Promise<void> {
    return this.page.close();
  }

  /** What is on the screen, in a few lines: for the message of a step that failed. */
  async sight(): Promise<string> {
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
      const texts = await this.page.locator(`${selector}:visible`).allInnerTexts();
      const text = plain(texts.join(' | '));
      if (text !== '') lines.push(`${name}: ${text.slice(0, SIGHT_CHARACTERS)}`);
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

  press(key: string): Promise<void> {
    return this.page.keyboard.press(key);
  }

  until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
    return until(this.page, what, holds);
  }

  /** Repeats what reads and asserts until it holds. */
  eventually<T>(body: () => Promise<T>): Promise<T> {
    return eventually(this.page, body);
  }

  get notifications(): Locator {
    return this.page.locator('.notification-toast');
  }

  statusBarItem(text: string | RegExp): Locator {
    return this.page.locator('.statusbar-item', { hasText: text }).first();
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
}
