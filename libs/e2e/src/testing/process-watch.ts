interface Look {
  readonly heapBytes: number;
  readonly handles: number;
}

/** Heap and handles of one service, as its metrics tell them, from look to look. */
export class ProcessWatch {
  readonly #address: string;
  readonly #looks: Look[] = [];

  /** `address` is that of its admin port, `host:port`. */
  constructor(address: string) {
    this.#address = address;
  }

  async look(): Promise<void> {
    const text = await (await fetch(`http://${this.#address}/metrics`)).text();
    this.#looks.push({ heapBytes: valueOf(text, 'nodejs_heap_size_used_bytes'), handles: valueOf(text, 'nodejs_active_handles_total') });
  }

  /** The last sixth of all looks beside the second sixth, each by its least: the heap between collections says nothing. 1: as it was. */
  growth(): Look {
    const sixth = Math.max(1, Math.floor(this.#looks.length / 6));
    const warm = leastOf(this.#looks.slice(sixth, 2 * sixth + 1));
    const last = leastOf(this.#looks.slice(-sixth));
    return { heapBytes: last.heapBytes / warm.heapBytes, handles: last.handles / warm.handles };
  }
}

function leastOf(looks: readonly Look[]): Look {
  return { heapBytes: Math.min(...looks.map((look) => look.heapBytes)), handles: Math.min(...looks.map((look) => look.handles)) };
}

function valueOf(metrics: string, name: string): number {
  const line = metrics.split('\n').find((one) => one.startsWith(`${name} `) || one.startsWith(`${name}{`));
  if (line === undefined) throw new Error(`the service has no metric ${name}`);
  return Number(line.slice(line.lastIndexOf(' ') + 1));
}
