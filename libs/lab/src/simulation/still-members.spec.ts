import type { Machine, Millis } from '@banyan/sansio';
import { describe, expect, it } from 'vitest';
import { StillMembers } from './still-members.ts';

/** Waits for an answer after `ask`, and for nothing after `answer`. */
class Asker implements Machine<'ask' | 'answer', string> {
  readonly #name: string;
  #waits = false;

  constructor(name: string) {
    this.#name = name;
  }

  handle(_now: Millis, input: 'ask' | 'answer'): readonly string[] {
    this.#waits = input === 'ask';
    return [`${this.#name} ${input}`];
  }

  deadline(): Millis | undefined {
    return this.#waits ? 100 : undefined;
  }

  state(): null {
    return null;
  }
}

function membersOf(machinesMax: number) {
  const forgotten: number[] = [];
  let made = 0;
  const members = new StillMembers<'ask' | 'answer', string>({ machinesMax, make: (host) => new Asker(`${host}.${made++}`), forgotten: (host) => forgotten.push(host) });
  return { members, forgotten, hosts: [0, 1, 2, 3].map((host) => members.at(host)) as [Machine<'ask' | 'answer', string>, ...Machine<'ask' | 'answer', string>[]] };
}

describe('members of a ring that stands still', () => {
  it('have a machine from the first input on', () => {
    const { members, hosts } = membersOf(4);
    expect([members.made, hosts[0].deadline()]).toEqual([0, undefined]);
    expect(hosts[0].handle(0, 'ask')).toEqual(['0.0 ask']);
    expect([members.made, hosts[0].deadline()]).toEqual([1, 100]);
  });

  it('lose the machine used longest ago when there are too many, and get another', () => {
    const { hosts, forgotten } = membersOf(2);
    for (const host of [0, 1, 0, 2]) hosts[host]!.handle(0, 'answer');
    expect(forgotten).toEqual([1]);
    expect(hosts[0].handle(0, 'answer')).toEqual(['0.0 answer']);
    expect(hosts[1]!.handle(0, 'answer')).toEqual(['1.3 answer']);
    expect(forgotten).toEqual([1, 2]);
  });

  it('keep the machine while it waits for something, beyond the bound if need be', () => {
    const { hosts, forgotten } = membersOf(1);
    for (const host of [0, 1, 2]) hosts[host]!.handle(0, 'ask');
    expect(forgotten).toEqual([]);
    hosts[1]!.handle(0, 'answer');
    hosts[3]!.handle(0, 'ask');
    expect(forgotten).toEqual([1]);
  });
});
