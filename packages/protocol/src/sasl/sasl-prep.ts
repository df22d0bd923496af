/**
 * One form for user names and passwords that look alike, after SASLprep (RFC 4013), with the
 * Unicode of today instead of that of 2002: what is unassigned now is refused. The check of
 * bidirectional text is left out, so that a few strings pass which SASLprep would refuse.
 */

/** Table B.1 of RFC 3454: commonly mapped to nothing. */
const nothing = /\u034f|[\u180b-\u180d\ufe00-\ufe0f]|[\u00ad\u1806\u200b-\u200d\u2060\ufeff]/gu;
/** Table C.1.2, space characters but the one of ASCII; U+200B is taken as nothing. */
const spaces = /\p{Zs}/gu;
/**
 * Tables C.2 to C.9: controls, private use, non-characters, surrogates, separators of lines, what
 * is not for plain text, and what changes how others are shown (as far as NFKC leaves it).
 */
const prohibited = /[\p{C}\p{Zl}\p{Zp}\u2ff0-\u2ffb\ufff9-\ufffd]/u;

/** The prepared form of `text`; null where it has a character that may not be, or is empty. */
export function saslPrep(text: string): string | null {
  const prepared = text.replace(nothing, '').replace(spaces, ' ').normalize('NFKC');
  return prepared === '' || prohibited.test(prepared) ? null : prepared;
}
