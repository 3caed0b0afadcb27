// Panels about services and their processes, and about the promises kept.
import { AUTH_METRICS, CONSOLE_METRICS, SERVICE_METRICS } from '@banyan/telemetry';
import type { Panel } from './panel.ts';
import { PROCESS_METRICS } from './process-metrics.ts';
import { gathered, gauge, observations, quantile, rate, sum } from './promql.ts';

const FAILED = 'code!="OK"';

export const ready: Panel = {
  title: 'Ready',
  meaning: 'Share of all services that say they are ready: in the ring, leaf set complete, not draining.',
  unit: 'percentunit',
  limits: { warn: 1, act: 0.9 },
  queries: [{ expr: `avg(${gauge(SERVICE_METRICS.ready)})`, legend: 'ready' }],
};

export const alerts: Panel = {
  title: 'Alerts',
  meaning: 'Alerts that fire now, by severity. The runbook of each is named in the alert.',
  unit: 'short',
  limits: { warn: 1, act: 5 },
  queries: [
    { expr: `sum(ALERTS{alertstate="firing"}) or vector(0)`, legend: 'firing' },
  ],
};

export const cpu: Panel = {
  title: 'CPU',
  meaning: 'Cores in use by each process. A process runs JavaScript on one core: near 1 it is full.',
  unit: 'short',
  limits: { warn: 0.7, act: 0.9 },
  isByNode: true,
  queries: [{ expr: rate(PROCESS_METRICS.cpu, ['job', 'node']), legend: '{{node}}' }],
};

export const errorsOfTheObjectives: Panel = {
  title: 'Errors of the objectives',
  meaning: 'Share of what the objectives promise that failed within the last hour: delivery, delivery lag, lookups, joins. Nothing is drawn of what did not happen.',
  unit: 'percentunit',
  limits: { warn: 0.001, act: 0.01 },
  queries: [
    { expr: `max by (objective) (banyan:objective_errors:ratio_1h)`, legend: '{{objective}}' },
  ],
};

export const paceAtWhichBudgetsAreSpent: Panel = {
  title: 'Pace at which budgets are spent',
  meaning: 'Errors of the last hour over the budget of each objective: at 1 a budget of 30 days lasts 30 days, at 14.4 two. Alerts begin at 1 over three days and at 14.4 over an hour.',
  unit: 'short',
  limits: { warn: 1, act: 14.4 },
  queries: [
    { expr: `max by (objective) (banyan:objective_errors:ratio_1h{objective=~"delivery|lookup"}) / 0.001`, legend: '{{objective}}' },
    { expr: `max by (objective) (banyan:objective_errors:ratio_1h{objective=~"delivery-lag|join"}) / 0.01`, legend: '{{objective}}' },
  ],
};

export const callsThatFailed: Panel = {
  title: 'Calls that failed',
  meaning: 'Share of calls with another status than OK, by service. Refused callers count too: see the codes in the logs.',
  unit: 'percentunit',
  limits: { warn: 0.01, act: 0.1 },
  queries: [{
    expr: `(${observations(SERVICE_METRICS.rpcServerDuration, ['job'], FAILED)} or ${observations(SERVICE_METRICS.rpcServerDuration, ['job'])} * 0) / ${observations(SERVICE_METRICS.rpcServerDuration, ['job'])}`,
    legend: '{{job}}',
  }],
};

export const readyByService: Panel = {
  title: 'Ready, by service',
  meaning: 'Whether each service says that it is ready.',
  unit: 'short',
  queries: [
    { expr: sum(SERVICE_METRICS.ready, ['job']), legend: '{{job}}' },
  ],
};

export const calls: Panel = {
  title: 'Calls',
  meaning: 'Calls that ended, a second, by service.',
  unit: 'ops',
  queries: [{ expr: observations(SERVICE_METRICS.rpcServerDuration, ['job']), legend: '{{job}}' }],
};

export const timeOfACallP99: Panel = {
  title: 'Time of a call, p99',
  meaning: 'By method; streams count from their first message to their end and so stand out.',
  unit: 's',
  queries: [{ expr: quantile(0.99, SERVICE_METRICS.rpcServerDuration, ['method']), legend: '{{method}}' }],
};

