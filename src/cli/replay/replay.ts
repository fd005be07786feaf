/** `mmscope replay FILE...`: one line a trace, and what there is to say about it. */
import { readTrace } from '../../engine/image/state/index.js';
import { readText } from '../openFile.js';
import { Judge, type Verdict } from './judge.js';

export function replay(files: readonly string[]): number {
  let failed = false;
  for (const file of files) {
    const judge = new Judge();
    for (const item of readTrace(readText(file))) judge.take(item);
    const verdict = judge.verdict();
    for (const line of verdictLines(nameOf(file), verdict)) console.log(line);
    failed ||= verdict.differ + verdict.stateDiffer + verdict.unsupported > 0;
  }
  return failed ? 1 : 0;
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
