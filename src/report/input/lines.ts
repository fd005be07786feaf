/**
 * A log as lines without what loggers put before them: syslog's date and host, journald's, `dmesg -x` and `-T`, printk's level, time
 * and caller, serial consoles, quoting of mails. What is left is the text of one printk.
 *
 * Source: formats of syslog (RFC 3164, 5424), util-linux dmesg(1), Linux kernel/printk/printk.c: info_print_prefix().
 */

import { unwrapped } from './unwrap.js';

export interface LogLine {
  /** Without any prefix; leading blanks of the message itself are kept. */
  readonly text: string;
  /** Counted from 1. */
  readonly number: number;
  /** Seconds since boot, where printk.time was on. */
  readonly seconds?: number;
  /** `T123` or `C1` of CONFIG_PRINTK_CALLER: tells apart what two CPUs print at once. */
  readonly caller?: string;
}

/** Longer lines are cut: a log that has lost its line breaks, or a binary file. */
const LONGEST_LINE = 8192;

// eslint-disable-next-line no-control-regex -- colours of `dmesg --color`
const ANSI = /\u001b\[[0-9;]*[A-Za-z]/g;

/** Blanks of a mail that do not break a line, also where another encoding made a sign for what is not a letter of them. */
const ODD_BLANKS = /[\u00a0\ufffd]+/g;

const HOST_AND_TAG = String.raw`\S+\s+(?:kernel|[\w./-]+(?:\[\d+\])?):\s?`;

const PREFIXES: readonly RegExp[] = [
  /^\s+(?=\[\s*\d+\.\d{4,}\]|\[[A-Z][a-z]{2} [A-Z][a-z]{2} )/,
  /^(?:>\s?)+(?=[\s\S])/,
  new RegExp(String.raw`^\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?\s+${HOST_AND_TAG}`),
  // Without a host, as some collectors have it.
  /^\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?\s+(?=\[\s*\d+\.\d+\])/,
  // journalctl names months in the user's language: Jan, janv., Mär, vas., 8月.
  new RegExp(
    String.raw`^(?:<\d{1,3}>)?(?:[^\s\d[(<:]{2,6}|\d{1,2}[\u6708\uc6d4])\s+\d{1,2}\s+\d\d:\d\d:\d\d(?:\.\d+)?\s+${HOST_AND_TAG}`,
  ),
  // journalctl -o short-full.
  new RegExp(
    String.raw`^[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? \S{1,6} ${HOST_AND_TAG}`,
  ),
  // Android's logcat.
  /^\d\d-\d\d \d\d:\d\d:\d\d\.\d+\s+(?:\d+\s+\d+\s+)?[VDIWEF][ /]\S*\s*:\s/,
  // journalctl -o short-monotonic, behind its time.
  /^[\w.-]{1,64} kernel:\s/,
  // grep -n, and grep in several files.
  /^(?:[\w./-]{1,80}[:-])?\d{1,7}[:-](?=\s*(?:\[\s*\d+\.\d|<\d>))/,
  // OpenWrt's logread.
  /^[A-Z][a-z]{2} [A-Z][a-z]{2}\s+\d{1,2} \d\d:\d\d:\d\d \d{4} \w+\.\w+ kernel:\s?/,
  /^\d\d:\d\d:\d\d kernel:\s?/,
  /^(?:kern|user|mail|daemon|auth|syslog|local\d)\s*:(?:emerg|alert|crit|err|warn|notice|info|debug)\s*:\s?/,
  // Labs put their own time before printk's.
  /^\d\d:\d\d:\d\d[.,]\d+\s+(?=\[)/,
  /^<\d{1,3}>/,
  /^\[[A-Z][a-z]{2} [A-Z][a-z]{2}\s+\d{1,2} \d\d:\d\d:\d\d \d{4}\]\s?/,
  /^(?:KERN(?:EL)?|kernel)\s*:\s(?=[[<])/,
  /^kernel:\s(?!\s*(?:Linux\s+)?v?\d)/,
  /^\(\d\)\[\d+:[^\]]{1,40}\]\s?/,
  /^\[\d:\s*[^\]]{1,24}:\s*\d+\]\s?/,
  /^\*\* \d+ printk messages dropped \*\* (?=\[)/,
];

const TIME = /^\[\s*(\d{1,12}\.\d{1,9})\s*(?:@\d+)?\](?:\s?\[\s*([TC]\d+)\])?(?:<\d>)?\s?/;
const TIME_WITH_CALLER = /^\[\s*(\d{1,12}\.\d{1,9}),?\s*([TC]?\d*)\]\s?/;

/** What one caller prints in a burst is together, and a pause this long ends the burst. */
const PAUSE_S = 1;

/**
 * The lines of a text. Where printk tells callers, lines that several of them print at the same time are sorted by caller: each report is in one
 * piece then. Every line keeps its number.
 */
export function logLines(text: string): LogLine[] {
  const plain = ENTITY.test(text)
    ? text.replace(ENTITIES, (name) => ENTITY_TEXTS[name] ?? name)
    : text;
  const lines = unwrapped(
    plain
      .split(/\r\n|\n|\r/)
      .flatMap((line, index) => inLines(line).map((part) => logLine(part, index + 1))),
  );
  return lines.some(({ caller }) => caller !== undefined) ? byCaller(lines) : lines;
}

/** A log that was taken out of a page of the web. */
const ENTITY_TEXTS: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&amp;': '&',
  '&quot;': '"',
  '&#39;': "'",
  '&#x27;': "'",
  '&nbsp;': ' ',
};
const ENTITIES = /&(?:lt|gt|amp|quot|nbsp|#39|#x27);/g;
const ENTITY = /&(?:lt|gt|amp|quot|nbsp|#39|#x27);/;

/** One printk of several lines is one line of syslog: rsyslog writes `#012` for each line break. */
const inLines = (line: string): string[] => (line.includes('#012') ? line.split('#012') : [line]);

function byCaller(lines: readonly LogLine[]): LogLine[] {
  const sorted: LogLine[] = [];
  let burst = new Map<string, LogLine[]>();
  let caller = '';
  let seconds = 0;
  for (const line of lines) {
    if (line.seconds !== undefined && Math.abs(line.seconds - seconds) > PAUSE_S) {
      sorted.push(...[...burst.values()].flat());
      burst = new Map();
    }
    seconds = line.seconds ?? seconds;
    // A line without a caller goes on with what stands before it.
    caller = line.caller ?? caller;
    const own = burst.get(caller);
    if (own) own.push(line);
    else burst.set(caller, [line]);
  }
  sorted.push(...[...burst.values()].flat());
  return sorted;
}

function logLine(raw: string, number: number): LogLine {
  let text = raw.slice(0, LONGEST_LINE).replace(ANSI, '').replace(ODD_BLANKS, ' ');
  let seconds: number | undefined;
  let caller: string | undefined;
  for (let again = true; again;) {
    again = false;
    const time = TIME.exec(text) ?? TIME_WITH_CALLER.exec(text);
    if (time) {
      seconds ??= Number(time[1]);
      if (time[2]) caller = time[2];
      text = text.slice(time[0].length);
      again = true;
      continue;
    }
    for (const prefix of PREFIXES) {
      const cut = text.replace(prefix, '');
      if (cut.length === text.length) continue;
      text = cut;
      again = true;
      break;
    }
  }
  return {
    text: text.trimEnd(),
    number,
    ...(seconds === undefined ? {} : { seconds }),
    ...(caller === undefined ? {} : { caller }),
  };
}