export const openCalls: Panel = {
  title: 'Open calls',
  meaning: 'Calls without a status yet: streams that run, and calls that hang.',
  unit: 'short',
  isStacked: true,
  queries: [{ expr: sum(SERVICE_METRICS.rpcServerOpen, ['method']), legend: '{{method}}' }],
};

export const certificatesAndTokens: Panel = {
  title: 'Certificates and tokens',
  meaning: 'What the authority gives out and takes back, a second.',
  unit: 'ops',
  queries: [
    { expr: rate(AUTH_METRICS.certificatesIssued, ['occasion']), legend: 'certificates, {{occasion}}' },
    { expr: rate(AUTH_METRICS.certificatesRevoked), legend: 'certificates revoked' },
    { expr: rate(AUTH_METRICS.tokensIssued), legend: 'tokens' },
  ],
};

export const whoLooksAtTheConsole: Panel = {
  title: 'Who looks at the console',
  meaning: 'Open pages, and what the console watches for all of them together.',
  unit: 'short',
  queries: [
    { expr: sum(CONSOLE_METRICS.pages), legend: 'pages' },
    { expr: sum(CONSOLE_METRICS.topics), legend: 'things watched' },
  ],
};

export const whatIsDoneThroughTheConsole: Panel = {
  title: 'What is done through the console',
  meaning: 'Changes asked for, by what came of them, and events that pages were too slow for. Who did what stands in the audit log of the console.',
  unit: 'ops',
  queries: [
    { expr: rate(CONSOLE_METRICS.actions, ['outcome']), legend: 'actions {{outcome}}' },
    { expr: rate(CONSOLE_METRICS.eventsDropped), legend: 'events dropped' },
  ],
};

export const memory: Panel = {
  title: 'Memory',
  meaning: 'Memory in RAM, the files of the program itself included.',
  unit: 'bytes',
  isByNode: true,
  queries: [{ expr: gauge(PROCESS_METRICS.residentMemory), legend: '{{node}}' }],
};

export const eventLoopLagP99: Panel = {
  title: 'Event loop lag, p99',
  meaning: 'How late timers ran since the last scrape. Near half a lease (seconds): nodes will step back.',
  unit: 's',
  limits: { warn: 0.1, act: 1 },
  isByNode: true,
  queries: [{ expr: gauge(PROCESS_METRICS.eventLoopLag), legend: '{{node}}' }],
};

export const javascriptHeap: Panel = {
  title: 'JavaScript heap',
  meaning: 'Heap in use. A floor that rises for hours is a leak.',
  unit: 'bytes',
  isByNode: true,
  queries: [{ expr: gauge(PROCESS_METRICS.heapUsed), legend: '{{node}}' }],
};

export const pausesOfTheGarbageCollector: Panel = {
  title: 'Pauses of the garbage collector',
  meaning: 'Share of the time spent collecting, by process.',
  unit: 'percentunit',
  limits: { warn: 0.1, act: 0.3 },
  isByNode: true,
  queries: [{ expr: gathered(PROCESS_METRICS.collectionPauses, ['job', 'node']), legend: '{{node}}' }],
};

export const openFilesAndSockets: Panel = {
  title: 'Open files and sockets',
  meaning: 'Links, calls and files. A steady rise is a leak.',
  unit: 'short',
  isByNode: true,
  queries: [{ expr: gauge(PROCESS_METRICS.openFiles), legend: '{{node}}' }],
};

export const readyOfTheNode: Panel = {
  title: 'Ready',
  meaning: 'Whether the process says that it is ready.',
  unit: 'short',
  queries: [
    { expr: gauge(SERVICE_METRICS.ready), legend: '{{node}}' },
  ],
};

export const certificatesExpireIn: Panel = {
  title: 'Certificates expire in',
  meaning: 'Time until the first certificate of each kind expires. Members renew at half of 30 days: below two weeks something keeps them from it. Reloads of configurations are a second.',
  unit: 's',
  queries: [
    { expr: `min by (certificate) (${gauge(SERVICE_METRICS.certificateLife)})`, legend: '{{certificate}}' },
    { expr: rate(SERVICE_METRICS.configReloads, ['outcome']), legend: 'reload {{outcome}}' },
  ],
};
