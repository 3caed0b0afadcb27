// For the specs of services: a real PostgreSQL server for the length of a spec file. Imported as `@banyan/database/testing`.
export { PostgresServer } from './postgres-server.ts';
