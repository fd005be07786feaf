/**
 * A profile whose kernel runs elsewhere than it was linked to run: KASLR, or a machine too small for the usual place. Types
 * and constants stay, symbols move. Per-CPU symbols on SMP are offsets and stay, too.
 */
import { asVirt, type VirtAddr } from '../memory/address.js';
import type { KernelSymbol, Profile } from '../types/profile.js';

/** @param offset added to the address of each symbol */
export function relocated(profile: Profile, offset: number): Profile {
  if (offset === 0) return profile;
  const moved = (symbol: KernelSymbol): KernelSymbol =>
    symbol.perCpu
      ? symbol
      : {
          name: symbol.name,
          address: asVirt(symbol.address + offset),
          sizeBytes: symbol.sizeBytes,
          perCpu: false,
          get type() {
            return symbol.type;
          },
        };
  return {
    name: profile.name,
    release: profile.release,
    arch: profile.arch,
    pointerSize: profile.pointerSize,
    smp: profile.smp,
    types: profile.types,
    boot: profile.boot,
    symbol: (name) => {
      const symbol = profile.symbol(name);
      return symbol && moved(symbol);
    },
    symbolNames: () => profile.symbolNames(),
    symbolAt: (address: VirtAddr) => {
      const found = profile.symbolAt(asVirt(address - offset));
      return found && { symbol: moved(found.symbol), offset: found.offset };
    },
    constant: (name) => profile.constant(name),
    findConstant: (name) => profile.findConstant(name),
    wideConstant: (name) => profile.wideConstant(name),
    constantNames: () => profile.constantNames(),
    config: (name) => profile.config(name),
  };
}
