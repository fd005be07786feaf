/** /proc/zoneinfo, in pages. Source: Linux mm/vmstat.c: zoneinfo_show_print(), of 2.6.32 to 6.12. */

export interface ZoneinfoZone {
  readonly node: number;
  readonly name: string;
  readonly free: number;
  readonly boost?: number;
  readonly min: number;
  readonly low: number;
  readonly high: number;
  readonly spanned?: number;
  readonly present?: number;
  /** Since 3.9. */
  readonly managed?: number;
  readonly protection: readonly number[];
  readonly freeCma?: number;
  readonly startPfn?: number;
  /** `pages free` and every `nr_...` of the zone. */
  readonly counts: ReadonlyMap<string, number>;
}

const ZONE = /^\s*Node\s+(\d+), zone\s+(\w+)\s*$/;
const FIELD = /^\s*(?:pages\s+)?(free|boost|min|low|high|spanned|present|managed|cma)\s+(\d+)\s*$/;
const COUNT = /^\s*(nr_\w+|numa_\w+|start_pfn:|node_unreclaimable:|all_unreclaimable:)\s+(\d+)\s*$/;

export function zoneinfoOf(texts: readonly string[]): ZoneinfoZone[] {
  const zones: ZoneinfoZone[] = [];
  let at:
    | {
        node: number;
        name: string;
        fields: Map<string, number>;
        counts: Map<string, number>;
        protection: number[];
      }
    | undefined;
  const finish = (): void => {
    if (at && at.fields.has('free') && at.fields.has('min')) zones.push(zoneOf(at));
    at = undefined;
  };
  for (const text of texts) {
    const zone = ZONE.exec(text);
    if (zone) {
      finish();
      at = {
        node: Number(zone[1]),
        name: zone[2] ?? '',
        fields: new Map(),
        counts: new Map(),
        protection: [],
      };
      continue;
    }
    if (!at) continue;
    const field = FIELD.exec(text);
    // `high` and `count` stand again in each CPU's page set, with a colon.
    if (field && !at.fields.has(field[1] ?? '')) at.fields.set(field[1] ?? '', Number(field[2]));
    const count = COUNT.exec(text);
    if (count && !at.counts.has(count[1] ?? ''))
      at.counts.set((count[1] ?? '').replace(':', ''), Number(count[2]));
    const protection = /^\s*protection: \(([\d, ]+)\)/.exec(text)?.[1];
    if (protection !== undefined) at.protection = (protection.match(/\d+/g) ?? []).map(Number);
  }
  finish();
  return zones;
}

function zoneOf({
  node,
  name,
  fields,
  counts,
  protection,
}: {
  node: number;
  name: string;
  fields: ReadonlyMap<string, number>;
  counts: ReadonlyMap<string, number>;
  protection: readonly number[];
}): ZoneinfoZone {
  const optional = <Name extends string>(
    key: Name,
    value: number | undefined,
  ): { [key in Name]?: number } =>
    value === undefined ? {} : ({ [key]: value } as { [key in Name]: number });
  return {
    node,
    name,
    free: fields.get('free') ?? 0,
    min: fields.get('min') ?? 0,
    low: fields.get('low') ?? 0,
    high: fields.get('high') ?? 0,
    protection,
    counts,
    ...optional('boost', fields.get('boost')),
    ...optional('spanned', fields.get('spanned')),
    ...optional('present', fields.get('present')),
    ...optional('managed', fields.get('managed')),
    ...optional('freeCma', counts.get('nr_free_cma')),
    ...optional('startPfn', counts.get('start_pfn')),
  };
}
