const REMOVED = '[removed]';

/** What a secret looks like wherever it stands. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g, REMOVED],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, REMOVED], // JWT
  [/\b(bearer\s+)[\w.~+/=-]+/gi, `$1${REMOVED}`],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*):[^\s/@"']+@/gi, `$1:${REMOVED}@`], // postgres://user:password@host
];

/** A key that names a secret, and its value: `"enrolmentToken":"…"`, `BANYAN_SECRET=…`. */
const NAMED = /([\w.-]*(?:token|secret|password|passphrase|private_?key)(?:\\*["'])?\s*[:=]\s*)(\\+"[^"\\]*\\+"|"(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;}"']+)/gi;

/**
 * Text without secrets: `known` ones (the token and the like of this overlay), whatever has the shape of one, and the value of
 * whatever is called one. Rather too much is removed than too little.
 */
export function redact(text: string, known: readonly string[]): string {
  const withoutKnown = known.filter((secret) => secret.length >= KNOWN_LENGTH_MIN).reduce((left, secret) => left.replaceAll(secret, REMOVED), text);
  const withoutShapes = SHAPES.reduce((left, [shape, instead]) => left.replace(shape, instead), withoutKnown);
  return withoutShapes.replace(NAMED, (_, name: string, value: string) => `${name}${isHarmless(value) ? value : /^\\*"/.test(value) ? `${quoteOf(value)}${REMOVED}${quoteOf(value)}` : REMOVED}`);
}

/** Shorter ones are words of any text. */
const KNOWN_LENGTH_MIN = 8;

/** The quote that a value begins with; within a text of JSON it has a backslash. */
function quoteOf(value: string): string {
  return /^\\*"/.exec(value)?.[0] ?? '';
}

/** Counts and switches that happen to be named like secrets, and what is removed already. */
function isHarmless(value: string): boolean {
  return /^(\\*"?\[removed\]\\*"?|\\*"?\(hidden\)\\*"?|true|false|null|\d+(\.\d+)?|\{|\[.*)$/.test(value);
}
