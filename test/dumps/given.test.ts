/** What a user gives beside a dump, and what is kept of it: held against what the same dump says of itself. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Container } from '../../src/engine/image/dump/containers/container.js';
import { randomAccessOf, type RandomAccess } from '../../src/engine/image/core/randomAccess.js';
import { describedBy } from '../../src/engine/image/dump/openDump.js';
import type { GivenFiles } from '../../src/engine/image/dump/given.js';
import { writeSystemMap } from '../../src/engine/image/dump/symbols.js';
import { WantsVmlinux } from '../../src/engine/image/dump/wanted.js';
import { ImageError } from '../../src/engine/image/kernelImage.js';
import type { KeptKernels } from '../../src/engine/image/vmlinux/kept.js';
import type { Inspected } from '../../src/engine/inspect/inspected.js';
import { reportOf } from '../../src/engine/inspect/report.js';
import { containerOf, reducedBytes, reducedKernel } from './dumps.js';

const container = containerOf(reducedBytes());
const own = reducedKernel();
const { dump, space } = own;
const buildId = dump.buildId ?? '';

/** The dump's BTF, as a file. */
function ownBtf(): Uint8Array {
  const [start, stop] = [own.global('__start_BTF'), own.global('__stop_BTF')];
  return space.bytes(start, 0, stop - start);
}

/** As a System.map has them: not moved by KASLR. */
function ownMap(linkedBelow = 0): Uint8Array {
  const symbols = dump.symbols.names().flatMap((name) => dump.symbols.find(name) ?? []);
  return writeSystemMap(
    symbols.map((each) =>
      each.address < 0
        ? { ...each, address: (each.address - linkedBelow) as typeof each.address }
        : each,
    ),
  );
}

const file = (bytes: Uint8Array | undefined): RandomAccess | undefined =>
  bytes && randomAccessOf(bytes);

const open = (
  from: Container,
  given: {
    readonly systemMap?: Uint8Array;
    readonly btf?: Uint8Array;
    readonly vmlinux?: Uint8Array;
  },
  kept?: KeptKernels,
): Promise<Inspected> => {
  const files: GivenFiles = {
    systemMap: file(given.systemMap),
    btf: file(given.btf),
    vmlinux: file(given.vmlinux),
  };
  return describedBy(from, files, { kept });
};

/** VMCOREINFO without the lines that match. */
const without = (lines: RegExp): Container => ({
  ...container,
  vmcoreinfo: (container.vmcoreinfo ?? '')
    .split('\n')
    .filter((line) => !lines.test(line))
    .join('\n'),
});

/** Its kernel is older than 6.0: VMCOREINFO does not name kallsyms. */
const older = without(/kallsyms/);

const keeping = (kinds: Readonly<Record<string, Uint8Array>>): KeptKernels => ({
  read: (id, kind) => (id === buildId ? kinds[kind] : undefined),
  write: () => undefined,
});

async function refuses(opening: Promise<unknown>, words: RegExp): Promise<ImageError> {
  const error = await opening.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ImageError, String(error));
  assert.match(error.message, words);
  return error;
}

describe('files given beside a dump', () => {
  const expected = reportOf(own);

  it('System.map and BTF tell what kallsyms and the memory do', async () => {
    assert.deepEqual(reportOf(await open(older, { systemMap: ownMap(), btf: ownBtf() })), expected);
  });

  it('a System.map is of the kernel as it was linked; KASLR moved it', async () => {
    const linked = ownMap(0x0d20_0000);
    assert.deepEqual(reportOf(await open(older, { systemMap: linked })), expected);
  });

  it('what is kept by build id needs no file', async () => {
    const kept = keeping({ map: ownMap(), btf: ownBtf() });
    assert.deepEqual(reportOf(await open(older, {}, kept)), expected);
  });

  it('without them the message says which kernel, by release and build id', async () => {
    const error = await refuses(open(older, {}), /does not say where its kallsyms lies/);
    assert.ok(error instanceof WantsVmlinux);
    assert.deepEqual(error.wanted, { release: dump.release, buildId });
    assert.match(error.message, new RegExp(`Linux ${dump.release}, build id ${buildId}`));
    const nameless = without(/kallsyms|BUILD-ID/);
    const other = await refuses(open(nameless, {}, keeping({ map: ownMap() })), /Give its vmlinux/);
    assert.doesNotMatch(other.message, /build id/);
  });

  it('a vmlinux of another build is refused before anything of it is read', async () => {
    const elf = Uint8Array.from(readFileSync(path.resolve('test/data/dwarf/fixture.elf')));
    await refuses(
      open(container, { vmlinux: elf }),
      new RegExp(`another build, [0-9a-f]{40}.*${buildId}`),
    );
  });

  it('a System.map of another kernel is refused: its symbols lie otherwise', async () => {
    const lines = Buffer.from(ownMap()).toString('latin1').split('\n');
    const moved = lines.map((line) =>
      line.endsWith(' init_uts_ns') ? `${line.slice(0, 13)}008${line.slice(16)}` : line,
    );
    assert.notEqual(moved.join(), lines.join());
    const map = Buffer.from(moved.join('\n'), 'latin1');
    await refuses(open(older, { systemMap: map }), /System\.map given is of another kernel/);
    await refuses(
      open(older, { systemMap: Buffer.from('nothing') }),
      /System\.map given is not whole/,
    );
  });

  it('types of another kernel are refused: sizes differ from those of VMCOREINFO', async () => {
    const elf = Uint8Array.from(readFileSync(path.resolve('test/data/dwarf/fixture.elf')));
    await refuses(
      open(container, { btf: elf }),
      /types given are of another kernel: sizeof\(void \*\) is 4/,
    );
    await refuses(open(container, { btf: Buffer.from('nothing') }), /types given are damaged/);
    const larger = {
      ...container,
      vmcoreinfo: container.vmcoreinfo?.replace(/^SIZE\(zone\)=.*$/m, 'SIZE(zone)=1'),
    };
    await refuses(
      open(larger, { btf: ownBtf() }),
      /sizeof\(struct zone\) is \d+ there, and 1 in the dump/,
    );
  });
});
