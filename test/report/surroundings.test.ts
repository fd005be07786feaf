/**
 * Reports as they reach mailing lists and trackers: first lines broken by mails, blanks that do not break, entities of web pages, prefixes of
 * collectors, hashed addresses, processors other than x86. Lines are the kernel's own, with other numbers and names.
 */
import assert from 'node:assert/strict';
import { logLines } from '../../src/report/input/lines.js';
import type { Finding } from '../../src/report/finding.js';
import { fieldText, found, theFinding, words } from './field.js';

const facts = (text: string): unknown => found(text).map(({ kind, facts: all }) => [kind, all]);

const only = (kind: Finding['kind'], text: string): Finding => {
  const finding = theFinding(text);
  assert.equal(finding.kind, kind);
  return finding;
};

describe('a prefix', () => {
  const PREFIXES: readonly (readonly [string, string])[] = [
    ['journalctl -o short-full', 'Mon 2024-03-04 10:20:30 CET box kernel: '],
    ['journalctl -o short-monotonic', '[   12.345678] box-1 kernel: '],
    ['logcat', '03-04 10:20:30.123     0     0 W kernel  : '],
    ['grep -n', '123:[   12.345678] '],
    ['grep in several files', 'var/log/kern.log.1-99:[   12.345678] '],
    ['a bare tag', 'kernel: '],
    ['the time of a lab', '08:56:35.942217  [   12.345678] '],
    ['another language', '8月 25 13:52:23 box kernel: '],
    ['a caller behind a blank', '[2681891.757523] [ T416120] '],
    ['a date behind a tab', '> \t[Mon Mar 25 23:35:17 2019] '],
    ['indented in a quote', '> >        [   12.345678] '],
  ];
  const bare = fieldText('05')
    .split('\n')
    .map((line) => line.replace(/^\[\s*\d+\.\d+\] |^<4>/, ''));
  for (const [name, prefix] of PREFIXES)
    it(`of ${name} is not part of the message`, () => {
      const text = bare.map((line) => `${prefix}${line}`).join('\n');
      assert.deepEqual(facts(text), facts(bare.join('\n')));
    });

  it('that looks like a tag but names a version stays', () => {
    assert.equal(logLines('kernel: 6.16')[0]?.text, 'kernel: 6.16');
  });
});

describe('a text', () => {
  it('from a page of the web has entities', () => {
    const [line] = logLines('&lt;4&gt;[ 1.000001]&nbsp;a:&#x27;b&#39; &quot;c&quot; &amp;d');
    assert.equal(line?.text, 'a:\'b\' "c" &d');
  });

  it('of a mail has blanks that do not break, also badly decoded', () => {
    for (const blank of ['\u00a0', '\ufffd\ufffd'])
      assert.equal(logLines(`[${blank}  1.103669]${blank}a b`)[0]?.text.trim(), 'a b');
  });

  it('that names a distribution does not name a kernel', () => {
    for (const name of [
      'CentOS Linux release 7.6.1810 (Core)',
      'Rocky Linux 8.5',
      'Alpine Linux 3.18',
    ])
      assert.equal(only('mask', `${name}\nmode:0xcc0`).kernel.release ?? null, null, name);
  });
});

