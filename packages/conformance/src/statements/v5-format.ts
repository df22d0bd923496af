/** The normative statements of MQTT 5.0, chapters 1 and 2: data types and what all packets share, in our words. */
import type { Statement } from './statement.ts';

export const v5Format: readonly Statement[] = [
  {
    id: 'MQTT-1.5.4-1',
    level: 'MUST',
    side: 'both',
    testable: 'wire',
    gist: 'String data has to be well-formed UTF-8; surrogate code points (D800-DFFF) are barred',
    clientTests: [
      '[MQTT-1.5.4-1] [MQTT-1.5.4-2] sends no ill-formed string and no U+0000',
      '[MQTT-1.5.4-1] [MQTT-1.5.4-2] [MQTT-1.5.7-1] ill-formed strings end it',
    ],
  },
  {
    id: 'MQTT-1.5.4-2',
    level: 'MUST NOT',
    side: 'both',
    testable: 'wire',
    gist: 'No string may carry an encoded U+0000',
    clientTests: [
      '[MQTT-1.5.4-1] [MQTT-1.5.4-2] sends no ill-formed string and no U+0000',
      '[MQTT-1.5.4-1] [MQTT-1.5.4-2] [MQTT-1.5.7-1] ill-formed strings end it',
    ],
  },
  {
    id: 'MQTT-1.5.4-3',
    level: 'MUST NOT',
    side: 'both',
    testable: 'observation',
    gist: 'Bytes EF BB BF mean U+FEFF anywhere in a string; a receiver neither skips nor strips them',
    clientTests: ['[MQTT-1.5.4-3] 3.1.1 [MQTT-1.5.3-3] U+FEFF stays in a string, both ways'],
  },
  {
    id: 'MQTT-1.5.5-1',
    level: 'MUST',
    side: 'both',
    testable: 'wire',
    gist: 'Variable byte integers use the shortest possible encoding',
    clientTests: [
      '[MQTT-1.5.5-1] lengths are written in the shortest form',
      '[MQTT-1.5.5-1] an overlong length ends it',
    ],
  },
  {
    id: 'MQTT-1.5.7-1',
    level: 'MUST',
    side: 'both',
    testable: 'wire',
    gist: 'Both halves of a string pair obey the UTF-8 string rules',
    clientTests: [
      '[MQTT-1.5.7-1] sends no ill-formed string pair',
      '[MQTT-1.5.4-1] [MQTT-1.5.4-2] [MQTT-1.5.7-1] ill-formed strings end it',
    ],
  },
  {
    id: 'MQTT-2.1.3-1',
    level: 'MUST',
    side: 'both',
    testable: 'wire',
    gist: 'Reserved fixed-header flag bits carry exactly the prescribed values',
    clientTests: [
      '[MQTT-2.1.3-1] 3.1.1 [MQTT-2.2.2-1] header flags are written as prescribed',
      '[MQTT-2.1.3-1] 3.1.1 [MQTT-2.2.2-2] other header flags end it',
    ],
  },
  {
    id: 'MQTT-2.2.1-2',
    level: 'MUST NOT',
    side: 'both',
    testable: 'wire',
    gist: 'A QoS 0 PUBLISH has no packet identifier',
    clientTests: ['[MQTT-2.2.1-2] 3.1.1 [MQTT-2.3.1-5] QoS 0 carries no packet identifier'],
  },
  {
    id: 'MQTT-2.2.1-3',
    level: 'MUST',
    side: 'client',
    testable: 'wire',
    gist: 'Client gives each new SUBSCRIBE, UNSUBSCRIBE or QoS>0 PUBLISH a nonzero identifier not in use',
    clientTests: [
      '[MQTT-2.2.1-3] 3.1.1 [MQTT-2.3.1-1] [MQTT-2.3.1-2] identifiers are free ones',
      '[MQTT-2.2.1-3] 3.1.1 [MQTT-2.3.1-1] packet identifier 0 ends it',
    ],
  },
  {
    id: 'MQTT-2.2.1-4',
    level: 'MUST',
    side: 'server',
    testable: 'wire',
    gist: 'Server gives each new QoS>0 PUBLISH a nonzero identifier not in use',
  },
  {
    id: 'MQTT-2.2.1-5',
    level: 'MUST',
    side: 'both',
    testable: 'wire',
    gist: 'PUBACK, PUBREC, PUBREL and PUBCOMP repeat the identifier of their PUBLISH',
    clientTests: ['[MQTT-2.2.1-5] [MQTT-3.3.4-1] each QoS is answered, with its identifier'],
  },
  {
    id: 'MQTT-2.2.1-6',
    level: 'MUST',
    side: 'server',
    testable: 'wire',
    gist: 'SUBACK and UNSUBACK repeat the identifier of the request they answer',
  },
  {
    id: 'MQTT-2.2.2-1',
    level: 'MUST',
    side: 'both',
    testable: 'wire',
    gist: 'With no properties, a zero property length is still written',
    clientTests: ['[MQTT-2.2.2-1] no properties are written as a length of zero'],
  },
];
