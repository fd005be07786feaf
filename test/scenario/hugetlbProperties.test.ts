/**
 * What must hold of a pool of huge pages at each place of any scenario: every page is free or held, the numbers are those of the lists, what is
 * promised can be kept, each page has as many references as holders, and in the end the pool is what it was asked to be.
 *
 * A few scenarios by default; `MMSCOPE_RANDOM=5000 node scripts/mocha.mjs test/scenario/hugetlbProperties.test.ts` runs as many.
 */
import assert from 'node:assert/strict';
import { default_hstate, hstateCount } from '../../src/engine/entry/functions.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { machine } from './machines.js';
import { checkPool } from './properties/hugePool.js';

const NR_SCENARIOS = Number(process.env['MMSCOPE_RANDOM'] ?? 2);
const PROFILES: readonly ProfileName[] = ['x86_64-slub', 'i386-pae-slab'];
const HUGE = 3;

/** xorshift32. */
function generator(seed: number): (below: number) => number {
  let state = (seed * 0x9e3779b1) | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Looks and writes go through get_user_pages(), which gives an error where an access would be SIGBUS. */
function randomScenario(seed: number): string {
  const random = generator(seed);
  const page = (): string => `${random(2) === 0 ? 'a' : 'b'} + ${random(HUGE)} * size`;
  const act = (deep: number): string => {
    switch (random(deep > 0 ? 11 : 9)) {
      case 0:
        return `madvise(${page()}, size, MADV_DONTNEED);`;
      case 1:
        return `mprotect(${page()}, size, PROT_READ); mprotect(a, ${HUGE} * size, PROT_READ | PROT_WRITE);`;
      case 2:
        return `sysctl("vm.nr_hugepages=${random(8)}");`;
      case 3:
        return `sysctl("vm.nr_overcommit_hugepages=${random(4)}");`;
      case 4:
        return `{ char *p = ${page()}; munmap(p, size); mmap(p, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED${random(2) === 0 ? ' | MAP_NORESERVE' : ''}, -1, 0); }`;
      case 5:
        // Of a part, Linux forgets what the rest was promised.
        return `{ char *t = (char *)0x30000000; if (mremap(a, ${HUGE} * size, ${HUGE} * size, MREMAP_MAYMOVE | MREMAP_FIXED, t) == t) { ${random(2) === 0 ? 'if (get_user_pages((unsigned long)t, 1, FOLL_WRITE, pages, NULL) == 1) put_page(pages[0]);' : ''} mremap(t, ${HUGE} * size, ${HUGE} * size, MREMAP_MAYMOVE | MREMAP_FIXED, a); } }`;
      case 9:
      case 10:
        return `if (fork() == 0) { ${Array.from({ length: 3 }, () => act(deep - 1)).join(' ')} exit(1); }${random(2) === 0 ? ' wait(NULL);' : ''}`;
      default: {
        const [take, give] = random(2) === 0 ? ['pin', 'unpin_user_page'] : ['get', 'put_page'];
        const flags = random(3) === 0 ? '0' : 'FOLL_WRITE';
        return `if (${take}_user_pages((unsigned long)(${page()}) + ${random(500)} * PAGE_SIZE, 1, ${flags}, pages, NULL) == 1) ${give}(pages[0]);`;
      }
    }
  };
  const shared = random(2) === 0 ? 'MAP_SHARED' : 'MAP_PRIVATE';
  return `struct page *pages[1]; unsigned long size = PAGE_SIZE << hstates[default_hstate_idx].order;
sysctl("vm.nr_hugepages=6");
char *a = mmap(NULL, ${HUGE} * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
char *b = mmap(NULL, ${HUGE} * size, PROT_READ | PROT_WRITE, ${shared} | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
${Array.from({ length: 14 }, () => act(2)).join('\n')}
while (wait(NULL) > 0);
munmap(a, ${HUGE} * size); munmap(b, ${HUGE} * size);
synchronize_rcu();`;
}

function checkScenario(seed: number, profile: ProfileName): number {
  let most = 0;
  const text = randomScenario(seed);
  const vm = machine(text, profile);
  const places: { readonly position: number; readonly hash: string }[] = [];
  try {
    for (let i = 0; i < 4000; i++) {
      places.push({ position: vm.tape.cursor, hash: vm.tape.hash() });
      most = Math.max(most, checkPool(vm));
      const result = vm.runStatement();
      assert.ok(result.kind !== 'failed' && result.kind !== 'deadlock', JSON.stringify(result));
      if (result.kind === 'exited') break;
    }
    const { mm: k } = vm.image;
    const h = default_hstate(k);
    assert.equal(hstateCount(k, h, k.hstate.resv_huge_pages), 0, 'promised in the end');
    assert.equal(hstateCount(k, h, k.hstate.surplus_huge_pages), 0, 'surplus in the end');
    for (let i = places.length - 1; i >= 0; i -= 3) {
      const place = places[i];
      assert.ok(place);
      vm.tape.seek(place.position);
      assert.equal(vm.tape.hash(), place.hash, `at ${place.position}`);
    }
    return most;
  } catch (error) {
    throw new Error(`seed ${seed} on ${profile}: ${String(error)}\n${text}`, { cause: error });
  }
}

describe('random scenarios of huge pages', function () {
  this.timeout(0);

  for (const profile of PROFILES)
    it(`${profile}: the pool's account, promises, references, and time`, () => {
      let most = 0;
      for (let seed = 1; seed <= NR_SCENARIOS; seed++)
        most = Math.max(most, checkScenario(seed, profile));
      assert.ok(most >= 3, `at most ${most} pages were mapped`);
    });
});
