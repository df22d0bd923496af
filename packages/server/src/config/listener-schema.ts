/** The schema of a listener: all keys of all types. Which go together, `listener-rules.ts` knows. */
import { ackLevels } from '@godwit/broker';
import { z } from 'zod';
import {
  type CertificateConfig,
  defaultListener,
  defaultPorts,
  defaultWebSocketPath,
  type ListenerConfig,
  listenerTypes,
  portMax,
} from './config.ts';

const backlogMax = 65_535;
/** Those before are standard input, output and error. */
const fdMin = 3;
const fdMax = 1_023;
const hostLengthMax = 253;
const pathLengthMax = 4096;
const originsMax = 256;
const certificatesMax = 64;
const messageBytesMax = 268_435_460;
const networksMax = 256;
const networkLengthMax = 64;
const handshakesMax = 1_000_000;
const handshakeMsMax = 600_000;
const listsMax = 64;
const connectionsMax = 10_000_000;
const connectsPerSecondMax = 1_000_000;

function text(lengthMax: number): z.ZodString {
  return z.string().min(1).max(lengthMax);
}

const file = text(pathLengthMax);

const certificate: z.ZodType<CertificateConfig> = z.strictObject({
  cert: file.describe('File of a certificate, in PEM.'),
  key: file.describe('File of its key, in PEM.'),
  ocspResponse: file.optional().describe('File of an OCSP response about it, in DER.'),
});

