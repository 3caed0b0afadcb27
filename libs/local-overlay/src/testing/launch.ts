// A launcher in a process of its own, for the spec that kills it: starts an overlay of fake services and stays.
import { startOverlay } from '../local-overlay.ts';
import { fakePrograms } from './fake-overlay.ts';

const overlay = await startOverlay({ dataDir: process.argv[2] ?? '', nodes: 2, programs: fakePrograms, env: JSON.parse(process.argv[3] ?? '{}') as Record<string, string> });
console.log(JSON.stringify([...Object.values(overlay.file.services), ...overlay.nodes].map((entry) => entry.pid)));
