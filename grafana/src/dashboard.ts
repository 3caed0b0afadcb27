import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { graphPanel, numberPanel, timePanel, type Row } from './panel.ts';
import { SERVICE_METRICS } from '@banyan/telemetry';

const linesAcross = 3;

/** What a dashboard is. */
export interface About {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** It is about one process: the variable `node` has one value. */
  readonly isOfOneNode?: boolean;
}

/** A dashboard of rows with the variables that every query expects: `datasource`, `job` (a service), `node` (a process). */
export function buildDashboard(about: About, rows: readonly Row[]): dashboard.Dashboard {
  const builder = new dashboard.DashboardBuilder(about.title)
    .uid(about.uid)
    .description(about.description)
    .tags(['banyan', 'generated'])
    .readonly()
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .time({ from: 'now-30m', to: 'now' })
    .refresh('10s')
    .timezone('browser')
    .link(new dashboard.DashboardLinkBuilder('Banyan').type(dashboard.DashboardLinkType.Dashboards).tags(['banyan']).asDropdown(true).includeVars(true).keepTime(true))
    .withVariable(new dashboard.DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(labelVariable('job', 'Service', `label_values(${SERVICE_METRICS.ready.name}, job)`))
    .withVariable(labelVariable('node', 'Process', `label_values(${SERVICE_METRICS.ready.name}{job=~"$job"}, node)`, about.isOfOneNode !== true));
  if (rows.some(({ graph }) => graph !== undefined)) builder.withVariable(new dashboard.DatasourceVariableBuilder('traces').label('Traces').type('tempo'));
  for (const row of rows) {
    builder.withRow(new dashboard.RowBuilder(row.title));
    for (const panel of row.numbers ?? []) builder.withPanel(numberPanel(panel, row.numbers?.length ?? 1));
    if (row.graph !== undefined) builder.withPanel(graphPanel(row.graph));
    for (const panel of row.lines) builder.withPanel(timePanel(panel, linesAcross));
  }
  return withIds(builder.build());
}

function labelVariable(name: string, label: string, query: string, isMany = true): Builder<dashboard.VariableModel> {
  const variable = new dashboard.QueryVariableBuilder(name)
    .label(label)
    .query(query)
    .datasource({ type: 'prometheus', uid: '${datasource}' })
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.NaturalAsc);
  if (!isMany) return variable;
  return variable
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current({ selected: true, text: ['All'], value: ['$__all'] });
}

// Links to a panel carry its id, so ids follow the order of drawing and not what an editor would draw by chance.
function withIds(built: dashboard.Dashboard): dashboard.Dashboard {
  return { ...built, panels: (built.panels ?? []).map((panel, index) => ({ ...panel, id: index + 1 })) };
}
