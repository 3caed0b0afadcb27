import { setTimeout as delay } from 'node:timers/promises';
import { startOverlay } from '../processes/overlay-under-test.ts';
import { cpuSecondsOf, memoryOf, startCpuMeter, totalOf } from '../processes/process-cost.ts';
import { rounded } from '../report/percentile.ts';
import type { Suite } from '../suite.ts';

const options = {
  nodes: { kind: 'number', describe: 'node processes', default: 8, min: 1 },
  'idle-seconds': { kind: 'number', describe: 'how long the idle overlay is watched', default: 10, min: 1 },
  seed: { kind: 'number', describe: 'taken like everywhere; nothing here is drawn', default: 1, min: 0 },
} as const;

/** `bench startup`. */
export const startup: Suite<typeof options> = {
  name: 'startup',
  summary: 'how long until an overlay is ready, what its nodes cost to start, and what they cost when idle',
  options,
  async run(values, say) {
    say(`starting an overlay of ${values.nodes} nodes`);
    await using overlay = await startOverlay({ nodes: values.nodes });
    const nodePids = overlay.nodes.map(({ pid }) => pid);
    const startCpu = nodePids.map(cpuSecondsOf);
    say(`watching it idle for ${values['idle-seconds']} s`);
    const stopMeter = startCpuMeter(nodePids);
    await delay(values['idle-seconds'] * 1_000);
    const idleCores = totalOf(stopMeter()) / values['idle-seconds'] / nodePids.length;
    const anonymous = nodePids.map((pid) => memoryOf(pid).anonymousBytes);
    const row = {
      nodes: values.nodes,
      readySeconds: rounded(overlay.readySeconds),
      startCpuSecondsMean: rounded(startCpu.reduce((total, seconds) => total + seconds, 0) / nodePids.length),
      startCpuSecondsMax: rounded(Math.max(...startCpu)),
      idleCpuPercent: rounded(idleCores * 100),
      anonymousBytesMean: Math.round(anonymous.reduce((total, bytes) => total + bytes, 0) / nodePids.length),
      anonymousBytesMax: Math.max(...anonymous),
    };
    return {
      results: { rows: [row] },
      columns: ['nodes', 'ready s', 'start CPU s', 'largest', 'idle CPU %', 'anonymous MB', 'largest'],
      rows: [[String(row.nodes), row.readySeconds, row.startCpuSecondsMean, row.startCpuSecondsMax, row.idleCpuPercent, row.anonymousBytesMean / 1e6, row.anonymousBytesMax / 1e6]],
      remarks: ['Start CPU: of one node process until all are ready. Idle CPU: of one node, share of a core.'],
      failures: [],
      cpuSeconds: rounded([process.pid, ...overlay.pids].reduce((total, pid) => total + cpuSecondsOf(pid), 0)),
      peakRssBytes: Math.max(...[process.pid, ...overlay.pids].map((pid) => memoryOf(pid).peakRssBytes)),
    };
  },
};
