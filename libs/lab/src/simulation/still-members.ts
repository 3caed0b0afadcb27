import type { Json, Machine, Millis } from '@banyan/sansio';
import type { Host } from '@banyan/simulator';

export interface StillMembersOptions<Input, Effect> {
  /** Makes the machine of a host; called again, it makes one that goes on where the forgotten one was. */
  readonly make: (host: Host) => Machine<Input, Effect>;
  /** The machine of a host is about to be forgotten. */
  readonly forgotten: (host: Host) => void;
  /** Machines kept at once, those with something under way not counted. */
  readonly machinesMax: number;
}

/**
 * Machines of a ring in which nothing happens but what is sent: each is made when something first reaches its host, and the one
 * used longest ago is forgotten when there are too many. A machine that waits for anything (it has a deadline) stays. So a
 * ring takes the memory of the machines in use, not of its nodes.
 */
export class StillMembers<Input, Effect> {
  readonly #options: StillMembersOptions<Input, Effect>;
  /** Those that have a machine now stand in a circle through here: the one used last before it, the one used longest ago after it. */
  readonly #ends: StillMember<Input, Effect> = new StillMember(this, -1);
  #inUse = 0;
  #made = 0;

  constructor(options: StillMembersOptions<Input, Effect>) {
    this.#options = options;
  }

  /** Machines made so far, one host's more than once when it was forgotten. */
  get made(): number {
    return this.#made;
  }

  /** What stands on a host in place of its machine. */
  at(host: Host): Machine<Input, Effect> {
    return new StillMember(this, host);
  }

  /** The machine of a member, made now if it has none; the member counts as used. */
  machineOf(member: StillMember<Input, Effect>): Machine<Input, Effect> {
    if (member.machine === undefined) {
      this.#forgetOldest();
      member.machine = this.#options.make(member.host);
      this.#made += 1;
      this.#inUse += 1;
    } else {
      member.leave();
    }
    member.enterBefore(this.#ends);
    return member.machine;
  }

  #forgetOldest(): void {
    const { forgotten, machinesMax } = this.#options;
    for (let member = this.#ends.next; this.#inUse >= machinesMax && member !== this.#ends; ) {
      const { next } = member;
      if (member.deadline() === undefined) {
        member.leave();
        this.#inUse -= 1;
        forgotten(member.host);
        member.machine = undefined;
      }
      member = next;
    }
  }
}

class StillMember<Input, Effect> implements Machine<Input, Effect> {
  readonly host: Host;
  machine: Machine<Input, Effect> | undefined = undefined;
  next: StillMember<Input, Effect> = this;
  #previous: StillMember<Input, Effect> = this;
  readonly #members: StillMembers<Input, Effect>;

  constructor(members: StillMembers<Input, Effect>, host: Host) {
    this.#members = members;
    this.host = host;
  }

  enterBefore(member: StillMember<Input, Effect>): void {
    this.next = member;
    this.#previous = member.#previous;
    member.#previous.next = this;
    member.#previous = this;
  }

  leave(): void {
    this.#previous.next = this.next;
    this.next.#previous = this.#previous;
  }

  handle(now: Millis, input: Input): readonly Effect[] {
    return this.#members.machineOf(this).handle(now, input);
  }

  deadline(): Millis | undefined {
    return this.machine?.deadline();
  }

  state(now: Millis): Json {
    return this.#members.machineOf(this).state(now);
  }
}
