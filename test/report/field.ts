/** Reports as people post them, with rewritten numbers, and what is found in them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { explain } from '../../src/report/explain.js';
import type { Finding } from '../../src/report/finding.js';
import type { KernelVersion } from '../../src/report/input/version.js';

const FOLDER = 'test/data/reports';

export const fieldNames = (): string[] => readdirSync(FOLDER).sort();

export function fieldText(number: string): string {
  const name = fieldNames().find((each) => each.startsWith(`${number}-`)) ?? number;
  return readFileSync(path.join(FOLDER, name), 'utf8');
}

export const found = (text: string, fallback: KernelVersion = [6, 1, 0]): Finding[] =>
  explain([{ name: 'log', text }], { fallback });

/** The only finding. */
export function theFinding(text: string): Finding {
  const [finding, ...others] = found(text);
  if (!finding || others.length > 0)
    throw new Error(
      `one finding is wanted, there are ${[finding, ...others].map((each) => each?.headline).join(' / ')}`,
    );
  return finding;
}

/** Everything that a finding says, as one text. */
export const words = ({ headline, sections, assumed }: Finding): string =>
  [
    headline,
    ...sections.flatMap(({ items }) =>
      items.map((item) =>
        typeof item === 'string' ? item : item.map((row) => row.join(' ')).join('\n'),
      ),
    ),
    ...assumed,
  ].join('\n');
