/**
 * kmemleak's reports: objects that no pointer leads to. All of one text are one finding, by who allocated them.
 *
 * Source: Linux mm/kmemleak.c: print_unreferenced(), of 3.10, 5.15, 6.1.
 */
import type { Context } from '../context.js';
import { sections, type Finding } from '../finding.js';
import { kernelOf, kernelText } from '../input/reportKernel.js';
import { frameOf, ownerOf, type Frame } from '../kasan/stack.js';
import { capital, plural, size } from '../render/amount.js';

interface Leak {
  readonly address: string;
  readonly bytes: number;
  readonly first: number;
  last: number;
  comm?: string;
  age?: number;
  readonly frames: Frame[];
}

const START = /^\s*unreferenced object (?:\(percpu\) )?0x([0-9a-f]{1,16}) \(size (\d{1,9})\):/;
const LONGEST = 60;

export function leakFindings({ lines, input, given }: Context): Finding[] {
  const leaks: Leak[] = [];
  lines.forEach(({ text }, index) => {
    const start = START.exec(text);
    if (start) {
      leaks.push({
        address: `0x${start[1] ?? ''}`,
        bytes: Number(start[2]),
        first: index,
        last: index,
        frames: [],
      });
      return;
    }
    const leak = leaks.at(-1);
    if (!leak || index - leak.first > LONGEST || index - leak.last > 8) return;
    const comm = /^\s*comm "(.*)", pid \d+, jiffies \d+(?: \(age ([\d.]+)s?(?:ec)?\))?/.exec(text);
    if (comm) leak.comm = comm[1] ?? '';
    if (comm?.[2] !== undefined) leak.age = Number(comm[2]);
    const frame = frameOf(text);
    if (frame) leak.frames.push(frame);
    if (comm || frame || /^\s*(?:hex dump|backtrace|[0-9a-f]{2} [0-9a-f]{2})/.test(text))
      leak.last = index;
  });
  const [first, last] = [leaks[0], leaks.at(-1)];
  if (!first || !last) return [];
  const kernel = kernelOf(lines, first.first, last.last, given);
  const owners = byOwner(leaks);
  const worst = owners[0];
  const total = leaks.reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    {
      kind: 'memory-leak',
      headline: `${plural(leaks.length, 'object')} (${bytesText(total)}) that no pointer leads to${worst ? `, allocated by ${worst.owner}` : ''}${owners.length > 1 ? ' and others' : ''}.`,
      place: {
        input,
        firstLine: lines[first.first]?.number ?? 1,
        lastLine: lines[last.last]?.number ?? 1,
      },
      kernel,
      sections: sections(
        [
          'What it says',
          [
            `${capital(kernelText(kernel))}, kmemleak.`,
            [
              ['allocated by', 'objects', 'bytes'],
              ...owners
                .slice(0, 20)
                .map(({ owner, count, bytes }) => [owner, String(count), String(bytes)]),
            ],
          ],
        ],
        [
          'Why',
          [
            'kmemleak found no address of these objects, or of a place inside them, in data, stacks or other objects that are reachable. What allocated them lost the pointer without freeing, most often on an error path.',
            ...(leaks.some(({ age }) => age !== undefined && age < 10)
              ? [
                  'Some are seconds old: a pointer that was only in a register, or stored in a form that kmemleak does not know, is found at the next scan. A real leak stays.',
                ]
              : []),
          ],
        ],
        [
          'What helps',
          [
            '`echo scan > /sys/kernel/debug/kmemleak` twice, some seconds apart: what is reported both times is lost.',
          ],
        ],
      ),
      assumed: [],
      facts: {
        objects: leaks.length,
        bytes: total,
        firstObject: first.address,
        allocatedBy: owners
          .slice(0, 20)
          .map(({ owner, count, bytes }) => ({ owner, count, bytes })),
      },
    },
  ];
}

const bytesText = (bytes: number): string => (bytes < 10240 ? plural(bytes, 'byte') : size(bytes));

function byOwner(leaks: readonly Leak[]): { owner: string; count: number; bytes: number }[] {
  const owners = new Map<string, { owner: string; count: number; bytes: number }>();
  for (const { frames, bytes } of leaks) {
    const owner = ownerOf(frames)?.text ?? 'an unknown function';
    const known = owners.get(owner) ?? { owner, count: 0, bytes: 0 };
    owners.set(owner, { owner, count: known.count + 1, bytes: known.bytes + bytes });
  }
  return [...owners.values()].toSorted((a, b) => b.bytes - a.bytes);
}