/** Broken, and as it was. */
const BROKEN: readonly (readonly [name: string, broken: string, whole: string])[] = [
  [
    'an OOM report',
    'cc1 invoked oom-killer:\ngfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO), order=0, oom_score_adj=0',
    'cc1 invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO), order=0, oom_score_adj=0',
  ],
  [
    'an allocation failure',
    '> swapper/0: page allocation failure: order:2,\n> mode:0x1(GFP_DMA), nodemask=(null)\n> CPU: 0 PID: 1 Comm: swapper/0 Not tainted\n> 5.7.0-rc5 #44',
    'swapper/0: page allocation failure: order:2, mode:0x1(GFP_DMA), nodemask=(null)\nCPU: 0 PID: 1 Comm: swapper/0 Not tainted 5.7.0-rc5 #44',
  ],
  [
    'buddyinfo',
    'Node 0, zone    DMA32  31577     88      2      0      0      0      0\n     0      0      0      3\nNode 0, zone   Normal  33331   3323    582     87      0      0      0\n     0      0      0      0',
    'Node 0, zone    DMA32  31577     88      2      0      0      0      0      0      0      0      3\nNode 0, zone   Normal  33331   3323    582     87      0      0      0     0      0      0      0',
  ],
  [
    'a reserve',
    'a: vmalloc\nerror: size 14680064, page order 9, failed to allocate pages,\nmode:0xcc2(GFP_KERNEL|__GFP_HIGHMEM),\nnodemask=(null)\nNode 0 DMA free:15372kB min:40kB low:52kB high:64kB\nlowmem_reserve[]: 0 2396\n23420 23420',
    'a: vmalloc error: size 14680064, page order 9, failed to allocate pages, mode:0xcc2(GFP_KERNEL|__GFP_HIGHMEM), nodemask=(null)\nNode 0 DMA free:15372kB min:40kB low:52kB high:64kB\nlowmem_reserve[]: 0 2396 23420 23420',
  ],
  [
    'an oops of MIPS',
    'CPU 0 Unable to handle kernel paging request at virtual\naddress 425c2100, epc == 8041ecd8, ra == 8041ece0\nCause : 10800008 (ExcCode 02)',
    'CPU 0 Unable to handle kernel paging request at virtual address 425c2100, epc == 8041ecd8, ra == 8041ece0\nCause : 10800008 (ExcCode 02)',
  ],
  [
    'a report of SLUB',
    'BUG kmalloc-4k (Tainted: P        W        ):\nRedzone overwritten\nINFO: 0xffff8880b1102a70-0xffff8880b1102a77. First byte 0x0\ninstead of 0xcc\nINFO: Allocated in\nfoo+0x420/0x61c [btrfs] age=264 cpu=1 pid=252',
    'BUG kmalloc-4k (Tainted: P        W        ): Redzone overwritten\nINFO: 0xffff8880b1102a70-0xffff8880b1102a77. First byte 0x0 instead of 0xcc\nINFO: Allocated in foo+0x420/0x61c [btrfs] age=264 cpu=1 pid=252',
  ],
  [
    'a report of KASAN',
    'BUG: KASAN: slab-out-of-bounds in\ncanonical_pmc+0x48/0x78\nRead of size 8 at addr ffff801d6c8fea38 by task\nqemu-kvm/23268',
    'BUG: KASAN: slab-out-of-bounds in canonical_pmc+0x48/0x78\nRead of size 8 at addr ffff801d6c8fea38 by task qemu-kvm/23268',
  ],
  [
    'raw words of a page',
    'page:ffffea0004000040 refcount:1 mapcount:0 mapping:0000000000000000\nindex:0x1 pfn:0x100001\nraw: 0200000000000000 ffffea0004000048 ffffea0004000048\n0000000000000000\nraw: 0000000000000001 0000000000000000 00000001ffffffff 0000000000000000\npage dumped because: nonzero _refcount',
    'page:ffffea0004000040 refcount:1 mapcount:0 mapping:0000000000000000 index:0x1 pfn:0x100001\nraw: 0200000000000000 ffffea0004000048 ffffea0004000048 0000000000000000\nraw: 0000000000000001 0000000000000000 00000001ffffffff 0000000000000000\npage dumped because: nonzero _refcount',
  ],
];

describe('a mail', () => {
  for (const [name, broken, whole] of BROKEN)
    it(`may break the lines of ${name}`, () => {
      assert.notDeepEqual(facts(whole), []);
      assert.deepEqual(facts(broken), facts(whole));
    });

  it('that names inlined functions, as syzbot does, has one report', () => {
    const report = only(
      'kasan',
      'BUG: KASAN: slab-out-of-bounds in memcpy include/linux/string.h:380 [inline]\nBUG: KASAN: slab-out-of-bounds in get_font+0x2b2/0x5e0 drivers/core/fb.c:2465\nRead of size 16 at addr ffff888094b0aa10 by task syz-executor414/9999',
    );
    assert.match(words(report), /get_font.* read 16 bytes/);
  });
});

describe('a process', () => {
  const MAP = `BUG: Bad page map in process led  pte:00303a85 pmd:85b6f000
page:79d2e80b refcount:1 mapcount:-1 mapping:687c3a7b index:0x28 pfn:0x303
page dumped because: bad pte
addr:555a8000 vm_flags:00000075 anon_vma:00000000 mapping:8083ec78 index:28
CPU: 2 PID: 3166 Comm: led Not tainted 5.15.0 #1`;

  it('that unmaps a page too often is told apart from an entry that cannot be', () => {
    const { facts: told, headline } = only('bad-page-map', MAP);
    assert.deepEqual([told.page, told.mapcount], ['0x303', -1]);
    assert.match(headline, /unmapped more often than it was mapped/);
  });

  it('with an entry that leads nowhere has no page', () => {
    const { facts: told } = only('bad-page-map', MAP.split('\n').toSpliced(1, 2).join('\n'));
    assert.deepEqual([told.page, told.mapcount], [null, null]);
  });
});

describe('page poisoning', () => {
  const dump = (error: string): string => `pagealloc: ${error}
00000000fba73d21: aa aa aa aa aa aa aa ea aa aa aa aa aa aa aa aa
page:ef4bd92c refcount:1 mapcount:0 mapping:00000000 index:0x1 pfn:0x310b3
flags: 0x80000000(zone=2)
page dumped because: pagealloc: corrupted page details`;

  it('finds a page that was written to while it was free', () => {
    assert.match(
      only('bad-page', dump('memory corruption')).headline,
      /written to while it was free/,
    );
  });

  it('says when it is one bit', () => {
    const { headline, ...rest } = only('bad-page', dump('single bit error'));
    assert.match(headline, /one bit/);
    assert.match(words({ headline, ...rest }), /bad memory/);
  });
});

