import { fail, ok, warn, type Finding } from './check.ts';

const ANSWER_TIMEOUT_MS = 2_000;

/** All services run the same version; adjacent ones understand each other, so a difference is a warning. */
export async function checkVersions(services: readonly { readonly name: string; readonly admin: string }[]): Promise<Finding> {
  const what = 'versions';
  const told = await Promise.all(services.map(async ({ name, admin }) => ({ name, version: await versionAt(admin) })));
  const known = told.filter(({ version }) => version !== undefined);
  if (known.length === 0) return fail(what, 'no service told its version', 'see the processes above');
  const byVersion = Map.groupBy(known, ({ version }) => version ?? '');
  if (byVersion.size === 1) return ok(what, `${known.length} services of version ${known[0]?.version ?? ''}`);
  const detail = [...byVersion].map(([version, of]) => `${version}: ${of.map(({ name }) => name).join(', ')}`).join('; ');
  return warn(what, detail, 'finish the upgrade: only adjacent versions understand each other');
}

async function versionAt(admin: string): Promise<string | undefined> {
  try {
    const response = await fetch(`http://${admin}/metrics`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    return /^banyan_build_info\{[^}]*version="([^"]+)"/m.exec(await response.text())?.[1];
  } catch {
    return undefined;
  }
}
