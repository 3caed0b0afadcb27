// The last line of `.ci/run`: what `npm test` and `npm run test:long` came to together.
import { readTotal } from './test-reports.ts';

const totals = ['test', 'test-long'].map(readTotal);
const sum = (of: 'passed' | 'failed' | 'skipped'): number => totals.reduce((all, total) => all + (total?.[of] ?? 0), 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
process.exitCode = totals.includes(undefined) || sum('failed') > 0 || sum('passed') === 0 ? 1 : 0;
