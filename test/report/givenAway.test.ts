/** What a line or a number of a report gives away beyond its words, kind by kind. Lines are the kernel's own, with other numbers and names. */
import assert from 'node:assert/strict';
import { reportStarts } from '../../src/report/starts.js';
import type { Facts, Finding } from '../../src/report/finding.js';
import { found, theFinding, words } from './field.js';

function only(kind: Finding['kind'], text: string, facts: Facts): Finding {
  const finding = theFinding(text);
  assert.equal(finding.kind, kind);
  const named = Object.fromEntries(Object.keys(facts).map((name) => [name, finding.facts[name]]));
  assert.deepEqual(named, facts);
  return finding;
}

describe('a map count', () => {
  const dump = (mapcount: number, kernel: string, more = ''): string =>
    `BUG: Bad page state in process a  pfn:104a2c
page:ffffea0004128b00 count:0 mapcount:${mapcount} mapping:          (null) index:0x1
flags: 0x17ffffc0000000()
${more}page dumped because: nonzero mapcount
CPU: 2 PID: 120 Comm: a Not tainted ${kernel} #1
 bad_page.cold+0x63/0x94
 free_pcppages_bulk+0x1d9/0x6d0`;
  const FREE_TWICE = /on a free list already: it was freed twice/;

  it('that is the mark of a free page is no count, by each release', () => {
    for (const [mapcount, kernel] of [
      [-127, '4.9.0-8-amd64'],
      [-128, '5.10.46'],
    ] as const)
      assert.match(theFinding(dump(mapcount, kernel)).headline, FREE_TWICE, kernel);
    const printed = dump(0, '6.12.9', 'page_type: f0(buddy)\n');
    assert.match(theFinding(printed).headline, FREE_TWICE);
    assert.match(theFinding(dump(-1, '5.10.46')).headline, /unmapped 1 time/);
  });

  it('that is another type is told as that', () => {
    assert.match(theFinding(dump(-512, '5.10.46')).headline, /still marked as table/);
    assert.match(theFinding(dump(-511, '4.9.1')).headline, /still marked as kmemcg/);
  });

  it('of a debugger may be hexadecimal', () => {
    only(
      'struct-page',
      'crash> struct page ffffea0007e0cf80\nstruct page {\n  flags = 0x17ffffc0000000,\n  _mapcount = {\n    counter = 0xffffff7f\n  },\n  _refcount = {\n    counter = 0x0\n  }\n}\nRELEASE: 5.10.0',
      { rawMapcount: -129, refcount: 0 },
    );
  });
});

describe('a page that could not be moved', () => {
  it('failed no check', () => {
    const { headline } = theFinding(
      'page:ffffea0012f4c000 refcount:4 mapcount:1 mapping:ffff8884c2a5d0a9 index:0x7f2c40000 pfn:0x4bd300\nhead:ffffea0012f4c000 order:9 entire_mapcount:0 nr_pages_mapped:1 pincount:2\npage dumped because: migration failure\nCPU: 3 PID: 901 Comm: a Not tainted 6.3.1 #1',
    );
    assert.match(headline, /could not be moved away.*2 pins/);
  });
});

describe('a report of slabs', () => {
  const red = (first: string, second: string, where = 'cache_free_debugcheck'): string =>
    `slab error in ${where}(): cache \`size-128': double free, or memory outside object was overwritten
cf0a5b48: redzone 1:0x${first}, redzone 2:0x${second}.
Pid: 1, comm: a Not tainted 2.6.35.3 #12`;
  const [active, inactive] = ['d84156c5635688c0', '9f911029d74e35b'];

  it('tells a double free from an overflow by the red zones of SLAB', () => {
    assert.match(theFinding(red(inactive, inactive)).headline, /freed twice/);
    assert.match(theFinding(red(active, '00000000635688c0')).headline, /past the end of an object/);
    assert.match(theFinding(red('0', active)).headline, /in front of an object/);
    assert.match(
      theFinding(red(active, active, 'cache_alloc_debugcheck_after')).headline,
      /in use was handed out/,
    );
  });

  it('counts wrong bytes by the rows where addresses are hashes', () => {
    const finding = theFinding(`BUG dma-kmalloc-512 (Not tainted): Right Redzone overwritten
0x00000000e3cbbd2f-0x000000008c73ef70 @offset=2560. First byte 0x20 instead of 0xcc
Object 0x00000000e3cbb5af @offset=2048 fp=0x0000000000000000
Redzone  00000000aa81b0b1: cc cc cc cc
Object   00000000e3cbb5af: 41 42 43 44 00 00 00 00 00 00 00 00 00 00 00 00
Redzone  00000000e3cbbd2f: 20 20 20 20 cc cc cc cc
CPU: 0 PID: 212 Comm: a Not tainted 5.15.74 #1`);
    assert.match(finding.headline, /past the end of an object by up to 4 bytes/);
  });
});

