/**
 * What the OOM killer says in its last line, in a text that has no more of its report.
 *
 * Source: Linux mm/oom_kill.c: __oom_kill_process(), oom_kill_process() of 2.6.32, 3.16, 5.4, 6.1.
 */
import type { Context } from '../context.js';
import { sections, type Finding } from '../finding.js';
import { kernelOf, kernelText } from '../input/reportKernel.js';
import { capital, size } from '../render/amount.js';

const KILLED =
  /(?:^|\b)((?:Memory cgroup )?[Oo]ut of memory)?[^:]{0,40}(?:: )?Kill(?:ed)? process (\d+),?(?: UID \d+,)? \(?([^)\s,]+)\)?/;
const BYTES: readonly (readonly [name: string, text: string])[] = [
  ['anon-rss', 'of anonymous memory'],
  ['file-rss', 'of files'],
  ['shmem-rss', 'of shared memory'],
];

/** @param isTold whether the line belongs to a report that has been explained */
export function victimFindings(context: Context, isTold: (index: number) => boolean): Finding[] {
  const seen = new Set<string>();
  return context.lines.flatMap(({ text }, index): Finding[] => {
    const [, start = '', pid, name] = KILLED.exec(text) ?? [];
    if (pid === undefined || name === undefined || isTold(index)) return [];
    if (start === '' && !text.includes('anon-rss')) return [];
    if (seen.has(pid)) return [];
    seen.add(pid);
    const near = context.lines.slice(index, index + 3).filter((line) => line.text.includes(pid));
    return [explainOne(context, index, pid, name, near.map((line) => line.text).join(' '))];
  });
}

function explainOne(
  { lines, input, given }: Context,
  index: number,
  pid: string,
  name: string,
  text: string,
): Finding {
  const kernel = kernelOf(lines, index, index, given);
  const isOfCgroup = text.includes('Memory cgroup out of memory');
  const kb = (field: string): number | undefined => {
    const found = new RegExp(`\\b${field}:\\s?(\\d+)kB`).exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const had = BYTES.flatMap(([field, what]) => {
    const value = kb(field);
    return value === undefined ? [] : [`${size(value * 1024)} ${what}`];
  });
  const anonKb = kb('anon-rss');
  const number = lines[index]?.number ?? 1;
  return {
    kind: 'out-of-memory',
    headline: `${isOfCgroup ? 'A memory cgroup reached its limit, and the' : 'The'} OOM killer ended ${name} (pid ${pid})${anonKb === undefined ? '' : `, which had ${size(anonKb * 1024)} of anonymous memory`}: the text has no more of the report.`,
    place: { input, firstLine: number, lastLine: number },
    kernel,
    sections: sections(
      [
        'What it says',
        [
          ...(kernel.source === 'report' ? [`${capital(kernelText(kernel))}.`] : []),
          ...(had.length > 0 ? [`${name} had ${had.join(', ')}.`] : []),
        ],
      ],
      [
        'Why',
        [
          isOfCgroup
            ? 'The limit of a memory cgroup (a container, a unit, a pod) was reached; the machine itself need not be short of memory.'
            : 'No zone that the request could use had a page left after reclaim; or only the nodes that a cpuset or a memory policy allows were full.',
          'The process that was ended is the greatest user by score, not always the cause.',
        ],
      ],
      [
        'What helps',
        [
          'The lines before this one say which request failed and where memory is: from "invoked oom-killer" on (journalctl -k, /var/log/kern.log).',
        ],
      ],
    ),
    assumed: [],
    facts: {
      order: null,
      cause: 'unknown',
      constraint: isOfCgroup ? 'CONSTRAINT_MEMCG' : null,
      victim: name,
      victimPid: Number(pid),
      victimAnonKb: anonKb ?? null,
    },
  };
}
