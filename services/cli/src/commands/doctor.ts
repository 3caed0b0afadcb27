import { Command } from 'commander';
import { isAlive } from '@banyan/local-overlay';
import { checkCertificates } from '../doctor/certificates.ts';
import type { Finding } from '../doctor/check.ts';
import { checkClock, checkDisk, checkNode } from '../doctor/machine.ts';
import { checkProcesses } from '../doctor/processes.ts';
import { checkRing, type AskedNode } from '../doctor/ring.ts';
import { checkToken } from '../doctor/token.ts';
import { checkVersions } from '../doctor/versions.ts';
import { SilentFailure } from '../failure.ts';
import type { Io } from '../io.ts';
import { say } from '../io.ts';
import { json } from '../output/json.ts';
import { styleFor } from '../output/style.ts';
import { printable } from '../output/table.ts';
import { accessOverlay, apiAddressOf, openClient, withOverlay, type OverlayAccess, type OverlayOptions } from '../overlay-options.ts';

/** `banyan doctor`: looks at everything an overlay needs, says what is wrong and how to mend it. */
export function doctorCommand(io: Io): Command {
  return withOverlay(new Command('doctor'))
    .description('check processes, ring, certificates, token, clock, disk and versions; exit code 1 when something is broken')
    .option('--json', 'print JSON')
    .action(async (options: OverlayOptions & { readonly json?: boolean }) => {
      const access = await accessOverlay(io, options);
      const findings = await examine(access);
      say(io, options.json === true ? json(findings, 2) : findingsText(io, findings));
      if (findings.some(({ verdict }) => verdict === 'fail')) throw new SilentFailure();
    });
}

async function examine(access: OverlayAccess): Promise<readonly Finding[]> {
  const { local } = access;
  const all = local === undefined ? [] : [...Object.entries(local.file.services).map(([name, entry]) => ({ ...entry, name })), ...local.file.nodes];
  const entries = all.filter(isAlive); // of the others it is said that they are gone, and that is enough
  const admins = entries.flatMap(({ name, addresses }) => (addresses['admin'] === undefined ? [] : [{ name, admin: addresses['admin'] }]));
  const apis = local === undefined ? access.addresses.map((address) => ({ name: address, address })) : entries.map((entry) => ({ name: entry.name, address: entry.addresses['api'] ?? '' }));
  const groups = await Promise.all([
    [checkNode(process.versions.node)],
    local === undefined ? [] : checkDisk(local.dataDir).then((finding) => [finding]),
    local === undefined ? [] : checkProcesses(local),
    checkCertificates(access.authorityFile, apis),
    [checkToken(access.token)],
    checkRing(askedNodes(access)),
    admins.length === 0 ? [] : Promise.all([checkClock(admins.map(({ admin }) => admin)), checkVersions(admins)]),
  ]);
  return groups.flat();
}

function askedNodes(access: OverlayAccess): readonly AskedNode[] {
  const nodes = access.local?.file.nodes.filter(isAlive).map((node) => ({ name: node.name, address: apiAddressOf(node) })) ?? access.addresses.map((address) => ({ name: address, address }));
  return nodes.map(({ name, address }) => ({ name, connect: () => openClient({ ...access, addresses: [address] }, 'only', true) }));
}

function findingsText(io: Io, findings: readonly Finding[]): string {
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
