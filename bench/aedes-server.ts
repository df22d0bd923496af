/** npm's aedes on a port of loopback, until it is told to stop: in memory, or on a folder. */
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { Aedes, type AedesOptions } from 'aedes';

const [port, folder] = process.argv.slice(2);

const aedes = await Aedes.createBroker(folder === undefined ? {} : await onLevel(folder));
createServer(socket => {
  socket.setNoDelay(true);
  aedes.handle(socket);
}).listen(Number(port), '127.0.0.1');

/** What it keeps is kept by LevelDB. */
async function onLevel(location: string): Promise<AedesOptions> {
  const { ClassicLevel } = await import('classic-level');
  // It has no types of its own.
  const onDatabase = createRequire(import.meta.url)('aedes-persistence-level') as (
    database: object,
  ) => object;
  return { persistence: onDatabase(new ClassicLevel(location, { valueEncoding: 'binary' })) };
}
