/** The bundle that the extension and the command line share: what each loads from it is there (npm run build makes it). */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { scratchFolder } from '../scratch.js';

const DIST = path.resolve('dist');
const isBuilt = existsSync(path.join(DIST, 'engine.cjs'));

describe('the shared bundle', function () {
  const name = 'has what the extension and the command line load';
  if (!isBuilt) {
    it.skip(`${name} (skipped: dist/ is not built)`);
    return;
  }
  it(name, () => {
    const engine = createRequire(path.join(DIST, 'x.cjs'))('./engine.cjs') as Record<
      string,
      () => Record<string, unknown>
    >;
    const extension = readFileSync(path.join(DIST, 'extension.cjs'), 'utf8');
    const wanted = [...extension.matchAll(/require\("\.\/engine\.cjs"\)\["([^"]+)"\]/g)].map(
      ([, key = '']) => key,
    );
    assert.ok(wanted.length >= 5, wanted.join(' '));
    for (const key of wanted) assert.equal(typeof engine[key], 'function', key);
    assert.equal(typeof engine['src/adapter/index.ts']?.()['createInlineAdapter'], 'function');
    assert.equal(typeof engine['src/cli/main.ts'], 'function');
    // What is needed at the start is small, and holds none of it.
    assert.ok(extension.length < 300_000, `${extension.length} bytes`);
  });

  it('is compiled once: what V8 made of it is kept, unless --no-cache is given', () => {
    const folder = scratchFolder();
    const run = (...args: string[]): string =>
      spawnSync(process.execPath, [path.join(DIST, 'mmscope.cjs'), ...args], {
        env: { ...process.env, XDG_CACHE_HOME: folder },
        encoding: 'utf8',
      }).stderr;
    const kept = path.join(folder, 'mmscope', 'code-1');
    assert.match(run('info', '--no-cache'), /a file is missing/);
    assert.ok(!existsSync(kept));
    const first = run('info');
    const files = readdirSync(kept);
    assert.equal(files.length, 1);
    const file = path.join(kept, files[0] ?? '');
    const { mode, mtimeMs } = statSync(file);
    assert.equal(mode & 0o777, 0o600);
    assert.equal(run('info'), first, 'the same from what is kept');
    assert.equal(statSync(file).mtimeMs, mtimeMs);
    // What V8 does not take is made anew.
    writeFileSync(file, 'nothing that V8 knows');
    assert.equal(run('info'), first);
    assert.ok(statSync(file).size > 1e6);
  });
});
