/** Debug information that is damaged, and types that are kept from one time to the next. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { randomAccessOf } from '../../src/engine/image/core/randomAccess.js';
import { ImageError } from '../../src/engine/image/kernelImage.js';
import { openVmlinux } from '../../src/engine/image/vmlinux/vmlinux.js';
import { BtfError } from '../../src/engine/types/btf.js';
import { cacheFolder } from '../../src/files/cacheFolder.js';
import { keptKernelsIn } from '../../src/files/keptKernels.js';
import { scratchFolder } from '../scratch.js';
import { random } from './random.js';
import { walkTypes } from './walkTypes.js';

import { host, sectionOf, sources, textOf } from './dwarfFixture.js';

describe('a damaged vmlinux', () => {
  const fixture = Uint8Array.from(readFileSync(path.join(sources, 'fixture.elf')));
  /** A clear error, or whatever types there still are. */
  async function isTaken(elf: Uint8Array): Promise<boolean> {
    try {
      const vmlinux = openVmlinux(randomAccessOf(elf), host);
      vmlinux.symbols();
      const types = await vmlinux.types();
      if (types !== undefined) walkTypes(types);
      return true;
    } catch (error) {
      assert.ok(error instanceof ImageError || error instanceof BtfError, (error as Error).stack);
      return false;
    }
  }

  it('is refused in words, or read as far as it is whole: flipped bits', async () => {
    const nrRuns = process.env['MMSCOPE_RECORDINGS'] === undefined ? 1000 : 20_000;
    const below = random(13);
    let nrTaken = 0;
    for (let run = 0; run < nrRuns; run++) {
      const elf = fixture.slice();
      for (let n = below(4); n >= 0; n--) {
        const at = below(elf.length);
        elf[at] = (elf[at] ?? 0) ^ (1 << below(8));
      }
      if (await isTaken(elf)) nrTaken++;
    }
    assert.ok(nrTaken > nrRuns / 10 && nrTaken < nrRuns, `${nrTaken} of ${nrRuns}`);
  });

  it('is refused in words wherever it is cut off', async () => {
    for (let length = 0; length < fixture.length; length += 37)
      assert.equal(await isTaken(fixture.subarray(0, length)), false, `${length} bytes`);
  });

  it('lies about sizes: no memory is asked for that the file does not have', async () => {
    const view = new DataView(fixture.buffer, fixture.byteOffset);
    const sections = view.getUint32(32, true);
    for (let section = 1; section < view.getUint16(48, true); section++) {
      const elf = fixture.slice();
      new DataView(elf.buffer).setUint32(sections + section * 40 + 20, 0x7fff_0000, true);
      await isTaken(elf);
    }
  });

  it('is something else: each error says what', () => {
    const refused = (bytes: string, reason: RegExp): void => {
      const file = randomAccessOf(Buffer.from(bytes.padEnd(64, '\0'), 'latin1'));
      assert.throws(
        () => openVmlinux(file, host),
        (error) => {
          assert.ok(error instanceof ImageError);
          assert.match(error.message, reason);
          return true;
        },
      );
    };
    refused('MZ\xea', /boot image \(vmlinuz\)/);
    refused('#!/bin/sh', /is not ELF/);
    refused('\x7fELF\x02\x01\x01'.padEnd(16, '\0') + '\x04\0\x3e\0', /is a core: a dump of memory/);
    refused('\x7fELF\x02\x01\x01'.padEnd(16, '\0') + '\x02\0\xb7\0', /not of an x86 machine/);
    refused('\x7fELF\x02\x01\x01'.padEnd(16, '\0') + '\x02\0\x3e\0', /it is stripped/);
  });
});

describe('types that are kept', () => {
  it('are those of the first time, under the build id; damaged ones are read anew', async () => {
    const elf = Uint8Array.from(readFileSync(path.join(sources, 'fixture.elf')));
    const cache = scratchFolder();
    const kept = keptKernelsIn(cache);
    const open = (file: Uint8Array) => openVmlinux(randomAccessOf(file), { ...host, kept });
    const { buildId } = open(elf);
    assert.match(buildId ?? '', /^[0-9a-f]{40}$/);
    assert.equal(kept.read(buildId ?? '', 'btf'), undefined);
    const first = await open(elf).types();
    assert.ok(first);

    // Its debug information is unreadable now, so the types come from the folder.
    const blind = elf.slice();
    const info = sectionOf(elf, '.debug_info');
    blind.fill(0xff, info.offset, info.offset + info.size);
    const again = await open(blind).types();
    assert.ok(again);
    assert.equal(textOf(again), textOf(first));

    const file = path.join(cache, 'kernels-1', `${buildId ?? ''}.btf`);
    writeFileSync(file, readFileSync(file).subarray(0, 1000));
    await assert.rejects(async () => open(blind).types(), ImageError);
    assert.equal(textOf((await open(elf).types()) ?? first), textOf(first));
  });

  it('a build id that a dump names is not a path', () => {
    const cache = scratchFolder();
    const kept = keptKernelsIn(cache);
    kept.write('../../escaped', 'btf', new Uint8Array(1));
    assert.deepEqual(readdirSync(cache), []);
    assert.equal(kept.read('../package', 'btf'), undefined);
  });

  it('lie where each system has its caches', () => {
    assert.equal(cacheFolder({ XDG_CACHE_HOME: '/c' }, 'linux'), path.join('/c', 'mmscope'));
    assert.equal(cacheFolder({}, 'linux'), path.join(homedir(), '.cache', 'mmscope'));
    assert.equal(cacheFolder({}, 'darwin'), path.join(homedir(), 'Library', 'Caches', 'mmscope'));
    assert.equal(cacheFolder({ LOCALAPPDATA: '/l' }, 'win32'), path.join('/l', 'mmscope'));
  });
});
