/**
 * mmscope in Neovim, through nvim-dap: a client that somebody else wrote, with the plugin that ships in editors/vim.
 *
 * Needs `nvim` on the PATH and nvim-dap, which npm does not have: the environment variable NVIM_DAP names its folder.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { scratchFolder } from '../scratch.js';

interface Step {
  readonly step: string;
  readonly name?: string;
  readonly line?: number;
  readonly file?: string;
  readonly filetype?: string;
  readonly syntax?: string;
  readonly stops?: number;
  readonly error?: string;
  readonly waitedFor?: string;
  readonly body?: {
    readonly result?: string;
    readonly content?: string;
    readonly scopes?: readonly { readonly name: string }[];
  };
}

/** The line of `page = alloc_pages(...)` in scenario.mms. */
const ALLOCATION = 4;

const missing = whyNot();

describe('Neovim with nvim-dap', () => {
  it(`debugs a scenario${missing ? ` (skipped: ${missing})` : ''}`, function () {
    if (missing) this.skip();
    const steps = session();
    const step = (name: string): Step => {
      const found = steps.find((candidate) => candidate.step === name);
      assert.ok(found, `no step '${name}' in:\n${JSON.stringify(steps, undefined, 1)}`);
      assert.equal(found.error ?? undefined, undefined, name);
      return found;
    };
    assert.equal(step('buffer').filetype, 'mmscope');
    assert.equal(step('entry').line, 2);
    assert.equal(step('breakpoint').line, ALLOCATION);
    assert.match(step('step into').name ?? '', /alloc_pages/);
    assert.match(step('evaluate in the kernel').body?.result ?? '', /^2\b/);
    assert.match(step('kernel source').body?.content ?? '', /struct page \*.*alloc_pages\(/);
    assert.equal(step('step out').name, 'main');
    assert.equal(step('step over').line, ALLOCATION + 1);
    assert.match(step('where').body?.result ?? '', /block of order 2|page of/);
    assert.ok(step('scopes').body?.scopes?.some((scope) => scope.name === 'Machine'));
    assert.equal(step('step back').line, ALLOCATION);
    assert.equal(step('step over again').line, ALLOCATION + 1);
    assert.equal(step('reverse continue').line, ALLOCATION);
    assert.equal(step('ended').stops, 8);
  });
});

/** Runs Neovim without a screen and returns what its script told. */
function session(): readonly Step[] {
  const out = path.join(scratchFolder(), 'steps.jsonl');
  const nvim = spawnSync(
    'nvim',
    [
      ...['--headless', '-i', 'NONE', '-n', '-u', 'NONE'],
      ...['--cmd', `set runtimepath^=${process.env.NVIM_DAP ?? ''},${path.resolve('editors/vim')}`],
      ...['--cmd', 'filetype plugin on | syntax on'],
      ...[
        path.resolve('test/editors/scenario.mms'),
        '-S',
        path.resolve('test/editors/session.lua'),
      ],
    ],
    {
      encoding: 'utf8',
      timeout: 170_000,
      env: {
        ...process.env,
        OUT: out,
        NODE: process.execPath,
        CLI: path.resolve('dist/mmscope.cjs'),
        LINE: String(ALLOCATION),
      },
    },
  );
  assert.ok(existsSync(out), `Neovim said:\n${nvim.stdout}${nvim.stderr}`);
  return readFileSync(out, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Step);
}

/** Why the session cannot be run here; undefined if it can. */
function whyNot(): string | undefined {
  if (spawnSync('nvim', ['--version']).error) return 'nvim is not installed';
  if (!process.env.NVIM_DAP) return 'NVIM_DAP does not name a folder with nvim-dap';
  return undefined;
}
