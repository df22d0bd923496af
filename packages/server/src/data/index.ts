export {
  type MigrationReport,
  migrateMosquitto,
} from '../mosquitto/migrate-mosquitto.ts';
export { mapMosquittoConf } from '../mosquitto/mosquitto-conf.ts';
export {
  compactStore,
  DamageError,
  exportStore,
  importStore,
  inspectStore,
  type QueueReport,
  type StoreReport,
  verifyStore,
} from './store.ts';
