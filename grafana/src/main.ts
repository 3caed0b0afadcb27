// `main.ts write` writes the dashboards, `main.ts check` fails when the committed ones are others than these sources make.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { dashboardsDirectory, generateDashboards, type GeneratedFile } from './dashboards.ts';

process.exitCode = main(process.argv[2]);

function main(command: string | undefined): number {
  switch (command) {
    case 'write':
      return write(generateDashboards());
    case 'check':
      return check(generateDashboards());
    default:
      console.error('usage: main.ts write|check');
      return 2;
  }
}

function write(files: readonly GeneratedFile[]): number {
  for (const { path, text } of files) {
    writeFileSync(path, text);
    console.log(`wrote ${shown(path)}`);
  }
  return 0;
}

function check(files: readonly GeneratedFile[]): number {
  const faults = files.map(faultOf).filter((fault) => fault !== undefined);
  const known = new Set(files.map(({ path }) => path));
  const strangers = readdirSync(dashboardsDirectory).map((name) => join(dashboardsDirectory, name)).filter((path) => !known.has(path));
  for (const path of strangers) faults.push(`${shown(path)} is made by no source`);
  if (faults.length === 0) return 0;
  for (const fault of faults) console.error(`grafana: ${fault}`);
  console.error('grafana: run `npx nx run @banyan/grafana:dashboards` and commit what it writes');
  return 1;
}

function faultOf({ path, text }: GeneratedFile): string | undefined {
  if (!existsSync(path)) return `${shown(path)} is missing`;
  const committed = readFileSync(path, 'utf8').split('\n');
  const line = text.split('\n').findIndex((wanted, index) => wanted !== committed[index]);
  if (line >= 0) return `${shown(path)} differs from its source from line ${line + 1} on`;
  return committed.length === text.split('\n').length ? undefined : `${shown(path)} is longer than its source makes it`;
}

function shown(path: string): string {
  return relative(process.cwd(), path);
}
