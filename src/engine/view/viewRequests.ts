/**
 * The custom requests of the views of the window Memory, in one table: the adapter's vocabulary (adapter/protocol/dap.ts) takes its
 * types from here, and the extension lets exactly these through to the adapter. Plain JSON; addresses are text.
 */
import type { AddressArguments, AddressBody } from './address.js';
import { ATLAS_REQUESTS, type AtlasRequests } from './atlas/requests.js';
import type { ChangeBreakpointsArguments, ChangeBreakpointsBody } from './changeBreakpoints.js';
import type { FrameChangesArguments, FrameChangesBody } from './frameChanges.js';
import type {
  FrameLabelsArguments,
  FrameLabelsBody,
  FrameValuesArguments,
  FrameValuesBody,
} from './frameValues.js';
import type { DifferencesArguments, DifferencesBody, TimeArguments } from './history.js';
import type { LocateArguments, LocateBody } from './locate.js';
import type {
  ClockBody,
  FrameArguments,
  FrameBody,
  MapArguments,
  MapBody,
  VerdictBody,
} from './map.js';

import type { TimelineArguments, TimelineBody } from './timeline.js';

export interface Exchange<Arguments, Body> {
  readonly arguments: Arguments;
  readonly body: Body;
}

export interface ViewRequests extends AtlasRequests {
  'mmscope/map': Exchange<MapArguments, MapBody>;
  'mmscope/frame': Exchange<FrameArguments, FrameBody>;
  'mmscope/verdict': Exchange<undefined, VerdictBody>;
  'mmscope/clock': Exchange<undefined, ClockBody>;
  'mmscope/address': Exchange<AddressArguments, AddressBody>;
  'mmscope/locate': Exchange<LocateArguments, LocateBody>;
  'mmscope/frameChanges': Exchange<FrameChangesArguments, FrameChangesBody>;
  'mmscope/frameValues': Exchange<FrameValuesArguments, FrameValuesBody>;
  'mmscope/frameLabels': Exchange<FrameLabelsArguments, FrameLabelsBody>;
  'mmscope/timeline': Exchange<TimelineArguments, TimelineBody>;
  'mmscope/goToTime': Exchange<TimeArguments, undefined>;
  'mmscope/differences': Exchange<DifferencesArguments, DifferencesBody>;
  'mmscope/changeBreakpoints': Exchange<ChangeBreakpointsArguments, ChangeBreakpointsBody>;
}
export type ViewRequest = keyof ViewRequests;

const LISTED: { readonly [R in ViewRequest]: true } = {
  ...ATLAS_REQUESTS,
  'mmscope/map': true,
  'mmscope/frame': true,
  'mmscope/verdict': true,
  'mmscope/clock': true,
  'mmscope/address': true,
  'mmscope/locate': true,
  'mmscope/frameChanges': true,
  'mmscope/frameValues': true,
  'mmscope/frameLabels': true,
  'mmscope/timeline': true,
  'mmscope/goToTime': true,
  'mmscope/differences': true,
  'mmscope/changeBreakpoints': true,
};

export const isViewRequest = (name: string): name is ViewRequest => Object.hasOwn(LISTED, name);
