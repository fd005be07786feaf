/**
 * Makes the list of Linux's names that ships with mmscope, from those of test/data: `node scripts/linuxNames.mjs`. What a scenario
 * could call by the headers that it would include is taken, all of mm/ and lib/, and what Linux exports to modules.
 *
 * Form: sorted names, each as one digit of base 36 for how many letters it shares with the one before, and the others.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './bundle.mjs';

const FROM = path.join(root, 'test/data/linux-6.1-names.txt');
const EXPORTS = path.join(root, 'test/data/linux-6.1-exports.txt');
export const TO = path.join(root, 'src/scenario/kernelNames/linux-6.1.json');
const TAKEN =
  /^(include\/(?!trace\/)|arch\/x86\/(include|mm)\/|mm\/|lib\/|kernel\/(dma|irq|printk|rcu)\/|kernel\/\w+\.c)/;
const MOST_SHARED = 35;

export function packedNames() {
  const [, ...lines] = readFileSync(FROM, 'utf8').split('\n');
  const names = new Set([
    ...lines
      .filter((line) => TAKEN.test(line))
      .flatMap((line) => line.split(': ')[1]?.split(' ') ?? []),
    ...readFileSync(EXPORTS, 'utf8').trim().split('\n'),
  ]);
  let before = '';
  const packed = [...names].sort().map((name) => {
    let shared = 0;
    while (shared < MOST_SHARED && shared < name.length && name[shared] === before[shared])
      shared++;
    before = name;
    return shared.toString(36) + name.slice(shared);
  });
  return `${JSON.stringify({ release: '6.1', names: packed.join(' ') })}\n`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(TO, packedNames());
