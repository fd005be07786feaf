/** Memory for devices: bus addresses of memory that is there, and memory that device and processor share. */
import { NULL } from '../../engine/machine/ctypes.js';
import type { Device } from '../../engine/kernel/include/linux/dma-direct.h.js';
import { asPhys, PAGE_SIZE } from '../../engine/memory/address.js';
import { convert, type Repr, type Value } from '../semantics/arithmetic.js';
import { page_to_pfn, physOf } from './addresses.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { sizeOf, truth } from './pointers.js';

const changes = true;
const ENOMEM = 12;
const KERN_WARNING = 4;

/** dma_addr_t */
const dmaRepr = ({ k }: BuiltinCall): Repr => (k.pte_words === 1 ? 'u32' : 'u64');

const mappingError = (call: BuiltinCall): Value =>
  convert(call.kernel.DMA_MAPPING_ERROR, dmaRepr(call));

/** NULL is a device that reaches 4 GiB. */
export const deviceAt = (call: BuiltinCall, dev: Value): Device =>
  dev === 0 ? NULL : call.cell(dev);

function map(call: BuiltinCall, dev: Value, phys: number, size: Value, dir: Value): Value {
  const { k, kernel } = call;
  const address = kernel.dma_map_page_attrs(
    ...([k, deviceAt(call, dev), asPhys(phys), sizeOf(call, size), Number(dir)] as const),
  );
  return convert(address, dmaRepr(call));
}

/** A device needs memory in one piece: addresses of vmalloc space are refused, and the kernel says so once. */
function isRejected(call: BuiltinCall, ptr: Value): boolean {
  if (call.addressKind(ptr) !== 'vmalloc') return false;
  const text = 'rejecting DMA map of vmalloc memory';
  if (call.k.machine.warnsFirst(text)) {
    call.printk(KERN_WARNING, text);
    call.k.emit({ kind: 'warn', text });
  }
  return true;
}

function unmap(call: BuiltinCall, address: Value, size: Value, dir: Value): void {
  call.kernel.dma_unmap_single(call.k, Number(address), sizeOf(call, size), Number(dir));
}

const streaming: readonly BuiltinRow[] = [
  {
    signature: 'int dma_mapping_error(struct device *dev, dma_addr_t dma_addr)',
    doc: '-ENOMEM (-12) if dma_map_single() or dma_map_page() failed, else 0.',
    run: (call, _dev, address) => (Number(address) === Number(mappingError(call)) ? -ENOMEM : 0),
  },
  {
    signature: 'dma_addr_t dma_map_single(struct device *dev, void *ptr, size_t size, int dir)',
    doc: 'The bus address of memory, for a device: NULL is one that reaches 4 GiB. Memory that it does not reach gets a bounce buffer. DMA_MAPPING_ERROR for vmalloc addresses, and if there is no buffer.',
    changes,
    run: (call, dev, ptr, size, dir) =>
      isRejected(call, ptr)
        ? mappingError(call)
        : map(call, dev, Number(physOf(call, 'virt_to_page', ptr)), size, dir),
  },
  {
    signature: 'void dma_unmap_single(struct device *dev, dma_addr_t addr, size_t size, int dir)',
    doc: 'Ends a mapping: a bounce buffer is copied back and released.',
    changes,
    run: (call, _dev, address, size, dir) => {
      unmap(call, address, size, dir);
    },
  },
  {
    signature:
      'dma_addr_t dma_map_page(struct device *dev, struct page *page, size_t offset, size_t size, int dir)',
    doc: 'Like dma_map_single, for part of a page, which may be in highmem.',
    changes,
    run: (call, dev, page, offset, size, dir) => {
      call.page(page);
      const phys = Number(page_to_pfn(call, page)) * PAGE_SIZE + Number(offset);
      return map(call, dev, phys, size, dir);
    },
  },
  {
    signature: 'void dma_unmap_page(struct device *dev, dma_addr_t addr, size_t size, int dir)',
    doc: 'Ends a mapping of dma_map_page().',
    changes,
    run: (call, _dev, address, size, dir) => {
      unmap(call, address, size, dir);
    },
  },
];

/** dma_sync_single_for_cpu() and its like: a bounce buffer is copied; other memory the device sees as it is. */
const syncing = (target: 'cpu' | 'device'): readonly BuiltinRow[] => {
  const sync = (call: BuiltinCall, address: number, size: Value, dir: Value): void => {
    const { k, kernel } = call;
    if (target === 'cpu')
      kernel.dma_sync_single_for_cpu(k, address, sizeOf(call, size), Number(dir));
    else kernel.dma_sync_single_for_device(k, address, sizeOf(call, size), Number(dir));
  };
  const doc =
    target === 'cpu'
      ? 'Before the processor reads what the device has written: a bounce buffer is copied to the memory that it stands for.'
      : 'Before the device reads what the processor has written: the memory is copied to its bounce buffer.';
  return [
    {
      signature: `void dma_sync_single_for_${target}(struct device *dev, dma_addr_t addr, size_t size, int dir)`,
      doc,
      changes,
      run: (call, _dev, address, size, dir) => {
        sync(call, Number(address), size, dir);
      },
    },
    {
      signature: `void dma_sync_single_range_for_${target}(struct device *dev, dma_addr_t addr, unsigned long offset, size_t size, int dir)`,
      doc: `Like dma_sync_single_for_${target}, for a part of a mapping.`,
      changes,
      run: (call, _dev, address, offset, size, dir) => {
        sync(call, Number(address) + Number(offset), size, dir);
      },
    },
  ];
};

