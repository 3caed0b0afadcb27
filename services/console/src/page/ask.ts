/** What came of a question. */
export type Answer<Result> = { readonly type: 'done'; readonly result: Result } | { readonly type: 'failed'; readonly status: number; readonly message: string };

interface ErrorBody {
  readonly error?: { readonly message: string; readonly mend: string };
}

/** Asks the console. Failures are values with a sentence to show. */
export async function ask<Result>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<Answer<Result>> {
  try {
    const response = await fetch(path, { method, ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }) });
    const text = await response.text();
    const value: unknown = text === '' ? undefined : JSON.parse(text);
    if (response.ok) return { type: 'done', result: value as Result };
    const { error } = value as ErrorBody;
    return { type: 'failed', status: response.status, message: error === undefined ? `the console answered ${response.status}` : `${error.message}. ${error.mend}` };
  } catch {
    return { type: 'failed', status: 0, message: 'the console does not answer' };
  }
}
