import { z } from 'zod';
import { reloadable } from '@banyan/config';
import { LOG_LEVELS } from '@banyan/telemetry';

/** Where a listener listens when nobody says otherwise: any free port of this host, out of reach for others. */
export const LOOPBACK = '127.0.0.1:0';

const PORT_MAX = 65_535;

/** `host:port`, IPv6 in brackets. */
export const HOST_PORT = /^(\[[0-9a-fA-F:.]+\]|[^:\s]+):\d{1,5}$/;

/** Longest name of a process; it names its data directory and stands in logs. */
const NAME_LENGTH_MAX = 64;

/** A setting of the form `host:port` (IPv6 in brackets); port 0 takes any free one. */
export function listenSetting(what: string) {
  return z
    .string()
    .regex(HOST_PORT, 'must be host:port')
    .refine((text) => !(portOf(text) > PORT_MAX), 'has a port above 65535')
    .default(LOOPBACK)
    .describe(`Where ${what} listens, host:port; port 0 takes any free one`);
}

/** The settings every service has; a service spreads them into its own schema. `service` is the default name. */
export function serviceSettings(service: string) {
  return {
    name: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'must be of a-z, 0-9 and hyphens')
      .max(NAME_LENGTH_MAX)
      .default(service)
      .describe('Name of this process in logs and traces'),
    dataDir: z.string().min(1).default(`.banyan/${service}`).describe('Directory of its key, certificate and state; nobody else may use it'),
    adminListen: listenSetting('the admin HTTP server (health, metrics)'),
    advertisedHost: z.string().min(1).optional().describe('Host that others reach this process by, when it is not the one it listens on'),
    logLevel: reloadable(z.enum(LOG_LEVELS).default('info').describe(`How much is logged: ${LOG_LEVELS.join(', ')}`)),
    traceSampling: reloadable(z.number().min(0).max(1).optional().describe('Share of the traces that begin here and are kept, 0 to 1; by default what OTEL_TRACES_SAMPLER says')),
    stopGraceMs: reloadable(z.number().int().min(100).default(10_000).describe('How long a graceful stop may take, ms; then the process ends anyway')),
  };
}

/** What the kit itself reads of a service's configuration. */
export type ServiceSettings = z.infer<z.ZodObject<ReturnType<typeof serviceSettings>>>;

/** Host and port of a checked `host:port`. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  return { host: address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, ''), port: portOf(address) };
}

/** `host:port` as others write it: IPv6 in brackets. */
export function joinAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}
