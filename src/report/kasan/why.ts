/** What follows from a KASAN report, and where to look. */
import { plural } from '../render/amount.js';
import type { KasanReport } from './kasanReport.js';
import type { Place } from './place.js';
import { isDeferred, ownerOf, userOf, type Frame } from './stack.js';

const named = (frame: Frame | undefined, otherwise: string): string =>
  frame ? `${frame.name}()` : otherwise;

export function reasons(report: KasanReport, where: Place): string[] {
  switch (where.cause) {
    case 'use-after-free':
      return afterFree(report, where);
    case 'out-of-bounds':
      return outOfBounds(report, where);
    case 'double-free':
      return [
        `It was freed ${report.freed ? `by ${named(ownerOf(report.freed.frames), 'the second stack')} first` : 'before'}; now ${named(userOf(report.trace) ?? ownerOf(report.trace), 'the first stack')} frees it again. Between the two the object may have had another owner, whose memory the second freeing takes away.`,
      ];
    case 'invalid-free':
      return [
        'kfree() and kmem_cache_free() want the address that the allocator returned: a pointer into the middle was passed, or memory that is not from a slab (a static, a stack, an array element).',
      ];
    case 'null':
      return [
        `A pointer to a structure was NULL: the access is to its member at offset ${Number(report.address ?? 0n)}. With KASAN it is caught before the page fault.`,
      ];
    case 'user':
      return [
        'A user-space address was followed directly: it needs copy_from_user(), copy_to_user() or get_user().',
      ];
    case 'wild':
      return [
        'The pointer is not one: it was never set, was overwritten, or read from memory of something else.',
      ];
    case 'unknown':
      return [];
  }
}

function afterFree(report: KasanReport, where: Place): string[] {
  if (/scope|return/.test(report.bug))
    return [
      'The variable belongs to a block or function that was left: its address was kept (put on a list, given to another task or a callback) beyond its life.',
    ];
  const { freed, allocated, pid } = report;
  const user = named(userOf(report.trace), 'the access');
  if (where.region === 'page')
    return [
      'The page went back to the page allocator while somebody kept a pointer into it: a page of alloc_pages(), a large kmalloc(), or the slab of a cache that was emptied.',
    ];
  if (!freed) return ['The stacks of its owners are not in the text.'];
  const by = named(ownerOf(freed.frames), 'somebody');
  const later = isDeferred(freed.frames);
  const items = [
    freed.pid !== undefined && freed.pid === pid
      ? `The same task freed it in ${by} and then used it in ${user}: an order that is wrong, or a pointer that was not cleared.`
      : `${by} freed it${freed.pid === undefined ? '' : ` (pid ${freed.pid})`} while ${user}${pid === undefined ? '' : ` (pid ${pid})`} still had a pointer: a reference that was not taken, or a lock that does not cover both.`,
  ];
  if (later === 'rcu')
    items.push(
      'RCU called back the freeing, after a grace period: the reader was outside of rcu_read_lock(), or kept the pointer beyond it.',
    );
  if (later === 'work')
    items.push(
      'A worker freed it: whoever queued the work did not wait for those who use the object.',
    );
  if (allocated && !sharesModule(report))
    items.push(
      'The stacks are those of the last owner of this memory. If these have nothing to do with the code that accesses it, the pointer is older: its object was freed, and the memory given to another.',
    );
  return items;
}

/** Whether the stack of the access and that of an owner have a function in common, apart from the entry into the kernel. */
function sharesModule({ trace, allocated, freed }: KasanReport): boolean {
  const part = ({ name }: Frame): string => name.split('_')[0] ?? '';
  const user = new Set(
    trace
      .filter(({ isGuess }) => !isGuess)
      .slice(0, 12)
      .map(part),
  );
  return [allocated, freed].some((owner) =>
    (owner?.frames ?? []).some(
      (frame) => ownerOf([frame]) !== undefined && !ENTRY.test(frame.name) && user.has(part(frame)),
    ),
  );
}

const ENTRY =
  /^(?:_*do_syscall\w*|entry_\w+|_*x64_sys\w*|_*se_sys\w*|_*do_sys\w*|sys_\w+|SyS_\w+|ret_from_fork\w*|kthread|worker_thread|process_one_work|el0\w*|invoke_syscall|rcu_\w+|handle_softirqs|_*do_softirq\w*|irq_exit\w*)$/;

function outOfBounds(
  report: KasanReport,
  { region, offset, beyondEnd, wrongBytes, objectSize }: Place,
): string[] {
  const items: string[] = [];
  if (region === 'vmalloc')
    items.push(
      'The access runs past the end of the area, into its guard page, or the area was freed.',
    );
  if (offset !== undefined && offset < 0)
    items.push(
      'Before the beginning: an index that became negative, or a wrong pointer from container_of().',
    );
  if (beyondEnd === 0)
    items.push(
      'The first wrong byte is the first one behind the end: a loop with <= for <, a string without room for its terminating 0, or a structure that ends in an array that got no room.',
    );
  if (beyondEnd !== undefined && beyondEnd < 0 && (wrongBytes ?? 0) > 0)
    items.push(
      `${plural(-beyondEnd, 'byte')} are still inside: the object is ${plural(wrongBytes ?? 0, 'byte')} smaller than the access takes it for (a cast to a larger structure, or a wrong sizeof).`,
    );
  if (beyondEnd !== undefined && objectSize !== undefined && beyondEnd > 4 * objectSize)
    items.push(
      'So far behind the end it is more likely a wrong pointer or index than a loop that ran too far; the object named is only the nearest.',
    );
  const by = report.allocated ? ownerOf(report.allocated.frames) : undefined;
  if (region === 'slab' && by)
    items.push(
      `Compare the size that ${by.name}() asks for with what ${named(userOf(report.trace), 'the access')} takes it for.`,
    );
  return items;
}

export function remedies({ freed, bug }: KasanReport, { cause, region }: Place): string[] {
  if (cause === 'use-after-free' && region === 'slab')
    return [
      freed
        ? 'Take a reference where the pointer is kept, and drop it where it is let go; or wait for users (cancel_work_sync(), timer_shutdown_sync(), synchronize_rcu()) before the freeing.'
        : 'Boot with a larger stack depot, or run it again: the stack of the freeing was not kept.',
    ];
  if (cause === 'double-free')
    return ['Set the pointer to NULL where it is freed, and let only one owner free it.'];
  if (/use-after-free/.test(bug) && region === 'page')
    return ['CONFIG_PAGE_OWNER and page_owner=on tell who had the page last.'];
  return [];
}
