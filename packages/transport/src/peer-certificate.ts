/** Reads from a TLS connection who its peer is. */
import type { TLSSocket } from 'node:tls';
import type { PeerCertificate } from './byte-stream.ts';

/** A name, whose value has quotes where it holds what would look like several. */
const altName = /(?:[^,"]|"(?:[^"\\]|\\.)*")+/g;

/** Undefined where the peer has shown no certificate, or none that is trusted. */
export function peerCertificateOf(socket: TLSSocket): PeerCertificate | undefined {
  if (!socket.authorized) return undefined;
  const { subject = {}, subjectaltname = '', fingerprint256 } = socket.getPeerCertificate();
  if (fingerprint256 === undefined) return undefined;
  const commonName: unknown = subject.CN;
  return {
    subject: nameOf(subject),
    commonName: typeof commonName === 'string' ? commonName : undefined,
    subjectAltNames: (subjectaltname.match(altName) ?? []).map(name => name.trim()),
    fingerprint256,
  };
}

/** A distinguished name as RFC 4514 writes it, of the parts as Node has them. */
function nameOf(parts: object): string {
  return Object.entries(parts)
    .reverse()
    .flatMap(([type, value]: [string, string | string[]]) =>
      [value].flat().map(one => `${type}=${escaped(one)}`),
    )
    .join(',');
}

function escaped(value: string): string {
  return value.replace(/[,+"\\<>;=]|^[ #]| $/g, '\\$&');
}
