export { ITEM_BYTES, itemCost, Quota } from './quota.ts';