describe('kswapd', () => {
  const request = (mask: string): string =>
    words(
      only(
        'page-allocation-failure',
        `kswapd0: page allocation failure: order:0, mode:${mask}, nodemask=(null)
CPU: 3 PID: 99 Comm: kswapd0 Not tainted 6.19.0 #1`,
      ),
    );

  it('may use the reserves for itself, unless the request says no', () => {
    assert.match(
      request('0xc0c40(GFP_NOFS|__GFP_COMP|__GFP_NOMEMALLOC)'),
      /__GFP_NOMEMALLOC takes that away/,
    );
    assert.match(request('0xcc0(GFP_KERNEL)'), /down to the last page/);
    assert.doesNotMatch(request('0x820(GFP_ATOMIC)'), /PF_MEMALLOC/);
  });
});

describe('hashed addresses', () => {
  it('of 32 bits in a report of SLUB are not subtracted', () => {
    const report = only(
      'slab-report',
      `BUG kmalloc-4096 (Tainted: G        W        ): Redzone overwritten
INFO: 0xbe1a5921-0xfbfc06cd. First byte 0x0 instead of 0xcc
INFO: Slab 0x6b5768ec objects=7 used=7 fp=0x  (null) flags=0x8101
INFO: Object 0x6eefea7d @offset=17128 fp=0x  (null)`,
    );
    assert.doesNotMatch(words(report), /\d{6,} bytes/);
  });

  it("of KFENCE's reports do not say how far", () => {
    const report = only(
      'kfence',
      `BUG: KFENCE: memory corruption in oob_right+0x27b/0x530 [test]
Corrupted memory at 0x00000000e59a4b3f [ ! . . . . . . . . . . . . . . . ] (in kfence-#20):
 oob_right+0x27b/0x530 [test]
kfence-#20: 0x0000000036299d7e-0x000000000c1813d3, size=120, cache=kmalloc-128`,
    );
    assert.equal(report.facts.offset, null);
    assert.match(words(report), /no_hash_pointers/);
  });
});

describe('another processor', () => {
  it('MIPS: a jump to NULL is no read', () => {
    const { headline } = only(
      'oops',
      `CPU 0 Unable to handle kernel paging request at virtual address 00000000, epc == 00000000, ra == 00000000
epc   : 00000000 0x0
Cause : 10800008 (ExcCode 02)`,
    );
    assert.match(headline, /tried to execute 0x0: a NULL pointer/);
  });

  it('PowerPC: instruction fetches, and what the kernel says of user pages', () => {
    const fetch = only(
      'oops',
      `BUG: Unable to handle kernel instruction fetch (NULL pointer?)
Faulting instruction address: 0x00000000
Oops: Kernel access of bad area, sig: 11 [#1]
LE PAGE_SIZE=64K MMU=Radix SMP NR_CPUS=2048 NUMA PowerNV
NIP:  0000000000000000 LR: c000000000c4f2e4 CTR: 0000000000000000`,
    );
    assert.match(fetch.headline, /tried to execute 0x0: a NULL pointer/);
    const user = only(
      'oops',
      `Kernel attempted to read user page (1128) - exploit attempt? (uid: 0)
BUG: Unable to handle kernel data access on read at 0x00001128
NIP:  c00800000d1a805c LR: c00800000d1a8054 CTR: c000000000c4f2e4`,
    );
    assert.match(user.headline, /read 0x1128/);
    assert.match(words(user), /user space/);
  });

  it('PowerPC: its poison of lists', () => {
    const { headline } = only(
      'oops',
      `BUG: Unable to handle kernel data access at 0x5deadbeef000012a
NIP:  c0000000001a805c LR: c0000000001a8054 CTR: c000000000c4f2e4`,
    );
    assert.match(headline, /LIST_POISON2/);
  });

  it('arm64: an address of neither half, as a signature that is wrong leaves it', () => {
    const { headline } = only(
      'oops',
      `Unable to handle kernel paging request at virtual address bfff800010ba5438
Mem abort info:
  ESR = 0x86000004
[bfff800010ba5438] address between user and kernel address ranges
pstate: 60000089 (nZCv daIf -PAN -UAO)`,
    );
    assert.match(headline, /tried to execute .*neither .*pointer authentication/);
  });

  it('an error number that is followed as a pointer is told as one', () => {
    const { headline } = only(
      'oops',
      `BUG: Unable to handle kernel data access at 0xffffffffffffffdc
NIP:  c0000000001a805c LR: c0000000001a8054 CTR: c000000000c4f2e4`,
    );
    assert.match(headline, /-36.*ERR_PTR/);
  });
});
