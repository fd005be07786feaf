/**
 * What an OOM report tells beside the request: the constraint, the cgroup and its limit, the victim.
 *
 * Source: Linux mm/oom_kill.c: dump_oom_victim(), __oom_kill_process(); mm/memcontrol.c: mem_cgroup_print_oom_meminfo().
 */
import type { LogLine } from '../input/lines.js';
import { size } from '../render/amount.js';

export interface OomDetails {
  readonly constraint?: string;
  readonly memcg?: string;
  readonly memcgUsageKb?: number;
  readonly memcgLimitKb?: number;
  readonly victim?: string;
  readonly victimPid?: number;
  readonly victimAnonKb?: number;
}

/** @param lines those of the report and the ones after it, up to the next. */
export function oomDetails(lines: readonly LogLine[]): OomDetails {
  const details: { -readonly [name in keyof OomDetails]: OomDetails[name] } = {};
  for (const { text } of lines) {
    const constraint = /\bconstraint=(CONSTRAINT_\w+)/.exec(text)?.[1];
    if (constraint !== undefined) details.constraint = constraint;
    const memcg =
      /\boom_memcg=([^,\s]+)/.exec(text)?.[1] ??
      /^Task in (\S+) killed as a result of limit of/.exec(text)?.[1];
    if (memcg !== undefined) details.memcg = memcg;
    const usage = /^\s*memory: usage (\d+)kB, limit (\d+)kB/.exec(text);
    if (usage) {
      details.memcgUsageKb = Number(usage[1]);
      details.memcgLimitKb = Number(usage[2]);
    }
    const victim =
      /[Kk]illed process (\d+),?(?: UID \d+,)? \(([^)]*)\)/.exec(text) ??
      /Kill process (\d+) \(([^)]*)\)/.exec(text);
    if (victim) {
      details.victimPid = Number(victim[1]);
      details.victim = victim[2] ?? '';
      const anon = /anon-rss:\s?(\d+)kB/.exec(text)?.[1];
      if (anon !== undefined) details.victimAnonKb = Number(anon);
    }
    if (/^Memory cgroup out of memory/.test(text)) details.constraint ??= 'CONSTRAINT_MEMCG';
  }
  return details;
}

export const isOfCgroup = ({ constraint, memcgLimitKb }: OomDetails): boolean =>
  constraint === 'CONSTRAINT_MEMCG' || memcgLimitKb !== undefined;

export function oomItems(details: OomDetails): string[] {
  const items: string[] = [];
  if (isOfCgroup(details)) {
    const { memcgUsageKb, memcgLimitKb } = details;
    const amount =
      memcgUsageKb === undefined || memcgLimitKb === undefined
        ? ''
        : `: it uses ${size(memcgUsageKb * 1024)} of ${size(memcgLimitKb * 1024)}`;
    items.push(
      `This is the limit of the memory cgroup ${details.memcg ?? ''}${amount}. The machine itself is not out of memory; zones and watermarks play no part.`,
    );
  } else if (
    details.constraint === 'CONSTRAINT_CPUSET' ||
    details.constraint === 'CONSTRAINT_MEMORY_POLICY'
  ) {
    items.push(
      `${details.constraint}: only the nodes that a cpuset or a memory policy allows are full; others may have memory.`,
    );
  }
  if (details.victim !== undefined)
    items.push(
      `Killed: ${details.victim} (pid ${details.victimPid ?? 0})${details.victimAnonKb === undefined ? '' : `, with ${size(details.victimAnonKb * 1024)} of anonymous memory`}. It is the greatest user by score, not always the cause.`,
    );
  return items;
}
