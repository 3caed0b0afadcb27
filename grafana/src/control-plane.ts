// Control plane: do the services answer, who asks for what, what do they know.
import { theDirectory, whoReportsWhoWatches } from './multicast-panels.ts';
import type { Row } from './panel.ts';
import { refusalsAndExpiredLeases, supernodesOnTheList, versionsAndConfigurations } from './ring-panels.ts';
import { calls, callsThatFailed, certificatesAndTokens, certificatesExpireIn, openCalls, ready, readyByService, timeOfACallP99, whatIsDoneThroughTheConsole, whoLooksAtTheConsole } from './service-panels.ts';

/** From top to bottom. */
export const controlPlaneRows: readonly Row[] = [
  {
    title: 'Is it there',
    numbers: [
      ready,
      supernodesOnTheList,
      versionsAndConfigurations,
    ],
    lines: [
      readyByService,
      whoReportsWhoWatches,
      theDirectory,
    ],
  },
  {
    title: 'Do the services answer',
    lines: [
      calls,
      timeOfACallP99,
      callsThatFailed,
      openCalls,
      certificatesAndTokens,
      certificatesExpireIn,
      refusalsAndExpiredLeases,
    ],
  },
  {
    title: 'The console',
    lines: [
      whoLooksAtTheConsole,
      whatIsDoneThroughTheConsole,
    ],
  },
];