describe('an oops', () => {
  it('before 2.6.25 names its kernel beside EFLAGS, and each level on a line of its own', () => {
    const finding = only(
      'oops',
      'BUG: unable to handle kernel paging request at virtual address f8a3c014\n printing eip:\nc0156a52\n*pde = 37bdd067\n*pte = 00000000\nOops: 0000 [#1]\nEIP:    0060:[<c0156a52>]    Tainted: P      VLI\nEFLAGS: 00010286   (2.6.20-16-generic #2) \nEIP is at foo_poll+0x12/0x60 [foo]',
      { where: 'foo_poll+0x12/0x60 [foo]', rule: 'not-present' },
    );
    assert.equal(finding.kernel.release, '2.6.20-16-generic');
    assert.equal((finding.facts.entries as unknown[]).length, 2);
  });

  it('of a distribution has dashes among its taints', () => {
    const { kernel } = theFinding(
      'BUG: unable to handle kernel NULL pointer dereference at 0000000000000028\nPid: 2277, comm: rmmod Tainted: P           ---------------    2.6.32-431.el6.x86_64 #1',
    );
    assert.equal(kernel.release, '2.6.32-431.el6.x86_64');
  });

  it('of arm64 is not read by the layout of x86', () => {
    const finding = theFinding(
      'Unable to handle kernel paging request at virtual address ffff8000113e9000\nMem abort info:\n  ESR = 0x9600004f\nCPU: 1 PID: 141 Comm: a Not tainted 5.10.60 #2\npc : tamper_init+0x28/0x1000 [tamper]',
    );
    assert.doesNotMatch(words(finding), /hole of the address space/);
  });

  it('of s390 has the page of a poisoned pointer', () => {
    only(
      'oops',
      'Failing address: 6b6b6b6b6b6b6000 TEID: 6b6b6b6b6b6b6803\nCPU: 1 PID: 210 Comm: a Not tainted 4.18.0 #1\nKrnl PSW : 0704c00180000000 00000000003a1b2c (kmem_cache_alloc+0x9c/0x2a0)',
      { addressKind: 'poison' },
    );
  });

  it("in KASAN's shadow names the address that was to be checked", () => {
    const finding = theFinding(
      'BUG: unable to handle page fault for address: ffffed1028c01a21\n#PF: error_code(0x0000) - not-present page\nPGD 23ffee067 P4D 23ffee067 PUD 23ffed067 PMD 0\nCPU: 1 PID: 8 Comm: a Not tainted 5.15.0 #1',
    );
    assert.match(words(finding), /0xffff88814600d108/);
  });

  it('behind an area of /proc/vmallocinfo is told as its overflow', () => {
    const finding = theFinding(
      'BUG: unable to handle kernel paging request at ffffc90004000000\nOops: 0002 [#1] SMP\nCPU: 0 PID: 2 Comm: a Not tainted 3.13.0 #46\n0xffffc90003ff0000-0xffffc90004001000   69632 cam_alloc+0x4c/0x120 [cam] pages=16 vmalloc N0=16',
    );
    assert.match(words(finding), /guard page of the area .*cam_alloc.* 0 bytes behind .* 16 pages/);
  });
});

describe('a request that is too large', () => {
  it('is in the registers of its arguments', () => {
    const finding = only(
      'order-too-large',
      'WARNING: CPU: 5 PID: 3491 at mm/page_alloc.c:5529 __alloc_pages+0x206/0x240\nCPU: 5 PID: 3491 Comm: Xorg Not tainted 6.5.0-15-generic #15\nRDX: 000000000000000b RSI: 000000000000000b RDI: 0000000000040dc0',
      { order: 11 },
    );
    assert.match(words(finding), /8192 kB\), mask GFP_KERNEL\|__GFP_ZERO\|__GFP_COMP/);
  });
});

describe('an entry that cannot be', () => {
  it('may be special in an ordinary area', () => {
    const finding = theFinding(
      'BUG: Bad page map in process chrome  pte:8000000203bb4e67 pmd:1f0c7d067\naddr:00007f2e0c02f000 vm_flags:00100073 anon_vma:ffff8801f1c5c2a0 mapping:          (null) index:7f2e0c02f\nCPU: 2 PID: 2914 Comm: chrome Tainted: G    B           4.4.6 #1',
    );
    assert.match(words(finding), /Bit 9 is set: the entry is special.*neither VM_PFNMAP/);
  });
});

