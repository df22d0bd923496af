import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReasonCode } from '@godwit/protocol';
import { ErrorCode, MqttError, PublishError, reasonName } from './errors.ts';

test('the reason decides whether to try again, and the code where there is none', () => {
  const isRetryable = (code: ErrorCode, reasonCode?: number): boolean =>
    new MqttError(code, '', { reasonCode }).retryable;
  for (const reasonCode of [0x88, 0x89, 0x8b, 0x97, 0x9f]) {
    assert.equal(isRetryable(ErrorCode.connectRefused, reasonCode), true, `${reasonCode}`);
  }
  for (const reasonCode of [0x84, 0x85, 0x86, 0x87, 0x8a, 0x8c, 0x8e]) {
    assert.equal(isRetryable(ErrorCode.serverDisconnected, reasonCode), false, `${reasonCode}`);
  }
  assert.equal(isRetryable(ErrorCode.connectionLost), true);
  assert.equal(isRetryable(ErrorCode.closed), false);
  assert.equal(isRetryable(ErrorCode.notSupported), false);
});

test('a failure said of a message keeps what is known of it', () => {
  const cause = new Error('socket');
  const error = new MqttError(ErrorCode.serverDisconnected, 'gone', {
    reasonCode: ReasonCode.serverShuttingDown,
    reasonString: 'bye',
    cause,
  });
  const said = PublishError.from(error, 'maybe');
  assert.ok(said instanceof MqttError);
  assert.equal(said.name, 'PublishError');
  assert.equal(said.delivered, 'maybe');
  assert.equal(said.code, error.code);
  assert.equal(said.reasonCode, error.reasonCode);
  assert.equal(said.reasonString, 'bye');
  assert.equal(said.cause, cause);
});

test('a reason code in words', () => {
  assert.equal(reasonName(0x87), '0x87, not authorized');
});
