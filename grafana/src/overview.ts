// The Overview: is the overlay whole, does it deliver, what does it give up, and what does it cost. One row a question,
// the numbers that answer it first; detail dashboards can start from any of its rows.
import type { Panel } from './panel.ts';
import { overlayRows } from './overview-overlay.ts';
import { multicastRows } from './overview-multicast.ts';
import { serviceRows } from './overview-services.ts';

/** Panels that answer one question together. */
export interface Row {
  readonly title: string;
  /** Drawn as numbers, in one line. */
  readonly numbers?: readonly Panel[];
  /** Drawn as lines over time, three to a line of the dashboard. */
  readonly lines: readonly Panel[];
}

/** All rows of the Overview, from top to bottom. */
export const overviewRows: readonly Row[] = [...overlayRows, ...multicastRows, ...serviceRows];
