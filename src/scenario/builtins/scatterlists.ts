/** Lists of pieces of memory, made, copied, and given to devices. What headers make of them is in prelude/scatterlists.ts. */
import type { Scatterlist } from '../../engine/kernel/include/linux/scatterlist.h.js';
import { NULL } from '../../engine/machine/ctypes.js';
import type { Value } from '../semantics/arithmetic.js';
import { physOf } from './addresses.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { deviceAt } from './dma.js';
import { needsCaches } from './needs.js';
import { checkRoom, sizeOf, truth, va } from './pointers.js';
import { pagesOf } from './vmalloc.js';

const changes = true;

/** Where a list ends, functions are handed NULL. */
const listAt = (call: BuiltinCall, sg: Value): Scatterlist => (sg === 0 ? NULL : call.cell(sg));

const unsigned = (value: Value): number => Number(value) >>> 0;

/** Says so if an address is not one of the direct map, of which alone there are pages by arithmetic. */
const bufferAt = (call: BuiltinCall, buf: Value) => {
  physOf(call, 'virt_to_page', buf);
  return va(buf);
};

const making: readonly BuiltinRow[] = [
  {
    signature: 'void sg_init_table(struct scatterlist *sgl, unsigned int nents)',
    doc: 'Empties an array of pieces, whose last one ends the list.',
    changes,
    run: (call, sgl, nents) => {
      call.kernel.sg_init_table(call.k, call.cell(sgl), unsigned(nents));
    },
  },
  {
    signature:
      'void sg_set_page(struct scatterlist *sg, struct page *page, unsigned int len, unsigned int offset)',
    doc: 'A piece: so many bytes from an offset in a page on.',
    changes,
    run: (call, sg, page, len, offset) => {
      const { k, kernel } = call;
      const at = call.cell(sg);
      kernel.sg_set_page(k, at, call.pageOrNull(page), unsigned(len), unsigned(offset));
    },
  },
  {
    signature: 'void sg_set_buf(struct scatterlist *sg, const void *buf, unsigned int buflen)',
    doc: 'A piece by its address, which must be one of the direct map.',
    changes,
    run: (call, sg, buf, length) => {
      call.kernel.sg_set_buf(call.k, call.cell(sg), bufferAt(call, buf), unsigned(length));
    },
  },
  {
    signature: 'void sg_init_one(struct scatterlist *sg, const void *buf, unsigned int buflen)',
    doc: 'A list of one piece.',
    changes,
    run: (call, sg, buf, length) => {
      call.kernel.sg_init_one(call.k, call.cell(sg), bufferAt(call, buf), unsigned(length));
    },
  },
  {
    signature: 'struct scatterlist *sg_next(struct scatterlist *sg)',
    doc: 'The next piece of a list; NULL behind the last one.',
    run: (call, sg) => call.pointer(call.kernel.sg_next(call.k, call.cell(sg))),
  },
  {
    signature: 'struct scatterlist *sg_last(struct scatterlist *sgl, unsigned int nents)',
    doc: 'The last of so many pieces.',
    run: (call, sgl, nents) =>
      call.pointer(call.kernel.sg_last(call.k, listAt(call, sgl), unsigned(nents))),
  },
  {
    signature: 'int sg_nents(struct scatterlist *sg)',
    doc: 'How many pieces a list has.',
    run: (call, sg) => call.kernel.sg_nents(call.k, listAt(call, sg)),
  },
  {
    signature: 'int sg_nents_for_len(struct scatterlist *sg, u64 len)',
    doc: 'How many pieces of a list have so many bytes; -EINVAL: all have fewer.',
    run: (call, sg, len) => call.kernel.sg_nents_for_len(call.k, listAt(call, sg), Number(len)),
  },
  {
    signature:
      'void sg_chain(struct scatterlist *prv, unsigned int prv_nents, struct scatterlist *sgl)',
    doc: 'The last entry of an array, which is not a piece then, leads to another array.',
    changes,
    run: (call, prv, nents, sgl) => {
      call.kernel.sg_chain(call.k, call.cell(prv), unsigned(nents), call.cell(sgl));
    },
  },
  {
    signature: 'void sg_mark_end(struct scatterlist *sg)',
    doc: 'A piece is the last of its list.',
    changes,
    run: (call, sg) => {
      call.kernel.sg_mark_end(call.k, call.cell(sg));
    },
  },
  {
    signature: 'void sg_unmark_end(struct scatterlist *sg)',
    doc: 'More pieces follow in the array.',
    changes,
    run: (call, sg) => {
      call.kernel.sg_unmark_end(call.k, call.cell(sg));
    },
  },
  {
    signature: 'bool sg_is_last(struct scatterlist *sg)',
    doc: 'Whether a piece is the last of its list.',
    run: (call, sg) => truth(call.kernel.sg_is_last(call.k, call.cell(sg))),
  },
  {
    signature: 'bool sg_is_chain(struct scatterlist *sg)',
    doc: 'Whether an entry is not a piece, but leads to another array.',
    run: (call, sg) => truth(call.kernel.sg_is_chain(call.k, call.cell(sg))),
  },
];

