import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { OverlayError } from '@banyan/grpc';
import { fileFailure, writeWhole } from './overlay-file.ts';

/** What the processes of a local overlay prove themselves to its auth service with. */
export interface OverlaySecrets {
  /** Shared by bootstrap, tree builder and nodes when they enroll. */
  readonly enrolmentToken: string;
  /** Of the subject `admin`. */
  readonly adminSecret: string;
}

/** The secrets in `path`, drawn and kept there (mode 0600) at the first start. */
export async function keptSecrets(path: string): Promise<OverlaySecrets> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw fileFailure(path, error);
  });
  if (text !== undefined) return parse(path, text);
  const secrets = { enrolmentToken: randomBytes(32).toString('base64url'), adminSecret: randomBytes(32).toString('base64url') };
  await writeWhole(path, `${JSON.stringify(secrets, undefined, 2)}\n`, 0o600);
  return secrets;
}

function parse(path: string, text: string): OverlaySecrets {
  try {
    const { enrolmentToken, adminSecret } = JSON.parse(text) as Partial<OverlaySecrets>;
    if (typeof enrolmentToken === 'string' && typeof adminSecret === 'string') return { enrolmentToken, adminSecret };
  } catch {
    // told below
  }
  throw new OverlayError('DATA_DIR_UNUSABLE', `${path} does not hold the secrets of a local overlay; remove the whole data directory to begin anew`, { file: path });
}
