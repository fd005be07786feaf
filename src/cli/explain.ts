/**
 * `mmscope explain FILE...|-`: what reports of kernels say, and why. Text and JSON go to stdout; `--scenario` writes the machine of a report as a
 * scenario to step.
 */
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { fileError, readBytes } from '../files/nodeFiles.js';
import { binaryFindings, binaryKindOf, type BinaryFile } from '../report/binary/explain.js';
import { explain, type ReportInput } from '../report/explain.js';
import type { Finding } from '../report/finding.js';
import type { KernelVersion } from '../report/input/version.js';
import { findingsJson } from '../report/render/json.js';
import { markdown } from '../report/render/markdown.js';
import { textLines } from '../report/render/text.js';

/** The kernel that mmscope's own machines run. */
const OWN_KERNEL: KernelVersion = [6, 1, 0];
const PIECE_BYTES = 1 << 22;
const STDIN = 0;

export interface ExplainRequest {
  /** Paths; `-` is stdin. */
  readonly files: readonly string[];
  readonly form: 'text' | 'json' | 'markdown';
  /** Where the scenario of the first finding that has one goes. */
  readonly scenario?: string;
  readonly kernel?: KernelVersion;
}

/** @returns the exit code: 1 where nothing is found. @throws FileError */
export function explainFiles(
  request: ExplainRequest,
  out: (line: string) => void,
  err: (line: string) => void,
): number {
  const texts: ReportInput[] = [];
  const binaries: BinaryFile[] = [];
  for (const path of request.files) {
    const kind = path === '-' ? undefined : binaryKindOf(path, headOf(path));
    if (kind) binaries.push({ name: path, kind, pieces: () => piecesOf(path) });
    else texts.push({ name: path === '-' ? 'stdin' : path, text: textOf(path) });
  }
  const findings = [
    ...explain(texts, {
      fallback: OWN_KERNEL,
      given: request.kernel
        ? { version: request.kernel, source: 'given' }
        : { version: OWN_KERNEL, source: 'session' },
    }),
    ...binaryFindings(binaries),
  ];
  if (request.scenario !== undefined) writeScenario(findings, request.scenario, err);
  if (request.form === 'json') out(findingsJson(findings));
  else if (findings.length === 0) err(nothing(request.files));
  else if (request.form === 'markdown') out(markdown(findings).trimEnd());
  else for (const line of textLines(findings)) out(line);
  return findings.length === 0 ? 1 : 0;
}

const nothing = (files: readonly string[]): string =>
  `mmscope explain: ${files.join(', ')}: this does not contain a report about memory management. Known are allocation failures, OOM reports, bad pages, oopses, reports of SLUB and SLAB, vmap and CMA failures, files of /proc, output of crash, and a mask alone.`;

function writeScenario(
  findings: readonly Finding[],
  path: string,
  err: (line: string) => void,
): void {
  const found = findings.find(({ scenario }) => scenario !== undefined);
  if (found?.scenario === undefined) {
    err('mmscope explain: no report in it determines a machine: no scenario is written.');
    return;
  }
  writeFileSync(path, found.scenario);
  err(`mmscope explain: wrote ${path}: mmscope run ${path}, or open it in the editor and step.`);
}

function textOf(path: string): string {
  if (path !== '-') return new TextDecoder().decode(readBytes(path));
  return readFileSync(STDIN, 'utf8');
}

/** The first 4 KiB; files of /proc have no size. */
function headOf(path: string): Uint8Array {
  const [head] = piecesOf(path, 4096);
  return head ?? new Uint8Array(0);
}

/** A file in pieces, so that one of many gigabytes costs no memory. @throws FileError */
function* piecesOf(path: string, size = PIECE_BYTES): Generator<Uint8Array> {
  if (path.endsWith('.gz')) {
    yield readBytes(path);
    return;
  }
  const buffer = new Uint8Array(size);
  const fd = open(path);
  try {
    for (;;) {
      const read = readSync(fd, buffer, 0, size, null);
      if (read === 0) return;
      yield buffer.subarray(0, read);
    }
  } finally {
    closeSync(fd);
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw fileError(path, error);
  }
}
