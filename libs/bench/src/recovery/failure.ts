import { halves, type LocalNetwork, type LocalOverlay } from '@banyan/local-overlay';

/** How a node fails: its process ends, stands still for good, or nothing reaches it or comes from it any more. */
export type FailureKind = 'sigkill' | 'sigstop' | 'dropped';

/** Makes one node fail, resolves when it has (the filters of a network take a moment); what is given back has it come back as a new process. */
export async function fail({ local, network }: { readonly local: LocalOverlay; readonly network: LocalNetwork | undefined }, name: string, kind: FailureKind): Promise<() => Promise<void>> {
  const back = async (): Promise<void> => {
    await local.kill(name, 'SIGKILL');
    await local.restart(name);
  };
  if (kind !== 'dropped') {
    // SIGKILL is not waited for: the clock runs from the signal.
    local.process(name).kill(kind === 'sigkill' ? 'SIGKILL' : 'SIGSTOP');
    return back;
  }
  if (network === undefined) throw new Error('packets can be dropped in a network of namespaces only');
  const cuts = halves([name], [...local.nodes.map((node) => node.name).filter((other) => other !== name), 'services']);
  await network.cut(cuts);
  return async () => {
    await local.kill(name, 'SIGKILL');
    await network.heal(cuts);
    await local.restart(name);
  };
}