describe('the last line of the OOM killer', () => {
  const KILLED =
    'Out of memory: Killed process 2001 (node) total-vm:1203344kB, anon-rss:811224kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:2110kB oom_score_adj:0';
  it('tells its victim where the report is missing, and once', () => {
    only('out-of-memory', KILLED, { victim: 'node', victimPid: 2001, victimAnonKb: 811224 });
    const old =
      'Out of memory: Kill process 18694 (perl) score 246 or sacrifice child\nKilled process 18694 (perl) total-vm:1972392kB, anon-rss:1953348kB, file-rss:0kB';
    only('out-of-memory', old, { victim: 'perl', victimAnonKb: 1953348 });
    only('out-of-memory', `Memory cgroup ${KILLED.replace('Out', 'out')}`, {
      constraint: 'CONSTRAINT_MEMCG',
    });
  });
  it('belongs to the report where there is one', () => {
    const all = found(
      `a invoked oom-killer: gfp_mask=0x100cca(GFP_HIGHUSER_MOVABLE), order=0\n${KILLED}`,
    );
    assert.deepEqual(
      all.map(({ facts }) => facts.order),
      [0],
    );
  });
});

describe('a failure of CMA', () => {
  it('has the free pages in the memory information behind it', () => {
    only(
      'cma-failure',
      'cma: cma_alloc: alloc failed, req-size: 4096 pages, ret: -16\n free:410211 free_pcp:310 free_cma:160211\n163840 pages cma reserved',
      { freePages: 160211, fits: true },
    );
  });
});

describe('a translation on 32 bits', () => {
  it('of an address above lowmem means nothing', () => {
    only(
      'question',
      'ioremap() gave p = 0xf0a40000, and virt_to_phys(p) goes to the DMA engine. PAGE_OFFSET=0xc0000000, PHYS_OFFSET=0x80000000, lowmem 760 MB, Linux 4.9',
      { topic: 'translation', address: '0xf0a40000', physical: '0xb0a40000' },
    );
  });
});

describe('a debugger', () => {
  it('that cannot read a page says whether the dump has it', () => {
    only(
      'crash-output',
      'crash: page excluded: kernel virtual address: ffff9c3b7fc0d000  type: "kmem_cache buffer"',
      { isExcluded: true, type: 'kmem_cache buffer' },
    );
    only(
      'crash-output',
      'crash: seek error: kernel virtual address: ffffffff8bc14620  type: "page_offset_base"\n      OSRELEASE=5.8.0-50-generic',
      { isExcluded: false, addressKind: 'kernel-image' },
    );
  });

  it('shows a walk whose last entry is inverted', () => {
    only(
      'crash-output',
      'crash> vtop ffff888112a3f000\nPAGE DIRECTORY: 2c01067\n   PUD: 2c01020 => 2c05067\n   PMD: 2c054a8 => 10a5c2063\n   PTE: 10a5c21f8 => 800ffffeed5c0062',
      { address: '0xffff888112a3f000', isMapped: false, invertedFrame: '0x112a3f' },
    );
  });

  it('that understands only the head of a freelist counts too many objects', () => {
    const finding = theFinding(
      'crash> kmem -s nfs_commit_data\nffff9ad40c7cb2c0      728         41        42      1    32k  nfs_commit_data',
    );
    assert.match(words(finding), /exactly one object of each slab counts as free.*HARDENED/);
  });
});

describe('the allocator of objects', () => {
  const stop = (at: string, place: string, trace: string): string =>
    `${at}\nCPU: 0 PID: 1 Comm: rmmod Not tainted 5.4.0 #1\nRIP: 0010:${place}+0x19a/0x360\nCall Trace:\n kfree+0x23e/0x260\n ${trace}+0x2a/0x60 [drv]`;

  it('stops at an object that is first on its freelist already', () => {
    only('slab-report', stop('kernel BUG at mm/slub.c:384!', '__slab_free', 'drv_remove'), {
      suspicion: 'double-free',
      caller: 'drv_remove() [drv]',
    });
  });

  it('warns of a pointer that kmalloc() did not return', () => {
    const warning = 'WARNING: CPU: 3 PID: 977 at mm/slub.c:1100 free_large_kmalloc+0x5a/0x80';
    only('slab-report', stop(warning, 'free_large_kmalloc', 'drv_exit'), {
      suspicion: 'not-from-slab',
      caller: 'drv_exit() [drv]',
    });
  });

  it('says which cache could not grow', () => {
    only(
      'page-allocation-failure',
      'SLUB: Unable to allocate memory on node -1, gfp=0xa20(GFP_ATOMIC)\n  cache: kmalloc-512, object size: 512, buffer size: 512, default order: 1, min order: 0\n  node 0: slabs: 3110, objs: 49760, free: 0\nCPU: 0 PID: 0 Comm: a Not tainted 5.15.30 #1',
      { cache: 'kmalloc-512', gfp: 'GFP_ATOMIC', order: 0, freeObjects: 0 },
    );
  });
});

