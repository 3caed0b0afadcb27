import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OverlayError } from '@banyan/grpc';
import type { ServiceName } from './overlay-file.ts';

/** The JavaScript file of each kind of process. */
export type Programs = Readonly<Record<ServiceName | 'pastry-node', string>>;

// Both `src` and `dist` of this room lie three folders below the root.
const servicesUrl = new URL('../../../services/', import.meta.url);

/** The programs of this repository as they were built. Throws SERVICE_FAILED when one is missing. */
export function builtPrograms(): Programs {
  return {
    auth: builtProgram('auth'),
    bootstrap: builtProgram('bootstrap'),
    'tree-builder': builtProgram('tree-builder'),
    console: builtProgram('console'),
    'pastry-node': builtProgram('pastry-node'),
  };
}

function builtProgram(service: string): string {
  const path = fileURLToPath(new URL(`${service}/dist/main.js`, servicesUrl));
  if (!existsSync(path)) throw new OverlayError('SERVICE_FAILED', `${path} is missing: build first with \`npm run build\``, { file: path });
  return path;
}
