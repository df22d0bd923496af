export { type TableUnderTest, tableContract } from './table-contract.ts';
