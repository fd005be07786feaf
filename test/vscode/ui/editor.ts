/** The first editor: files, lines, breakpoints in its margin, hovers. */
import type { Locator, Page } from 'playwright-core';
import type { QuickInput } from './quickInput.js';
import { atRest, deadline, done, eventually, isHidden, plain, until } from './waits.js';

/** A hover that is to come has come by then. */
const NO_HOVER_MS = 1500;
/** After that nothing moves in an editor that nobody touches. */
const SETTLED_MS = 1000;
/** A breakpoint and its line are drawn at most so far apart. */
const SAME_LINE_PX = 8;

/** Hovers of addresses in an editor: without those that only say that they are loading. */
export const EDITOR_HOVER = '.monaco-hover .hover-contents:has-text(" is ")';

/** A place where nothing in an editor is: near the lower edge of the window. */
const OUTSIDE = { x: 400, y: 980 };

export interface Place {
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

export class Editor {
  readonly root: Locator;

  constructor(
    private readonly page: Page,
    private readonly quick: QuickInput,
  ) {
    this.root = page.locator('.editor-group-container').first().locator('.monaco-editor').first();
  }

  /** Opens a file from the explorer, and waits until it is the one on show. */
  async open(name: string): Promise<void> {
    const row = this.page.locator('.explorer-folders-view .monaco-list-row', { hasText: name });
    await row.first().dblclick();
    await this.shows(name);
  }

  /** Opens a file by its name, in the first group. */
  async quickOpen(name: string): Promise<void> {
    await this.quick.file(name);
    await this.shows(name);
  }

  private async shows(name: string): Promise<void> {
    await this.tab(name).waitFor();
    await this.root.locator('.view-line').first().waitFor();
  }

  /** The tab of a file that is on show. */
  tab(name: string): Locator {
    return this.page.locator('.tab.active', { hasText: name }).first();
  }

  async goToLine(line: number): Promise<void> {
    // A frame that was just shown, and the exception's widget in it, come into view late and take the line away.
    for (const end = deadline(); Date.now() < end;) {
      await this.quick.open('Control+g', `:${line}`);
      await this.page.keyboard.press('Enter');
      await this.lineNumber(line).waitFor();
      await this.page.waitForTimeout(SETTLED_MS);
      if (await this.lineNumber(line).isVisible()) return;
    }
    throw new Error(`line ${line} does not stay in view`);
  }

  lineNumber(line: number): Locator {
    const text = new RegExp(`^${line}$`);
    return this.root.locator('.margin-view-overlays .line-numbers', { hasText: text });
  }

  /** The number of the first line in view that has some text. */
  async lineShowing(text: string): Promise<number> {
    return eventually(this.page, async () => {
      const number = await this.root.evaluate((editor, wanted) => {
        const topOf = (element: Element): number => element.getBoundingClientRect().top;
        const lines = [...editor.querySelectorAll('.view-line')]
          .filter((line) => line.textContent.replaceAll('\u00a0', ' ').includes(wanted))
          .sort((a, b) => topOf(a) - topOf(b));
        const [first] = lines;
        const numbers = [...editor.querySelectorAll('.line-numbers')];
        return numbers.find((each) => first && Math.abs(topOf(each) - topOf(first)) < 3)
          ?.textContent;
      }, text);
      if (number === undefined) throw new Error(`no line in view has ${text}`);
      return Number(number);
    });
  }

  codeLens(title: string): Locator {
    return this.root.locator('.codelens-decoration a', { hasText: title }).first();
  }

  /** An editor, of any group, that shows some text. */
  withText(text: string): Locator {
    return this.page.locator('.monaco-editor .view-lines', { hasText: text }).first();
  }

  /** Clicks into the margin left of a line's number, and waits for the breakpoint there. */
  async toggleBreakpoint(line: number): Promise<void> {
    // Lenses that come late push the lines down.
    if (await this.tab('.mms').isVisible())
      await this.codeLens('Debug').waitFor({ state: 'attached' });
    const number = await this.lineAtRest(line);
    const margin = await this.root.locator('.glyph-margin').first().boundingBox();
    if (margin === null) throw new Error('the editor has no margin');
    await this.page.mouse.click(margin.x + margin.width / 2, number.y + number.height / 2);
    const glyphs = this.root.locator('.glyph-margin-widgets [class*="codicon-debug-breakpoint"]');
    await until(this.page, `line ${line} has a breakpoint`, async () => {
      const at = await this.lineNumber(line).boundingBox();
      const boxes = await Promise.all((await glyphs.all()).map((glyph) => glyph.boundingBox()));
      return boxes.some((box) => box && at && Math.abs(box.y - at.y) < SAME_LINE_PX);
    });
  }

  /** Where a line's number is, once it does not move any more. */
  private lineAtRest(line: number) {
    return atRest(this.page, `line ${line}`, async () => {
      const number = this.lineNumber(line);
      return (await number.isVisible()) ? ((await number.boundingBox()) ?? undefined) : undefined;
    });
  }

  /** Values at the ends of lines, as they are shown. */
  async inlineValues(): Promise<string[]> {
    return (await this.root.locator('.debug-inline-value').allInnerTexts()).map(plain);
  }

  /** Rests the pointer on a character until a hover shows; the hover's text. */
  async hover(place: Place, widget = '.debug-hover-widget'): Promise<string> {
    const shown = this.page.locator(widget).first();
    for (const end = deadline(); Date.now() < end;) {
      // Anew each time: a line that moves has no place for a moment.
      const point = await this.pointOf(place).catch(() => undefined);
      if (point === undefined) {
        await this.page.waitForTimeout(250);
        continue;
      }
      await this.rest(point);
      if (!(await done(shown.waitFor({ timeout: 1000 })))) continue;
      const text = await shown.innerText({ timeout: 1000 }).catch(() => '');
      if (text !== '') return plain(text);
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
    await this.lineAtRest(place.line);
    const point = await eventually(this.page, () => this.pointOf(place));
    await this.rest(point);
    await this.page.waitForTimeout(NO_HOVER_MS);
    const shown = this.page.locator(widget).first();
    return (await shown.isVisible()) ? shown.innerText() : undefined;
  }

  /** Comes from outside, and over nothing else on the way: a hover of that would stay. */
  private async rest({ x, y }: { x: number; y: number }): Promise<void> {
    await this.page.mouse.move(OUTSIDE.x, OUTSIDE.y);
    await this.page.mouse.move(x - 1, y);
    await this.page.mouse.move(x, y);
  }

  /** A hover that was up when its file went out of sight stays until it is dismissed. */
  private async moveAway(widget: string): Promise<void> {
    const shown = this.page.locator(widget).first();
    const end = deadline();
    for (let tries = 0; Date.now() < end; tries++) {
      await this.page.mouse.move(OUTSIDE.x + (tries % 20), OUTSIDE.y);
      if (await isHidden(shown)) return;
      await this.page.keyboard.press('Escape');
    }
    throw new Error('a hover does not go away');
  }

  /** Screen position of a character; lines are found by their height, their text has other spaces. */
  private async pointOf({ line, column }: Place): Promise<{ x: number; y: number }> {
    const number = this.lineNumber(line);
    const box = (await number.isVisible()) ? await number.boundingBox() : null;
    if (box === null) throw new Error(`line ${line} is not in view`);
    const point = await this.root.evaluate(
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
