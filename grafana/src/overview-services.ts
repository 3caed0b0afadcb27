import { AUTH_METRICS, BOOTSTRAP_METRICS, CONSOLE_METRICS, SERVICE_METRICS } from '@banyan/telemetry';
import type { Row } from './panel.ts';
import { PROCESS_METRICS } from './process-metrics.ts';
import { gathered, gauge, observations, quantile, rate, sum } from './promql.ts';

const FAILED = 'code!="OK"';

/** Do the services answer, and what does it all cost. */
export const serviceRows: readonly Row[] = [
  {
    title: 'Do the services answer',
    lines: [
      {
        title: 'Calls',
        meaning: 'Calls that ended, a second, by service.',
        unit: 'ops',
        queries: [{ expr: observations(SERVICE_METRICS.rpcServerDuration, ['job']), legend: '{{job}}' }],
      },
      {
        title: 'Time of a call, p99',
        meaning: 'By method; streams count from their first message to their end and so stand out.',
        unit: 's',
        queries: [{ expr: quantile(0.99, SERVICE_METRICS.rpcServerDuration, ['method']), legend: '{{method}}' }],
      },
      {
        title: 'Calls that failed',
        meaning: 'Share of calls with another status than OK, by service. Refused callers count too: see the codes in the logs.',
        unit: 'percentunit',
        limits: { warn: 0.01, act: 0.1 },
        queries: [{
          expr: `(${observations(SERVICE_METRICS.rpcServerDuration, ['job'], FAILED)} or ${observations(SERVICE_METRICS.rpcServerDuration, ['job'])} * 0) / ${observations(SERVICE_METRICS.rpcServerDuration, ['job'])}`,
          legend: '{{job}}',
        }],
      },
      {
        title: 'Open calls',
        meaning: 'Calls without a status yet: streams that run, and calls that hang.',
        unit: 'short',
        isStacked: true,
        queries: [{ expr: sum(SERVICE_METRICS.rpcServerOpen, ['method']), legend: '{{method}}' }],
      },
      {
        title: 'Certificates and tokens',
        meaning: 'What the authority gives out and takes back, a second.',
        unit: 'ops',
        queries: [
          { expr: rate(AUTH_METRICS.certificatesIssued, ['occasion']), legend: 'certificates, {{occasion}}' },
          { expr: rate(AUTH_METRICS.certificatesRevoked), legend: 'certificates revoked' },
          { expr: rate(AUTH_METRICS.tokensIssued), legend: 'tokens' },
        ],
      },
      {
        title: 'Refusals and expired leases',
        meaning: 'Requests the authority refused, and nodes that left the supernode list without a word.',
        unit: 'ops',
        queries: [
          { expr: rate(AUTH_METRICS.refusals, ['request']), legend: 'refused: {{request}}' },
          { expr: rate(BOOTSTRAP_METRICS.leasesExpired), legend: 'leases expired' },
        ],
      },
      {
        title: 'Who looks at the console',
        meaning: 'Open pages, and what the console watches for all of them together.',
        unit: 'short',
        queries: [
          { expr: sum(CONSOLE_METRICS.pages), legend: 'pages' },
          { expr: sum(CONSOLE_METRICS.topics), legend: 'things watched' },
        ],
      },
      {
        title: 'What is done through the console',
        meaning: 'Changes asked for, by what came of them, and events that pages were too slow for. Who did what stands in the audit log of the console.',
        unit: 'ops',
        queries: [
          { expr: rate(CONSOLE_METRICS.actions, ['outcome']), legend: 'actions {{outcome}}' },
          { expr: rate(CONSOLE_METRICS.eventsDropped), legend: 'events dropped' },
        ],
      },
    ],
  },
  {
    title: 'What it costs',
    lines: [
      {
        title: 'CPU',
        meaning: 'Cores in use by each process. A process runs JavaScript on one core: near 1 it is full.',
        unit: 'short',
        limits: { warn: 0.7, act: 0.9 },
        queries: [{ expr: rate(PROCESS_METRICS.cpu, ['job', 'node']), legend: '{{node}}' }],
      },
      {
        title: 'Memory',
        meaning: 'Memory in RAM, the files of the program itself included.',
        unit: 'bytes',
        queries: [{ expr: gauge(PROCESS_METRICS.residentMemory), legend: '{{node}}' }],
      },
      {
        title: 'Event loop lag, p99',
        meaning: 'How late timers ran since the last scrape. Near half a lease (seconds): nodes will step back.',
        unit: 's',
        limits: { warn: 0.1, act: 1 },
        queries: [{ expr: gauge(PROCESS_METRICS.eventLoopLag), legend: '{{node}}' }],
      },
      {
        title: 'JavaScript heap',
        meaning: 'Heap in use. A floor that rises for hours is a leak.',
        unit: 'bytes',
        queries: [{ expr: gauge(PROCESS_METRICS.heapUsed), legend: '{{node}}' }],
      },
      {
        title: 'Pauses of the garbage collector',
        meaning: 'Share of the time spent collecting, by process.',
        unit: 'percentunit',
        limits: { warn: 0.1, act: 0.3 },
        queries: [{ expr: gathered(PROCESS_METRICS.collectionPauses, ['job', 'node']), legend: '{{node}}' }],
      },
      {
        title: 'Open files and sockets',
        meaning: 'Links, calls and files. A steady rise is a leak.',
        unit: 'short',
        queries: [{ expr: gauge(PROCESS_METRICS.openFiles), legend: '{{node}}' }],
      },
    ],
  },
];
