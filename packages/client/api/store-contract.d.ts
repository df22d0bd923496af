// store-contract/index.d.ts
export { type TableUnderTest, tableContract } from './table-contract.ts';

// store-contract/table-contract.d.ts
import type { StoreTable } from '../store/store-table.ts';
export interface TableUnderTest {
    readonly table: StoreTable;
    another(): StoreTable;
    crash(): Promise<void>;
    close(): Promise<void>;
}
export declare function tableContract(name: string, open: () => Promise<TableUnderTest>): void;

// store/store-table.d.ts
export type StoreChanges = ReadonlyMap<number, Uint8Array | null>;
export interface StoreTable {
    open(): Promise<readonly (readonly [key: number, value: Uint8Array])[]>;
    write(changes: StoreChanges): Promise<void>;
    close(): Promise<void>;
}
