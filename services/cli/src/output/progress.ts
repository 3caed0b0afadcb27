import cliProgress from 'cli-progress';
import type { Io } from '../io.ts';
import { bytesText } from './quantities.ts';
import { printable } from './table.ts';

/** How far a long transfer is. */
export interface Progress {
  /** `total` is undefined when it is not known. */
  update(doneBytes: number, totalBytes: number | undefined): void;
  stop(): void;
}

// A transfer shorter than this needs no bar.
const TOTAL_BYTES_MIN = 1024 * 1024;

/** A bar on stderr where that is a terminal, else nothing. */
export function progressBar(io: Io, what: string): Progress {
  if (io.stderr.isTTY !== true) return { update: () => undefined, stop: () => undefined };
  let bar: cliProgress.SingleBar | undefined;
  return {
    update(done, total) {
      if (bar === undefined) {
        if (total !== undefined && total < TOTAL_BYTES_MIN) return;
        bar = startBar(io, what, total);
      }
      bar.update(done, { shown: bytesText(done), of: total === undefined ? '' : ` of ${bytesText(total)}` });
    },
    stop() {
      bar?.stop();
      bar = undefined;
    },
  };
}

function startBar(io: Io, what: string, total: number | undefined): cliProgress.SingleBar {
  const format = total === undefined ? '{what} {shown} in {duration_formatted}' : '{what} [{bar}] {percentage}% {shown}{of}, {eta_formatted} left';
  const bar = new cliProgress.SingleBar({ format, stream: io.stderr as NodeJS.WritableStream, hideCursor: true, clearOnComplete: true, fps: 5 }, cliProgress.Presets.shades_classic);
  bar.start(total ?? 1, 0, { what: printable(what), shown: '', of: '' });
  return bar;
}
