/**
 * Text that somebody has of a kernel and that is no machine: its log, a file of its /proc. One sentence on what it is and what can be
 * given instead; undefined for any other text.
 *
 * Source of the words: Linux 6.1 mm/page_alloc.c: warn_alloc(), bad_page(); mm/oom_kill.c: dump_header(); arch/x86/mm/fault.c:
 * show_fault_oops(); fs/proc/.
 */
/** A line of the log begins so in dmesg (`[   12.345678]`), and behind a level (`<4>`) or syslog's date and host. */
const LOG_LINE = /^(?:<\d+>)?\[ *\d+\.\d{6}\]|^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ kernel:/;
const REPORT =
  /^.*(?:: page allocation failure: order:|invoked oom-killer: gfp_mask|\bMem-Info:|BUG: Bad page state|BUG: unable to handle|BUG: kernel NULL pointer|\bOops: [0-9a-f]{4}|general protection fault)|^BUG \S+ \(/;

const PROC: readonly (readonly [string, RegExp])[] = [
  ['meminfo', /^MemTotal: +\d+ kB$/],
  ['buddyinfo', /^Node \d+, zone +\w+( +\d+){6,}\s*$/],
  ['pagetypeinfo', /^Page block order: \d+$/],
  ['zoneinfo', /^Node \d+, zone +\w+\s*$/],
  ['slabinfo', /^slabinfo - version: /],
  ['vmstat', /^nr_free_pages \d+$/],
];

const INSTEAD =
  '`mmscope explain` reads it. Here a memory dump (ELF, plain or .gz) or a recorded state (a trace with a %zones and a %memmap dump) is needed, for `mmscope run` a scenario (.mms)';

/** @param text one line, such as the first */
export function reportSentence(text: string): string | undefined {
  // A scenario may quote what a kernel says.
  if (/^\s*(?:\/[/*]|#)/.test(text)) return undefined;
  if (REPORT.test(text)) return `this is a report from a kernel's log: ${INSTEAD}`;
  if (LOG_LINE.test(text)) return `this is a kernel's log: ${INSTEAD}`;
  const file = PROC.find(([, pattern]) => pattern.test(text))?.[0];
  return file === undefined ? undefined : `this is a copy of /proc/${file}: ${INSTEAD}`;
}
