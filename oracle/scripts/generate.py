#!/usr/bin/env python3
"""generate.py TARGET RAM MIX SEED [NOPS] -> op script on stdout.  Deterministic in its arguments."""
import sys, random
T, RAM, MIX, SEED = sys.argv[1:5]
NOPS = int(sys.argv[5]) if len(sys.argv) > 5 else None
R = random.Random(f'{MIX}/{SEED}/{T.split("-smp")[0]}/{RAM}')
def mb(s):
    return int(float(s[:-1]) * 1024) if s[-1] in 'Gg' else int(s[:-1])
RMB = mb(RAM)
I386 = T.startswith('i386')
PAE = 'pae' in T
SLAB = T.endswith('slab')
SMP = 'smp' in T
LOWMB = min(RMB, 883) if I386 else RMB
HIGHMB = max(0, RMB - 883) if I386 else 0
LASTPK = 512 if PAE else 1024
out = []
def E(*a): out.append(' '.join(str(x) for x in a))
NSLOT = 131072
def ev(full, v):
    E('events', v)
def head(memmap=True):
    E('mark', f'{T}/{RAM}/{MIX}/{SEED}')
    E('dump zones')
    if memmap: E('dump memmap')
    E('ck')
def tail(memmap=True):
    E('ck')
    E('dump zones')
    if memmap: E('dump memmap')

def order(maxo=10):
    x = R.random()
    if x < .50: o = 0
    elif x < .64: o = 1
    elif x < .74: o = 2
    elif x < .84: o = 3
    elif x < .88: o = 4
    elif x < .91: o = 5
    elif x < .935: o = 6
    elif x < .955: o = 7
    elif x < .97: o = 8
    elif x < .985: o = 9
    else: o = 10
    return min(o, maxo)

def zmod():
    """zone modifier"""
    x = R.random()
    if I386:
        return '|HIGHMEM' if x < .35 else ('|DMA' if x > .985 else '')
    return '|DMA32' if x < .12 else ('|DMA' if x > .985 else '')

def gfp(o, wait=True):
    x = R.random()
    base = 'K' if (wait and o < 3 and R.random() < .6) else R.choice(['N', 'N', 'A', 'N|~KSWAPD'])
    if x < .45: mt = ''
    elif x < .82: mt = '|MOV'
    else: mt = '|REC'
    z = zmod()
    if mt == '|REC' and z == '|HIGHMEM': z = ''
    if '|DMA' == z: base = 'N'
    g = base + mt + z
    if o and R.random() < .5: g += '|COMP'
    if R.random() < .02 and o < 2: g += '|ZERO'
    return g + '|NOWARN'

class Live:
    def __init__(s):
        s.l = []           # [slot, order, compound]
        s.pages = 0
        s.next = 0
        s.freeslots = []
    def slot(s):
        if s.freeslots: return s.freeslots.pop()
        s.next += 1
        return s.next - 1
    def add(s, slot, o, comp=False):
        s.l.append((slot, o, comp)); s.pages += 1 << o
    def pick(s, how):
        if how == 'lifo': i = len(s.l) - 1
        elif how == 'fifo': i = 0
        else: i = R.randrange(len(s.l))
        if how == 'rand':
            s.l[i], s.l[-1] = s.l[-1], s.l[i]; i = len(s.l) - 1
        e = s.l.pop(i)
        s.pages -= 1 << e[1]
        s.freeslots.append(e[0])
        return e

def checkpoint(i, every):
    if every and i and i % every == 0: E('ck')

def pcp0(n):
    head()
    L = Live(); budget = int(min(LOWMB, RMB) * 256 * .25)
    i = 0; every = 50 if n <= 1000 else 250
    while i < n:
        mode = R.choice(['grow', 'shrink', 'churn', 'burst', 'pingpong'])
        how = R.choice(['lifo', 'fifo', 'rand'])
        k = R.choice([5, 20, 60, 150, 600]) if n > 1000 else R.choice([3, 8, 20])
        g = None
        if R.random() < .5: g = gfp(0)
        for _ in range(k):
            if i >= n: break
            i += 1
            p = {'grow': .8, 'shrink': .15, 'churn': .5, 'burst': .95, 'pingpong': .5}[mode]
            al = (i % 2 == 0) if mode == 'pingpong' else R.random() < p
            if L.pages > budget: al = False
            if al or not L.l:
                s = L.slot(); L.add(s, 0); E('a', s, 0, g or gfp(0))
            else:
                E('f', L.pick(how)[0])
            if R.random() < .0005 or (n <= 1000 and R.random() < .01): E('drain')
            checkpoint(i, every)
    while L.l:
        E('f', L.pick(R.choice(['lifo', 'fifo', 'rand']))[0]); i += 1
        checkpoint(i, every)
    E('ck'); E('drain'); tail()

