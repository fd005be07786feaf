/** The bundle that the extension and the command line share: what each loads from it is there (npm run build makes it). */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

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
});
