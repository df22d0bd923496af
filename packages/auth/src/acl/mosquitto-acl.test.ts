import { deepEqual, equal, throws } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { request } from '../testing/requests.ts';
import { parseMosquittoAcl } from './mosquitto-acl.ts';

const text = `# comment
topic read public/#
topic deny public/secret

user ada
topic home/#
topic read $SYS/#
topic write in/a topic with spaces
topic deny home/lock

pattern write dev/%c/up
pattern readwrite users/%u/#
pattern deny users/+/lock
`;

suite('acl_file of Mosquitto', () => {
  const acl = parseMosquittoAcl('acl', text);

  test('users, clients without a name, patterns', () => {
    const ada = acl.of({ ...request(), username: 'ada' });
    const nobody = acl.of(request());
    const read = (topic: string): boolean[] => [ada, nobody].map(one => one.receive(topic));
    const write = (topic: string): boolean[] =>
      [ada, nobody].map(one => one.publish(topic, 2, true).isAllowed);
    deepEqual(read('public/x'), [false, true]);
    deepEqual(read('public/secret'), [false, false]);
    deepEqual(read('home/1'), [true, false]);
    deepEqual(read('home/lock'), [false, false]);
    deepEqual(read('$SYS/x'), [true, false]);
    deepEqual(write('$SYS/x'), [false, false]);
    deepEqual(write('in/a topic with spaces'), [true, false]);
    deepEqual(write('dev/c/up'), [true, true]);
    deepEqual(write('users/ada/x'), [true, false]);
    deepEqual(write('users/ada/lock'), [false, false]);
    deepEqual(read('elsewhere'), [false, false]);
    equal(nobody.subscribe('#').isAllowed, true);
    equal(ada.publish('home/lock', 0, false).rule?.place, 'acl:9');
  });

  test('names each line that it does not understand', () => {
    const faulty = 'usr ada\ntopic\ntopic read a/#/b\nuser\ntopic own/%u\n';
    throws(() => parseMosquittoAcl('acl', faulty), {
      message: [
        'acl:1: expected user, topic or pattern, with what belongs to it',
        'acl:2: expected topic [read|write|readwrite|deny] and a topic filter',
        'acl:3: expected topic [read|write|readwrite|deny] and a topic filter',
        'acl:4: expected user, topic or pattern, with what belongs to it',
        'acl:5: has a variable; expected pattern instead of topic',
      ].join('\n'),
    });
  });
});
