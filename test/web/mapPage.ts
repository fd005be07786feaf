/**
 * The map in a browser, as the extension makes its page (its real content security policy), without VS Code around it: the
 * extension's half of the conversation is played here. A machine is any function that answers the map's questions.
 */
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import type { Act, MapSession } from '../../webview/messages.js';
import { BLANK, pageName, servePages } from './pageServer.js';
import { BODY_CLASSES, themeStyle, type Theme } from './themes.js';

/** Whatever answers the window's custom requests. */
export interface Machine {
  /** @throws Error with the adapter's sentence */
  request(name: string, args: unknown): Promise<unknown>;
}

const SHOTS = path.join('build', 'screenshots');
/** Generous, like Playwright's own waits here: a machine may be busy with other things. */
const SETTLE_MS = 90_000;

const BROWSER = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
/** Why the map cannot be tested here. */
export const noBrowser: string | undefined = existsSync(BROWSER)
  ? existsSync('dist/webview.js')
    ? undefined
    : 'no dist/webview.js: npm run build'
  : 'no Chromium';

/** Of all suites of a run, which are bundles of their own. */
const shared = globalThis as { mapBrowser?: Promise<Browser>; mapPages?: Promise<Pages> };

/** The one browser; mocha closes it at the end of all suites. */
export const launch = (): Promise<Browser> =>
  (shared.mapBrowser ??= chromium.launch({
    executablePath: BROWSER,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      // A page takes the process that another one has left, and the script that is compiled there.
      '--process-per-site',
    ],
  }));

interface Pages {
  readonly context: BrowserContext;
  readonly origin: string;
}

const pagesOf = (browser: Browser): Promise<Pages> => (shared.mapPages ??= openPages(browser));

async function openPages(browser: Browser): Promise<Pages> {
  const origin = await servePages({
    styleOf: (theme) => themeStyle(theme as Theme),
    bodyClasses: (theme) => BODY_CLASSES[theme as Theme],
  });
  const context = await browser.newContext();
  await (await context.newPage()).goto(`${origin}/${BLANK}`);
  return { context, origin };
}

if (typeof after === 'function')
  after(async () => {
    await (await shared.mapBrowser)?.close();
    delete shared.mapBrowser;
    delete shared.mapPages;
  });

export interface PageOptions {
  readonly theme?: Theme;
  readonly width?: number;
  readonly height?: number;
  /** What the window kept when it was last closed. */
  readonly kept?: unknown;
}

export class MapPage {
  /** Violations of the policy, uncaught errors. */
  readonly complaints: string[] = [];
  readonly acts: Act[] = [];
  private stop = 0;

  private constructor(readonly page: Page) {}

  static async open(
    browser: Browser,
    machine: Machine,
    options: PageOptions = {},
  ): Promise<MapPage> {
    const { theme = 'dark', width = 1200, height = 860, kept } = options;
    const { context, origin } = await pagesOf(browser);
    const page = await context.newPage();
    page.setDefaultTimeout(SETTLE_MS);
    await page.setViewportSize({ width, height });
    const map = new MapPage(page);
    page.on('pageerror', (error) => map.complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') map.complaints.push(message.text());
    });
    await page.exposeFunction('answerRequest', async (name: string, args: unknown) => {
      try {
        return { body: await machine.request(name, args) };
      } catch (error) {
        return { failure: error instanceof Error ? error.message : String(error) };
      }
    });
    await page.exposeFunction('acted', (act: Act) => map.acts.push(act));
    await page.addInitScript(playExtension, kept);
    await page.goto(`${origin}/${pageName(theme)}`);
    return map;
  }

  /** The session stops (again). */
  async stopped(): Promise<void> {
    this.stop++;
    const [name, subject] = ['test', 'test.mms'];
    await this.tell({ id: 's', name, subject, stopped: true, epoch: this.stop, stop: this.stop });
    await this.settle();
  }

  /** As {@link stopped}, without waiting for what is asked a moment later. */
  async stoppedQuickly(id = 's'): Promise<void> {
    this.stop++;
    const [name, subject] = ['test', 'test.mms'];
    await this.tell({ id, name, subject, stopped: true, epoch: this.stop, stop: this.stop });
    const seen = await this.page.evaluate(untilAnswered, SETTLE_MS);
    if (seen !== undefined) throw new Error(`the map does not come to rest: ${seen}`);
  }

  /** Tells the map of a session; it has heard it. */
  async tell(session: MapSession | undefined): Promise<void> {
    await this.say({ type: 'session', session });
  }

  /** What the extension says to the window; it has heard it. */
  async say(message: object): Promise<void> {
    await this.page.evaluate(
      (said) =>
        new Promise<void>((resolve) => {
          window.addEventListener('message', () => setTimeout(resolve), { once: true });
          window.postMessage(said, '*');
        }),
      message,
    );
  }

  /**
   * Until the window has nothing more to do of itself: questions are answered, and their answers drawn; no timer of its own is under way,
   * no frame is asked for, nothing moves. What is read then does not change before something is done to it.
   */
  async settle(): Promise<void> {
    const seen = await this.page.evaluate(untilStill, SETTLE_MS);
    if (seen !== undefined) throw new Error(`the map does not come to rest: ${seen}`);
  }

  async screenshot(name: string): Promise<void> {
    mkdirSync(SHOTS, { recursive: true });
    await this.page.screenshot({ path: path.join(SHOTS, `map-${name}.png`) });
  }

  /** Colours of the cells' canvas, whatever draws it: `r,g,b` to the number of pixels. */
  colors(): Promise<Record<string, number>> {
    return this.page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('canvas.cells');
      const copy = document.createElement('canvas');
      const context = copy.getContext('2d');
      if (!canvas || !context) throw new Error('no canvas');
      copy.width = canvas.width;
      copy.height = canvas.height;
      context.drawImage(canvas, 0, 0);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      const counts: Record<string, number> = {};
      for (let i = 0; i < data.length; i += 4)
        if (data[i + 3] === 255) {
          const color = `${data[i] ?? 0},${data[i + 1] ?? 0},${data[i + 2] ?? 0}`;
          counts[color] = (counts[color] ?? 0) + 1;
        }
      return counts;
    });
  }
}

