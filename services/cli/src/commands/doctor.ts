import { Command } from 'commander';
import { examine } from '../doctor/examine.ts';
import { findingsText } from '../doctor/findings-text.ts';
import { SilentFailure } from '../failure.ts';
import { gather } from '../gathering/gather.ts';
import type { Io } from '../io.ts';
import { note, say } from '../io.ts';
import { json } from '../output/json.ts';
import { bytesText } from '../output/quantities.ts';
import { accessOverlay, withAdmins, withOverlay, type OverlayOptions } from '../overlay-options.ts';

/** `banyan doctor`: looks at everything an overlay needs, says what is wrong and how to mend it. */
export function doctorCommand(io: Io): Command {
  return withAdmins(withOverlay(new Command('doctor')))
    .description('check processes, names, ports, certificates, token, ring, clocks, disk and versions; exit code 1 when something is broken')
    .option('--gather [file]', 'also pack findings, logs, metrics, configuration and states into a tar.gz, with secrets removed')
    .option('--json', 'print JSON')
    .action(async (options: OverlayOptions & { readonly json?: boolean; readonly gather?: string | true }) => {
      const access = await accessOverlay(io, options);
      const findings = await examine(access);
      say(io, options.json === true ? json(findings, 2) : findingsText(io, findings));
      if (options.gather !== undefined) {
        const { file, bytes, files } = await gather(io, access, findings, options.gather === true ? undefined : options.gather);
        note(io, `gathered ${files} files (${bytesText(bytes)}) in ${file}; secrets are removed, but look through it before you send it on`);
      }
      if (findings.some(({ verdict }) => verdict === 'fail')) throw new SilentFailure();
    });
}
