export { Deadlines } from './deadlines.ts';
export { ITEM_BYTES, itemCost, Quota } from './quota.ts';
