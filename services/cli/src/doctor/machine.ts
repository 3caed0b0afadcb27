import { statfs } from 'node:fs/promises';
import { bytesText, durationText } from '../output/quantities.ts';
import { fail, ok, warn, type Finding } from './check.ts';

const NODE_MAJOR_MIN = 24;
const FREE_BYTES_LOW = 1024 ** 3;
const FREE_BYTES_MIN = 64 * 1024 ** 2;
// Tokens and certificates carry wall times; the services allow for so much.
const CLOCK_SKEW_MAX_MS = 60_000;
const CLOCK_SKEW_WARN_MS = 5_000;
const ANSWER_TIMEOUT_MS = 2_000;

/** The Node that runs this. */
export function checkNode(version: string): Finding {
  const what = 'Node.js';
  if (Number(version.split('.')[0]) >= NODE_MAJOR_MIN) return ok(what, version);
  return fail(what, `${version} is too old`, `use Node ${NODE_MAJOR_MIN} or later; \`npm start\` brings its own`);
}

/** Room on the disk of the data directory. */
export async function checkDisk(dataDir: string): Promise<Finding> {
  const what = 'disk';
  const { bavail, bsize } = await statfs(dataDir);
  const free = bavail * bsize;
  const detail = `${bytesText(free)} free for ${dataDir}`;
  if (free < FREE_BYTES_MIN) return fail(what, detail, 'make room: nodes cannot keep their state');
  return free < FREE_BYTES_LOW ? warn(what, detail, 'make room before logs and stores fill it') : ok(what, detail);
}

/** This clock against those of the services, by the Date of an HTTP answer (whole seconds). */
export async function checkClock(adminAddresses: readonly string[]): Promise<Finding> {
  const what = 'clock';
  const skews = (await Promise.all(adminAddresses.map(skewAgainst))).filter((skew) => skew !== undefined);
  if (skews.length === 0) return warn(what, 'no service told its time', 'see the processes above');
  const worst = skews.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
  const detail = worst === 0 ? `agrees with ${skews.length} services` : `within ${durationText(Math.abs(worst))} of ${skews.length} services`;
  const mend = 'set the clocks (NTP): tokens and certificates are judged by them';
  if (Math.abs(worst) > CLOCK_SKEW_MAX_MS) return fail(what, detail, mend);
  return Math.abs(worst) > CLOCK_SKEW_WARN_MS ? warn(what, detail, mend) : ok(what, detail);
}

async function skewAgainst(adminAddress: string): Promise<number | undefined> {
  try {
    const before = Date.now();
    const response = await fetch(`http://${adminAddress}/livez`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    const told = Date.parse(response.headers.get('date') ?? '');
    // The header has whole seconds: anything within [told, told + 1 s] is no skew.
    if (Number.isNaN(told)) return undefined;
    return before < told ? before - told : Math.max(0, Date.now() - told - 1_000);
  } catch {
    return undefined;
  }
}
