/** Waits of the UI stories: for conditions, generously, for a machine may be busy with other things. */
import type { Locator, Page } from 'playwright-core';

export const TIMEOUT_MS = 90_000;
export const LOAD_MS = 180_000;
const POLL_MS = 100;
/** How often something looks the same before it is believed to rest. */
const RESTS = 3;

/** When a loop that repeats what it does gives up. */
export const deadline = (): number => Date.now() + TIMEOUT_MS;

/** Waits for a condition that nothing on the screen announces. */
export async function until(
  page: Page,
  what: string,
  holds: () => Promise<boolean> | boolean,
): Promise<void> {
  for (const end = deadline(); Date.now() < end;) {
    if (await holds()) return;
    await page.waitForTimeout(POLL_MS);
  }
  throw new Error(`not so within ${TIMEOUT_MS / 1000} s: ${what}`);
}

/** Repeats what reads and asserts until it holds; gives what it gives. @throws Error that it threw last */
export async function eventually<T>(page: Page, body: () => Promise<T>): Promise<T> {
  for (const end = deadline(); ;) {
    try {
      return await body();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await page.waitForTimeout(POLL_MS);
  }
}

/** Waits until what is read stays the same; gives it. What is not there is undefined, and does not rest. */
export async function atRest<T>(
  page: Page,
  what: string,
  read: () => Promise<T | undefined>,
): Promise<T> {
  let last: string | undefined;
  let rests = 0;
  for (const end = deadline(); Date.now() < end;) {
    const value = await read();
    const now = JSON.stringify(value);
    rests = value !== undefined && now === last ? rests + 1 : 0;
    last = now;
    if (value !== undefined && rests >= RESTS) return value;
    await page.waitForTimeout(POLL_MS);
  }
  throw new Error(`${what} does not come to rest: ${last ?? 'it is not there'}`);
}

/** Whether something came about, rather than failed or ran out of time. */
export const done = (deed: Promise<unknown>): Promise<boolean> =>
  deed.then(
    () => true,
    () => false,
  );

/** Whether something is hidden within a moment. */
export const isHidden = (shown: Locator): Promise<boolean> =>
  done(shown.waitFor({ state: 'hidden', timeout: 1000 }));

/** Text as it reads, whatever spaces it is drawn with. */
export const plain = (text: string): string => text.replaceAll(/[\s\u00a0]+/g, ' ').trim();
