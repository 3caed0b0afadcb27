/** What a run cost so far: wall seconds, CPU seconds, and the most memory it ever held. */
export interface Cost {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
}

/** Starts measuring; call the result when the run is over. */
export function startMeter(): () => Cost {
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(startedCpu);
    return {
      seconds: (performance.now() - startedMs) / 1_000,
      cpuSeconds: (user + system) / 1e6,
      peakRssBytes: process.resourceUsage().maxRSS * 1_024,
    };
  };
}
