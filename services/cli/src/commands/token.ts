import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { issueToken } from '@banyan/client';
import { OverlayError } from '@banyan/grpc';
import type { Io } from '../io.ts';
import { say } from '../io.ts';
import { json } from '../output/json.ts';
import { UsageError } from '../usage-error.ts';

interface TokenCommandOptions {
  readonly auth?: string;
  readonly authority?: string;
  readonly subject: string;
  readonly scope: readonly string[];
  readonly ttl?: number;
  readonly json?: boolean;
}

const SECRET = 'BANYAN_SECRET';

/**
 * `banyan token`: what a user of an overlay that runs elsewhere shows in each call, to be kept in `BANYAN_TOKEN`. The secret
 * comes by the environment, never as an argument, which every process of a machine may read.
 */
export function tokenCommand(io: Io): Command {
  return new Command('token')
    .description(`get a token from an auth service, for BANYAN_TOKEN; the subject's secret is taken from ${SECRET}`)
    .addOption(new Option('--auth <host:port>', 'API address of the auth service').env('BANYAN_AUTH_ADDRESS'))
    .addOption(new Option('--authority <file>', "certificate of the overlay's authority, PEM").env('BANYAN_AUTHORITY_FILE'))
    .option('--subject <name>', 'whose token', 'admin')
    .option('--scope <scope...>', 'what it allows: admin, route, publish:GROUP, subscribe:GROUP, subscribe:GROUP:block; GROUP may end in *', ['admin', 'route', 'publish:*', 'subscribe:*', 'subscribe:*:block'])
    .option('--ttl <seconds>', 'how long it lives, at most a day (default: an hour)', secondsArgument)
    .option('--json', 'print JSON')
    .action(async ({ auth, authority: file, subject, scope, ttl, json: asJson }: TokenCommandOptions) => {
      if (auth === undefined || file === undefined) throw new UsageError('give --auth HOST:PORT and --authority FILE');
      const secret = io.env[SECRET];
      if (secret === undefined || secret === '') throw new UsageError(`put the secret of '${subject}' into the environment as ${SECRET}`);
      const authority = await authorityOf(resolve(io.cwd, file));
      const issued = await issueToken({ address: auth, authority, subject, secret, scopes: scope, ...(ttl === undefined ? {} : { ttlSeconds: ttl }) });
      say(io, asJson === true ? json({ ...issued, expiresAt: new Date(issued.expiresAtMs).toISOString() }, 2) : issued.token);
    });
}

async function authorityOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new OverlayError('FILE_NOT_FOUND', `the certificate ${file} cannot be read`, { file }, { cause: error });
  }
}

function secondsArgument(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 86_400) throw new InvalidArgumentError('Give seconds from 1 to 86400.');
  return seconds;
}
