/**
 * Knows clients by the certificate that they have shown over TLS, which the listener has verified:
 * takes the user name from it. Asks nobody.
 */
import type { ConnectRequest } from '@godwit/broker';
import type { Authenticator, Verdict } from '../chain/authenticator.ts';

/** CN, the whole subject (RFC 4514), or the one alternative name of a kind. */
export const certificateNames = ['commonName', 'subject', 'dns', 'email', 'uri'] as const;
export type CertificateName = (typeof certificateNames)[number];

type PeerCertificate = NonNullable<ConnectRequest['peerCertificate']>;

const prefixes = { dns: 'DNS:', email: 'email:', uri: 'URI:' } as const;

export class CertificateAuthenticator implements Authenticator {
  readonly name = 'certificate';
  readonly #from: CertificateName;

  constructor(from: CertificateName = 'commonName') {
    this.#from = from;
  }

  authenticate({ peerCertificate }: ConnectRequest): Verdict {
    if (peerCertificate === undefined) return { verdict: 'ignore', why: 'no certificate' };
    const names = this.#names(peerCertificate);
    if (names.length === 0) {
      return { verdict: 'ignore', why: `the certificate has no ${this.#from}` };
    }
    const [username, ...others] = names;
    // A quoted name holds what would look like several.
    if (others.length > 0 || username === '' || username.startsWith('"')) {
      return { verdict: 'deny', why: `the certificate’s ${this.#from} is not one plain name` };
    }
    return { verdict: 'allow', username };
  }

  #names({ subject, commonName, subjectAltNames }: PeerCertificate): readonly string[] {
    switch (this.#from) {
      case 'commonName':
        return commonName === undefined ? [] : [commonName];
      case 'subject':
        return subject === '' ? [] : [subject];
      default: {
        const prefix = prefixes[this.#from];
        return subjectAltNames
          .filter(name => name.startsWith(prefix))
          .map(name => name.slice(prefix.length));
      }
    }
  }
}