describe('a page that is pinned', () => {
  it('and freed was put by the wrong function', () => {
    const { headline } = theFinding(
      'BUG: Bad page state in process a  pfn:3e8c2\npage:0000000045b5c2af refcount:0 mapcount:0 mapping:0000000000000000 index:0x1 pfn:0x3e8c2\nhead:0000000045b5c2af order:1 entire_mapcount:0 nr_pages_mapped:0 pincount:1\npage dumped because: nonzero pincount\nCPU: 1 PID: 12 Comm: a Not tainted 6.5.3 #1',
    );
    assert.match(headline, /still pinned \(1 pin\)/);
  });
});

describe('huge pages that are free', () => {
  const text = (wanted: string): string =>
    `HugePages_Total:    1024\nHugePages_Free:     1024\nHugePages_Rsvd:     1000\nHugePages_Surp:        0\nHugepagesize:       2048 kB\nmmap: Cannot allocate memory (${wanted} with MAP_HUGETLB)`;
  it('may be promised to others', () => {
    only('hugepage-shortfall', text('64 MB'), { left: 24, pages: 32 });
    assert.ok(found(text('32 MB')).every(({ kind }) => kind !== 'hugepage-shortfall'));
  });
});

describe('a failed vmap()', () => {
  it('has its users and the largest hole, where /proc/vmallocinfo stands beside it', () => {
    const finding = only(
      'vmap-failure',
      'vmap allocation for size 8392704 failed: use vmalloc=<size> to increase size\nCPU: 1 PID: 522 Comm: a Not tainted 4.9.113 #1 armv7l\n    vmalloc : 0xf0800000 - 0xff800000   ( 240 MB)\n0xf0800000-0xf0d01000 5246976 of_iomap+0x40/0x48 phys=c8100000 ioremap\n0xf1000000-0xf9001000 134221824 drm_mm_map+0x20/0x80 phys=a0000000 ioremap\n0xf9400000-0xff401000 100667392 vpu_init+0x1c/0x90 phys=b0000000 ioremap',
      { largestHole: 4190208 },
    );
    assert.match(words(finding), /most by drm_mm_map \(128 MiB\)/);
  });
});

describe('an area of CMA', () => {
  it('may not have come about at boot', () => {
    only('cma-failure', 'cma: Failed to reserve 512 MiB\nLinux version 5.10.1', {
      reason: 'reserve',
      mib: 512,
    });
  });
});

describe('a number', () => {
  it('in a sentence is not a mask', () => {
    assert.deepEqual(found('cma: Reserved 64 MiB at 0x000000003c000000'), []);
  });
});

describe('a page table of ARM', () => {
  it('is not one of x86', () => {
    const finding = theFinding(
      'Unable to handle kernel NULL pointer dereference at virtual address 00000014\npgd = ee2f4000\n[00000014] *pgd=2e3a1831, *pte=00000000, *ppte=00000000\nInternal error: Oops: 17 [#1] PREEMPT SMP ARM\nCPU: 0 PID: 311 Comm: a Not tainted 4.4.8 #1\nPC is at my_probe+0x34/0x120 [mydrv]',
    );
    assert.match(words(finding), /FSR 0x17/);
  });
});

describe('a code lens', () => {
  it('stands above reports of any processor', () => {
    for (const line of [
      '[ 1.5] Unable to handle kernel paging request at virtual address ffff8000113e9000',
      'Failing address: 6b6b6b6b6b6b6000 TEID: 6b6b6b6b6b6b6803',
      'WARNING: CPU: 5 PID: 3491 at mm/page_alloc.c:5529 __alloc_pages+0x206/0x240',
      'HugeTLB: allocating 4096 of page size 2.00 MiB failed.  Only allocated 3738 hugepages.',
    ])
      assert.deepEqual(reportStarts(`x\n${line}\n`), [1], line);
  });
});
