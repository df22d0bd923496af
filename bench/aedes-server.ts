/** npm's aedes on a port of loopback, until it is told to stop. */
import { createServer } from 'node:net';
import { Aedes } from 'aedes';

const aedes = await Aedes.createBroker();
createServer(socket => {
  socket.setNoDelay(true);
  aedes.handle(socket);
}).listen(Number(process.argv[2]), '127.0.0.1');
