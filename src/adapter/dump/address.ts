/** What "Where Is This Page?" and hovers are told of an address in a dump. */
import type { Json } from '../../engine/inspect/ask/answer.js';
import { isObject, scalarText } from '../../engine/inspect/ask/object.js';
import type { Inspected } from '../../engine/inspect/inspected.js';
import type { AddressReport } from '../../engine/view/address.js';
import type { Target } from '../debuggee/target.js';
import { DumpConsole } from './console.js';
import { answered } from './evaluate.js';

const BARE_HEX = /^(?:[0-9a-f]{8}|[0-9a-f]{16})$/i;

export function dumpAddressReport(
  { image, evaluator }: Target,
  k: Inspected,
  asked: string,
): AddressReport {
  const expression = BARE_HEX.test(asked) ? `0x${asked}` : asked;
  const console = new DumpConsole(image, k, undefined, evaluator);
  const { text, data } = answered(() => console.answer(`where(${expression})`));
  const facts =
    isObject(data) && !Array.isArray(data) ? Object.entries(data as Record<string, Json>) : [];
  const pfn = facts.find(([name]) => name === 'pfn')?.[1];
  return {
    address: expression,
    kind: 'logical',
    title: 'an address of the dumped machine',
    meaning: 'Read by the types and page tables of the dump itself.',
    ...(typeof pfn === 'number' && { pfn, phys: `0x${(pfn * 4096).toString(16)}` }),
    verdicts: [],
    where: {
      sentence: text,
      facts: facts
        .filter(([name, value]) => name !== 'text' && value !== null && !isObject(value))
        .map(([name, value]) => ({ name, value: scalarText(value) })),
    },
    otherwise: [],
  };
}
