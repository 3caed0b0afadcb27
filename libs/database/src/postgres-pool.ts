import pg from 'pg';
import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import { postgresFault } from './postgres-fault.ts';

/** Connections that one process keeps at most. These services ask little, and PostgreSQL gives 100 in all. */
const CONNECTIONS_MAX = 8;
/** How long a connection may take to come, ms; then the store does not answer. */
const CONNECT_TIMEOUT_MS = 5_000;
/** How long one query may take, ms: a server that hangs must not hang its callers. */
const QUERY_TIMEOUT_MS = 15_000;
const INT8_OID = 20;

/** Connections to one schema of a PostgreSQL database. Throws DatabaseError only. */
export class GuardedPool implements PostgresPool {
  readonly #pool: pg.Pool;
  /** What kysely makes a connection beside the pool with, to cancel a query. */
  readonly options: PostgresPool['options'];

  /** `onIdleError` is told of connections that broke while nobody used them; the next query makes another. */
  constructor(url: string, schema: string, onIdleError: (error: Error) => void) {
    this.#pool = new pg.Pool({
      connectionString: url,
      max: CONNECTIONS_MAX,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      options: `-c search_path=${schema}`,
      application_name: schema,
      allowExitOnIdle: true,
      types: { getTypeParser: typeParser as typeof pg.types.getTypeParser },
    });
    this.options = this.#pool.options as unknown as PostgresPool['options'];
    this.#pool.on('error', onIdleError);
  }

  readonly connect = async (): Promise<PostgresPoolClient> => {
    const client = await guarded(() => this.#pool.connect());
    return {
      query: ((text: string, values?: unknown[]) => guarded(() => client.query(text, values))) as unknown as PostgresPoolClient['query'],
      release: (destroy?: boolean) => client.release(destroy),
    };
  };

  /** One statement on a connection of its own, outside every transaction. */
  async query<Row>(text: string, values: readonly unknown[] = []): Promise<PostgresQueryResult<Row>> {
    return (await guarded(() => this.#pool.query(text, [...values]))) as unknown as PostgresQueryResult<Row>;
  }

  readonly end = (): Promise<void> => guarded(() => this.#pool.end());
}

// Numbers of 64 bits come as text, since not all of them fit; ours do (whole numbers up to 2^53).
function typeParser(oid: number, format?: 'text' | 'binary'): unknown {
  return oid === INT8_OID ? Number : pg.types.getTypeParser(oid, format as 'text');
}

async function guarded<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw postgresFault(error);
  }
}
