/** The recordings that are named as lying elsewhere are there when a folder is named, and none of them is kept twice. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { findRecording, FOLDERS, isKept, recording } from '../recordings.js';

const ELSEWHERE = readFileSync('test/golden/data/elsewhere.txt', 'utf8').trim().split('\n');

describe('recordings', () => {
  it('elsewhere: none is in the repository, all are in the folder that MMSCOPE_RECORDINGS names', () => {
    assert.ok(ELSEWHERE.length > 100);
    const [, folder] = FOLDERS;
    for (const name of ELSEWHERE) {
      const found = findRecording(name);
      assert.ok(found === undefined || !isKept(found), name);
      if (folder !== undefined) assert.ok(existsSync(path.join(folder, name)), name);
    }
  });

  it('those of the repository come first', () => {
    assert.ok(isKept(recording('x86_64-slub-512M/idle-s1.trace.gz')));
    assert.throws(() => recording('x86_64-slub-512M/none.trace.gz'), /was not recorded/);
  });
});
