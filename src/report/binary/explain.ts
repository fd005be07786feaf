/** Binary captures of /proc: kpageflags (with kpagecount), kpagecount alone, pagemap of a process. */
import { sections, type Finding, type Item } from '../finding.js';
import { hex, plural, size } from '../render/amount.js';
import { kpfNames } from './frameKinds.js';
import { surveyFrames, type FrameSurvey } from './frameSurvey.js';
import { countOf, wordPieces } from './wordPieces.js';

export type BinaryKind = 'kpageflags' | 'kpagecount' | 'pagemap';

const CELLS_A_ROW = 64;

/** By its name, else by its first words: pagemap has its top bits, kpagecount small numbers, kpageflags the ABI's flags. */
export function binaryKindOf(name: string, head: Uint8Array): BinaryKind | undefined {
  const named = (['kpageflags', 'kpagecount', 'pagemap'] as const).find((kind) =>
    name.toLowerCase().includes(kind),
  );
  if (named) return named;
  if (!head.includes(0) || head.length < 64) return undefined;
  let [tops, large, words] = [0, 0, 0];
  for (const piece of wordPieces([head]))
    for (let at = 0; at + 1 < piece.length; at += 2) {
      words++;
      const high = piece[at + 1] ?? 0;
      if (high >>> 29 !== 0) tops++;
      else if (high >>> 12 !== 0) return undefined;
      if ((piece[at] ?? 0) > 0xffff) large++;
    }
  if (tops > 0) return 'pagemap';
  return large > words / 64 ? 'kpageflags' : 'kpagecount';
}

export interface BinaryFile {
  readonly name: string;
  readonly kind: BinaryKind;
  readonly pieces: () => Iterable<Uint8Array>;
}

/** A kpagecount is told of together with its kpageflags. */
export function binaryFindings(files: readonly BinaryFile[]): Finding[] {
  const counts = files.find(({ kind }) => kind === 'kpagecount');
  const flags = files.find(({ kind }) => kind === 'kpageflags');
  return files.flatMap(({ name, kind, pieces }): Finding[] => {
    if (kind === 'pagemap') return [pagemapFinding(name, pieces())];
    if (kind === 'kpageflags') return [frameFinding(name, pieces(), counts?.pieces())];
    return flags ? [] : [countFinding(name, pieces())];
  });
}

export function frameFinding(
  name: string,
  flags: Iterable<Uint8Array>,
  counts?: Iterable<Uint8Array>,
): Finding {
  const survey = surveyFrames(flags, counts);
  const { frames, kinds } = survey;
  const real = frames - (kinds.find(({ letter }) => letter === ' ')?.frames ?? 0);
  const top = kinds
    .filter(({ letter }) => letter !== ' ')
    .toSorted((a, b) => b.frames - a.frames)[0];
  return binaryFinding(
    name,
    `${size(real * 4096)} of memory in ${size(frames * 4096)} of addresses${top ? `; most of it is ${top.name} (${size(top.frames * 4096)})` : ''}.`,
    sections(
      ['Frames by kind', [kindRows(survey, real)]],
      ['The map', mapItems(survey)],
      ['Most frequent flags', [wordRows(survey)]],
    ),
    {
      frames,
      bytes: real * 4096,
      kinds: kinds.map(({ name: kind, frames: count, mapped, shared }) => ({
        kind,
        frames: count,
        ...(survey.hasCounts ? { mapped, shared } : {}),
      })),
      mostMapped: survey.hasCounts ? survey.mostMapped : null,
      framesPerCell: survey.framesPerCell,
      cells: survey.cells,
    },
    survey.onlyFirstOfFree
      ? [
          'Only the first frame of each free block is marked, as kernels before 4.6 do it: frames behind one are taken as free as far as a block can reach.',
        ]
      : [],
  );
}

function countFinding(name: string, counts: Iterable<Uint8Array>): Finding {
  let [frames, mapped, shared, most, mostAt] = [0, 0, 0, 0, 0];
  for (const piece of wordPieces(counts))
    for (let at = 0; at + 1 < piece.length; at += 2) {
      const count = countOf(piece[at] ?? 0, piece[at + 1] ?? 0);
      if (count > 0) mapped++;
      if (count > 1) shared++;
      if (count > most) [most, mostAt] = [count, frames];
      frames++;
    }
  return binaryFinding(
    name,
    `${size(mapped * 4096)} are mapped by processes, ${size(shared * 4096)} of it more than once.`,
    sections([
      'Counts',
      [
        `${plural(frames, 'frame')}; the most often mapped one is pfn ${hex(mostAt)}, mapped ${plural(most, 'time')}.`,
        'Give kpageflags together with it for the kinds of frames.',
      ],
    ]),
    { frames, mapped, shared, mostMapped: most, mostMappedPfn: hex(mostAt) },
  );
}

