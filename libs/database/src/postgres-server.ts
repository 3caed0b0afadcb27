import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openPostgres } from './open-postgres.ts';

/** Debian keeps each version's programs apart. */
const DEBIAN = '/usr/lib/postgresql';
const START_TIMEOUT_MS = 30_000;

/** A real PostgreSQL server with an empty data directory of its own. It listens on a socket there and on no port. */
export class PostgresServer implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #directory: string;
  #databases = 0;

  private constructor(child: ChildProcess, directory: string) {
    this.#child = child;
    this.#directory = directory;
  }

  /** Starts one. Throws when the programs are not installed, and says how they are. */
  static async start(): Promise<PostgresServer> {
    const programs = programsDirectory();
    const directory = mkdtempSync(join(tmpdir(), 'banyan-postgres-'));
    const user = unprivileged();
    if (user !== undefined) chownSync(directory, user.uid, user.gid);
    const data = join(directory, 'data');
    const options = { ...user, cwd: directory, env: { ...process.env, LC_ALL: 'C' } };
    execFileSync(join(programs, 'initdb'), ['--pgdata', data, '--username', 'banyan', '--auth', 'trust', '--encoding', 'UTF8', '--no-sync'], { ...options, stdio: 'pipe' });
    const settings = { listen_addresses: '', unix_socket_directories: directory, fsync: 'off', full_page_writes: 'off', max_connections: '60' };
    const child = spawn(join(programs, 'postgres'), ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])], { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
    const server = new PostgresServer(child, directory);
    await server.#answers();
    return server;
  }

  /** The address of a new, empty database. */
  async newDatabase(): Promise<string> {
    const name = `test_${++this.#databases}`;
    const admin = await openPostgres(this.#url('postgres'), {}, { schema: 'banyan_testing' });
    try {
      const { sql } = await import('kysely');
      await sql`create database ${sql.raw(name)}`.execute(admin.query);
    } finally {
      await admin.close();
    }
    return this.#url(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGINT'); // fast shutdown: clients are cut off
      await once(this.#child, 'exit');
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #url(database: string): string {
    return `postgres://banyan@/${database}?host=${encodeURIComponent(this.#directory)}`;
  }

  async #answers(): Promise<void> {
    let said = '';
    this.#child.stderr?.on('data', (text) => (said += String(text)));
    for (const until = performance.now() + START_TIMEOUT_MS; ; await pause(50)) {
      if (/ready to accept connections/.test(said)) return;
      if (this.#child.exitCode !== null || performance.now() > until) {
        await this[Symbol.asyncDispose]();
        throw new Error(`PostgreSQL does not start: ${said}`);
      }
    }
  }
}

function programsDirectory(): string {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const directories = [...versions.map((version) => join(DEBIAN, version, 'bin')), ...(process.env['PATH'] ?? '').split(':')];
  const found = directories.find((directory) => existsSync(join(directory, 'initdb')) && existsSync(join(directory, 'postgres')));
  if (found === undefined) throw new Error('this test needs a real PostgreSQL: apt-get install postgresql');
  return found;
}

/** PostgreSQL refuses to run as root: then it runs as the user of its package, or as nobody. */
function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (user === undefined) throw new Error('PostgreSQL does not run as root, and there is neither a user postgres nor nobody');
  return { uid: Number(user[2]), gid: Number(user[3]) };
}
