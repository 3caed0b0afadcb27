// What a token lets its bearer do. Five kinds of scope: `admin`, `route`, `publish:GROUP`, `subscribe:GROUP`, and
// `subscribe:GROUP:block`, to be waited for by GROUP when reading it slowly. GROUP may end in `*` and then means every name
// that begins so.

/** Scopes in one token at most. */
export const SCOPES_MAX = 64;

const PLAIN: readonly string[] = ['admin', 'route'];
const GROUP_SCOPE = /^(?:publish|subscribe):([a-z0-9._/-]*\*?)$/;
const BLOCK = ':block';
const SCOPE_LENGTH_MAX = 220;

/** True when `text` is a scope that a token may carry. */
export function isScope(text: string): boolean {
  if (PLAIN.includes(text)) return true;
  if (text.length > SCOPE_LENGTH_MAX) return false;
  const plain = text.startsWith('subscribe:') && text.endsWith(BLOCK) ? text.slice(0, -BLOCK.length) : text;
  const pattern = GROUP_SCOPE.exec(plain)?.[1];
  return pattern !== undefined && pattern !== '';
}

/**
 * True when a bearer of `scopes` may do what needs the scope `needed` (`publish:news/today`, `route`, …).
 * `admin` also allows every `subscribe:GROUP`, which is all there is to read of groups: their streams, places and
 * trees. It allows neither `publish:GROUP` nor `route`: who administers does not speak for others.
 */
export function scopeAllows(scopes: readonly string[], needed: string): boolean {
  if (needed.startsWith('subscribe:') && !needed.endsWith(BLOCK) && scopes.includes('admin')) return true;
  return scopeCovers(scopes, needed);
}

/**
 * True when every name that the scope `asked` means is meant by one of `scopes`: `publish:a/*` covers `publish:a/b`
 * and `publish:a/b*`. Nothing is implied by `admin` here: this decides which scopes may be handed out.
 */
export function scopeCovers(scopes: readonly string[], asked: string): boolean {
  if (asked.endsWith(BLOCK)) return covers(scopes.filter((scope) => scope.endsWith(BLOCK)).map(withoutBlock), withoutBlock(asked));
  return covers(scopes, asked);
}

function covers(scopes: readonly string[], asked: string): boolean {
  return scopes.some((scope) => scope === asked || (scope.endsWith('*') && asked.startsWith(scope.slice(0, -1))));
}

function withoutBlock(scope: string): string {
  return scope.slice(0, -BLOCK.length);
}
