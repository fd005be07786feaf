/** Opens a dump of any x86 kernel to look into: from its own words, or with what the user gives. */
import { Inspected } from '../../inspect/inspected.js';
import type { VmlinuxHost } from '../vmlinux/vmlinux.js';
import type { Container } from './containers/container.js';
import { describeKernel, kernelNote } from './describe.js';
import { givenFacts, type GivenFiles } from './given.js';

/** @throws ImageError */
export async function describedBy(
  container: Container,
  given: GivenFiles,
  host: VmlinuxHost,
): Promise<Inspected> {
  const note = kernelNote(container);
  return new Inspected(describeKernel(container, note, await givenFacts(given, note, host)));
}
