/**
 * /proc/zoneinfo of the instant before a dump, as the guest's `cat` wrote it, beside what is read out of the dump. Until the machine stood
 * still, `cat` ended, and two more files and an archive were made: pages moved between the CPUs' sets and the free lists, counts of node and
 * zone that were not folded yet came in. Everything else is the same text.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { zoneinfo } from '../../src/engine/inspect/proc/zoneinfo.js';
import { meminfo } from '../../src/engine/inspect/proc/meminfo.js';
import { reducedKernel } from './dumps.js';

const RECORDED = 'test/dumps/data/debian12-amd64-256M.zoneinfo';
/** What changed between the file and the dump. */
const MOVED =
  /^\s*(?:pages free|nr_free_pages|count:|nr_(?:zone_)?(?:in)?active_anon|nr_file_pages|nr_shmem|numa_hit|numa_local)\s/;

/** Pages that are free, on lists or in sets, of the zone that follows a heading. */
function freePages(lines: readonly string[], zone: string): number {
  const from = lines.findIndex((line) => new RegExp(`zone\\s+${zone}$`).test(line));
  const rest = lines.slice(from + 1);
  const to = rest.findIndex((line) => line.startsWith('Node '));
  return rest
    .slice(0, to < 0 ? undefined : to)
    .map((line) => /^\s*(?:pages free|count:)\s+(\d+)/.exec(line)?.[1])
    .reduce((sum, count) => sum + Number(count ?? 0), 0);
}

describe('the files of /proc of a dump', () => {
  const recorded = readFileSync(RECORDED, 'latin1').trimEnd().split('\n');
  const ours = zoneinfo(reducedKernel());

  it('zoneinfo is the text of the last instant, but for what moved since', () => {
    const still = (lines: readonly string[]): string[] =>
      lines.map((line) => (MOVED.test(line) ? line.replace(/\d+$/, '#') : line));
    assert.deepEqual(still(ours), still(recorded));
  });

  it('as many pages are free as then, on lists and in sets together', () => {
    for (const [zone, free] of [
      ['DMA', 3808],
      ['DMA32', 32465],
    ] as const) {
      assert.equal(freePages(recorded, zone), free);
      assert.equal(freePages(ours, zone), free);
    }
  });

  it('meminfo has the columns of the kernel, its one line of five places too', () => {
    const lines = meminfo(reducedKernel());
    assert.ok(lines.includes('HardwareCorrupted:     0 kB'));
    assert.ok(lines.includes('MemTotal:         210504 kB'));
  });
});
