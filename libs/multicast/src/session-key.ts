/** What a publishing session of a group is known by. */
export function sessionKey({ client, session }: { readonly client: string; readonly session: string }): string {
  return `${client}\n${session}`;
}
