import { init, type EChartsOption } from 'echarts';

const WIDTH = 900;
const HEIGHT = 480;

/** A chart drawn without a browser, as one SVG document. echarts is known to this file only. */
export function renderSvg(option: EChartsOption): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  try {
    // Without this the document starts with every bar at height 0 and grows them by CSS.
    chart.setOption({ ...option, animation: false, backgroundColor: '#ffffff' });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

/** Bars over whole numbers from 0, and beside them another source's figures for the same. */
export function histogramChart({ title, axis, series }: { readonly title: string; readonly axis: string; readonly series: readonly Series[] }): EChartsOption {
  const length = Math.max(0, ...series.map(({ shares }) => shares.length));
  return {
    title: { text: title, left: 'center' },
    legend: { bottom: 0 },
    grid: { left: 70, right: 30, bottom: 70, top: 50 },
    xAxis: { type: 'category', name: axis, nameLocation: 'middle', nameGap: 28, data: Array.from({ length }, (_, value) => String(value)) },
    yAxis: { type: 'value', name: 'share' },
    series: series.map(({ name, shares }) => ({ name, type: 'bar', data: [...shares] })),
  };
}

/** Curves of shares over one axis, which may be logarithmic; `marks` are named values on it. */
export function curveChart({ title, axis, log = false, marks = [], series }: CurveOptions): EChartsOption {
  const markLine = { symbol: 'none', label: { formatter: '{b}' }, data: marks.map(({ name, at }) => ({ name, xAxis: at })) };
  return {
    title: { text: title, left: 'center' },
    legend: { bottom: 0 },
    grid: { left: 70, right: 40, bottom: 80, top: 60 },
    xAxis: { type: log ? 'log' : 'value', name: axis, nameLocation: 'middle', nameGap: 28 },
    yAxis: { type: 'value', name: 'share', min: 0, max: 1 },
    series: series.map(({ name, points }, index) => ({
      name,
      type: 'line',
      showSymbol: false,
      data: points.map(([x, y]) => [x, y]),
      ...(index === 0 && marks.length > 0 ? { markLine } : {}),
    })),
  };
}

export interface CurveOptions {
  readonly title: string;
  readonly axis: string;
  readonly log?: boolean;
  readonly marks?: readonly { readonly name: string; readonly at: number }[];
  readonly series: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[];
}

export interface Series {
  readonly name: string;
  /** Index = the whole number, value = its share of all samples, 0 to 1. */
  readonly shares: readonly number[];
}