export const listener: z.ZodType<ListenerConfig> = z
  .strictObject({
    type: z
      .enum(listenerTypes)
      .default(defaultListener.type)
      .describe(
        'What is spoken there: MQTT over TCP (`mqtt`), TLS (`mqtts`), WebSocket (`ws`), WebSocket ' +
          'over TLS (`wss`) or a Unix socket (`unix`).',
      ),
    host: text(hostLengthMax)
      .default(defaultListener.host)
      .describe(
        'Not for `unix`. Address or name to listen on. `127.0.0.1` is reached from this machine ' +
          'only; `0.0.0.0` is every IPv4 address of the machine, `::` every address.',
      ),
    port: z
      .int()
      .min(0)
      .max(portMax)
      .optional()
      .describe(
        'Not for `unix`. TCP port; 0 lets the system choose one. If not given ' +
          `${defaultPorts.mqtt} for \`mqtt\`, ${defaultPorts.mqtts} for \`mqtts\`, ` +
          `${defaultPorts.ws} for \`ws\`, ${defaultPorts.wss} for \`wss\`.`,
      ),
    fd: z
      .int()
      .min(fdMin)
      .max(fdMax)
      .optional()
      .describe(
        'Not for `unix`. File descriptor of a socket that listens already, instead of `host` and ' +
          '`port`, which do not count then: systemd passes those of a socket unit from 3 on. Once ' +
          'closed by a reload, it is gone until a restart.',
      ),
    backlog: z
      .int()
      .min(1)
      .max(backlogMax)
      .default(defaultListener.backlog)
      .describe('Connections that may wait to be accepted; the system may cut it.'),
    proxyProtocol: z
      .array(text(networkLengthMax))
      .min(1)
      .max(networksMax)
      .optional()
      .describe(
        'Networks, as `10.0.0.0/8`, or addresses of the proxies in front. Each of their ' +
          'connections must begin with a PROXY header (version 1 or 2), whose client then counts ' +
          'instead of the proxy; connections from elsewhere are closed. To a `unix` listener any ' +
          'list says that everybody there is a proxy.',
      ),
    handshakeTimeoutMs: z
      .int()
      .min(100)
      .max(handshakeMsMax)
      .optional()
      .describe(
        'Milliseconds that a connection may take for its PROXY header, TLS and the request of a ' +
          'WebSocket, all together; 10_000 if not given. Then it is closed.',
      ),
    handshakesMax: z
      .int()
      .min(1)
      .max(handshakesMax)
      .optional()
      .describe(
        'Connections that may be that far, 4_096 if not given; one more closes the one that has ' +
          'taken longest.',
      ),
    path: text(pathLengthMax)
      .optional()
      .describe(
        `For \`ws\` and \`wss\`: path of the URL, \`${defaultWebSocketPath}\` if not given. For ` +
          '`unix`: file of the socket.',
      ),
    mode: z
      .enum(['600', '660', '666'])
      .optional()
      .describe(
        'For `unix`: who may connect: the user that runs the broker, its group too, or everybody. If not ' +
          'given, as the umask has it.',
      ),
    origins: z
      .array(text(hostLengthMax))
      .min(1)
      .max(originsMax)
      .optional()
      .describe(
        'For `ws` and `wss`: origins whose pages may connect from a browser, as ' +
          '`https://app.example.com`; `*` is every one. Pages of this machine and of the ' +
          'host and port of the broker always may, others are refused with 403. Programs that ' +
          'are no browsers are not asked.',
      ),
    forwardedFor: z
      .array(text(networkLengthMax))
      .min(1)
      .max(networksMax)
      .optional()
      .describe(
        'For `ws` and `wss`: networks, as `10.0.0.0/8`, or addresses of the HTTP proxies in front ' +
          'that are believed what they say in `X-Forwarded-For`. Whoever else says something ' +
          'there is not.',
      ),
    messageBytesMax: z
      .int()
      .min(1024)
      .max(messageBytesMax)
      .optional()
      .describe(
        'For `ws` and `wss`: bytes of one WebSocket message, 1_048_576 if not given. It is kept ' +
          'until it is whole, before CONNECT too; a larger one closes the connection with 1009.',
      ),
    cert: file
      .optional()
      .describe(
        'For `mqtts` and `wss`: file of the certificate, in PEM, followed by those between it and ' +
          'its root.',
      ),
    key: file.optional().describe('For `mqtts` and `wss`: file of its key, in PEM.'),
    ocspResponse: file
      .optional()
      .describe(
        'For `mqtts` and `wss`: file of an OCSP response about the certificate, in DER, for ' +
          'clients that ask; it is passed on unread. Something else has to renew it.',
      ),
    moreCertificates: z
      .array(certificate)
      .min(1)
      .max(certificatesMax)
      .optional()
      .describe(
        'For `mqtts` and `wss`: tables of `cert`, `key` and `ocspResponse`. A client gets the ' +
          'first certificate that is valid for the name it asks for, `cert` where none is.',
      ),
    ca: file
      .optional()
      .describe(
        'For `mqtts` and `wss`: file of the certificates, in PEM, that may have signed those of ' +
          'clients.',
      ),
    crl: z
      .array(file)
      .min(1)
      .max(listsMax)
      .optional()
      .describe(
        'For `mqtts` and `wss`, with `ca`: files of the lists, in PEM, of the certificates that ' +
          'were revoked. Every authority in a client’s chain must have one whose time is not ' +
          'over; without, its certificates are refused.',
      ),
    requireClientCert: z
      .boolean()
      .optional()
      .describe(
        'For `mqtts` and `wss`: whether clients must show a certificate that `ca` has signed; ' +
          'false if not given.',
      ),
    minVersion: z
      .enum(['TLSv1.2', 'TLSv1.3'])
      .optional()
      .describe('For `mqtts` and `wss`: the oldest TLS that is spoken, `TLSv1.2` if not given.'),
    connectionsMax: z
      .int()
      .min(1)
      .max(connectionsMax)
      .optional()
      .describe(
        'Open connections of this listener, no bound of its own if not given; one more is closed ' +
          'unanswered (`connectionsRefusedListener`).',
      ),
    connectsPerSecond: z
      .int()
      .min(1)
      .max(connectsPerSecondMax)
      .optional()
      .describe(
        'Connections a second by this listener, no bound of its own if not given; those above are ' +
          'refused with 0x9F (`connectsRefusedRate`).',
      ),
    ack: z
      .enum(ackLevels)
      .optional()
      .describe('What acknowledgements promise here, instead of `storage.ack`.'),
    ciphers: text(pathLengthMax)
      .optional()
      .describe(
        'For `mqtts` and `wss`: ciphers in the notation of OpenSSL, instead of those of Node.',
      ),
    curves: text(pathLengthMax)
      .optional()
      .describe(
        'For `mqtts` and `wss`: groups for the key exchange, as `X25519:P-256`, instead of those ' +
          'of OpenSSL.',
      ),
  })
  .transform(found => ({ ...found, port: found.port ?? defaultPorts[found.type] }))
  .describe('One place where clients connect.');
