import { openCore } from '../../src/engine/image/core/openCore.js';
import { randomAccessOf } from '../../src/engine/image/core/randomAccess.js';
import { readBytes, readLines, readText } from '../../src/cli/openFile.js';
import { readTrace, dumpZones, pageLine } from '../../src/engine/image/state/index.js';
import { judgeProgram } from '../../src/cli/replay/program/judgeProgram.js';
import { readProgram } from '../../src/cli/replay/program/readProgram.js';
const d = process.argv[2] as string;
const image = openCore(randomAccessOf(readBytes(d + '/before.vmcore.gz')));
const before = openCore(randomAccessOf(readBytes(d + '/before.vmcore.gz')));
const after = openCore(randomAccessOf(readBytes(process.argv[3] as string)));
console.log(dumpZones(after,false).filter(l=>/^ stat/.test(l)).join('\n'));
const v = judgeProgram(image, readTrace(readText(d + '/usr.trace.gz')), readProgram(readLines(d + '/usr.program.gz')));
console.log(v.ops, v.differ);
let n = 0;
for (let pfn = 1; pfn < 0xbfdf; pfn++) {
  const s = (i: typeof image) => pageLine(i, pfn)?.replace(/.* ref=/, 'ref=');
  const [a, b, c] = [s(image), s(after), s(before)];
  if (a !== b && n++ < 60) console.log(pfn.toString(16), '\n  before', c, '\n  ours ', a, '\n  kern ', b);
}
console.log(n);
