import type { Io } from '../io.ts';
import { styleFor } from '../output/style.ts';
import { printable } from '../output/table.ts';
import type { Finding } from './check.ts';

/** The findings as people read them: what is wrong comes with what to do. */
export function findingsText(io: Pick<Io, 'stdout' | 'env'>, findings: readonly Finding[]): string {
  const style = styleFor(io.stdout, io.env);
  const marks = { ok: style.green('ok  '), warn: style.yellow('warn'), fail: style.red('FAIL') };
  const width = Math.max(...findings.map(({ what }) => what.length));
  const lines = findings.flatMap(({ what, verdict, detail, mend }) => {
    const line = `${marks[verdict]}  ${what.padEnd(width)}  ${printable(detail)}`;
    return mend === undefined ? [line] : [line, `${' '.repeat(width + 8)}${style.dim(`→ ${mend}`)}`];
  });
  const broken = findings.filter(({ verdict }) => verdict === 'fail').length;
  return [...lines, '', broken === 0 ? style.bold('all is well') : style.bold(`${broken} of ${findings.length} checks failed`)].join('\n');
}
