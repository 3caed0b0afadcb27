import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceRoot } from './workspace-root.ts';

/** Who may import whom: the one table that the lint rule, the README and the tests read. */
export interface ImportTable {
  /** Room → the rooms it may import, directly. */
  readonly rooms: Readonly<Record<string, readonly string[]>>;
  /** Rooms without packages, clocks, chance or waiting. */
  readonly pure: readonly string[];
}

/** The table as it stands in `import-table.json`. */
export function readImportTable(): ImportTable {
  return JSON.parse(readFileSync(join(workspaceRoot, 'libs/workspace/import-table.json'), 'utf8')) as ImportTable;
}

/** A chain of rooms that import one another in a circle, or undefined when there is none. */
export function findCircle({ rooms }: ImportTable): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (room: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(room)) return [...path.slice(path.indexOf(room)), room];
    if (done.has(room)) return undefined;
    for (const next of rooms[room] ?? []) {
      const circle = visit(next, [...path, room]);
      if (circle !== undefined) return circle;
    }
    done.add(room);
    return undefined;
  };
  for (const room of Object.keys(rooms)) {
    const circle = visit(room, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/** The table as the README of libs/ shows it. */
export function formatImportTable({ rooms, pure }: ImportTable): string {
  const lines = Object.entries(rooms).map(([room, imports]) =>
    `| \`${room}\`${pure.includes(room) ? ' (pure)' : ''} | ${imports.length === 0 ? '—' : imports.map((name) => `\`${name}\``).join(' ')} |`);
  return ['| room | may import |', '|---|---|', ...lines].join('\n');
}
