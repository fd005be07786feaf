/**
 * A story of the UI suite: steps that need one another, in one workbench, with a screenshot of each. After a failure the later
 * ones are not tried. Without a server the story is skipped, with the reason.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Place } from './editor.js';
import { BrowserOfStories, Workbench } from './workbench.js';

const { MMSCOPE_UI_URL: url, MMSCOPE_UI_SKIP: skipReason } = process.env;
const shots = process.env['MMSCOPE_UI_SHOTS'] ?? 'build/screenshots';
/** The folder that is open in VS Code. */
export const workspace = process.env['MMSCOPE_UI_WORKSPACE'] ?? '';

export type Step = (title: string, body: (bench: Workbench) => Promise<void>) => void;

interface StoryOptions {
  /** What its screenshots are called, before the step's title. */
  readonly shots?: string;
  /** Of the window; 1600 x 1000 unless given. */
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Before VS Code opens the folder. */
  readonly prepare?: () => void;
}

/** One browser for all stories: a window of its own for each. */
let browser: Promise<BrowserOfStories> | undefined;

function browserOfAll(): Promise<BrowserOfStories> {
  browser ??= BrowserOfStories.launch(process.env['CHROMIUM'] ?? '/usr/bin/chromium');
  return browser;
}

after(async function () {
  this.timeout(120_000);
  await (await browser)?.close();
});

export function tell(
  title: string,
  { shots: prefix = '', prepare, viewport }: StoryOptions,
  steps: (step: Step) => void,
): void {
  describe(title, function () {
    this.timeout(600_000);
    if (url === undefined) {
      it.skip(`is told (${skipReason ?? 'started without a server: use npm test'})`);
      return;
    }
    let bench: Workbench | undefined;
    let broken = false;
    before(async () => {
      prepare?.();
      bench = await Workbench.open(await browserOfAll(), url, shots, viewport);
    });
    after(() => bench?.close());
    steps((name, body) => {
      it(name, async function () {
        if (broken || bench === undefined) this.skip();
        broken = true;
        const title = `${prefix} ${name}`.trim();
        try {
          await body(bench);
        } catch (error) {
          throw await withSight(error, bench, title);
        }
        broken = false;
        await bench.screenshot(title);
      });
    });
  });
}

/** A failure with what was on the screen then. */
async function withSight(error: unknown, bench: Workbench, title: string): Promise<Error> {
  const message = error instanceof Error ? error.message : String(error);
  const shot = await bench.screenshot(title);
  return new Error(`${message}\non the screen (${shot}):\n${await bench.sight()}`, {
    cause: error,
  });
}

/** The place of a text in a file of the workspace: two characters into it. */
export function placeOf(file: string, text: string): Place {
  const lines = linesOf(file);
  const line = lines.findIndex((each) => each.includes(text));
  assert.ok(line >= 0, `${file} has ${text}`);
  return { line: line + 1, column: (lines[line] ?? '').indexOf(text) + 3 };
}

/** The 1-based line of the first code that has a text. */
export function lineOf(file: string, text: string): number {
  const isCode = (line: string): boolean => !line.trimStart().startsWith('//');
  const index = linesOf(file).findIndex((line) => line.includes(text) && isCode(line));
  assert.ok(index >= 0, `${file} has ${text}`);
  return index + 1;
}

const linesOf = (file: string): string[] =>
  readFileSync(path.join(workspace, file), 'utf8').split('\n');
