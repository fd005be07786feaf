import { openCore } from '../../src/engine/image/core/openCore.js';
import { randomAccessOf } from '../../src/engine/image/core/randomAccess.js';
import { readBytes } from '../../src/cli/openFile.js';
for (const d of ['x86_64-slub','i386-pae-slab']) {
const image = openCore(randomAccessOf(readBytes('/tmp/rp/'+d + '/before.vmcore.gz')));
const k = image.mm; const s = image.profile.symbol('protection_map');
const out = []; if (s) for (let i=0;i<16;i++) out.push(k.read_pte(k.cell_of(s.address)+i*k.pte_words).toString(16));
const m = image.profile.symbol('__supported_pte_mask');
console.log(d, s, out.join(' '), m && k.read_pte(k.cell_of(m.address)).toString(16));
}
