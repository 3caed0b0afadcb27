// The Overview: is the overlay whole, does it deliver, what does it give up, and what does it cost. One row a question,
// the numbers that answer it first; detail dashboards can start from any of its rows.
import type { Row } from './panel.ts';
import { overlayRows } from './overview-overlay.ts';
import { multicastRows } from './overview-multicast.ts';
import { serviceRows } from './overview-services.ts';

/** All rows of the Overview, from top to bottom. */
export const overviewRows: readonly Row[] = [...overlayRows, ...multicastRows, ...serviceRows];
