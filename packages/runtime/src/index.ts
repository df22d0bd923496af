export { type Clock, systemClock, type Timer } from './clock.ts';
export { type Random, systemRandom } from './random.ts';
