/** Files of /proc/PID that show the memory of a process, by name. One row a file. */
import { Problems, type Inspected } from '../../inspected.js';
import { tasksOf, type TaskView } from '../../tasks.js';
import { maps } from './maps.js';
import { pagemap, pagemapWords } from './pagemap.js';
import { smaps } from './smaps.js';
import { status } from './status.js';

const FILES: Readonly<
  Record<string, (k: Inspected, task: TaskView, problems: Problems) => string[]>
> = { maps, pagemap, smaps, status };

export const pidFileNames: readonly string[] = Object.keys(FILES);

const PATH = /^(self|\d+)\/(\w+)$/;

/** Whether `name` can be a file of a process: `self/maps`, `94/smaps`. */
export const isPidFile = (name: string): boolean =>
  pidFileNames.includes(PATH.exec(name)?.[2] ?? '');

/** Whether there is such a file: of a process that lives. */
export function hasPidFile(k: Inspected, name: string, self: number | undefined): boolean {
  const who = PATH.exec(name)?.[1];
  const pid = who === 'self' ? self : Number(who);
  return isPidFile(name) && tasksOf(k, new Problems()).some((task) => task.pid === pid);
}

/**
 * The lines of such a file; undefined when there is none. What the dump lacks is told behind them, in lines that begin with `#`.
 * @param self the pid that `self` means
 */
export function pidLines(
  k: Inspected,
  name: string,
  self: number | undefined,
): string[] | undefined {
  const [, who = '', file = ''] = PATH.exec(name) ?? [];
  const read = Object.hasOwn(FILES, file) ? FILES[file] : undefined;
  const pid = who === 'self' ? self : Number(who);
  if (read === undefined || pid === undefined) return undefined;
  const problems = new Problems();
  const task = tasksOf(k, problems).find((each) => each.pid === pid);
  if (task === undefined)
    return problems.found.length === 0 ? undefined : problems.found.map((text) => `# ${text}`);
  return [...read(k, task, problems), ...problems.found.map((text) => `# ${text}`)];
}

/** What reading /proc/PID/pagemap gives, from a page on: 64 bits each; nothing where there is no such process. */
export function pagemapOf(k: Inspected, pid: number, first: number, count: number): bigint[] {
  const problems = new Problems();
  const task = tasksOf(k, problems).find((each) => each.pid === pid);
  return task === undefined ? [] : pagemapWords(k, task, first, count, problems);
}
