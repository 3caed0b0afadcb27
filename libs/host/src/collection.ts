import { setFlagsFromString } from 'node:v8';

/**
 * Lets V8 weigh the buffers of frames and sockets like the rest of the heap, for processes that pass bulk data on: a full
 * collection when heap and buffers together have doubled since the last one. By itself V8 does one whenever 64 MiB of
 * buffers were made, dead ones included, which is every few hundred frames, and looks at everything the process has. It is
 * the process's, so the program decides, once, as it starts.
 */
export function weighBuffersWithHeap(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
  setFlagsFromString('--heap-growing-percent=100');
}
