/** SCRAM-SHA-256 for one user: what the broker in tests authenticates with. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import type { AuthMethod, AuthStep } from '@godwit/broker';
import { ReasonCode } from '@godwit/protocol';
import type { ScramCredentials } from '../case/scram-client.ts';

const salt = Buffer.from('salt of the tests');
const iterations = 64;

export function scramMethod({ method, username, password }: ScramCredentials): AuthMethod {
  const hash = 'sha256';
  const sign = (key: Uint8Array, text: string): Buffer =>
    createHmac(hash, key).update(text).digest();
  const salted = pbkdf2Sync(password, salt, iterations, 32, hash);
  const storedKey = createHash(hash).update(sign(salted, 'Client Key')).digest();
  const serverKey = sign(salted, 'Server Key');
  const refusal = { reasonCode: ReasonCode.notAuthorized, reasonString: 'not proved' } as const;

  const begin: AuthMethod['begin'] = () => {
    let first = '';
    let challenge = '';
    const next = (data: Uint8Array | undefined): AuthStep => {
      const text = new TextDecoder().decode(data);
      if (first === '') {
        first = text.replace(/^n,,/, '');
        const [, name, nonce] = /^n=([^,]*),r=(.+)$/.exec(first) ?? [];
        if (name !== username) return refusal;
        challenge = `r=${nonce}server,s=${salt.toString('base64')},i=${iterations}`;
        const { continueAuthentication: reasonCode } = ReasonCode;
        return { reasonCode, data: Buffer.from(challenge) };
      }
      const [, withoutProof, proof = ''] = /^(c=.*),p=(.*)$/.exec(text) ?? [];
      const message = `${first},${challenge},${withoutProof}`;
      const signature = sign(storedKey, message);
      const key = Buffer.from(proof, 'base64').map((byte, at) => byte ^ signature[at]);
      if (!createHash(hash).update(key).digest().equals(storedKey)) return refusal;
      const data64 = sign(serverKey, message).toString('base64');
      return { reasonCode: ReasonCode.success, username, data: Buffer.from(`v=${data64}`) };
    };
    return { next };
  };
  return { name: method, begin };
}
