/**
 * `mmscope replay FILE...`: one line a trace, and what there is to say about it.
 *
 * A trace that lies beside a core starts from that core, and where the kernel's changes are listed (`NAME.after.gz`) memory
 * itself is compared, word for word. Any other trace starts from the state that it and its folder record (start.ts).
 */
import { basename } from 'node:path';
import { openCore } from '../../engine/image/core/openCore.js';
import { randomAccessOf } from '../../engine/image/core/randomAccess.js';
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { readTrace, type TraceItem } from '../../engine/image/state/index.js';
import { isProfileName, profileWithSymbols } from '../../engine/types/bundled.js';
import type { Profile } from '../../engine/types/profile.js';
import { isInputError } from '../inputError.js';
import { fileExists, readBytes, readLines, readText } from '../openFile.js';
import { isPlainProgram, judgePlain } from './plain/judgePlain.js';
import { Judge, type Verdict } from './judge.js';
import { judgeProgram } from './program/judgeProgram.js';
import { readProgram } from './program/readProgram.js';
import { startOf } from './start.js';
import { compareWords, parseWord, type WordsVerdict } from './words.js';

const TRACE = /\.trace(\.gz)?$/;
/** A core of the machine as it was when the traces of its folder began. */
const CORES = ['before.vmcore.gz', 'vmcore.gz'];

export interface FileVerdict {
  /** The last two parts of the path: `x86_64-slub-512M/idle-s1.trace.gz`. */
  readonly name: string;
  readonly verdict: Verdict;
  /** Where memory itself could be compared. */
  readonly words: WordsVerdict | undefined;
}

/** Gives 0 when every trace agrees with the kernel in everything, 2 when one cannot be replayed, else 1. */
export function replay(files: readonly string[]): number {
  let code = 0;
  for (const file of files) {
    try {
      const verdict = replayFile(file);
      for (const line of verdictLines(verdict)) console.log(line);
      if (!agrees(verdict)) code = Math.max(code, 1);
    } catch (error) {
      if (!isInputError(error)) throw error;
      console.error(`${nameOf(file)}: ${error.message}`);
      code = 2;
    }
  }
  return code;
}

/** @throws FileError, TraceError, ImageError */
export function replayFile(file: string): FileVerdict {
  const core = coreOf(file);
  const image = core === undefined ? undefined : openStart(core);
  const verdict = judgeFile(file, image);
  return {
    name: nameOf(file),
    verdict,
    words: image === undefined ? undefined : wordsOf(file, image, verdict),
  };
}

/** A program that ran in user space is recorded beside its trace. */
function judgeFile(file: string, image: KernelImage | undefined): Verdict {
  const items = readTrace(readText(file));
  const program = file.replace(TRACE, '.program.gz');
  if (image !== undefined && program !== file && fileExists(program))
    return judgeProgram(image, items, readProgram(readLines(program)));
  if (image === undefined && isPlainProgram(basename(file)))
    return judgePlain(basename(file), items, () => idleOf(file));
  const judge = new Judge(image ?? startOf(file));
  for (const item of items) judge.take(item);
  return judge.verdict();
}

/** The trace of the same machine on which nothing ran. */
function idleOf(file: string): Iterable<TraceItem> | undefined {
  const idle = `${folderOf(file)}idle-s1.trace.gz`;
  return fileExists(idle) ? readTrace(readText(idle)) : undefined;
}

function agrees({ verdict, words }: FileVerdict): boolean {
  const { differ, stateDiffer, unsupported } = verdict;
  if (differ + stateDiffer + unsupported > 0) return false;
  return words === undefined || words.wrong + words.missing === 0;
}

const nameOf = (file: string): string => file.split('/').slice(-2).join('/');

/** A core of a kernel that has other code linked in has a list of the symbols that lie elsewhere beside it. */
export function openStart(core: string): KernelImage {
  const list = core.replace(/vmcore\.gz$/, 'symbols.gz');
  const profiles = list !== core && fileExists(list) ? profilesOf([...readLines(list)]) : undefined;
  return openCore(randomAccessOf(readBytes(core)), { name: core, ...(profiles && { profiles }) });
}

/** `KERNEL`, then a line `NAME ADDRESS` for each symbol that moved. */
function profilesOf([name = '', ...lines]: readonly string[]): Profile[] {
  if (!isProfileName(name)) return [];
  const moved = lines.map((line) => line.split(' ') as [string, string]);
  return [profileWithSymbols(name, new Map(moved))];
}

const folderOf = (file: string): string => file.slice(0, file.lastIndexOf('/') + 1);

function coreOf(file: string): string | undefined {
  return CORES.map((name) => folderOf(file) + name).find(fileExists);
}

/** Memory is compared where the kernel's changes are known and every operation was performed. */
function wordsOf(file: string, image: KernelImage, verdict: Verdict): WordsVerdict | undefined {
  const after = file.replace(TRACE, '.after.gz');
  if (after === file || !fileExists(after) || verdict.unsupported > 0) return undefined;
  return compareWords(image, [...readLines(after)].map(parseWord));
}

/** For people: the counts, then the first differences and what is not in the counts, indented. */
export function verdictLines({ name, verdict, words }: FileVerdict): string[] {
  const { ops, differ, stateDiffer, unsupported } = verdict;
  return [
    `${name}: ops ${ops}, differ ${differ}, state-differ ${stateDiffer}, unsupported ${unsupported}`,
    ...(verdict.first === undefined ? [] : [`  first difference, ${verdict.first}`]),
    ...verdict.notes.map((note) => `  ${note}`),
    ...(words === undefined ? [] : wordsLines(words)),
  ];
}

function wordsLines(words: WordsVerdict): string[] {
  const leftOut = [...words.leftOut].map(([name, count]) => `${name} ${count}`);
  return [
    `  words ours ${words.ours}, kernel's ${words.kernels}, wrong ${words.wrong}, missing ${words.missing}`,
    ...(words.first === undefined ? [] : [`  first difference, ${words.first}`]),
    `  words left out: ${leftOut.join(', ')}`,
  ];
}
