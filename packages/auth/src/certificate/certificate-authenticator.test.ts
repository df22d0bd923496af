import { deepEqual } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { request } from '../testing/requests.ts';
import { CertificateAuthenticator, type CertificateName } from './certificate-authenticator.ts';

const peerCertificate = {
  subject: 'CN=meter 7,O=Example',
  commonName: 'meter 7',
  subjectAltNames: ['DNS:a.example', 'email:m@example', 'URI:urn:a', 'URI:urn:b'],
  fingerprint256: '',
};

suite('CertificateAuthenticator', () => {
  const cases: [CertificateName, Partial<typeof peerCertificate>, string][] = [
    ['commonName', {}, 'allow meter 7'],
    ['subject', {}, 'allow CN=meter 7,O=Example'],
    ['dns', {}, 'allow a.example'],
    ['email', {}, 'allow m@example'],
    ['uri', {}, 'deny'],
    ['dns', { subjectAltNames: [] }, 'ignore'],
    ['dns', { subjectAltNames: ['DNS:"a, DNS:b"'] }, 'deny'],
    ['subject', { subject: '' }, 'ignore'],
  ];
  for (const [from, changes, expected] of cases) {
    test(`${from} ${JSON.stringify(changes)}: ${expected}`, () => {
      const asked = request({ peerCertificate: { ...peerCertificate, ...changes } });
      const verdict = new CertificateAuthenticator(from).authenticate(asked);
      const name = verdict.verdict === 'allow' ? ` ${verdict.username}` : '';
      deepEqual(verdict.verdict + name, expected);
    });
  }

  test('without certificate it knows nothing', () => {
    deepEqual(new CertificateAuthenticator().authenticate(request()).verdict, 'ignore');
  });
});