/** What the page is told of itself by {@link playExtension}. */
interface Stirring {
  openQuestions: number;
  /** Timers and frames that the window has asked for and that have not come. */
  readonly pending: ReadonlySet<string>;
  /** The page's own, which count nowhere. */
  readonly nextFrame: () => Promise<void>;
}

/** Runs in the page: as {@link MapPage.settle} says. What it saw if that does not happen in time. */
async function untilStill(timeoutMs: number): Promise<string | undefined> {
  // A frame in which something was drawn may ask for the next; an observer speaks a frame later.
  const STILL_FRAMES = 3;
  const scope = window as unknown as Stirring;
  const end = performance.now() + timeoutMs;
  for (let nrStill = 0; nrStill < STILL_FRAMES;) {
    await scope.nextFrame();
    const { openQuestions, pending } = scope;
    const nrMoving = document.getAnimations().length;
    nrStill = openQuestions === 0 && pending.size === 0 && nrMoving === 0 ? nrStill + 1 : 0;
    if (nrStill === 0 && performance.now() > end)
      return `${openQuestions} questions are open, ${nrMoving} things move, pending: ${[...pending].join(', ')}; text: ${document.body.innerText}`;
  }
  return undefined;
}

/** Runs in the page: waits until the questions of a stop are answered and what they say is drawn. */
async function untilAnswered(timeoutMs: number): Promise<string | undefined> {
  const scope = window as unknown as Stirring;
  const end = performance.now() + timeoutMs;
  for (let nrQuiet = 0; nrQuiet < 3;) {
    await scope.nextFrame();
    nrQuiet = scope.openQuestions === 0 ? nrQuiet + 1 : 0;
    if (nrQuiet === 0 && performance.now() > end)
      return `${scope.openQuestions} questions are open; text: ${document.body.innerText}`;
  }
  return undefined;
}

/** Runs in the page: acquireVsCodeApi, answering by the exposed functions. */
function playExtension(given: unknown): void {
  interface Answer {
    readonly body?: unknown;
    readonly failure?: string;
  }
  const scope = window as unknown as {
    openQuestions: number;
    pending: ReadonlySet<string>;
    nextFrame: unknown;
    kept: unknown;
    answerRequest(name: string, args: unknown): Promise<Answer>;
    acted(act: unknown): Promise<void>;
    acquireVsCodeApi: unknown;
  };
  scope.openQuestions = 0;
  scope.kept = given;
  const pending = new Set<string>();
  scope.pending = pending;
  // The page's own, before they are counted.
  const requestAnimationFrame = window.requestAnimationFrame.bind(window);
  const cancelAnimationFrame = window.cancelAnimationFrame.bind(window);
  const setTimeout = window.setTimeout.bind(window);
  const clearTimeout = window.clearTimeout.bind(window);
  // A frame, and what was to be done before it: tasks that were there when it was drawn.
  scope.nextFrame = () =>
    new Promise<void>((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  window.requestAnimationFrame = (callback) => {
    const id = requestAnimationFrame((time) => {
      pending.delete(`frame ${id}`);
      callback(time);
    });
    pending.add(`frame ${id}`);
    return id;
  };
  window.cancelAnimationFrame = (id) => {
    pending.delete(`frame ${id}`);
    cancelAnimationFrame(id);
  };
  const timer = (
    callback: (...args: unknown[]) => void,
    ms?: number,
    ...args: unknown[]
  ): number => {
    const id = setTimeout(() => {
      pending.delete(`timer ${id}`);
      callback(...args);
    }, ms);
    pending.add(`timer ${id}`);
    return id;
  };
  window.setTimeout = timer as unknown as typeof window.setTimeout;
  window.clearTimeout = (id) => {
    pending.delete(`timer ${String(id)}`);
    clearTimeout(id);
  };
  // Before the window's own listener, and in the same task: an answer is not under way any more when it has been heard.
  window.addEventListener('message', ({ data }) => {
    const { type } = (data ?? {}) as { readonly type?: string };
    if (type === 'answer' || type === 'failed') scope.openQuestions--;
  });
  scope.acquireVsCodeApi = () => ({
    getState: () => scope.kept,
    setState: (state: unknown) => (scope.kept = state),
    postMessage: (message: {
      type: string;
      id: number;
      request: string;
      args: unknown;
      act: unknown;
    }) => {
      if (message.type === 'act') {
        // Under way like a question, until the test has it.
        scope.openQuestions++;
        void scope.acted(message.act).then(() => scope.openQuestions--);
      }
      if (message.type !== 'ask') return;
      const { id } = message;
      scope.openQuestions++;
      const done = (told: object): void => window.postMessage(told, '*');
      void scope
        .answerRequest(message.request, message.args)
        .then(({ body, failure }) =>
          done(
            failure === undefined
              ? { type: 'answer', id, body }
              : { type: 'failed', id, message: failure },
          ),
        );
    },
  });
}
