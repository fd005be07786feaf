/** Captures of /proc, each file alone and several together, as one finding for each kind that a text has. */
import type { Context } from '../context.js';
import type { Finding } from '../finding.js';
import { kernelOf } from '../input/reportKernel.js';
import { buddyinfoOf, pagetypeinfoOf } from './buddyinfo.js';
import { buddyText, pagetypeText } from './buddyText.js';
import { hugepageFinding } from './hugepages.js';
import { hugepageReserve } from './hugepageReserve.js';
import { iomemOf, iomemText, type IomemRange } from './iomem.js';
import { meminfoOf } from './meminfo.js';
import { meminfoText } from './meminfoText.js';
import { slabinfoOf, slabinfoText } from './slabinfo.js';
import { vmallocinfoOf, vmallocinfoText } from './vmallocinfo.js';
import { zoneinfoOf } from './zoneinfo.js';
import { zoneinfoText, type CaptureText } from './zoneinfoText.js';

/**
 * @param parts the inputs that `context` puts together, to name those that have a file.
 * @param hasReport the text has a report of another kind, beside which a few lines of meminfo are no capture.
 */
export function procFindings(
  context: Context,
  parts: readonly Context[],
  hasReport: boolean,
): Finding[] {
  const { lines, given } = context;
  const texts = textsOf(context);
  const meminfo = meminfoOf(texts);
  const buddy = buddyinfoOf(texts);
  const huge = hugepageFinding(context, meminfo, buddy) ?? hugepageReserve(context, meminfo);
  const kernel = kernelOf(lines, 0, lines.length - 1, given);
  const found: Finding[] = huge ? [huge] : [];
  const add = <Read extends { readonly length: number } | { readonly size: number } | undefined>(
    file: string,
    read: (texts: readonly string[]) => Read,
    text: (read: Read) => CaptureText | undefined,
  ): void => {
    const whole = read(texts);
    const told = isEmpty(whole) ? undefined : text(whole);
    if (!told) return;
    const having = parts.filter((part) => !isEmpty(read(textsOf(part))));
    found.push({
      kind: 'proc-capture',
      headline: `/proc/${file}: ${told.headline}`,
      place: {
        input: having.map(({ input }) => input).join(', '),
        firstLine: 1,
        lastLine: Math.max(1, ...having.map((part) => part.lines.length)),
      },
      kernel,
      sections: told.sections,
      assumed: ['Pages are taken as 4 kB: the file does not tell.'],
      facts: { file, ...told.facts },
    });
  };
  add('zoneinfo', zoneinfoOf, zoneinfoText);
  if (!huge) add('buddyinfo', buddyinfoOf, buddyText);
  add('pagetypeinfo', pagetypeinfoOf, pagetypeText);
  if (!huge && !hasReport) add('meminfo', meminfoOf, (numbers) => numbers && meminfoText(numbers));
  add('slabinfo', slabinfoOf, slabinfoText);
  if (!hasReport) add('vmallocinfo', vmallocinfoOf, vmallocinfoText);
  add('iomem', ramOf, iomemText);
  return found;
}

const textsOf = ({ lines }: Context): string[] => lines.map(({ text }) => text);

const isEmpty = (
  read: { readonly length: number } | { readonly size: number } | undefined,
): boolean => read === undefined || ('length' in read ? read.length : read.size) === 0;

/** A text that has other ranges of addresses is no capture of iomem. */
const ramOf = (texts: readonly string[]): IomemRange[] => {
  const ranges = iomemOf(texts);
  return ranges.some(({ name }) => name === 'System RAM') ? ranges : [];
};
