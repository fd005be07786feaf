/**
 * `mmscope replay FILE...`: one line a trace, and what there is to say about it.
 *
 * A trace that lies beside a core starts from that core, and where the kernel's changes are listed (`NAME.after.gz`) memory
 * itself is compared, word for word. Any other trace starts from the state that it records first.
 */
import { openCore } from '../../engine/image/core/openCore.js';
import { randomAccessOf } from '../../engine/image/core/randomAccess.js';
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { readTrace } from '../../engine/image/state/index.js';
import { fileExists, readBytes, readLines, readText } from '../openFile.js';
import { Judge, type Verdict } from './judge.js';
import { compareWords, parseWord, type WordsVerdict } from './words.js';

const TRACE = /\.trace(\.gz)?$/;
/** A core of the machine as it was when the traces of its folder began. */
const CORES = ['before.vmcore.gz', 'vmcore.gz'];

/** Gives 0 when every trace agrees with the kernel in everything, else 1. */
export function replay(files: readonly string[]): number {
  let agrees = true;
  for (const file of files) {
    const core = coreOf(file);
    const image = core === undefined ? undefined : openStart(core);
    const verdict = judge(file, image);
    for (const line of verdictLines(nameOf(file), verdict)) console.log(line);
    const words = image === undefined ? undefined : wordsOf(file, image, verdict);
    if (words !== undefined) for (const line of wordsLines(words)) console.log(line);
    agrees &&= verdict.differ + verdict.stateDiffer + verdict.unsupported === 0;
    agrees &&= words === undefined || words.wrong + words.missing === 0;
  }
  return agrees ? 0 : 1;
}

function judge(file: string, image: KernelImage | undefined): Verdict {
  const judge = new Judge(image);
  for (const item of readTrace(readText(file))) judge.take(item);
  return judge.verdict();
}

const openStart = (core: string): KernelImage =>
  openCore(randomAccessOf(readBytes(core)), { name: core });

const folderOf = (file: string): string => file.slice(0, file.lastIndexOf('/') + 1);

function coreOf(file: string): string | undefined {
  return CORES.map((name) => folderOf(file) + name).find(fileExists);
}

/** Memory is compared where the kernel's changes are known and every operation was performed. */
function wordsOf(file: string, image: KernelImage, verdict: Verdict): WordsVerdict | undefined {
  const after = file.replace(TRACE, '.after.gz');
  if (after === file || !fileExists(after) || verdict.unsupported > 0) return undefined;
  return compareWords(image, mapped(readLines(after), parseWord));
}

function* mapped<A, B>(values: Iterable<A>, map: (value: A) => B): Generator<B> {
  for (const value of values) yield map(value);
}

/** The last two parts of a path: `x86_64-slub-512M/idle-s1.trace.gz`. */
const nameOf = (file: string): string => file.split('/').slice(-2).join('/');

function verdictLines(name: string, verdict: Verdict): string[] {
  const { ops, differ, stateDiffer, unsupported } = verdict;
  return [
    `${name}: ops ${ops}, differ ${differ}, state-differ ${stateDiffer}, unsupported ${unsupported}`,
    ...(verdict.first === undefined ? [] : [`  first difference, ${verdict.first}`]),
    ...verdict.notes.map((note) => `  ${note}`),
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
