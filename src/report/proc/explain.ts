/** Captures of /proc, each file alone and several together, as one finding for each kind that a text has. */
import type { Context } from '../context.js';
import type { Finding } from '../finding.js';
import { kernelOf } from '../input/reportKernel.js';
import { buddyinfoOf, pagetypeinfoOf } from './buddyinfo.js';
import { buddyText, pagetypeText } from './buddyText.js';
import { hugepageFinding } from './hugepages.js';
import { iomemOf, iomemText } from './iomem.js';
import { meminfoOf } from './meminfo.js';
import { meminfoText } from './meminfoText.js';
import { slabinfoOf, slabinfoText } from './slabinfo.js';
import { vmallocinfoOf, vmallocinfoText } from './vmallocinfo.js';
import { zoneinfoOf } from './zoneinfo.js';
import { zoneinfoText, type CaptureText } from './zoneinfoText.js';

/** @param hasReport the text has a report of another kind, beside which a few lines of meminfo are no capture. */
export function procFindings(context: Context, hasReport: boolean): Finding[] {
  const { lines, input, given } = context;
  const texts = lines.map(({ text }) => text);
  const meminfo = meminfoOf(texts);
  const buddy = buddyinfoOf(texts);
  const huge = hugepageFinding(context, meminfo, buddy);
  const kernel = kernelOf(lines, 0, lines.length - 1, given);
  const found: Finding[] = huge ? [huge] : [];
  const add = (file: string, text: CaptureText | undefined): void => {
    if (!text) return;
    found.push({
      kind: 'proc-capture',
      headline: `/proc/${file}: ${text.headline}`,
      place: { input, firstLine: 1, lastLine: Math.max(1, lines.length) },
      kernel,
      sections: text.sections,
      assumed: ['Pages are taken as 4 kB: the file does not tell.'],
      facts: { file, ...text.facts },
    });
  };
  const zones = zoneinfoOf(texts);
  if (zones.length > 0) add('zoneinfo', zoneinfoText(zones));
  if (buddy.length > 0 && !huge) add('buddyinfo', buddyText(buddy));
  const types = pagetypeinfoOf(texts);
  if (types.length > 0) add('pagetypeinfo', pagetypeText(types));
  if (meminfo && !huge && !hasReport) add('meminfo', meminfoText(meminfo));
  const caches = slabinfoOf(texts);
  if (caches.length > 0) add('slabinfo', slabinfoText(caches));
  const areas = vmallocinfoOf(texts);
  if (areas.length > 0 && !hasReport) add('vmallocinfo', vmallocinfoText(areas));
  const ranges = iomemOf(texts);
  if (ranges.some(({ name }) => name === 'System RAM')) add('iomem', iomemText(ranges));
  return found;
}
