import { describe, expect, it } from 'vitest';
import { redact } from './redact.ts';

describe('redact', () => {
  it.each([
    ['the overlay told k8s-like-secret-value today', 'the overlay told [removed] today'],
    ['"enrolmentToken":"abc","port":1', '"enrolmentToken":"[removed]","port":1'],
    ['{"msg":"{\\"adminSecret\\":\\"abc\\"}"}', '{"msg":"{\\"adminSecret\\":\\"[removed]\\"}"}'],
    ['BANYAN_TOKEN=abc.def other=1', 'BANYAN_TOKEN=[removed] other=1'],
    ['authorization: Bearer abc.def-ghi', 'authorization: Bearer [removed]'],
    ['got eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhIn0.c2ln', 'got [removed]'],
    ['postgres://banyan:pa55@db:5432/banyan', 'postgres://banyan:[removed]@db:5432/banyan'],
    ['-----BEGIN PRIVATE KEY-----\nMIG\n-----END PRIVATE KEY-----', '[removed]'],
  ])('removes the secret of %j', (text, left) => {
    expect(redact(text, ['k8s-like-secret-value'])).toBe(left);
  });

  it.each([
    'banyan_auth_tokens_issued_total 5',
    '{"enrolmentToken":"(hidden)","tokens":3,"secret":true}',
    'banyan_rpc_server_calls_open{method="/banyan.auth.v1.AuthService/IssueToken"} 1',
    'http://127.0.0.1:8080/metrics and 10:20@30',
  ])('leaves %j as it is', (text) => {
    expect(redact(text, [])).toBe(text);
  });
});
