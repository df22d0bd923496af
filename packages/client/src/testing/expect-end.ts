/** For tests of what a server must not send: it costs the connection, and nothing else. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { PacketType, type ProtocolVersion } from '@godwit/protocol';
import { ErrorCode } from '../errors.ts';
import type { ClientOptions } from '../options.ts';
import { type Meeting, meet } from './scripted-server.ts';

/** Sends bytes to a client that has just connected; see {@link expectEnded}. */
export async function expectEnd(
  t: TestContext,
  sent: Uint8Array,
  reasonCode: number,
  options: ClientOptions = {},
): Promise<void> {
  const meeting = await meet(t, options);
  meeting.server.sendBytes(sent);
  await expectEnded(meeting, reasonCode, options.protocolVersion);
}

/** The client has ended the connection, and told a server of 5.0 this reason and no more. */
export async function expectEnded(
  { client, server, clock }: Meeting,
  reasonCode: number,
  version: ProtocolVersion = 5,
): Promise<void> {
  await clock.settle();
  assert.equal(client.state, 'closed');
  assert.ok(server.isClosed);
  const error = await client.closed;
  assert.equal(error?.code, ErrorCode.protocolError);
  assert.equal(error?.reasonCode, reasonCode);
  const told = version === 5 ? [{ type: PacketType.disconnect, reasonCode }] : [];
  assert.deepEqual(server.got(PacketType.disconnect), told);
  assert.equal(clock.timerCount, 0);
}
