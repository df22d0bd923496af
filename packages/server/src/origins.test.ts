import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { allowsOrigin } from './origins.ts';

test('allowsOrigin knows the listed, the local and the own', () => {
  const listed = ['https://app.example.com'];
  const at = 'broker.example.com:8080';
  equal(allowsOrigin(listed, 'https://app.example.com', at), true);
  equal(allowsOrigin(listed, 'http://localhost:3000', at), true);
  equal(allowsOrigin(listed, 'http://[::1]:3000', at), true);
  equal(allowsOrigin(listed, 'https://broker.example.com:8080', at), true);
  equal(allowsOrigin(listed, 'https://broker.example.com', at), false);
  equal(allowsOrigin(listed, 'http://app.example.com', at), false);
  equal(allowsOrigin(listed, 'https://localhost.example.com', at), false);
  equal(allowsOrigin(listed, 'null', at), false);
  equal(allowsOrigin(['*'], 'null', at), true);
});
