/** What there is in the repository, and its texts line by line, for tests of what the texts say. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** What is installed or built. */
const NOT_OURS = new Set(['node_modules', 'build', 'dist', '.git']);

/** Every file and, with a `/` at its end, every folder; relative to the root. */
export const entries: readonly string[] = list('');

function list(folder: string): string[] {
  return readdirSync(folder === '' ? '.' : folder, { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name)) return [];
    const name = folder + entry.name;
    return entry.isDirectory() ? [`${name}/`, ...list(`${name}/`)] : [name];
  });
}

export const exists = (name: string): boolean =>
  statSync(path.normalize(name), { throwIfNoEntry: false }) !== undefined;

/** Whether something in the repository, or below one of its folders, has that name; `*` stands for any part of a name. */
export function isNamed(name: string, below = ''): boolean {
  const pattern = name.replace(/[.+]/g, '\\$&').replaceAll('*', '[^/]*');
  const end = new RegExp(`(?:^|/)${pattern}$`);
  return entries.some((entry) => entry.startsWith(below) && end.test(entry));
}

export interface Line {
  readonly file: string;
  readonly number: number;
  readonly text: string;
}

export const linesOf = (file: string): Line[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .map((text, i) => ({ file, number: i + 1, text }));

/** The anchors of a page, as the headings make them. */
export const anchorsOf = (file: string): string[] =>
  linesOf(file).flatMap(({ text }) => {
    const heading = /^#+ (.*)$/.exec(text)?.[1];
    if (heading === undefined) return [];
    return [
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ];
  });
