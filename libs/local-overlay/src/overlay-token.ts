import { readFile } from 'node:fs/promises';
import { issueToken } from '@banyan/client';
import { OverlayError } from '@banyan/grpc';
import { writeWhole } from './overlay-file.ts';
import type { OverlayPaths } from './overlay-paths.ts';

/** Every scope there is: the holder of a local overlay is its administrator. */
const SCOPES = ['admin', 'route', 'publish:*', 'subscribe:*', 'subscribe:*:block'];
/** The longest life auth gives; kept on disk so that the CLI works while auth is down. */
const TTL_SECONDS = 24 * 60 * 60;
/** The launcher asks for a new one after half of that. */
export const TOKEN_RENEWAL_MS = (TTL_SECONDS / 2) * 1_000;

/** Asks auth for the administrator's token and keeps it in the token file. */
export async function writeToken(paths: OverlayPaths, authAddress: string | undefined, adminSecret: string): Promise<void> {
  if (authAddress === undefined) throw new OverlayError('AUTH_UNREACHABLE', 'auth did not say where its API is');
  const authority = await readFile(paths.authorityFile, 'utf8');
  const { token } = await issueToken({ address: authAddress, authority, subject: 'admin', secret: adminSecret, scopes: SCOPES, ttlSeconds: TTL_SECONDS });
  await writeWhole(paths.tokenFile, `${token}\n`, 0o600);
}
