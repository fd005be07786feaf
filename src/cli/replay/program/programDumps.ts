/**
 * Dumps in the trace of a user program, held against the engine's state. What other threads did while no events were recorded is found out
 * where a dump of the zones tells of it: it is performed then.
 */
import type { KernelImage } from '../../../engine/image/kernelImage.js';
import { dumpZones, type TraceDump } from '../../../engine/image/state/index.js';
import { butStack, compareMemmapButSlabs, comparePages, compareZones } from '../dumpDifference.js';
import type { Likeness } from '../plain/likeness.js';
import { RECORDED } from '../recorded.js';
import type { Span } from './spans.js';
import type { ToldPages } from './toldPages.js';
import type { Unheard } from './unheard.js';
import { performUnseen } from './unseen.js';
import type { UserOperations } from './userOps.js';

export class ProgramDumps {
  private nrUnseen = 0;
  /** Names of dumps that nothing here prints. */
  private skipped: readonly string[] = [];
  private readonly user: UserOperations;
  private readonly told: ToldPages;
  private readonly likeness: Likeness | undefined;

  constructor(
    private readonly image: KernelImage,
    context: {
      readonly user: UserOperations;
      readonly told: ToldPages;
      readonly likeness: Likeness | undefined;
    },
  ) {
    this.user = context.user;
    this.told = context.told;
    this.likeness = context.likeness;
  }

  /** Acts of other threads that dumps have told. */
  get unseen(): number {
    return this.nrUnseen;
  }

  /** How often a dump was not judged, by its name. */
  get notJudged(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const name of this.skipped) counts.set(name, (counts.get(name) ?? 0) + 1);
    return counts;
  }

  /** Counts; to be put back when dumps are compared again. */
  save(): () => void {
    const { nrUnseen, skipped } = this;
    return () => {
      this.nrUnseen = nrUnseen;
      this.skipped = skipped;
    };
  }

  /** What differs, a text for each dump. */
  differences(span: Span, unheard: Unheard | undefined): string[] {
    return span.dumps.flatMap((dump) =>
      dump.name === 'zones'
        ? (this.zones(span, dump, unheard) ?? [])
        : (this.difference(dump) ?? []),
    );
  }

  private zones(span: Span, recorded: TraceDump, unheard: Unheard | undefined): string | undefined {
    const { image, likeness } = this;
    const dump = likeness?.zones(recorded, dumpZones(image, false)) ?? recorded;
    const isSame = (): boolean => dumpZones(image, false).join('\n') === dump.lines.join('\n');
    if (isSame()) return undefined;
    const nrUnseen =
      unheard?.takeAll(span, dump, isSame) ?? performUnseen(image.mm, this.told, isSame);
    if (nrUnseen === undefined) return compareZones(dump, image);
    this.nrUnseen += nrUnseen;
    return undefined;
  }

  private difference(dump: TraceDump): string | undefined {
    if (dump.name === 'memmap' && this.likeness !== undefined)
      return this.likeness.memmap(dump, this.told);
    if (dump.name === 'memmap') return compareMemmapButSlabs(dump, this.image, this.told);
    if (dump.name === 'pages')
      return comparePages(dump, this.image, (ours, kernel) =>
        butStack(this.image.mm, ours, this.likeness?.adapted(ours, kernel) ?? kernel),
      );
    const kind = RECORDED.get(dump.name);
    const isUser = dump.name === 'pts';
    const ours = isUser ? this.user.tables(dump.args) : kind?.print?.(this.image, dump);
    if (ours === undefined) {
      this.skipped = [...this.skipped, `%${dump.name}`];
      return undefined;
    }
    const head = isUser || this.likeness !== undefined ? undefined : kind?.head?.(this.image, dump);
    if (head !== undefined && head !== dump.args.join(' '))
      return `%${dump.name}: ours '${head}', kernel '${dump.args.join(' ')}'`;
    const [own, kernels] = this.likeness?.lines(dump, ours) ?? [ours, dump.lines];
    const at = kernels.findIndex((line, i) => line !== own[i]);
    if (at < 0 && own.length === kernels.length) return undefined;
    return `%${dump.name}: ours '${own[at] ?? 'ends'}', kernel '${kernels[at] ?? 'ends'}'`;
  }
}
