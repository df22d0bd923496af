/**
 * What a transport is to the rest of Godwit: a connected, ordered, lossless stream of bytes, made
 * for batching. It knows nothing of MQTT.
 */

/** Callbacks of one stream; set once, by {@link ByteStream.open}. None comes after `onClose`. */
export interface StreamHandlers {
  /** Bytes arrived. The chunk is only valid during the call: its memory is used again. */
  onData(chunk: Uint8Array): void;
  /** The peer will send no more; writing may still work. The owner answers with `end`. */
  onEnd(): void;
  /** Everything that was written has been taken over, after `bufferedBytes` was above zero. */
  onDrain(): void;
  /**
   * The stream is gone, once, whoever closed it; `error` is null for an orderly end and for one's
   * own `destroy`, otherwise it carries the system's `code` (`ECONNRESET`, `EPIPE`, …).
   */
  onClose(error: Error | null): void;
}

/** Who the peer is by its certificate, which has been verified. */
export interface PeerCertificate {
  /** As RFC 4514 writes it, the most specific part first: `CN=meter 7,O=Example,C=NL`. */
  readonly subject: string;
  /** CN of the subject; undefined where there is none, or more than one. */
  readonly commonName: string | undefined;
  /** As `DNS:broker.example`, `IP Address:192.0.2.1`, `URI:urn:device:7`. */
  readonly subjectAltNames: readonly string[];
  /** SHA-256 of the certificate, as `AB:CD:…`; '' where a proxy has seen it and tells the name. */
  readonly fingerprint256: string;
}

/** One connection, seen from one end. */
export interface ByteStream {
  /** 'tcp', 'tls', 'unix', 'ws', 'wss', 'memory'; for logs and metrics. */
  readonly kind: string;
  /**
   * Peer's address without port ('' where there is none), `unix:` and the path of a Unix socket;
   * stays readable after the end.
   */
  readonly remoteAddress: string;
  /** Peer's port (0 where there is none). */
  readonly remotePort: number;
  /**
   * Over TLS, of a peer that has shown a certificate and whose certificate is trusted: by us, or by
   * a proxy that may speak for its clients.
   */
  readonly peerCertificate?: PeerCertificate | undefined;
  /** Bytes given to `write` that the operating system, or the peer, has not taken yet. */
  readonly bufferedBytes: number;
  /** Starts reading. Nothing is delivered, and nothing is read, before; must be called once. */
  open(handlers: StreamHandlers): void;
  /**
   * Writes a block; order is kept. The memory belongs to the stream until `done` was called, which
   * happens exactly once, also when the stream is destroyed first. Where the block is taken over
   * at once, `done` is called **before `write` returns**. After `end` or `destroy` nothing is
   * written and `done` is called at once.
   */
  write(bytes: Uint8Array, done?: () => void): void;
  /** Holds back what is written until `uncork`, to send it in one system call. Nests. */
  cork(): void;
  uncork(): void;
  /** Stops `onData` after the current chunk, so that the peer is slowed down by its own window. */
  pause(): void;
  resume(): void;
  /**
   * Sends what was written, then says that no more comes, and closes when the peer has done the
   * same. Meanwhile what arrives is read and dropped, so that the peer gets the last bytes instead
   * of a reset: no `onData` or `onEnd` follows. A peer that never reads, or never closes, holds
   * this open: the owner sets itself a deadline and then calls `destroy`.
   */
  end(): void;
  /** Closes now; what is buffered is lost. Of the handlers only `onClose` is called afterwards. */
  destroy(): void;
}

/** A bound address that hands over a stream for each connection. */
export interface Listener {
  /**
   * As bound: `127.0.0.1:1883`, `[::1]:1883`, with the real port when 0 was asked for; the path of
   * a Unix socket.
   */
  readonly address: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  /** Accepts no more; resolves when the address is free. Streams that are open stay open. */
  close(): Promise<void>;
}
