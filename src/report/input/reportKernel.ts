/**
 * Which kernel a report is of: what its lines say, else what is given, else what its form tells.
 *
 * Invariant: a version that is not in the text is never told as if it were: `source` says where it is from.
 */
import type { ReportKernel } from '../finding.js';
import { boundsOfForm } from './dialect.js';
import type { LogLine } from './lines.js';
import { parseVersion, seriesOf, type KernelVersion } from './version.js';

/** What is known beside the text. */
export interface GivenKernel {
  readonly version: KernelVersion;
  /** `given`: the user says so. `session`: it is the kernel of the session, or mmscope's own, for want of another. */
  readonly source: 'given' | 'session';
}

/** Where a text names its kernel; the most certain first. */
const NAMED: readonly RegExp[] = [
  /(?:Not tainted|Tainted:(?: \[?[A-Z()_=\],]{1,24}|\s|-{3,}|\.{3,})*?)\s*\(?(\d{1,2}\.\d{1,3}[.\d]*[^\s)]*)/,
  /^\s*EFLAGS: [0-9a-f]{8}\s+\((\d{1,2}\.\d{1,3}\.\d\S*)/,
  // What `uname -r` says.
  /^\s*([2-7]\.\d{1,3}\.\d{1,3}[-+]\S+)\s*$/,
  /\bLinux version (\d{1,2}\.\d{1,3}\S*)/,
  /^\s*(?:[-#*]\s*)?[Kk]ernel(?: version| release)?\s*[:=]?\s+(?:Linux\s+)?v?(\d{1,2}\.\d{1,3}\S*)/,
  /^\s*RELEASE:\s+(\d{1,2}\.\d{1,3}\S*)/,
  /^\s*OSRELEASE=(\d{1,2}\.\d{1,3}\S*)/,
  // Not of distributions, which have numbers of their own: Rocky Linux 8.5.
  /(?<!(?:CentOS|Rocky|Oracle|Scientific|Enterprise|Amazon|Alpine|Photon|Kali|Azure) )\b(?:Linux|[Kk]ernel)\s+(?!(?:Server )?release\b)(?:\S+\s)?v?([2-9]\.\d{1,3}(?:\.\d+)?[-\w.+]*)/,
  /\b(?:on|under)\s+([2-7]\.\d{1,2}(?:\.\d+)?)\b(?!\s*(?:[GM]Hz|[GMk]i?B|%|V\b))/,
];

function releaseIn(text: string): string | undefined {
  for (const pattern of NAMED) {
    const found = pattern.exec(text)?.[1]?.replace(/[.,;:)]+$/, '');
    if (found !== undefined && parseVersion(found)) return found;
  }
  return undefined;
}

export function kernelOf(
  lines: readonly LogLine[],
  first: number,
  last: number,
  given?: GivenKernel,
): ReportKernel {
  const release =
    nearestRelease(lines, first, last, 1) ??
    nearestRelease(lines, first - 1, 0, -1) ??
    nearestRelease(lines, last + 1, lines.length - 1, 1);
  const version = release === undefined ? undefined : parseVersion(release);
  if (release !== undefined && version) return { version, release, source: 'report' };
  if (given?.source === 'given')
    return { version: given.version, release: seriesOf(given.version), source: 'given' };
  const bounds = boundsOfForm(lines.slice(first, last + 1).map(({ text }) => text));
  if (bounds) return { ...bounds, source: 'form' };
  if (given) return { version: given.version, release: seriesOf(given.version), source: 'session' };
  return { source: 'unknown' };
}

function nearestRelease(
  lines: readonly LogLine[],
  from: number,
  to: number,
  step: 1 | -1,
): string | undefined {
  for (let at = from; step > 0 ? at <= to : at >= to; at += step) {
    const found = releaseIn(lines[at]?.text ?? '');
    if (found !== undefined) return found;
  }
  return undefined;
}

/** How a sentence names the kernel: `Linux 4.9.70`, `Linux 2.6.28 to 2.6.31 (by the form of the report)`. */
export function kernelText({ release, source }: ReportKernel): string {
  if (release === undefined) return 'an unknown kernel';
  const said: Record<ReportKernel['source'], string> = {
    report: '',
    form: ' (by the form of the report)',
    given: ' (as given)',
    session: " (the session's; the text names none)",
    unknown: '',
  };
  return `Linux ${release}${said[source]}`;
}