const tables: readonly BuiltinRow[] = [
  {
    signature: 'int sg_alloc_table(struct sg_table *table, unsigned int nents, gfp_t gfp_mask)',
    doc: 'A list of so many empty pieces: arrays of a page at most, chained. 0 or an error.',
    changes,
    needs: needsCaches,
    sleeps: 2,
    run: (call, table, nents, gfp) =>
      call.kernel.sg_alloc_table(call.k, call.cell(table), unsigned(nents), Number(gfp)),
  },
  {
    signature:
      'int sg_alloc_table_from_pages(struct sg_table *sgt, struct page **pages, unsigned int n_pages, unsigned int offset, unsigned long size, gfp_t gfp_mask)',
    doc: 'A list of the memory of pages: those that lie side by side are one piece. 0 or an error.',
    changes,
    needs: needsCaches,
    sleeps: 5,
    run: (call, sgt, pages, nPages, offset, size, gfp) =>
      call.kernel.sg_alloc_table_from_pages(
        ...([
          call.k,
          call.cell(sgt),
          pagesOf(call, pages, nPages),
          unsigned(nPages),
          unsigned(offset),
          sizeOf(call, size),
          Number(gfp),
        ] as const),
      ),
  },
  {
    signature: 'void sg_free_table(struct sg_table *table)',
    doc: 'Frees the arrays of a list of sg_alloc_table(), not what the pieces are of.',
    changes,
    needs: needsCaches,
    run: (call, table) => {
      call.kernel.sg_free_table(call.k, call.cell(table));
    },
  },
];

const copying = (toBuffer: boolean): readonly BuiltinRow[] => {
  const name = toBuffer ? 'to' : 'from';
  const constant = toBuffer ? '' : 'const ';
  const doc = toBuffer
    ? 'Copies the bytes of a list to a buffer; how many it could.'
    : 'Copies a buffer to the bytes of a list; how many it could.';
  const copy = (call: BuiltinCall, args: readonly Value[]): Value => {
    const [sgl = 0, nents = 0, buf = 0, buflen = 0, skip = 0] = args;
    const bytes = sizeOf(call, buflen);
    checkRoom(call, buf, bytes);
    return call.unsignedLong(
      call.kernel.sg_copy_buffer(
        ...([
          call.k,
          listAt(call, sgl),
          unsigned(nents),
          va(buf),
          bytes,
          Number(skip),
          toBuffer,
        ] as const),
      ),
    );
  };
  return [
    {
      signature: `size_t sg_copy_${name}_buffer(struct scatterlist *sgl, unsigned int nents, ${constant}void *buf, size_t buflen)`,
      doc,
      changes,
      run: (call, ...args) => copy(call, args),
    },
    {
      signature: `size_t sg_pcopy_${name}_buffer(struct scatterlist *sgl, unsigned int nents, ${constant}void *buf, size_t buflen, off_t skip)`,
      doc: `${doc} The first skip bytes of the list are passed over.`,
      changes,
      run: (call, ...args) => copy(call, args),
    },
  ];
};

const zeroing: readonly BuiltinRow[] = [
  {
    signature:
      'size_t sg_zero_buffer(struct scatterlist *sgl, unsigned int nents, size_t buflen, off_t skip)',
    doc: 'Fills bytes of a list with zeros; how many it could.',
    changes,
    run: (call, sgl, nents, buflen, skip) =>
      call.unsignedLong(
        call.kernel.sg_zero_buffer(
          ...([
            call.k,
            listAt(call, sgl),
            unsigned(nents),
            sizeOf(call, buflen),
            Number(skip),
          ] as const),
        ),
      ),
  },
];

const mapping: readonly BuiltinRow[] = [
  {
    signature: 'int dma_map_sg(struct device *dev, struct scatterlist *sg, int nents, int dir)',
    doc: 'Gives the pieces of a list to a device: sg_dma_address() and sg_dma_len() of each. How many the device gets; 0: it cannot have them.',
    changes,
    run: (call, dev, sg, nents, dir) => {
      const { k, kernel } = call;
      const list = call.cell(sg);
      return kernel.dma_map_sg_attrs(k, deviceAt(call, dev), list, Number(nents), Number(dir));
    },
  },
  {
    signature: 'void dma_unmap_sg(struct device *dev, struct scatterlist *sg, int nents, int dir)',
    doc: 'Ends a mapping of dma_map_sg(), given the same number.',
    changes,
    run: (call, _dev, sg, nents, dir) => {
      call.kernel.dma_unmap_sg_attrs(call.k, call.cell(sg), Number(nents), Number(dir));
    },
  },
  {
    signature:
      'int dma_map_sgtable(struct device *dev, struct sg_table *sgt, int dir, unsigned long attrs)',
    doc: 'Like dma_map_sg, of a table, whose nents says how many pieces the device gets. 0 or an error.',
    changes,
    run: (call, dev, sgt, dir) =>
      call.kernel.dma_map_sgtable(call.k, deviceAt(call, dev), call.cell(sgt), Number(dir)),
  },
  ...(['cpu', 'device'] as const).map((target): BuiltinRow => ({
    signature: `void dma_sync_sg_for_${target}(struct device *dev, struct scatterlist *sg, int nelems, int dir)`,
    doc: `Like dma_sync_single_for_${target}, of each piece of a list.`,
    changes,
    run: (call, _dev, sg, nelems, dir) => {
      const { k } = call;
      const args = [k, listAt(call, sg), Number(nelems), Number(dir)] as const;
      if (target === 'cpu') call.kernel.dma_sync_sg_for_cpu(...args);
      else call.kernel.dma_sync_sg_for_device(...args);
    },
  })),
];

export const scatterlists: readonly Builtin[] = [
  ...group('memory', 'lib/scatterlist.c', [
    ...making,
    ...tables,
    ...copying(true),
    ...copying(false),
    ...zeroing,
  ]),
  ...group('DMA', 'kernel/dma/mapping.c', mapping),
];
