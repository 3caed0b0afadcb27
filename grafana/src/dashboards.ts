import { join } from 'node:path';
import { controlPlaneRows } from './control-plane.ts';
import { buildDashboard, type About } from './dashboard.ts';
import { leafSetRows } from './leaf-sets.ts';
import { nodeRows } from './node-detail.ts';
import { normalise } from './normalise.ts';
import { overviewRows } from './overview.ts';
import type { Row } from './panel.ts';
import { routingRows } from './routing.ts';
import { runtimeRows } from './runtime.ts';
import { slowRows } from './slow.ts';
import { treeRows } from './trees.ts';

/** A dashboard before it is built: the name of its file, what it is, what it shows. */
export interface Planned extends About {
  readonly file: string;
  readonly rows: readonly Row[];
}

/** A generated file: where it stands and what it holds. */
export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

/** The folder of the generated dashboards. */
export const dashboardsDirectory = join(import.meta.dirname, '..', 'dashboards');

/** Every dashboard, the one to begin with first. */
export const planned: readonly Planned[] = [
  { file: 'overview', uid: 'banyan-overview', title: 'Banyan / Overview and SLO', description: 'Is the overlay whole, are its promises kept. Every number leads to the dashboard that explains it.', rows: overviewRows },
  { file: 'routing', uid: 'banyan-routing', title: 'Banyan / Routing', description: 'How many hops, how long, by which rule, and what is given up.', rows: routingRows },
  { file: 'leaf-sets', uid: 'banyan-leaf-sets', title: 'Banyan / Leaf sets and churn', description: 'Who comes and goes, and how whole the ring is meanwhile.', rows: leafSetRows },
  { file: 'trees', uid: 'banyan-trees', title: 'Banyan / Multicast groups and trees', description: 'Do messages arrive, what do the trees look like, what do they cost.', rows: treeRows },
  { file: 'slow', uid: 'banyan-slow', title: 'Banyan / Slow consumers', description: 'Who keeps whom waiting, where, and what it does to publishers.', rows: slowRows },
  { file: 'control-plane', uid: 'banyan-control-plane', title: 'Banyan / Control plane', description: 'Do auth, bootstrap, tree builder and console answer, and what do they know.', rows: controlPlaneRows },
  { file: 'node', uid: 'banyan-node', title: 'Banyan / Node detail', description: 'Everything about one process.', isOfOneNode: true, rows: nodeRows },
  { file: 'runtime', uid: 'banyan-runtime', title: 'Banyan / Runtime', description: 'What the processes cost, each for itself.', rows: runtimeRows },
];

/** Every dashboard as the text that is committed. */
export function generateDashboards(): readonly GeneratedFile[] {
  return planned.map((each) => ({ path: join(dashboardsDirectory, `${each.file}.json`), text: normalise(buildDashboard(each, each.rows)) }));
}
