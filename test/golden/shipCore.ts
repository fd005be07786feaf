/**
 * Makes the core that is kept with the project of one as QEMU wrote it:
 *
 *     node scripts/run.mjs test/golden/shipCore.ts FOLDER OUT.gz
 *
 * FOLDER holds `before.vmcore.gz` (and `before.symbols.gz`, if it has one) and the recorded runs. Pages that no run and no test depends on become zero: the kernel's
 * code, firmware, memory of user programs and files, free memory that no recorded run changed. All else, and the shape of the
 * file, stays byte for byte.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { openStart } from '../../src/cli/replay/replay.js';
import { randomAccessOf } from '../../src/engine/image/core/randomAccess.js';
import { readElfCore } from '../../src/engine/image/core/elf.js';
import { asPfn } from '../../src/engine/memory/address.js';
import { kindOfState, PAGE_KINDS } from '../../src/engine/view/pageState.js';
import { surveyorOf } from '../../src/engine/view/surveyor.js';

const [folder = '', output = ''] = process.argv.slice(2);
const core = gunzipSync(readFileSync(path.join(folder, 'before.vmcore.gz')));
const image = openStart(path.join(folder, 'before.vmcore.gz'));
const { states, spaces } = surveyorOf(image);

const frameAt = (name: string): number =>
  Math.floor(
    (image.mm.phys_of(image.profile.symbol(name)?.address ?? image.mm.linear.pageOffset) ?? 0) /
      4096,
  );
const [textStart, textEnd] = [frameAt('_stext'), frameAt('_etext')];
/** The VGA hole and the BIOS. */
const [firmwareStart, firmwareEnd] = [0xa0, 0x100];
const DROPPED = new Set(['free', 'freeCma', 'perCpu', 'user', 'pageCache']);
const changed = changedFrames();

/** Frames that a recorded run changed. */
function changedFrames(): ReadonlySet<number> {
  const frames = new Set<number>();
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.after.gz')))
    for (const line of gunzipSync(readFileSync(path.join(folder, name)))
      .toString()
      .split('\n'))
      frames.add(Math.floor(parseInt(line, 16) / 4096));
  return frames;
}

function isKept(pfn: number): boolean {
  if (pfn >= image.maxPfn) return false;
  if (changed.has(pfn)) return true;
  if (pfn >= textStart && pfn < textEnd) return false;
  if (pfn >= firmwareStart && pfn < firmwareEnd) return false;
  if (spaces.tableOf(asPfn(pfn)) !== undefined) return true;
  return !DROPPED.has(PAGE_KINDS[kindOfState(states.stateOf(pfn))]?.name ?? '');
}

const kept = Buffer.from(core);
for (const { offset, startPhys, fileBytes } of readElfCore(randomAccessOf(core)).segments)
  for (let at = 0; at < fileBytes; at += 4096)
    if (!isKept((startPhys + at) / 4096))
      kept.fill(0, offset + at, offset + Math.min(at + 4096, fileBytes));
const packed = gzipSync(kept, { level: 9 });
writeFileSync(output, packed);
process.stdout.write(`${packed.length} bytes\n`);
