import { expect, it } from 'vitest';
import { readTarget } from './probe-target.js';

it.each([
  ['http://a.example', 'a.example', 80, false, 'GET / HTTP/1.1\r\nHost: a.example\r\n'],
  ['https://a.example/x?y=1#z', 'a.example', 443, true, 'GET /x?y=1 HTTP/1.1\r\nHost: a.example\r\n'],
  ['HTTP://127.0.0.1:8080/p', '127.0.0.1', 8080, false, 'GET /p HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n'],
  ['https://[::1]:8443/', '::1', 8443, true, 'GET / HTTP/1.1\r\nHost: [::1]:8443\r\n'],
])('%s is asked for at %s:%i', (written, host, port, isSecure, head) => {
  const target = readTarget(written);
  expect(target).toMatchObject({ host, isSecure, to: { network: 'tcp', host, port } });
  expect(target?.request('GET').startsWith(head)).toBe(true);
  expect(target?.request('HEAD')).toMatch(/^HEAD [^\n]+\r\n(?:[^\r\n]+\r\n)+\r\n$/);
});

it.each([
  '',
  'a.example',
  'ftp://a.example/',
  'http://',
  'file:///etc/passwd',
  'http://user:pass@a.example/',
  'http://a:0/',
])('%j is not', (written) => expect(readTarget(written)).toBeUndefined());

it('lets no URL bring lines of its own into the request', () => {
  const target = readTarget('http://a.example/x\r\nEvil: 1\r\n?q=\r\nEvil: 2');
  expect(target?.request('GET')).not.toMatch(/^Evil/m);
});
