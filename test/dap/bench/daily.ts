/**
 * The daily loop, next -> stopped -> stackTrace -> scopes -> variables, of ours and of lldb-vscode where that is on the machine: like
 * programs, turn and turn about in one run, so that what else the machine does hits both.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ProcessClient } from './client.js';
import { median, type Row } from './rows.js';

/** Each turn is two statements: memory is taken and given back. */
const SCENARIO = `#pragma mmscope machine arch=x86_64 ram=1G
for (int i = 0; i < 1000000; i++) {
  struct page *page = alloc_pages(GFP_KERNEL, 3);
  __free_pages(page, 3);
}
`;
const SCENARIO_LINE = 3;
const C = `#include <stdlib.h>
int main(void) {
  for (int i = 0; i < 1000000; i++) {
    void *page = malloc(32768);
    free(page);
  }
  return 0;
}
`;
const C_LINE = 4;

const LLDB = ['lldb-vscode', 'lldb-vscode-14', 'lldb-dap'];

const WARM_UP = 60;
const ROUNDS = 6;
const STEPS = 50;

interface Times {
  readonly whole: number[];
  readonly parts: Record<'move' | 'stack' | 'scopes' | 'variables', number[]>;
}

const noTimes = (): Times => ({
  whole: [],
  parts: { move: [], stack: [], scopes: [], variables: [] },
});

export async function measureDaily(folder: string, adapter: readonly string[]): Promise<Row[]> {
  const ours = new ProcessClient(process.execPath, adapter);
  const peer = lldb();
  const peerClient = peer === undefined ? undefined : new ProcessClient(peer, []);
  try {
    await launchOurs(ours, folder);
    if (peerClient !== undefined) await launchPeer(peerClient, folder);
    const [mine, theirs] = [noTimes(), noTimes()];
    for (let round = -1; round < ROUNDS; round++) {
      await steps(ours, round < 0 ? noTimes() : mine, round < 0 ? WARM_UP : STEPS);
      if (peerClient !== undefined)
        await steps(peerClient, round < 0 ? noTimes() : theirs, round < 0 ? WARM_UP : STEPS);
    }
    const beside = peerClient === undefined ? undefined : median(theirs.whole);
    return [
      {
        name: 'next, stopped, stack, scopes, variables',
        ms: median(mine.whole),
        most: 2,
        ...(beside === undefined
          ? { note: 'lldb-vscode is not on this machine: nothing to compare with' }
          : { peer: beside, mostOfPeer: 0.6, note: path.basename(peer ?? '') }),
      },
      ...(['move', 'stack', 'scopes', 'variables'] as const).map((part) => ({
        name: `  ${part}`,
        ms: median(mine.parts[part]),
        ...(peerClient && { peer: median(theirs.parts[part]) }),
      })),
    ];
  } finally {
    ours.end();
    peerClient?.end();
  }
}

function lldb(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return LLDB.flatMap((name) => folders.map((folder) => path.join(folder, name))).find(existsSync);
}

async function launchOurs(client: ProcessClient, folder: string): Promise<void> {
  const program = path.join(folder, 'daily.mms');
  writeFileSync(program, SCENARIO);
  await client.launch(program, SCENARIO_LINE, { program });
}

async function launchPeer(client: ProcessClient, folder: string): Promise<void> {
  const source = path.join(folder, 'daily.c');
  const program = path.join(folder, 'daily');
  writeFileSync(source, C);
  execFileSync('cc', ['-g', '-O0', '-o', program, source]);
  await client.launch(source, C_LINE, { program, cwd: folder });
}

async function steps(client: ProcessClient, times: Times, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const begin = performance.now();
    await client.move('next');
    const moved = performance.now();
    const { stackFrames } = await client.request<{ stackFrames: { id: number }[] }>('stackTrace', {
      threadId: client.threadId,
      startFrame: 0,
      levels: 20,
    });
    const stacked = performance.now();
    const { scopes } = await client.request<{ scopes: { variablesReference: number }[] }>(
      'scopes',
      { frameId: stackFrames[0]?.id },
    );
    const scoped = performance.now();
    await client.request('variables', { variablesReference: scopes[0]?.variablesReference });
    const end = performance.now();
    times.whole.push(end - begin);
    times.parts.move.push(moved - begin);
    times.parts.stack.push(stacked - moved);
    times.parts.scopes.push(scoped - stacked);
    times.parts.variables.push(end - scoped);
  }
}
