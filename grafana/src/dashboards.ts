import { join } from 'node:path';
import { buildDashboard } from './dashboard.ts';
import { normalise } from './normalise.ts';
import { overviewRows } from './overview.ts';

/** A generated file: where it stands and what it holds. */
export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

/** The folder of the generated dashboards. */
export const dashboardsDirectory = join(import.meta.dirname, '..', 'dashboards');

/** Every dashboard as the text that is committed. */
export function generateDashboards(): readonly GeneratedFile[] {
  const overview = buildDashboard({
    uid: 'banyan-overview',
    title: 'Banyan / Overview',
    description: 'Is the overlay whole, does it route, does it deliver, what does it give up, and what does it cost.',
  }, overviewRows);
  return [{ path: join(dashboardsDirectory, 'overview.json'), text: normalise(overview) }];
}
