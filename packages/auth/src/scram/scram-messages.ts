/**
 * What a client of SCRAM says, taken apart by the grammar of RFC 5802, section 7. Null for what
 * does not follow it, or asks for what we do not have.
 */
import { saslPrep } from '@godwit/protocol';

export interface ClientFirst {
  /** `n,,` or `y,,`: comes back in the final message. */
  readonly gs2Header: string;
  /** The message without that header. */
  readonly bare: string;
  /** Unescaped and prepared. */
  readonly username: string;
  readonly nonce: string;
}

export interface ClientFinal {
  /** The message up to the proof. */
  readonly withoutProof: string;
  /** Bytes of `c=`, as they were encoded. */
  readonly channelBinding: string;
  readonly nonce: string;
  readonly proof: Uint8Array;
}

/** Our message that carries the client's nonce must fit into Authentication Data. */
const nonceCharactersMax = 1024;

/**
 * `n`: the client knows no channel binding; `y`: it thinks that we do not, and is right. `p=` asks
 * for it. An identity to act as (`a=`) is for proxies. `m=` asks for extensions that must be known.
 */
const clientFirst =
  /^(?<header>[ny],,)(?<bare>n=(?<name>[^,\0]+),r=(?<nonce>[!-+\--~]+)(?:,.*)?)$/su;
const clientFinal =
  /^(?<withoutProof>c=(?<binding>[^,]+),r=(?<nonce>[!-+\--~]+)(?:,.*)?),p=(?<proof>[^,]+)$/su;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function parseClientFirst(data: Uint8Array): ClientFirst | null {
  const { header, bare, name, nonce } = match(clientFirst, data) ?? {};
  if (header === undefined || nonce.length > nonceCharactersMax) return null;
  const username = usernameOf(name);
  return username === null ? null : { gs2Header: header, bare, username, nonce };
}

export function parseClientFinal(data: Uint8Array): ClientFinal | null {
  const { withoutProof, binding, nonce, proof } = match(clientFinal, data) ?? {};
  if (proof === undefined) return null;
  const bytes = Buffer.from(proof, 'base64');
  // Buffer skips what is not base64.
  if (bytes.toString('base64') !== proof) return null;
  return { withoutProof, channelBinding: binding, nonce, proof: bytes };
}

function match(pattern: RegExp, data: Uint8Array): Record<string, string> | undefined {
  let text: string;
  try {
    text = utf8.decode(data);
  } catch {
    return undefined;
  }
  return pattern.exec(text)?.groups;
}

/** `=2C` is a comma and `=3D` an equals sign; no other escape exists. */
function usernameOf(escaped: string): string | null {
  if (/=(?!2C|3D)/.test(escaped)) return null;
  return saslPrep(escaped.replaceAll('=2C', ',').replaceAll('=3D', '='));
}