def mixed(n, comp_ops=False):
    head()
    L = Live(); budget = int(min(LOWMB, RMB) * 256 * .30)
    i = 0; every = 25 if n <= 1000 else 250
    maxo = 10
    while i < n:
        how = R.choice(['lifo', 'fifo', 'rand', 'rand'])
        k = R.choice([10, 50, 200, 800]) if n > 1000 else R.choice([5, 10, 20])
        p = R.choice([.2, .35, .5, .5, .65, .8])
        for _ in range(k):
            if i >= n: break
            i += 1
            x = R.random()
            if x < .02:                                   # alloc_pages_exact
                s = L.slot(); sz = R.randrange(1, 40 * 4096)
                E('ax', s, sz, 'K'); E('fx', s) if R.random() < .5 else exact.append(s)
                if R.random() >= .0 and exact and exact[-1] != s: pass
                if not (exact and exact[-1] == s): L.freeslots.append(s)
                continue
            if x < .03 and exact:
                s = exact.pop(R.randrange(len(exact))); E('fx', s); L.freeslots.append(s); continue
            if x < .045:                                  # non-compound block: split and free the parts
                o = R.randrange(1, 6); s = L.slot(); E('a', s, o, R.choice(['K', 'N', 'N|MOV|NOWARN']))
                E('split', s)
                idx = list(range(1 << o)); R.shuffle(idx) if R.random() < .5 else None
                for q in idx: E('fo', s, q, 0); i += 1
                E('forget', s); L.freeslots.append(s); continue
            if x < .05:                                   # partial free of a higher-order block by sub-orders after split
                o = R.randrange(2, 6); s = L.slot(); E('a', s, o, 'N|NOWARN'); E('split', s)
                # order-0 frees from the end
                for q in range((1 << o) - 1, -1, -1): E('fo', s, q, 0)
                E('forget', s); L.freeslots.append(s); i += 1 << o; continue
            if x < .06:                                   # extra reference: __free_pages frees the tail parts only
                o = R.randrange(1, 6); s = L.slot(); E('a', s, o, 'N|NOWARN'); E('get', s, 0)
                E('fo', s, 0, o); E('put', s, 0); E('forget', s); L.freeslots.append(s); i += 3; continue
            if x < .065:
                s0 = NSLOT - 1000; m = R.choice([2, 7, 30, 64, 100, 250])
                E('blk', s0, m, R.choice(['K', 'N|NOWARN', 'HUM|~DIRECT|NOWARN', 'K|REC']))
                if R.random() < .5: E('freelist', s0, m)
                else: E('unfill', s0, m, R.choice(['lifo', 'fifo']))
                i += 2; continue
            if x < .067: E('drain', *R.choice([(), ('local', 1), ('all',), ('all', 1)])); continue
            al = R.random() < p and L.pages < budget
            if al or not L.l:
                o = order(maxo)
                if (1 << o) + L.pages > budget: o = 0
                g = gfp(o)
                s = L.slot(); L.add(s, o, 'COMP' in g); E('a', s, o, g)
                if o and 'COMP' in g and R.random() < (.3 if comp_ops else .03):
                    q = R.randrange(1 << o)
                    E('get', s, q); E('lock', s, q) if comp_ops else None
                    E('pgw', s, q); E('pgw', s, 0); E('pgw', s, 1)
                    if comp_ops:
                        E('unlock', s, q)
                        for f in R.sample(['error', 'referenced', 'uptodate', 'dirty', 'active', 'private', 'owner_priv_1', 'workingset', 'reclaim', 'swapbacked', 'mappedtodisk'], 3):
                            E('setf', s, 0, f)
                        E('pgw', s, 0)
                        # flags that would make the free path complain are cleared again
                        for f in ['error', 'referenced', 'uptodate', 'dirty', 'active', 'private', 'owner_priv_1', 'workingset', 'reclaim', 'swapbacked', 'mappedtodisk']:
                            if f in ('active', 'private', 'private_2'): E('clrf', s, 0, f)
                    E('put', s, q); i += 5
            else:
                e = L.pick(how)
                if e[2] and R.random() < .3:
                    E('put', e[0], R.randrange(1 << e[1])); E('forget', e[0])
                else:
                    E('f', e[0])
            checkpoint(i, every)
    for s in exact: E('fx', s)
    while L.l: E('f', L.pick('rand')[0])
    E('ck'); E('drain'); tail()
