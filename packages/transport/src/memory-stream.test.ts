import { systemClock } from '@godwit/runtime';
import { byteStreamContract } from './contract.ts';
import { memoryPair } from './memory-stream.ts';

byteStreamContract('memory', async () => {
  const [near, far] = memoryPair(systemClock.defer);
  return { near, far, close: async () => {} };
});
