// A panel as the dashboards state it, and its building with Grafana's own types: looks are decided here, once.
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as nodegraph from '@grafana/grafana-foundation-sdk/nodegraph';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as tempo from '@grafana/grafana-foundation-sdk/tempo';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

/** Grafana's names of the units used: per second, seconds, bytes, bytes per second, plain count, share of one. */
export type Unit = 'ops' | 's' | 'bytes' | 'Bps' | 'short' | 'percentunit';

/** One query and what its lines are called; `{{label}}` is replaced by the label's value. */
export interface Query {
  readonly expr: string;
  readonly legend: string;
}

/** From which value on a reader should look, and from which one he should act. */
export interface Limits {
  readonly warn: number;
  readonly act: number;
}

/** A panel: what it shows, and one sentence on what it means. */
export interface Panel {
  readonly title: string;
  /** What the reader learns, and what to do when it looks wrong. */
  readonly meaning: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  readonly limits?: Limits;
  /** Layers add up to a whole. */
  readonly isStacked?: boolean;
  /** A line for each process: a click on it leads to the detail of that one. */
  readonly isByNode?: boolean;
  /** Uid of the dashboard that explains it. */
  readonly detail?: string;
}

/** The panel, with a link to the dashboard of that uid. */
export function leadingTo(detail: string, panel: Panel): Panel {
  return { ...panel, detail };
}

/** Panels that answer one question together. */
export interface Row {
  readonly title: string;
  /** Drawn as numbers, in one line. */
  readonly numbers?: readonly Panel[];
  /** Drawn as lines over time, three to a line of the dashboard. */
  readonly lines: readonly Panel[];
  /** Drawn as a graph of what calls what, from traces. */
  readonly graph?: { readonly title: string; readonly meaning: string };
}

const datasource: common.DataSourceRef = { type: 'prometheus', uid: '${datasource}' };
const traces: common.DataSourceRef = { type: 'tempo', uid: '${traces}' };
const columns = 24;
const NODE_DETAIL = 'banyan-node';
// What is looked at stays: the time, the data source, the processes.
const SAME_VIEW = '${__url_time_range}&${datasource:queryparam}&${job:queryparam}&${node:queryparam}';

/** Numbers of this moment, `across` to a line of the dashboard. */
export function numberPanel(panel: Panel, across: number): Builder<dashboard.Panel> {
  const builder = new stat.PanelBuilder()
    .title(panel.title)
    .description(panel.meaning)
    .datasource(datasource)
    .unit(panel.unit)
    .height(4)
    .span(columns / across)
    .colorMode(panel.limits === undefined ? common.BigValueColorMode.None : common.BigValueColorMode.Value)
    .graphMode(common.BigValueGraphMode.Area)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .thresholds(thresholds(panel.limits))
    .links(detailLinks(panel));
  return panel.queries.reduce((built, query, index) => built.withTarget(target(query, index)), builder);
}

/** Lines over time, `across` to a line of the dashboard. */
export function timePanel(panel: Panel, across: number): Builder<dashboard.Panel> {
  const builder = new timeseries.PanelBuilder()
    .title(panel.title)
    .description(panel.meaning)
    .datasource(datasource)
    .unit(panel.unit)
    .min(0)
    .height(8)
    .span(columns / across)
    .lineWidth(1)
    .fillOpacity(panel.isStacked === true ? 30 : 8)
    .showPoints(common.VisibilityMode.Never)
    .stacking(new common.StackingConfigBuilder().mode(panel.isStacked === true ? common.StackingMode.Normal : common.StackingMode.None))
    .thresholds(thresholds(panel.limits))
    .links(detailLinks(panel))
    .dataLinks(panel.isByNode === true ? [nodeLink()] : [])
    .thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode(panel.limits === undefined ? common.GraphThresholdsStyleMode.Off : common.GraphThresholdsStyleMode.Dashed))
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending))
    .legend(new common.VizLegendOptionsBuilder()
      .displayMode(common.LegendDisplayMode.Table)
      .placement(common.LegendPlacement.Bottom)
      .showLegend(true)
      .calcs(['lastNotNull', 'max']));
  return panel.queries.reduce((built, query, index) => built.withTarget(target(query, index)), builder);
}

/** Who calls whom and how long it takes, as the traces tell: Prometheus has no edges, and ids never stand in its labels. */
export function graphPanel({ title, meaning }: { readonly title: string; readonly meaning: string }): Builder<dashboard.Panel> {
  return new nodegraph.PanelBuilder()
    .title(title)
    .description(meaning)
    .datasource(traces)
    .height(12)
    .span(columns)
    .withTarget(new tempo.DataqueryBuilder().datasource(traces).refId('A').queryType('serviceMap'));
}

function detailLinks({ detail }: Panel): Builder<dashboard.DashboardLink>[] {
  return detail === undefined ? [] : [new dashboard.DashboardLinkBuilder('Why?').type(dashboard.DashboardLinkType.Link).url(`/d/${detail}?${SAME_VIEW}`)];
}

function nodeLink(): Builder<dashboard.DashboardLink> {
  return new dashboard.DashboardLinkBuilder('Detail of ${__field.labels.node}').type(dashboard.DashboardLinkType.Link).url(`/d/${NODE_DETAIL}?var-node=\${__field.labels.node}&\${__url_time_range}&\${datasource:queryparam}`);
}

function target(query: Query, index: number): Builder<prometheus.Dataquery> {
  return new prometheus.DataqueryBuilder()
    .datasource(datasource)
    .refId(String.fromCharCode('A'.charCodeAt(0) + index))
    .editorMode(prometheus.QueryEditorMode.Code)
    .expr(query.expr)
    .legendFormat(query.legend)
    .exemplar(query.expr.startsWith('histogram_quantile'))
    .range();
}

// Up to the first limit green; a falling limit (act below warn) is drawn the other way round.
function thresholds(limits: Limits | undefined): Builder<dashboard.ThresholdsConfig> {
  return new dashboard.ThresholdsConfigBuilder().mode(dashboard.ThresholdsMode.Absolute).steps(steps(limits));
}

function steps(limits: Limits | undefined): dashboard.Threshold[] {
  if (limits === undefined) return [{ value: null, color: 'green' }];
  const { warn, act } = limits;
  return act >= warn
    ? [{ value: null, color: 'green' }, { value: warn, color: 'orange' }, { value: act, color: 'red' }]
    : [{ value: null, color: 'red' }, { value: act, color: 'orange' }, { value: warn, color: 'green' }];
}
