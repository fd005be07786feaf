/**
 * A number alone: a GFP mask, or a word of page->flags, decoded by the kernel that is given or by the session's, which is said.
 */
import type { Context } from './context.js';
import { decodeGfp, gfpBitTexts, unknownText } from './facts/gfp.js';
import { flagFields, pageFlagsOf } from './facts/pageFlags.js';
import { sections, type Finding, type Item } from './finding.js';
import { kernelOf, kernelText } from './input/reportKernel.js';
import { seriesOf, type KernelVersion } from './input/version.js';
import { hex } from './render/amount.js';

/** Beyond these a text is prose that happens to have a number. */
const MOST_LINES = 5;
const LARGEST_MASK = 0x3fffffffn;

export function maskFindings(context: Context): Finding[] {
  const { lines, input, given, fallback } = context;
  const written = lines.filter(({ text }) => text.trim() !== '');
  if (written.length === 0 || written.length > MOST_LINES) return [];
  return written.flatMap((line): Finding[] => {
    const word = /\b0x([0-9a-f]{1,16})\b/i.exec(line.text)?.[1];
    if (word === undefined) return [];
    const value = BigInt(`0x${word}`);
    const kernel = kernelOf(lines, 0, lines.length - 1, given);
    const version = kernel.version ?? fallback;
    const isFlags = /flags/i.test(line.text);
    const isGfp = /gfp|mode|mask/i.test(line.text);
    if (!isFlags && !isGfp && isProse(line.text)) return [];
    const items: Item[] = [];
    if (!isFlags && value <= LARGEST_MASK) items.push(gfpItem(Number(value), version));
    if (!isGfp) items.push(flagsItem(value, version));
    return [
      {
        kind: 'mask',
        headline:
          !isFlags && value <= LARGEST_MASK
            ? `${hex(value)} as a GFP mask of Linux ${seriesOf(version)}: ${decodeGfp(Number(value), version).text}.`
            : `${hex(value)} as page flags of Linux ${seriesOf(version)}: ${pageFlagsOf(value, version, 64).join('|') || 'none'}.`,
        place: { input, firstLine: line.number, lastLine: line.number },
        kernel,
        sections: sections(['What it says', items]),
        assumed:
          kernel.source === 'report'
            ? []
            : [
                `Decoded as ${kernelText(kernel.version ? kernel : { release: seriesOf(version), source: 'session' })}: other releases number these bits otherwise.`,
              ],
        facts: {
          word: hex(value),
          gfp: value <= LARGEST_MASK ? decodeGfp(Number(value), version).text : null,
          pageFlags: pageFlagsOf(value, version, 64),
          version: seriesOf(version),
          versionFrom: kernel.source,
        },
      },
    ];
  });
}

/** Several words that are no numbers: an address or a size among them is not a mask. */
const isProse = (text: string): boolean =>
  text.split(/\s+/).filter((word) => /^[A-Za-z]{3,}/.test(word)).length > 2;

function gfpItem(mask: number, version: KernelVersion): string {
  const bits = gfpBitTexts(mask, version);
  const { unknown } = decodeGfp(mask, version);
  return `As a GFP mask: ${bits.join(', ') || 'no flag'}.${unknown === 0 ? '' : ` ${unknownText(unknown, version)}`}`;
}

function flagsItem(word: bigint, version: KernelVersion): string {
  const fields = flagFields(word);
  return `As page flags: ${pageFlagsOf(word, version, 64).join(', ') || 'no PG_ bit'}${fields ? `; zone ${fields.zone} (${fields.zoneName}), node ${fields.node}` : ''}.`;
}
