import { join, resolve } from 'node:path';

/** Where a local overlay keeps what, all below one data directory. */
export interface OverlayPaths {
  readonly dataDir: string;
  /** Who runs where: `OverlayFile`. */
  readonly overlayFile: string;
  /** The authority's certificate, PEM. */
  readonly authorityFile: string;
  /** A token with every scope, mode 0600. */
  readonly tokenFile: string;
  /** What the overlay's processes prove themselves to auth with, mode 0600. */
  readonly secretsFile: string;
  /** Held by the launcher. */
  readonly lockFile: string;
  /** A process's own data directory. */
  readonly dirOf: (name: string) => string;
  /** A process's log. */
  readonly logOf: (name: string) => string;
}

/** The name of the data directory that is looked for from the working directory upwards. */
export const DATA_DIR_NAME = '.banyan';

/** The paths below `dataDir`. */
export function overlayPaths(dataDir: string): OverlayPaths {
  const root = resolve(dataDir);
  return {
    dataDir: root,
    overlayFile: join(root, 'overlay.json'),
    authorityFile: join(root, 'ca.pem'),
    tokenFile: join(root, 'token'),
    secretsFile: join(root, 'secrets.json'),
    lockFile: join(root, 'launcher.lock'),
    dirOf: (name) => join(root, name),
    logOf: (name) => join(root, name, 'log.jsonl'),
  };
}
