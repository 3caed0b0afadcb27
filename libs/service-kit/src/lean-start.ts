// Imported first by the main.ts of a service: `import '@banyan/service-kit/lean-start'`.
// Starting a process makes much garbage and keeps little. V8 answers by growing its young generation to 16 MB a half,
// and gives nothing back when the process then idles. While it starts it must not grow: that keeps an idle node some
// 24 MB smaller and costs about 0.05 s. `runService` lifts the limit when the process is up.
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--semi-space-growth-factor=1');
