/**
 * What a server of SCRAM says, taken apart by the grammar of RFC 5802, section 7; and names as a
 * client writes them.
 */

/** The server's first message. */
export interface ServerFirst {
  /** The client's nonce, and the server's behind it. */
  readonly nonce: string;
  readonly salt: Uint8Array<ArrayBuffer>;
  readonly iterations: number;
}

const serverFirst =
  /^r=(?<nonce>[!-+\--~]+),s=(?<salt>[^,]+),i=(?<iterations>[1-9]\d{0,9})(?:,.*)?$/s;
const serverFinal = /^(?:v=(?<signature>[^,]+)|e=(?<error>[^,]+))(?:,.*)?$/s;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws Error where it is none, or asks for extensions (`m=`), which there are none of */
export function parseServerFirst(text: string): ServerFirst {
  const { nonce, salt, iterations } = serverFirst.exec(text)?.groups ?? {};
  if (nonce === undefined) throw new Error('the first message of the server is not one of SCRAM');
  return { nonce, salt: bytesOf(salt), iterations: Number(iterations) };
}

/**
 * The signature of the server's last message.
 * @throws Error where it has none, or says what is wrong
 */
export function parseServerFinal(text: string): Uint8Array<ArrayBuffer> {
  const { signature, error } = serverFinal.exec(text)?.groups ?? {};
  if (error !== undefined) throw new Error(`the server refuses: ${error}`);
  if (signature === undefined) throw new Error('the server has not proved that it knows us');
  return bytesOf(signature);
}

/** A prepared name in the first message of a client. */
export function escapedName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C');
}

/** @throws Error where it is not UTF-8 */
export function textOf(data: Uint8Array | undefined): string {
  try {
    return utf8.decode(data);
  } catch {
    throw new Error('the message of the server is not UTF-8');
  }
}

export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), character => character.charCodeAt(0));
  } catch {
    throw new Error('a message of the server has what is not base64');
  }
}
