import type { Setting } from './setting.ts';

/** The table `--help` prints: every setting with its flag, variable, default and meaning. */
export function helpText(program: string, settings: readonly Setting[]): string {
  const rows = settings.map((setting) => [setting.flag, setting.variable, fallbackText(setting), `${setting.description}${setting.isReloadable ? ' (taken over on SIGHUP)' : ''}`]);
  const table = [['flag', 'variable', 'default', 'meaning'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
  return [
    `Usage: ${program} [--config FILE] [--check-config] [settings]`,
    '',
    'A setting is taken from its flag, else its variable, else its key in FILE (YAML or JSON), else its default.',
    '',
    ...lines,
    '',
  ].join('\n');
}

function fallbackText(setting: Setting): string {
  if (setting.isRequired) return '(required)';
  if (setting.fallback === undefined) return '';
  return Array.isArray(setting.fallback) ? setting.fallback.join(',') : String(setting.fallback);
}
