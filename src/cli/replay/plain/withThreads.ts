/**
 * The zones of a machine on which kswapd and kcompactd run, from those of `idle`, which has stopped them: their stacks, the last that
 * were given back there, are not free.
 */
import {
  expandSequence,
  formatSequence,
  type TraceDump,
} from '../../../engine/image/state/index.js';

const NR_THREADS = 2;
/** Lists of a CPU go by order, three types each. */
const TYPES = 3;

/** @param stackOrder of a kernel stack: log2 of its pages */
export function withThreads(zones: TraceDump, stackOrder: number): TraceDump {
  const lines = zones.lines.map((line) =>
    line
      .replace('kswapd=0', 'kswapd=1')
      .replace('kcompactd=0', 'kcompactd=1')
      // kcompactd looks at each zone once more as it stops.
      .replace(/^ compact considered=1 /, ' compact considered=0 '),
  );
  const list = stackOrder * TYPES;
  const at = lines.findIndex((line) => line.startsWith(`  pl ${list} `));
  const head = lines.findLastIndex((line, i) => i < at && line.startsWith(' pcp '));
  const pages = expandSequence((lines[at] ?? '').split(' ').slice(4)) ?? [];
  const types = expandSequence((lines[at + 1] ?? '').split(' ').slice(4)) ?? [];
  if (at < 0 || pages.length < NR_THREADS) return { ...zones, lines };
  const count = Number(/count=(\d+)/.exec(lines[head] ?? '')?.[1] ?? 0);
  const left = count - (NR_THREADS << stackOrder);
  lines[head] = (lines[head] ?? '').replace(/count=\d+/, `count=${left}`);
  lines[at] = `  pl ${list} ${formatSequence(pages.slice(NR_THREADS))}`;
  lines[at + 1] = `  pm ${list} ${formatSequence(types.slice(NR_THREADS))}`;
  return { ...zones, lines };
}
