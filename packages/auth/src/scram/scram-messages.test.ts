import { deepEqual, equal } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseClientFinal, parseClientFirst } from './scram-messages.ts';

suite('parseClientFirst', () => {
  test('RFC 7677, section 3', () => {
    deepEqual(parseClientFirst(Buffer.from('n,,n=user,r=rOprNGfwEbeRWgbNEkqO')), {
      gs2Header: 'n,,',
      bare: 'n=user,r=rOprNGfwEbeRWgbNEkqO',
      username: 'user',
      nonce: 'rOprNGfwEbeRWgbNEkqO',
    });
  });

  test('unescapes and prepares the name; leaves the message as it came', () => {
    const { bare, username } = parseClientFirst(Buffer.from('y,,n=a=2C=3D\u00aa,r=x,e=1,f=2'))!;
    deepEqual([bare, username], ['n=a=2C=3D\u00aa,r=x,e=1,f=2', 'a,=a']);
  });

  const refused: readonly (readonly [what: string, message: string | Uint8Array])[] = [
    ['nothing', ''],
    ['no name', 'n,,n=,r=x'],
    ['no nonce', 'n,,n=a,r='],
    ['channel binding', 'p=tls-exporter,,n=a,r=x'],
    ['an identity to act as', 'n,a=other,n=a,r=x'],
    ['an extension that must be known', 'n,,m=1,n=a,r=x'],
    ['an unknown escape', 'n,,n=a=2c,r=x'],
    ['half an escape', 'n,,n=a=2,r=x'],
    ['a name that may not be', 'n,,n=a\u0007,r=x'],
    ['a nonce with a space', 'n,,n=a,r=x y'],
    ['a nonce beyond ASCII', 'n,,n=a,r=\u00e9'],
    ['a nonce that our answer has no room for', `n,,n=a,r=${'x'.repeat(1025)}`],
    ['no UTF-8', Uint8Array.of(0x6e, 0x2c, 0x2c, 0x6e, 0x3d, 0xff, 0x2c, 0x72, 0x3d, 0x78)],
  ];
  for (const [what, message] of refused) {
    test(`refuses ${what}`, () => equal(parseClientFirst(Buffer.from(message)), null));
  }
});

suite('parseClientFinal', () => {
  test('takes the message apart; extensions belong to what is proved', () => {
    deepEqual(parseClientFinal(Buffer.from('c=biws,r=xy,e=1,p=AAEC')), {
      withoutProof: 'c=biws,r=xy,e=1',
      channelBinding: 'biws',
      nonce: 'xy',
      proof: Buffer.of(0, 1, 2),
    });
  });

  for (const message of ['', 'c=biws,r=x', 'c=biws,p=AAEC', 'r=x,p=AAEC', 'c=biws,r=x,p=A*EC']) {
    test(`refuses '${message}'`, () => equal(parseClientFinal(Buffer.from(message)), null));
  }
});
