import { equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { bytes } from '@godwit/testkit';
import { ScramClient } from './scram-client.ts';

function text(data: Uint8Array): string {
  return new TextDecoder().decode(data);
}

test('speaks SCRAM-SHA-256 as the example of RFC 7677 does', () => {
  const credentials = { method: 'SCRAM-SHA-256', username: 'user', password: 'pencil' };
  const client = new ScramClient(credentials, 'rOprNGfwEbeRWgbNEkqO');
  equal(text(client.first()), 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO');
  const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
  const challenge = bytes`${`r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`}`;
  const proof = 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=';
  equal(text(client.final(challenge)), `c=biws,r=${nonce},p=${proof}`);
  client.verify(bytes`${'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='}`);
  throws(() => client.verify(bytes`${'v=AAAA'}`), /does not prove/);
});

test('escapes the user name, and takes no challenge that is not for it', () => {
  const credentials = { method: 'SCRAM-SHA-512', username: 'a=b,c', password: 'x' };
  const client = new ScramClient(credentials, 'mine');
  equal(text(client.first()), 'n,,n=a=3Db=2Cc,r=mine');
  throws(() => client.final(bytes`${'r=theirs,s=AAAA,i=1'}`), /no challenge/);
  throws(() => client.final(bytes`${'r=mine1,s=AAAA,i=99999999'}`), /no challenge/);
  throws(() => client.final(undefined), /no challenge/);
});
