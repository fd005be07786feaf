/**
 * Explains what people post: logs with reports in them, captures of /proc, output of crash and drgn, alone or several together.
 *
 * Invariant: any text gives an answer; what is no report gives none. Nothing outside of the inputs is read, and nothing is kept.
 */
import { allocationFindings } from './allocation/explain.js';
import { orderTooLargeFindings } from './allocation/orderTooLarge.js';
import { cmaFindings } from './area/cmaFailure.js';
import { cmaReserveFindings } from './area/cmaReserve.js';
import { vmapFindings } from './area/vmapFailure.js';
import type { Context } from './context.js';
import { faultFindings } from './fault/explain.js';
import type { Finding } from './finding.js';
import { logLines, type LogLine } from './input/lines.js';
import type { GivenKernel } from './input/reportKernel.js';
import type { KernelVersion } from './input/version.js';
import { kasanFindings } from './kasan/explain.js';
import { kfenceFindings } from './kasan/kfence.js';
import { maskFindings } from './mask.js';
import { badCounterFindings } from './page/badCounter.js';
import { badMapFindings } from './page/badMap.js';
import { pageFindings } from './page/explain.js';
import { procFindings } from './proc/explain.js';
import { questionFindings } from './question/questions.js';
import { badFreeFindings } from './slab/badFree.js';
import { slabFindings } from './slab/explain.js';
import { leakFindings } from './slab/leak.js';
import { slabOutOfMemoryFindings } from './slab/slabOutOfMemory.js';
import { usercopyFindings } from './slab/usercopy.js';
import { crashFindings } from './tools/crash.js';
import { accessFindings } from './tools/crashAccess.js';

export interface ReportInput {
  /** As it is to be named in the answer. */
  readonly name: string;
  readonly text: string;
}

export interface ExplainOptions {
  /** The kernel of reports that do not name theirs. */
  readonly given?: GivenKernel;
  /** To decode by where nothing else tells. */
  readonly fallback: KernelVersion;
}

/** In each input, in the order of its lines. */
export function explain(inputs: readonly ReportInput[], options: ExplainOptions): Finding[] {
  const contexts = inputs.map((input) => contextOf(input.name, logLines(input.text), options));
  const reports = contexts.flatMap(reportFindings);
  const together =
    contexts.length === 1 && contexts[0]
      ? contexts[0]
      : contextOf(
          inputs.map(({ name }) => name).join(', '),
          contexts.flatMap(({ lines }) => lines),
          options,
        );
  const captures = procFindings(together, contexts, reports.length > 0);
  const found = [...reports, ...captures];
  if (found.length > 0) return found;
  const questions = contexts.flatMap(questionFindings);
  return questions.length > 0 ? questions : contexts.flatMap(maskFindings);
}

const contextOf = (
  input: string,
  lines: readonly LogLine[],
  { given, fallback }: ExplainOptions,
): Context => ({ input, lines, given, fallback });

/** What a log reports; also what is asked of a line for a code lens. */
const KINDS: readonly ((context: Context) => Finding[])[] = [
  allocationFindings,
  orderTooLargeFindings,
  badMapFindings,
  badCounterFindings,
  pageFindings,
  faultFindings,
  slabFindings,
  badFreeFindings,
  slabOutOfMemoryFindings,
  kasanFindings,
  kfenceFindings,
  leakFindings,
  usercopyFindings,
  vmapFindings,
  cmaFindings,
  cmaReserveFindings,
  crashFindings,
  accessFindings,
];

function reportFindings(context: Context): Finding[] {
  const found = KINDS.flatMap((find) => find(context));
  const kasan = found.filter(({ kind }) => kind === 'kasan');
  const maps = found.filter(({ kind }) => kind === 'bad-page-map');
  return found
    .filter((finding) => !isPartOf(finding, kasan) && !isItsPage(finding, maps))
    .toSorted((a, b) => a.place.firstLine - b.place.firstLine);
}

/** The page that a bad entry of a page table led to is dumped with it. */
const isItsPage = ({ kind, facts, place }: Finding, maps: readonly Finding[]): boolean =>
  kind === 'bad-page' &&
  facts['because'] === 'bad pte' &&
  maps.some(
    (map) =>
      map.facts['page'] !== null &&
      map.place.input === place.input &&
      place.firstLine > map.place.firstLine &&
      place.firstLine <= map.place.firstLine + 2,
  );

/** Stacks that a mail has broken may stand between. */
const LONGEST_KASAN = 200;

/** KASAN has SLUB and dump_page() print what they know: parts of its report. */
const isPartOf = ({ kind, facts, place }: Finding, kasan: readonly Finding[]): boolean =>
  (kind === 'bad-page' || kind === 'slab-report') &&
  [facts['because'], facts['problem']].some(
    (text) => typeof text === 'string' && text.startsWith('kasan: bad access'),
  ) &&
  kasan.some(
    ({ place: { firstLine, lastLine, input } }) =>
      input === place.input &&
      firstLine <= place.firstLine &&
      place.firstLine <= lastLine + LONGEST_KASAN,
  );
