import { equal } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { saslPrep } from './sasl-prep.ts';

suite('saslPrep', () => {
  const prepared: readonly (readonly [what: string, text: string, expected: string | null])[] = [
    ['RFC 4013: soft hyphen is mapped to nothing', 'I\u00adX', 'IX'],
    ['RFC 4013: no transformation', 'user', 'user'],
    ['RFC 4013: case is kept', 'USER', 'USER'],
    ['RFC 4013: NFKC of a letter', '\u00aa', 'a'],
    ['RFC 4013: NFKC of a numeral', '\u2168', 'IX'],
    ['RFC 4013: a control character', '\u0007', null],
    ['no-break space is a space', 'a\u00a0b', 'a b'],
    ['composed and decomposed are one', 'e\u0301', '\u00e9'],
    ['other scripts', 'пароль 密码 😀', 'пароль 密码 😀'],
    ['nothing is left', '\u200b\ufeff', null],
    ['nothing at all', '', null],
    ['DEL', 'a\u007f', null],
    ['private use', '\ue000', null],
    ['a non-character', '\ufdd0', null],
    ['a lone surrogate', '\ud800', null],
    ['a line separator', '\u2028', null],
    ['replacement character', '\ufffd', null],
    ['direction override', '\u202e', null],
    ['unassigned', '\u0378', null],
  ];
  for (const [what, text, expected] of prepared) {
    test(what, () => equal(saslPrep(text), expected));
  }
});
