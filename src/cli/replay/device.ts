/**
 * The recorder prints into a device, through areas of its own in vmalloc space; while it prints it moves them along the device.
 * So of what such an area maps a page to, only the place is the recorder's to tell; all else is compared.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { find_vm_area } from '../../engine/entry/functions.js';
import { NULL } from '../../engine/machine/ctypes.js';
import { parseAddress } from '../../engine/memory/address.js';
import { isRecorderCall } from './callers.js';

/** Whether an address lies in device memory that was mapped before the trace began. */
function isDevice(image: KernelImage, va: string | undefined): boolean {
  const { mm } = image;
  const address = parseAddress(`0x${va ?? ''}`, image.profile.pointerSize);
  if (address === undefined) return false;
  const area = find_vm_area(mm, address);
  return (
    area !== NULL &&
    (mm.read_int(area + mm.vm_struct.flags) & mm.VM_IOREMAP) !== 0 &&
    !isRecorderCall(mm, mm.read_va(area + mm.vm_struct.caller))
  );
}

/** The lines of a `%pts` dump, with the recorder's places of the device. */
export function withDevice(
  image: KernelImage,
  ours: readonly string[],
  recorded: readonly string[],
): readonly string[] {
  const withoutPlace = (line: string): string => line.replace(/ pa=[0-9a-f]+/, '');
  const places = new Map(recorded.map((line) => [withoutPlace(line), line]));
  return ours.map((line) => {
    const [kind, va] = line.split(' ');
    if (kind !== 'pr' || !isDevice(image, va)) return line;
    return places.get(withoutPlace(line)) ?? line;
  });
}

/** Whether two walks are of one address in the device and differ in nothing but the frame that it is mapped to. */
export function sameDeviceWalk(
  image: KernelImage,
  ours: string | undefined,
  recorded: string | undefined,
): boolean {
  if (ours === undefined || recorded === undefined) return false;
  const withoutFrame = (walk: string): string =>
    walk.replace(/=([0-9a-f]*?)[0-9a-f]{5}([0-9a-f]{3})$/, '=$1 $2');
  return withoutFrame(ours) === withoutFrame(recorded) && isDevice(image, ours.split(' ')[1]);
}
