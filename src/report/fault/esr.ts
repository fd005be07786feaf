/** ESR_EL1 of an arm64 fault: what kind of abort. Source: Arm ARM D17.2.37; Linux arch/arm64/mm/fault.c: fault_info[]. */
import { hex } from '../render/amount.js';
import type { Rule } from './walk.js';

const WRITE = 0x40;

const isFetch = (esr: number): boolean => esr >>> 26 === 0x21 || esr >>> 26 === 0x20;

export function esrText(esr: number): string {
  const status = esr & 0x3f;
  const level = status & 3;
  const kinds: Readonly<Record<number, string>> = {
    1: `translation fault at level ${level}: nothing is mapped there`,
    2: `access flag fault at level ${level}`,
    3: `permission fault at level ${level}: a translation is there, the access is not allowed`,
  };
  const what = isFetch(esr) ? 'an instruction fetch' : (esr & WRITE) !== 0 ? 'a write' : 'a read';
  return `ESR ${hex(esr)}: ${kinds[status >>> 2] ?? `fault status ${hex(status)}`} (${what}).`;
}

export function esrRule(esr: number): Rule {
  switch ((esr & 0x3f) >>> 2) {
    case 1:
      return 'not-present';
    case 3:
      return isFetch(esr) ? 'no-execute' : (esr & WRITE) !== 0 ? 'not-writable' : 'unknown';
    default:
      return 'unknown';
  }
}

export const esrAccess = (esr: number): { isWrite: boolean; isFetch: boolean } => ({
  isFetch: isFetch(esr),
  isWrite: !isFetch(esr) && (esr & WRITE) !== 0,
});