/** Documentation/admin-guide/mm/pagemap.rst: 63 present, 62 swapped, 61 file or shared, 57 uffd-wp, 56 exclusive, 55 soft-dirty. */
export function pagemapFinding(name: string, entries: Iterable<Uint8Array>): Finding {
  const counts = { present: 0, swapped: 0, shared: 0, exclusive: 0, softDirty: 0 };
  let [words, withFrame] = [0, 0];
  for (const piece of wordPieces(entries))
    for (let at = 0; at + 1 < piece.length; at += 2) {
      words++;
      const high = piece[at + 1] ?? 0;
      if (high === 0 && piece[at] === 0) continue;
      if (high >>> 31) counts.present++;
      if ((high >>> 30) & 1) counts.swapped++;
      if ((high >>> 29) & 1) counts.shared++;
      if ((high >>> 24) & 1) counts.exclusive++;
      if ((high >>> 23) & 1) counts.softDirty++;
      if (high >>> 31 && ((high & 0x7fffff) !== 0 || piece[at] !== 0)) withFrame++;
    }
  const isHidden = counts.present > 0 && withFrame === 0;
  return binaryFinding(
    name,
    `${size(counts.present * 4096)} present, ${size(counts.swapped * 4096)} swapped, of ${size(words * 4096)} of addresses.`,
    sections([
      'Pages of the process',
      [
        [
          ['', 'pages', 'size'],
          ...Object.entries(counts).map(([kind, count]) => [
            kind === 'softDirty' ? 'soft-dirty' : kind === 'shared' ? 'file or shared' : kind,
            String(count),
            size(count * 4096),
          ]),
        ],
        ...(isHidden
          ? ['Frame numbers are 0: they are shown to root only (CAP_SYS_ADMIN) since 4.2.']
          : []),
      ],
    ]),
    { words, ...counts, framesHidden: isHidden },
  );
}

function binaryFinding(
  name: string,
  headline: string,
  found: Finding['sections'],
  facts: Finding['facts'],
  assumed: readonly string[] = [],
): Finding {
  return {
    kind: 'binary-capture',
    headline: `${name.replace(/^.*\//, '')}: ${headline}`,
    place: { input: name, firstLine: 1, lastLine: 1 },
    kernel: { source: 'unknown' },
    sections: found,
    assumed: ['Frames are taken as 4 kB: the file does not tell.', ...assumed],
    facts,
  };
}

function kindRows({ kinds, hasCounts }: FrameSurvey, real: number): string[][] {
  return [
    ['kind', 'map', 'frames', 'size', 'share', ...(hasCounts ? ['mapped', 'more than once'] : [])],
    ...kinds
      .toSorted((a, b) => b.frames - a.frames)
      .map(({ name, letter, frames, mapped, shared }) => [
        name,
        letter === ' ' ? '' : letter,
        String(frames),
        size(frames * 4096),
        letter === ' ' || real === 0 ? '' : `${((frames / real) * 100).toFixed(1)}%`,
        ...(hasCounts ? [String(mapped), String(shared)] : []),
      ]),
  ];
}

function mapItems({ cells, framesPerCell }: FrameSurvey): Item[] {
  const rows: string[][] = [
    ['from', `each cell ${size(framesPerCell * 4096)}: what most of its frames are`],
  ];
  for (let at = 0; at < cells.length; at += CELLS_A_ROW)
    rows.push([hex(at * framesPerCell * 4096), cells.slice(at, at + CELLS_A_ROW)]);
  return [rows];
}

const wordRows = ({ words }: FrameSurvey): string[][] => [
  ['flags', 'frames', 'size', 'names'],
  ...words.map(({ low, high, frames }) => [
    `0x${high > 0 ? high.toString(16) + low.toString(16).padStart(8, '0') : low.toString(16)}`,
    String(frames),
    size(frames * 4096),
    kpfNames(low >>> 0, high >>> 0).join(','),
  ]),
];
