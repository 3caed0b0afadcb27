import { Presets, SingleBar } from 'cli-progress';

/** Tells a waiting person how far a run is. */
export interface Progress {
  /** `done` of `total` steps of a phase with this name. */
  show(phase: string, done: number, total: number): void;
  /** Removes the bar, so that results can be printed. */
  end(): void;
}

/** For runs nobody watches. */
export const SILENT: Progress = { show: () => undefined, end: () => undefined };

const REDRAW_MS = 100;

/** A bar on a terminal's standard error, nothing where that is a file or a pipe. cli-progress is known to this file only. */
export function terminalProgress(): Progress {
  if (!process.stderr.isTTY) return SILENT;
  const bar = new SingleBar({ format: '{phase} [{bar}] {percentage}% {value}/{total}', stream: process.stderr, clearOnComplete: true, hideCursor: true }, Presets.shades_classic);
  let shownPhase: string | undefined;
  let drawnAt = 0;
  return {
    show(phase, done, total) {
      if (phase !== shownPhase) {
        if (shownPhase !== undefined) bar.stop();
        bar.start(total, done, { phase });
        shownPhase = phase;
      }
      // A simulation never yields to the event loop, so the bar's own timer does not run: draw from here.
      const now = performance.now();
      if (now - drawnAt < REDRAW_MS) return;
      drawnAt = now;
      bar.setTotal(total);
      bar.update(done, { phase });
      bar.render();
    },
    end() {
      if (shownPhase !== undefined) bar.stop();
      shownPhase = undefined;
    },
  };
}