exact = []

def fillall(tag, gfps, base=0, stop=0, maxper=20000):
    """exhaust with the given gfp from order 10 down to `stop`; returns list of (slot0,max)"""
    got = []
    for o in range(10, stop - 1, -1):
        m = {10: 8000, 9: 4000}.get(o, 3000)
        E('fill', base, m, o, gfps); got.append((base, m, o)); base += m
    return got, base

def steal(n):
    head()
    ev(0, 0)
    nk = '|~KSWAPD' if R.random() < .3 else ''
    mtype = {'U': 'N|NOWARN' + nk, 'M': ('HUM|~DIRECT|NOWARN' if R.random() < .5 else 'N|MOV|NOWARN') + nk, 'R': 'N|REC|NOWARN' + nk}
    first = R.choice('UMR')
    got, base = fillall('x', mtype[first], 0, R.choice([0, 0, 3, 5]))
    E('ck'); E('dump zones')
    # open holes of random sizes
    i = 0; every = 25 if n <= 1000 else 250
    L = Live(); L.next = base + 1000
    free10 = [s for (b, m, o) in got if o == 10 for s in range(b, b + min(m, RMB // 4))]
    R.shuffle(free10)
    low = [s for (b, m, o) in got if o < 10 for s in range(b, b + min(m, 300))]
    R.shuffle(low)
    for s in free10[:R.choice([1, 2, 4, 8])]: E('f', s)
    holes = free10[8:60]
    E('ck')
    while i < n:
        p = R.choice([.3, .5, .6, .8, .95]); how = R.choice(['lifo', 'fifo', 'rand', 'rand'])
        cur = R.choice(['U', 'M', 'R', '*', '*']); mo = R.choice([0, 1, 3, 5, 10])
        for _ in range(R.choice([10, 40, 150, 400]) if n > 1000 else R.choice([5, 15])):
            if i >= n: break
            i += 1
            if R.random() < .004 and holes: E('f', holes.pop())
            if R.random() < .01 and low: E('f', low.pop())
            if R.random() < .002: E('drain')
            if (R.random() < p and L.next - base < 40000) or not L.l:
                o = min(order(), mo); s = L.slot(); c = R.choice('UMR') if cur == '*' else cur
                g = mtype[c]
                if R.random() < .05: g = 'A|NOWARN'
                L.add(s, o); E('a', s, o, g)
            else: E('f', L.pick(how)[0])
            checkpoint(i, every)
    E('ck'); E('dump zones')
    while L.l: E('f', L.pick('rand')[0])
    E('ck')
    for (b, m, o) in got: E('unfill', b, m, R.choice(['lifo', 'fifo'])); E('ck')
    E('drain'); tail()

def zones(n):
    head()
    i = 0; every = 25 if n <= 1000 else 250
    zs = (['HIGHMEM'] if HIGHMB else []) + ['', 'DMA'] + ([] if I386 else ['DMA32'])
    base = 0; L = Live(); L.next = 60000; fills = []
    def g():
        b = R.choice(['N', 'A', 'N|~KSWAPD', 'N|HIGH', 'A|NOMEMALLOC', 'N|NOMEMALLOC'] + (['N|MEMALLOC'] if R.random() < .1 else []))
        z = R.choice(zs); mt = R.choice(['', '|MOV', '|REC'])
        if z == 'HIGHMEM' and mt == '|REC': mt = ''
        return b + ('|' + z if z else '') + mt + '|NOWARN'
    while i < n:
        # change the pressure level
        x = R.random()
        if x < .55:
            o = R.choice([10, 10, 10, 9, 7, 4, 2, 0]); m = R.choice([2, 10, 50, 300, 3000]) if o >= 9 else R.choice([10, 100, 1000])
            if base + m > 50000:
                x = 1
            else:
                E('fill', base, m, o, g()); fills.append((base, m)); base += m; i += 1
        if x >= .55 and fills:
            b, m = fills.pop(R.randrange(len(fills)))
            if R.random() < .4: E('unfill', b, m, R.choice(['lifo', 'fifo']), R.choice([2, 3, 5])); fills.append((b, m))
            else: E('unfill', b, m, R.choice(['lifo', 'fifo']))
            i += 1
        for _ in range(R.choice([10, 30, 100]) if n > 1000 else R.choice([5, 10])):
            if i >= n: break
            i += 1
            if (R.random() < .55 and len(L.l) < 30000) or not L.l:
                o = order(); s = L.slot(); L.add(s, o); E('a', s, o, g())
            else: E('f', L.pick(R.choice(['lifo', 'fifo', 'rand']))[0])
            checkpoint(i, every)
        if R.random() < .02: E('dump zones-brief')
    E('ck'); E('dump zones')
    while L.l: E('f', L.pick('rand')[0])
    for b, m in fills: E('unfill', b, m, 'fifo')
    E('ck'); E('drain'); tail()

FL = {'HW': 0x2000, 'DMA': 0x4000, 'RCU': 0x80000, 'RECL': 0x20000, 'POISON': 0x800, 'RED': 0x400, 'USER': 0x10000, 'CONS': 0x100}
def slabgeom(n):
    E('dump geoms')
    k = 0
    sizes = sorted(set(list(range(8, 8193, 13)) + list(range(8, 130)) + [s + d for p in range(3, 14) for s in (1 << p,) for d in (-1, 0, 1)] +
        [s * 3 // 2 for s in (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)]))
    sizes = [s for s in sizes if 8 <= s <= 8200]
    if n: sizes = R.sample(sizes, min(n, len(sizes)))
    def one(sz, al, fl, ctor=''):
        nonlocal k
        E('kc', 1, sz, al, hex(fl), *([ctor] if ctor else [])); E('kd', 1); k += 1
    for sz in sizes:
        for al in (0, 8, 16, 32, 64, 256):
            one(sz, al, 0)
        one(sz, 0, FL['HW'])
    sub = R.sample(sizes, min(150, len(sizes)))
    for sz in sub:
        one(sz, 0, 0, 'ctor'); one(sz, 0, FL['RECL']); one(sz, 4096, 0); one(sz, 128, FL['HW']); one(sz, 0, FL['DMA'])
        if not SLAB:
            one(sz, 0, FL['RED']); one(sz, 0, FL['POISON']); one(sz, 0, FL['USER']); one(sz, 0, FL['CONS'])
            one(sz, 0, FL['RED'] | FL['POISON']); one(sz, 0, FL['RED'] | FL['POISON'] | FL['USER'] | FL['CONS']); one(sz, 64, FL['RED'], 'ctor')
            one(sz, 32, FL['POISON'], 'ctor')
    for sz in R.sample(sizes, min(40, len(sizes))):
        E('kc', 1, sz, 0, hex(FL['RCU'])); E('kd', 1)
    for sz in list(range(8300, 70000, 1237)):
        one(sz, 0, 0); one(sz, 0, FL['HW'])

def slabseq(n):
    # caches are made before the initial dump
    specs = []
    cand = [16, 24, 32, 40, 64, 96, 100, 128, 192, 200, 256, 300, 512, 700, 1000, 1024, 1500, 2048, 3000, 4096, 5000, 8192]
    nc = 6 if n <= 1000 else 12
    for c in range(nc):
        sz = R.choice(cand); al = R.choice([0, 0, 8, 16, 64]); fl = R.choice([0, 0, 0, FL['HW'], FL['RECL']])
        ct = R.random() < .2
        E('kc', c, sz, al, hex(fl), *(['ctor'] if ct else [])); specs.append(sz)
    E('mark created')
    head(False)
    E('dump slabs') if n > 1000 or SLAB else [E('dump slab', f'#{c}') for c in range(nc)]
    ev(0, 3)
    live = [[] for _ in range(nc)]; km = []; fs = []; nxt = 0
    def slot():
        nonlocal nxt
        if fs: return fs.pop()
        nxt += 1; return nxt - 1
    i = 0; every = 50 if n <= 1000 else 500
    G = ['K', 'K', 'K', 'A', 'N']
    while i < n:
        c = R.randrange(nc); p = R.choice([.1, .3, .5, .6, .8, .95]); how = R.choice(['lifo', 'fifo', 'rand'])
        for _ in range(R.choice([5, 30, 100, 400]) if n > 1000 else R.choice([3, 8, 20])):
            if i >= n: break
            i += 1
            if R.random() < .1: c = R.randrange(nc)
            l = live[c]
            x = R.random()
            if x < .04:
                if km and R.random() < .5:
                    s = km.pop(R.randrange(len(km))); E('kx', s); fs.append(s)
                else:
                    s = slot(); km.append(s); E('km', s, R.choice([1, 8, 13, 32, 50, 96, 100, 128, 192, 250, 500, 1000, 2000, 4000, 5000, 8000, 9000, 20000]), R.choice(G))
                continue
            if x < .043: E('ks', c); continue
            if x < .05:
                m = R.choice([2, 5, 16, 40]); s0 = 100000 + 64 * R.randrange(100)
                E('kab', s0, c, m, 'K'); E('kfb', s0, m); i += 1; continue
            if (R.random() < p and len(l) * specs[c] < 6 << 20) or not l:
                s = slot(); l.append(s); E('ka', s, c, R.choice(G))
            else:
                j = -1 if how == 'lifo' else 0 if how == 'fifo' else R.randrange(len(l))
                s = l.pop(j); E('kf', s); fs.append(s)
            checkpoint(i, every)
    ev(0, 0)
    [E('dump slabx', f'#{c}') for c in range(nc)]
    E('ck')
    ev(0, 3)
    for c in range(nc):
        R.shuffle(live[c])
        keep = live[c][:len(live[c]) // 3]
        for s in live[c][len(keep):]: E('kf', s)
        live[c] = keep
    for c in range(nc): E('ks', c)
    ev(0, 0)
    [E('dump slabx', f'#{c}') for c in range(nc)]
    E('dump slabs') if n > 1000 or SLAB else None
    tail(False)
    ev(0, 1)
    for c in range(nc):
        for s in live[c]: E('kf', s)
    for s in km: E('kx', s)
    ev(0, 0)

def vmalloc(n):
    head()
    E('dump vmalloc'); E('dump slabs'); E('pts', *vmrange())
    ev(0, 7 if n <= 300 else 1)
    live = []; nxt = 0; fs = []; tot = 0
    lim = 20000 if I386 else 40000
    lim = min(lim, LOWMB * 256 // 4)
    E('fill', 120000, 600, 0, 'HUM')
    def slot():
        nonlocal nxt
        if fs: return fs.pop()
        nxt += 1; return nxt - 1
    i = 0; every = 25 if n <= 1000 else 200
    iob = 0xf0000000 if not I386 else 0xf0000000
    while i < n:
        p = R.choice([.3, .5, .7]); how = R.choice(['lifo', 'fifo', 'rand', 'rand'])
        for _ in range(R.choice([10, 40, 100])):
            if i >= n: break
            i += 1
            x = R.random()
            if x < .01: E('vpurge'); continue
            if (R.random() < p and tot < lim) or not live:
                y = R.random(); s = slot()
                if y < .62:
                    pg = R.choice([1, 1, 1, 2, 3, 4, 7, 8, 16, 33, 64, 100, 101, 200, 256, 600, 1100])
                    b = pg * 4096 - R.choice([0, 0, 1, 4095])
                    E('vm', s, max(b, 1), *R.choice([(), ('K',), ('K|ZERO',), ('K|HIGHMEM',)])); live.append((s, 'vf', pg))
                elif y < .66 and not I386:
                    pg = R.choice([512, 600, 1024]); E('vmh', s, pg * 4096); live.append((s, 'vf', pg))
                elif y < .82:
                    m = R.choice([1, 2, 3, 8, 20, 64, 300]); E('vmap', s, 120000 + R.randrange(0, 600 - m), m); live.append((s, 'vu', m))
                else:
                    sz = R.choice([1, 100, 4096, 8192, 0x3000, 0x10000, 0x100000, 0x200000, 0x400000, 0x401000])
                    ph = iob + R.choice([0, 0x1000, 0x1234, 0x200000, 0x400000, 0x800000, 0x555000])
                    if R.random() < .1: ph = R.choice([0xa0000, 0xfed00000, 0xfec00000, 0xfee00000, 0xfd000000]); sz = min(sz, 4096)
                    E('io', s, hex(ph), hex(sz), 'uc-'); live.append((s, 'iu', (sz + 8191) // 4096))
                tot += live[-1][2]
            else:
                j = -1 if how == 'lifo' else 0 if how == 'fifo' else R.randrange(len(live))
                s, op, pg = live.pop(j); tot -= pg; E(op, s); fs.append(s)
            checkpoint(i, every)
    ev(0, 0)
    E('dump vmalloc'); E('dump slab vmap_area'); E('pts', *vmrange())
    E('ck')
    ev(0, 1)
    while live:
        s, op, pg = live.pop(R.randrange(len(live))); E(op, s)
    E('vpurge')
    ev(0, 0)
    E('dump vmalloc')
    E('unfill', 120000, 600, 'fifo')
    E('pts', *vmrange())
    tail()

def vmrange():
    # i386: everything above the end of lowmem; x86_64: vmalloc + vmemmap base
    if I386: return ('0xf7000000' if RMB >= 900 else '0xc0000000', '0xffffffff')
    return ('0xffffc90000000000', '0xffffc9ffffffffff')

def kmapmix(n):
    head()
    m = LASTPK * 2
    E('fill', 0, m, 0, 'HUM|~DIRECT' if HIGHMB else 'HUM')
    E('a', 60000, 0, 'K'); E('a', 60001, 3, 'HU|COMP|~DIRECT|NOWARN')
    E('dump pkmap')
    cnt = {}; stack = []
    i = 0; order_ = list(range(m))
    while i < n:
        p = R.choice([.3, .5, .7, .9]); seqm = R.random() < .3; nxt = R.randrange(m)
        for _ in range(R.choice([20, 100, 400]) if n > 1000 else 15):
            if i >= n: break
            i += 1
            x = R.random()
            if x < .03 and len(stack) < 12:
                k = R.choice(['kma', 'kml'] + (['kmlp'] if I386 else [])); s = R.choice([R.randrange(m), 60000, 60001]); E(k, s, R.randrange(8) if s == 60001 else 0); stack.append(k); continue
            if x < .08 and stack: E('kmu'); stack.pop(); continue
            if x < .0803: E('dump pkmap') if n > 1000 else E('kmap_flush'); continue
            if (R.random() < p and (len(cnt) < LASTPK - 24 or R.random() < .1)) or not cnt:
                if len(cnt) >= LASTPK - 24: s = R.choice(list(cnt))
                elif seqm: s = nxt % m; nxt += 1
                else: s = R.choice([R.randrange(m), R.choice(list(cnt)) if cnt else 0])
                E('kmap', s, 0); cnt[s] = cnt.get(s, 0) + 1
            else:
                s = R.choice(list(cnt)); E('kunmap', s, 0); cnt[s] -= 1
                if not cnt[s]: del cnt[s]
    while stack: E('kmu'); stack.pop()
    E('dump pkmap')
    for s in list(cnt):
        for _ in range(cnt[s]): E('kunmap', s, 0)
    E('kmap_flush'); E('dump pkmap')
    E('unfill', 0, m, 'fifo'); E('f', 60000); E('f', 60001)
    tail()

def cma(n):
    head(); E('dump cma')
    ev(0, 3)
    live = []; i = 0; tot = 0; nxt = 0
    while i < n:
        i += 1
        x = R.random()
        if x < .5 and tot < 3600:
            c = R.choice([1, 1, 2, 3, 4, 8, 10, 16, 33, 64, 100, 256, 300, 512, 1000, 1024]); al = R.choice([0, 0, 0, 1, 2, 4, 8, 10])
            E('cma', nxt, c, al); live.append((nxt, c)); tot += c; nxt += 1
        elif live:
            s, c = live.pop(R.randrange(len(live))); tot -= c; E('cmaf', s)
        if i % 10 == 0: E('ck')
    E('dump cma'); E('dump zones')
    for s, c in live: E('cmaf', s)
    E('ck')
    E('mark kernel movable pages spill into CMA when the rest is short')
    ev(0, 0)
    base = 20000
    g = 'N|MOV|NOWARN' if I386 else 'HUM|~DIRECT|NOWARN'
    for o in (10, 9, 5, 0):
        E('fill', base, 3000, o, g); base += 3000
    E('dump zones'); E('ck')
    E('unfill', base - 3000, 3000, 'fifo', 7)
    ev(0, 3)
    for k in range(12):
        E('cma', 10000 + k, R.choice([1, 4, 16, 64, 200]), R.choice([0, 2])); E('ck')
    for k in range(12): E('cmaf', 10000 + k)
    ev(0, 0)
    for b in range(20000, base, 3000): E('unfill', b, 3000, R.choice(['lifo', 'fifo']))
    E('drain'); E('dump cma'); tail()

def contig(n):
    head()
    ev(0, 3)
    live = []; nxt = 0; i = 0
    hi = (LOWMB * 256 * 3 // 4) & ~1023
    if hi > 0xb0000: hi = 0xb0000            # stay below the PCI hole
    while i < n:
        i += 1
        if R.random() < .6:
            pfn = R.randrange(0x3000, hi); c = R.choice([1, 7, 32, 100, 512, 513, 1024, 2048])
            if R.random() < .4: pfn &= ~511
            E('contig', nxt, hex(pfn), c, 1); live.append(nxt); nxt += 1
        elif live:
            E('contigf', live.pop(R.randrange(len(live))))
        E('ck')
    for s in live: E('contigf', s)
    E('drain'); tail()

def pgtable(n):
    E('mark', f'{T}/{RAM}/{MIX}/{SEED}')
    E('dump layout')
    if I386: E('pts', '0xc0000000', '0xffffffff')
    else:
        for a, b in (('0xffff888000000000', '0xffff890fffffffff'), ('0xffffc90000000000', '0xffffc9ffffffffff'), ('0xffffea0000000000', '0xffffeaffffffffff'),
                     ('0xfffffe0000000000', '0xfffffe7fffffffff'), ('0xffffffff80000000', '0xffffffffffffffff')): E('pts', a, b)
    E('vm', 0, 300 * 4096); E('vm', 1, 4096); E('io', 2, '0xf0000000', '0x400000'); E('io', 3, '0xfed00000', '0x1000')
    if not I386: E('vmh', 4, 4 << 20)
    E('a', 5, 0, 'HUM'); E('a', 6, 0, 'K'); E('kmap', 5, 0); E('kma', 5, 0); E('vmap', 7, 5, 2)
    for s in (0, 1, 2, 3, 4, 5, 6, 7):
        E('slotpt', s, 0)
        for _ in range(3): E('slotpt', s, R.randrange(0, 4096))
    for _ in range(n):
        if I386: va = R.choice([R.randrange(0xc0000000, 0xc0000000 + LOWMB * 1048576 + 0x1000000), R.randrange(0xf7000000, 0x100000000), R.randrange(0xff000000, 0x100000000)])
        else: va = R.choice([0xffff888000000000 + R.randrange(RMB << 20), 0xffffc90000000000 + R.randrange(1 << 24), 0xffffea0000000000 + R.randrange(RMB << 14), 0xffffffff80000000 + R.randrange(0x3000000), R.randrange(0xffff800000000000, 1 << 64), 0xffffffffff000000 + R.randrange(0x1000000)])
        E('pt', hex(va & ~0xfff))
    E('kmu'); E('kunmap', 5, 0); E('vu', 7); E('vf', 0); E('vf', 1); E('iu', 2); E('iu', 3); E('vf', 4) if not I386 else None; E('f', 5); E('f', 6)
    E('vpurge')
    if I386: E('pts', '0xc0000000', '0xffffffff')

def bulk(n):
    head()
    i = 0; every = 20; live = []
    while i < n:
        i += 1
        if R.random() < .6 and len(live) < 60:
            s0 = 2000 + 512 * next(b for b in range(200) if b not in [l[2] for l in live]); m = R.choice([1, 2, 5, 20, 63, 64, 100, 200, 512])
            E('blk', s0, m, R.choice(['K', 'N|NOWARN', 'HUM|~DIRECT|NOWARN', 'K|REC', 'A|NOWARN', 'HU|~DIRECT']))
            live.append((s0, m, (s0 - 2000) // 512))
        elif live:
            s0, m, _ = live.pop(R.randrange(len(live)))
            if R.random() < .6: E('freelist', s0, m)
            else: E('unfill', s0, m, R.choice(['lifo', 'fifo']))
        checkpoint(i, every)
    for s0, m, _ in live: E('freelist', s0, m)
    E('ck'); E('drain'); tail()

def idle(n):
    head(); E('dump slabs'); E('dump vmalloc'); E('dump zones'); E('dump memmap'); E('ck')

def tour(n):
    """every op once or twice, events on: for humans"""
    head(); E('events', 7)
    E('mark', 'order-0 from the pcp, three migratetypes'); [E('a', i, 0, g) for i, g in enumerate(['K', 'K|MOV', 'K|REC', 'HUM', 'A', 'N', 'U'])]
    E('mark', 'frees go to the pcp head; the next alloc returns the same page'); E('f', 0); E('a', 0, 0, 'K'); E('f', 0)
    for i in range(1, 7): E('f', i)
    E('mark', 'orders'); [E('a', 10 + o, o, 'N|NOWARN') for o in range(11)]; [E('f', 10 + o) for o in range(11)]
    E('mark', 'order 11 is refused'); E('a', 30, 11, 'N|NOWARN')
    E('mark', 'compound'); E('a', 31, 3, 'K|COMP'); [E('pgw', 31, i) for i in range(4)]; E('get', 31, 5); E('put', 31, 5); E('lock', 31, 0); E('pgw', 31, 0); E('unlock', 31, 0); E('trylock', 31, 0); E('unlock', 31, 0)
    E('setf', 31, 0, 'dirty'); E('setf', 31, 0, 'uptodate'); E('clrf', 31, 0, 'dirty'); E('put', 31, 7); E('forget', 31)
    E('mark', 'non-compound, split, freed one by one'); E('a', 32, 2, 'K'); [E('pgw', 32, i) for i in range(4)]; E('split', 32); [E('pgw', 32, i) for i in range(4)]; [E('fo', 32, i, 0) for i in (1, 3, 0, 2)]; E('forget', 32)
    E('mark', 'extra reference: __free_pages frees the tail only'); E('a', 33, 3, 'K'); E('get', 33, 0); E('fo', 33, 0, 3); E('put', 33, 0); E('forget', 33)
    E('mark', 'exact'); E('ax', 34, 5 * 4096, 'K'); E('fx', 34)
    E('mark', 'bulk'); E('blk', 40, 10, 'K'); E('freelist', 40, 10); E('blk', 40, 1, 'K'); E('f', 40)
    E('mark', 'drain'); E('ck'); E('drain'); E('ck')
    E('mark', 'slab'); E('kc', 0, 100, 0, '0x0'); E('kc', 1, 100, 0, hex(FL['HW']), 'ctor'); [E('ka', 100 + i, 0, 'K') for i in range(5)]; E('dump slab', '#0'); [E('kf', 100 + i) for i in (1, 3, 0, 2, 4)]; E('dump slab', '#0'); E('ks', 0); E('kd', 0); E('kd', 1)
    E('km', 110, 100, 'K'); E('kx', 110); E('km', 110, 9000, 'K'); E('kx', 110); E('km', 110, 0, 'K'); E('km', 110, 20000, 'K'); E('kx', 110)
    E('mark', 'vmalloc'); E('vm', 120, 10000); E('slotpt', 120, 0); E('vm', 121, 1 << 20); E('io', 122, '0xf0000000', '0x1000', 'uc-'); E('io', 123, '0xf0200000', '0x400000', 'wc'); E('dump vmalloc'); E('vf', 120); E('iu', 122); E('dump vmalloc'); E('vf', 121); E('iu', 123); E('vpurge'); E('dump vmalloc')
    E('a', 130, 0, 'HU'); E('a', 131, 0, 'HU'); E('vmap', 124, 130, 2); E('slotpt', 124, 0); E('slotpt', 124, 4096); E('vu', 124)
    E('mark', 'kmap'); E('kmap', 130, 0); E('kmap', 130, 0); E('kmap', 131, 0); E('dump pkmap'); E('kunmap', 130, 0); E('kunmap', 130, 0); E('kunmap', 131, 0); E('dump pkmap'); E('kmap_flush'); E('dump pkmap')
    E('kma', 130, 0); E('kml', 131, 0); E('kma', 131, 0); E('kmu'); E('kmu'); E('kmu'); E('f', 130); E('f', 131)
    E('mark', 'cma'); E('dump cma'); E('cma', 140, 5, 0); E('cma', 141, 8, 3); E('dump cma'); E('dump zones'); E('cmaf', 140); E('cmaf', 141); E('dump cma')
    E('events', 0); tail()

MIXES = {'tour': (tour, 0), 'pcp0': (pcp0, 20000), 'mixed': (mixed, 20000), 'comp': (lambda n: mixed(n, True), 3000), 'steal': (steal, 20000), 'zones': (zones, 20000),
    'slabgeom': (slabgeom, 0), 'slabseq': (slabseq, 20000), 'vmalloc': (vmalloc, 2000), 'kmap': (kmapmix, 10000), 'cma': (cma, 200), 'contig': (contig, 100),
    'pgtable': (pgtable, 400), 'bulk': (bulk, 500), 'idle': (idle, 0)}
if MIX not in MIXES: sys.exit('mixes: ' + ' '.join(MIXES))
f, d = MIXES[MIX]
n = d if NOPS is None else NOPS
if NOPS is not None and NOPS <= 300 and MIX not in ('slabgeom', 'slabseq', 'vmalloc', 'kmap', 'cma', 'contig', 'pgtable', 'idle', 'tour'):
    E('events 3')
f(n)
sys.stdout.write('\n'.join(out) + '\n')
