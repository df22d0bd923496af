export { engineContract } from './engine-contract.ts';
export type { EngineUnderTest, OpenEngine } from './engine-under-test.ts';
