/** What an event of the machine offers to conditions by name, and how it reads as a sentence. */
import { counted } from '../../engine/view/counted.js';
import { failedExpectText, type MachineEvent } from '../../scenario/index.js';
import { failureReason } from '../../engine/verdict/reason.js';
import { parseCType } from '../../engine/types/declaration.js';
import type { HugePageChange } from '../../engine/machine/events.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import { asVirt } from '../../engine/memory/address.js';
import { gfpText } from '../../engine/types/flagText.js';
import type { MachineContext } from '../present/context.js';
import type { ExtraName } from './evaluator.js';

/** Of what exceptionInfo tells the verdict: the kernel had nothing to give. */
export const isFailedAllocation = (kind: string): boolean =>
  kind === 'allocation-failed' || kind === 'range-failed';

export function eventNames({ profile }: MachineContext, event: MachineEvent): readonly ExtraName[] {
  const named = (name: string, spelled: string, value: number): ExtraName[] => {
    const type = parseCType(spelled, profile.types);
    return type === undefined ? [] : [{ name, type, value }];
  };
  switch (event.kind) {
    case 'allocation-failed':
    case 'range-failed':
      return [
        ...named(
          'count',
          'unsigned long',
          event.kind === 'range-failed' ? event.count : 2 ** event.order,
        ),
        ...named('order', 'unsigned int', event.order),
        ...named('gfp', 'unsigned int', event.gfp >>> 0),
        ...named('migratetype', 'enum migratetype', event.migratetype),
        // The highest one that the request may use.
        ...named('zone', 'enum zone_type', event.highest_zoneidx),
      ];
    case 'direct-reclaim':
    case 'direct-compact':
    case 'out-of-memory':
      return [
        ...named('order', 'unsigned int', event.order),
        ...named('gfp', 'unsigned int', event.gfp >>> 0),
      ];
    case 'bad-page':
    case 'migrate':
    case 'huge-page':
      return named('pfn', 'unsigned long', event.pfn);
    case 'waits':
    case 'wakes':
      return named('pid', 'int', event.pid);
    case 'slab-corruption':
      return named('cache', 'struct kmem_cache *', event.cache);
    case 'signal':
      return [
        ...named('va', 'unsigned long', event.va),
        ...named('error_code', 'unsigned long', event.errorCode),
        ...named('pid', 'int', event.pid),
        ...named('handled', 'int', event.handler === undefined ? 0 : 1),
      ];
    case 'address-misuse':
    case 'stale-tlb':
      return named('va', 'unsigned long', event.va);
    case 'printk':
    case 'bug':
    case 'api-misuse':
    case 'warn':
    case 'expect-failed':
      return [];
  }
}

/** What any event of these kinds offers; the values do not matter. */
export const namesOfEvents = (
  context: MachineContext,
  kinds: readonly MachineEvent['kind'][],
): readonly ExtraName[] =>
  kinds.flatMap((kind) =>
    // Names depend on the kind alone.
    eventNames(context, { kind } as MachineEvent).map((name) => ({ ...name, value: 0 })),
  );

/** The tape must be where the event is: why an allocation failed, memory says. */
export function eventText({ profile, image }: MachineContext, event: MachineEvent): string {
  switch (event.kind) {
    case 'allocation-failed': {
      const gfp = gfpText(profile, event.gfp);
      return `page allocation failure: order ${event.order}, gfp ${gfp === '' ? '0' : gfp}: ${failureReason(image.mm, event)}`;
    }
    case 'range-failed':
      return `${event.what}() of ${counted(event.count, 'page')} failed`;
    case 'bad-page':
      return `bad page state: pfn 0x${event.pfn.toString(16)}: ${event.reason}`;
    case 'signal':
      return `${event.text}: ${event.rule}${event.handler === undefined ? '' : `; ${event.handler}() handles it`}`;
    case 'bug':
      return event.rule === undefined ? event.text : `${event.text} (${event.rule})`;
    case 'warn':
    case 'api-misuse':
    case 'printk':
    case 'address-misuse':
    case 'stale-tlb':
      return event.text;
    case 'slab-corruption':
      return event.text.split('\n')[0] ?? '';
    case 'expect-failed':
      return failedExpectText(event);
    case 'direct-reclaim':
    case 'direct-compact':
    case 'out-of-memory':
      return `${event.kind.replaceAll('-', ' ')}: order ${event.order}`;
    case 'migrate':
      return migrationText(event);
    case 'huge-page':
      return hugePageText(image.mm, event);
    case 'waits':
      return `${event.name} (pid ${event.pid}) ${event.text}`;
    case 'wakes':
      return `${event.comm} (pid ${event.pid}) is woken: it waited for ${wokenFor(image.mm, event)}`;
  }
}

function hugePageText(mm: Kernel, { change, pfn, va }: HugePageChange): string {
  const page = `huge page 0x${pfn.toString(16)}`;
  const place = va === undefined ? '' : `0x${mm.hex(va)}`;
  switch (change) {
    case 'split':
      return `${page} was split into small pages`;
    case 'entry-split':
      return `the entry of ${page} at ${place} became a table`;
    case 'collapsed':
      return `the small pages at ${place} became ${page}`;
  }
}

const wokenFor = (
  mm: Kernel,
  { pfn, lock = asVirt(0) }: Extract<MachineEvent, { kind: 'wakes' }>,
): string =>
  pfn === undefined ? `the rw_semaphore at 0x${mm.hex(lock)}` : `page 0x${pfn.toString(16)}`;

function migrationText(event: Extract<MachineEvent, { kind: 'migrate' }>): string {
  const page = `page 0x${event.pfn.toString(16)}`;
  switch (event.outcome) {
    case 'moved':
      return `${page} was migrated to page 0x${event.to.toString(16)}`;
    case 'pinned':
      return `${page} has more references than mappings, so it cannot be migrated: it stays`;
    case 'failed':
      return `${page} could not be migrated: it stays`;
  }
}
