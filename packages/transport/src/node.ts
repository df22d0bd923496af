export { type ConnectTcpOptions, connectTcp } from './tcp-connect.ts';
export { type ListenTcpOptions, listenTcp } from './tcp-listener.ts';
