/** What differs between two times, as named locations with their values then and then. */
import { formatAddress } from '../../engine/memory/address.js';
import type { Place } from '../../engine/types/access.js';
import { stripTypedefs } from '../../engine/types/layout.js';
import type {
  Difference,
  DifferencesArguments,
  DifferencesBody,
} from '../../engine/view/history.js';
import { namedLocation, type NamedObject } from '../../engine/view/namedLocation.js';
import type { Target } from '../debuggee/target.js';
import { errors } from '../protocol/errors.js';
import type { Session } from '../session.js';
import { differingWords } from '../time/differences.js';
import { formatOf, type Format } from '../present/shown.js';
import { showPlace } from '../present/typedValue.js';
import { recordedTimes } from '../time/moments.js';

/** Of the first of its words that differs. */
interface Named {
  readonly place?: Place;
  readonly before: string;
  readonly after: string;
}

const DEFAULT_LIMIT = 500;
/** Words that are named, some milliseconds, before others may be let through. */
const NAMED_AT_ONCE = 512;

export function differences(session: Session, args: DifferencesArguments): DifferencesBody {
  const { target } = session.current;
  const { timeline, tape } = target;
  const range = recordedTimes(timeline);
  const { from, to = timeline.place.position, limit = DEFAULT_LIMIT } = args;
  for (const time of [from, to])
    if (!Number.isInteger(time) || time < range.from || time > range.to)
      throw errors.badArguments(
        `'from' and 'to' must be whole numbers from ${range.from} to ${range.to}.`,
      );
  const forward = from <= to;
  const words = differingWords(tape, Math.min(from, to), Math.max(from, to));
  const own = ownObjects(target);
  const named = new Map<string, Named>();
  const seen = new Set<string>();
  for (const [at, { cell, before, after }] of words.entries()) {
    if (at % NAMED_AT_ONCE === 0) tape.midway?.();
    const { name, place } = namedLocation(target.context.surveyor, cell, own);
    if (seen.has(name)) continue;
    seen.add(name);
    if (named.size >= limit) continue;
    named.set(name, {
      ...(place !== undefined && { place }),
      before: hexWord(forward ? before : after),
      after: hexWord(forward ? after : before),
    });
  }
  const format = formatOf(undefined, session.numberFormat);
  const shown = shownDifferences(target, named, from, to, format);
  return { from, to, total: seen.size, differences: shown };
}

const hexWord = (word: number): string => `0x${(word >>> 0).toString(16)}`;

function shownDifferences(
  target: Target,
  named: ReadonlyMap<string, Named>,
  from: number,
  to: number,
  format: Format,
): readonly Difference[] {
  const { tape, timeline, image, context } = target;
  const look = (time: number): ReadonlyMap<string, string> => {
    tape.seek(time);
    const texts = new Map<string, string>();
    for (const [name, { place }] of named)
      if (place !== undefined && isScalar(place)) {
        // As the variables have it: flags and masks by their names, counts in decimal.
        const member = name.split(/->|\./).at(-1) ?? name;
        texts.set(name, showPlace(context, member, place, name, format).value);
      }
    return texts;
  };
  const old = look(from);
  const now = look(to);
  timeline.goTo(timeline.place);
  return [...named].map(([name, { place, before, after }]) => ({
    name,
    old: old.get(name) ?? before,
    new: now.get(name) ?? after,
    ...(place !== undefined && {
      memoryReference: formatAddress(place.address, image.profile.pointerSize),
    }),
  }));
}

const isScalar = ({ type }: Place): boolean =>
  ['int', 'enum', 'pointer'].includes(stripTypedefs(type).kind);

/** Variables of the scenario, by the names that expressions use; those of other functions with the function's name. */
function ownObjects({ scenario }: Target): readonly NamedObject[] {
  if (scenario === undefined) return [];
  const globals = scenario.globals().map(({ name, place }) => ({ name, place }));
  const locals = scenario
    .tasks()
    .flatMap(({ id }) =>
      scenario
        .frames(id)
        .flatMap((frame, index) =>
          scenario
            .locals(id, index)
            .map(({ name, place }) => ({ name: `${name} (of ${frame.name})`, place })),
        ),
    );
  return [...globals, ...locals];
}
