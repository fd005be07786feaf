/** An answer to a situation that somebody describes, before it is a finding. */
import type { Facts } from '../finding.js';

export interface Answer {
  readonly topic: string;
  readonly headline: string;
  readonly said: readonly string[];
  readonly why: readonly string[];
  readonly helps: readonly string[];
  readonly facts: Facts;
  readonly assumed?: readonly string[];
}