const coherent: readonly BuiltinRow[] = [
  {
    signature:
      'void *dma_alloc_coherent(struct device *dev, size_t size, dma_addr_t *dma_handle, gfp_t gfp)',
    doc: 'Zeroed pages that a device reaches (NULL: one of 4 GiB), from the CMA area if the caller may wait and wants more than a page; stores their bus address. NULL without memory.',
    changes,
    sleeps: 3,
    run: (call, dev, size, handle, gfp) => {
      const { k, kernel, memory } = call;
      const bytes = k.pte_words === 1 ? 4 : 8;
      memory.load(handle, bytes);
      const found = { value: 0 };
      const address = kernel.dma_alloc_attrs(
        ...([k, deviceAt(call, dev), sizeOf(call, size), found, Number(gfp)] as const),
      );
      if (address !== 0) memory.store(handle, bytes, found.value);
      return address;
    },
  },
  {
    signature:
      'void dma_free_coherent(struct device *dev, size_t size, void *cpu_addr, dma_addr_t dma_handle)',
    doc: 'Frees memory of dma_alloc_coherent(), given the same size.',
    changes,
    sleeps: 'always',
    run: (call, dev, size, address, handle) => {
      if (address === 0) return;
      const { k, kernel } = call;
      kernel.dma_free_attrs(
        ...([
          k,
          deviceAt(call, dev),
          sizeOf(call, size),
          call.linear(address),
          Number(handle),
        ] as const),
      );
    },
  },
];

const setsMask = (
  name:
    | 'dma_set_mask'
    | 'dma_set_coherent_mask'
    | 'dma_set_mask_and_coherent'
    | 'dma_coerce_mask_and_coherent',
  doc: string,
): BuiltinRow => ({
  signature: `int ${name}(struct device *dev, u64 mask)`,
  doc,
  changes,
  run: (call, dev, mask) =>
    call.kernel[name](call.k, call.cell(dev), BigInt.asUintN(64, BigInt(mask))),
});

const masks: readonly BuiltinRow[] = [
  setsMask(
    'dma_set_mask',
    'How far a device reaches when memory is mapped for it: DMA_BIT_MASK(32). 0; -EIO for less than the lowest zone needs, or if the device has no mask (dev->dma_mask).',
  ),
  setsMask('dma_set_coherent_mask', 'The same, of memory that dma_alloc_coherent() allocates.'),
  setsMask('dma_set_mask_and_coherent', 'Both masks of a device.'),
  setsMask(
    'dma_coerce_mask_and_coherent',
    'Both masks of a device that has no dma_mask: the coherent one is used for both.',
  ),
  {
    signature: 'u64 dma_get_mask(struct device *dev)',
    doc: 'How far a device reaches; 4 GiB if it says nothing.',
    run: (call, dev) => {
      const { k, kernel } = call;
      const device = deviceAt(call, dev);
      const at = device === NULL ? NULL : kernel.dmaMaskAt(k, device);
      const isKnown = at !== NULL && kernel.readMask(k, at) !== 0;
      return isKnown ? call.memory.load(call.pointer(at), 8) : kernel.DMA_BIT_MASK_32;
    },
  },
];

export const dma: readonly Builtin[] = [
  ...group('DMA', 'include/linux/dma-direct.h', [
    {
      signature: 'dma_addr_t phys_to_dma(struct device *dev, phys_addr_t paddr)',
      doc: 'The bus address of a physical address: the same number, unless the machine has bus=OFFSET.',
      run: (call, _dev, paddr) => call.kernel.phys_to_dma(call.k, asPhys(Number(paddr))),
    },
    {
      signature: 'phys_addr_t dma_to_phys(struct device *dev, dma_addr_t dev_addr)',
      doc: 'The physical address of a bus address.',
      run: (call, _dev, address) => call.kernel.dma_to_phys(call.k, Number(address)),
    },
  ]),
  ...group('DMA', 'include/linux/dma-mapping.h', [
    ...streaming,
    ...masks,
    ...syncing('cpu'),
    ...syncing('device'),
  ]),
  ...group('DMA', 'kernel/dma/mapping.c', coherent),
  ...group('DMA', 'kernel/dma/swiotlb.c', [
    {
      signature: 'bool is_swiotlb_buffer(struct device *dev, phys_addr_t paddr)',
      doc: 'Whether a physical address lies in the bounce buffer.',
      run: (call, _dev, paddr) =>
        truth(call.kernel.is_swiotlb_buffer(call.k, asPhys(Number(paddr)))),
    },
  ]),
];
