/** Reads from a TLS connection who its peer is. */
import type { TLSSocket } from 'node:tls';
import type { PeerCertificate } from './byte-stream.ts';

/** A name, whose value has quotes where it holds what would look like several. */
const altName = /(?:[^,"]|"(?:[^"\\]|\\.)*")+/g;

/** Undefined where the peer has shown no certificate, or none that is trusted. */
export function peerCertificateOf(socket: TLSSocket): PeerCertificate | undefined {
  if (!socket.authorized) return undefined;
  const { subject, subjectaltname = '', fingerprint256 } = socket.getPeerCertificate();
  if (fingerprint256 === undefined) return undefined;
  const commonName: unknown = subject?.CN;
  return {
    commonName: typeof commonName === 'string' ? commonName : undefined,
    subjectAltNames: (subjectaltname.match(altName) ?? []).map(name => name.trim()),
    fingerprint256,
  };
}
