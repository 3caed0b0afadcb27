// What each process is told. The launcher knows the overlay; a service knows only its own settings.
import type { Addresses, ServiceName } from './overlay-file.ts';
import type { OverlayPaths } from './overlay-paths.ts';
import type { OverlaySecrets } from './secrets.ts';

/** Settings of a process by the keys of its schema: `{ logLevel: 'debug' }`. */
export type Settings = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** What all processes of an overlay are told about it. */
export interface OverlayFacts {
  readonly paths: OverlayPaths;
  readonly secrets: OverlaySecrets;
  /** Addresses of the services that run already. */
  readonly services: Readonly<Partial<Record<ServiceName, Addresses>>>;
}

// The auth service's listeners that its peers and clients use, by the names of the ready line.
const API = 'api';
const PEER = 'peer';

const LISTENERS = ['api', 'peer', 'control', 'data', 'admin', 'web'];
const LISTENERS_OF = {
  auth: ['api', 'peer', 'admin'],
  bootstrap: ['api', 'peer', 'admin'],
  'tree-builder': ['api', 'peer', 'admin'],
  console: ['web', 'admin'],
  'pastry-node': ['api', 'control', 'data', 'admin'],
} as const;

/** Settings of auth: it makes the authority, and takes the overlay's secrets at its first start. */
export function authSettings({ paths, secrets }: OverlayFacts): Settings {
  return {
    ...common(paths, 'auth'),
    authorityFile: paths.authorityFile,
    initialEnrolmentToken: secrets.enrolmentToken,
    initialAdminSecret: secrets.adminSecret,
  };
}

/** Settings of the console: it signs in as the administrator. */
export function consoleSettings({ paths, secrets, services }: OverlayFacts): Settings {
  return {
    ...common(paths, 'console'),
    authorityFile: paths.authorityFile,
    secret: secrets.adminSecret,
    ...address('authAddress', services.auth?.[API]),
    ...address('bootstrapAddress', services.bootstrap?.[API]),
    ...address('treeBuilderAddress', services['tree-builder']?.[API]),
    ...address('jwksUrl', services.auth?.['jwks']),
  };
}

/** Settings of bootstrap and tree builder. */
export function serviceSettings(name: 'bootstrap' | 'tree-builder', facts: OverlayFacts): Settings {
  return { ...common(facts.paths, name), ...enrolment(facts) };
}

/** Settings of a node. The first one starts the ring when it finds nobody. */
export function nodeSettings(name: string, isFirst: boolean, facts: OverlayFacts): Settings {
  const { services } = facts;
  return {
    ...common(facts.paths, name),
    ...enrolment(facts),
    ...(isFirst ? { first: true } : {}),
    ...address('bootstrapAddress', services.bootstrap?.[PEER]),
    ...address('treeBuilderAddress', services['tree-builder']?.[PEER]),
  };
}

/** The environment of a process: everything of ours that is no setting of Banyan's, then its settings as variables. */
export function environmentOf(settings: Settings): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('BANYAN_'));
  const own = Object.entries(settings).map(([key, value]) => [variableOf(key), Array.isArray(value) ? value.join(',') : String(value)]);
  return { ...Object.fromEntries(inherited), ...Object.fromEntries(own), BANYAN_STOP_WITH_STDIN: 'true' };
}

/** Settings that make a process listen where it listened before: `{ apiListen: … }`. */
export function listenSettings(addresses: Addresses): Settings {
  return Object.fromEntries(LISTENERS.filter((name) => addresses[name] !== undefined).map((name) => [`${name}Listen`, (addresses[name] ?? '').replace(/^https?:\/\//, '')]));
}

/** Settings that make a process listen on any ports of one host. */
export function listenAt(host: string, service: ServiceName | 'pastry-node'): Settings {
  return Object.fromEntries(LISTENERS_OF[service].map((name) => [`${name}Listen`, `${host}:0`]));
}

function common(paths: OverlayPaths, name: string): Settings {
  return { name, dataDir: paths.dirOf(name) };
}

function enrolment({ paths, secrets, services }: OverlayFacts): Settings {
  return {
    authorityFile: paths.authorityFile,
    enrolmentToken: secrets.enrolmentToken,
    ...address('authAddress', services.auth?.[API]),
    ...address('authPeerAddress', services.auth?.[PEER]),
    ...address('jwksUrl', services.auth?.['jwks']),
  };
}

function address(key: string, value: string | undefined): Settings {
  return value === undefined ? {} : { [key]: value };
}

/** `BANYAN_LEAF_SET_SIZE` for `leafSetSize`. */
function variableOf(key: string): string {
  return `BANYAN_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
