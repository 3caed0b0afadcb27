import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { OverlayError } from '@banyan/grpc';
import { readOverlayFile, type OverlayFile } from './overlay-file.ts';
import { DATA_DIR_NAME, overlayPaths } from './overlay-paths.ts';
import { isAlive } from './process-identity.ts';

/** Where to look. */
export interface WhereToLook {
  /** The overlay's data directory; else BANYAN_DATA_DIR, else `.banyan` here or in a directory above. */
  readonly dataDir?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** A local overlay that runs. */
export interface FoundOverlay {
  readonly dataDir: string;
  readonly file: OverlayFile;
  /** The token with every scope. */
  readonly token: string;
}

/** The local overlay that runs here. Throws OVERLAY_NOT_FOUND, saying where it looked. */
export async function findOverlay(where: WhereToLook): Promise<FoundOverlay> {
  const named = where.dataDir ?? (where.env['BANYAN_DATA_DIR'] || undefined);
  const candidates = named === undefined ? upwards(where.cwd).map((directory) => join(directory, DATA_DIR_NAME)) : [resolve(where.cwd, named)];
  for (const dataDir of candidates) {
    const file = await readOverlayFile(overlayPaths(dataDir).overlayFile);
    if (file === undefined) continue;
    if (!isAlive({ pid: file.launcherPid })) {
      throw new OverlayError('OVERLAY_NOT_FOUND', `the overlay of ${dataDir} does not run any more: its launcher (process ${file.launcherPid}) is gone`, { dataDir });
    }
    return { dataDir, file, token: await readToken(file.tokenFile) };
  }
  const looked = named === undefined ? `${DATA_DIR_NAME} in ${where.cwd} or above it` : candidates.join();
  throw new OverlayError('OVERLAY_NOT_FOUND', `no local overlay runs here (looked for ${looked})`);
}

function upwards(from: string): readonly string[] {
  const above = dirname(from);
  return above === from ? [from] : [from, ...upwards(above)];
}

async function readToken(path: string): Promise<string> {
  return readFile(path, 'utf8').then(
    (text) => text.trim(),
    (cause: Error) => {
      throw new OverlayError('FILE_NOT_FOUND', `cannot read the overlay's token: ${cause.message}`, { file: path }, { cause });
    },
  );
}
