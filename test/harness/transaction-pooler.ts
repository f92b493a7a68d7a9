import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import pg from 'pg';

/**
 * A pooler in transaction mode between a client and the real server: each transaction gets whichever session is free, so
 * nothing that belongs to a session survives. It asks for no password and answers with process numbers of its own.
 */
export interface TransactionPooler {
  readonly url: string;
  close(): Promise<void>;
}

export async function startTransactionPooler(url: string, sessions: number): Promise<TransactionPooler> {
  const pool = new SessionPool(await Promise.all(Array.from({ length: sessions }, () => openSession(url))));
  const clients = new Set<Socket>();
  const server = createServer((socket) => {
    clients.add(socket);
    socket.on('error', () => undefined).on('close', () => clients.delete(socket));
    void serve(socket, pool);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = new URL(url);
  address.port = String((server.address() as AddressInfo).port);
  return { url: address.href, close: () => close(server, clients, pool) };
}

async function close(server: Server, clients: ReadonlySet<Socket>, pool: SessionPool): Promise<void> {
  for (const socket of clients) socket.destroy();
  pool.close();
  await new Promise((resolve) => server.close(resolve));
}

/** An authenticated connection, bare. */
async function openSession(url: string): Promise<Socket> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  stream.removeAllListeners('data');
  stream.removeAllListeners('end');
  stream.removeAllListeners('close');
  stream.on('error', () => undefined);
  return stream;
}

/** The session that was used last comes first, as poolers do it. */
class SessionPool {
  readonly #all: readonly Socket[];
  readonly #free: Socket[];
  readonly #waiting: ((session: Socket) => void)[] = [];

  constructor(sessions: readonly Socket[]) {
    this.#all = sessions;
    this.#free = [...sessions];
  }

  take(): Promise<Socket> {
    const session = this.#free.pop();
    return session === undefined
      ? new Promise((resolve) => this.#waiting.push(resolve))
      : Promise.resolve(session);
  }

  give(session: Socket): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(session);
    else next(session);
  }

  close(): void {
    for (const session of this.#all) session.destroy();
  }
}

let processes = 0;

async function serve(socket: Socket, pool: SessionPool): Promise<void> {
  let pending = Buffer.alloc(0);
  let started = false;
  let session: Socket | undefined;
  let taking = false;
  const forward = async () => {
    if (!started) {
      if (pending.length < 4 || pending.length < pending.readInt32BE(0)) return;
      pending = pending.subarray(pending.readInt32BE(0));
      started = true;
      socket.write(welcome());
    }
    if (taking || pending.length === 0) return;
    if (pending[0] === 'X'.charCodeAt(0)) return void socket.end();
    if (session === undefined) {
      taking = true;
      const taken = await pool.take();
      taking = false;
      session = taken;
      relay(taken, socket, () => {
        session = undefined;
        pool.give(taken);
        void forward();
      });
    }
    session.write(pending);
    pending = Buffer.alloc(0);
  };
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    void forward();
  });
}

/** Passes the server's messages on until it is ready for the next transaction and no request is under way. */
function relay(session: Socket, socket: Socket, onIdle: () => void): void {
  let rest = Buffer.alloc(0);
  const onData = (chunk: Buffer) => {
    socket.write(chunk);
    rest = Buffer.concat([rest, chunk]);
    let idle = false;
    while (rest.length >= 5 && rest.length > rest.readInt32BE(1)) {
      const length = rest.readInt32BE(1) + 1;
      idle = rest[0] === 'Z'.charCodeAt(0) && rest[5] === 'I'.charCodeAt(0);
      rest = rest.subarray(length);
    }
    if (!idle || rest.length > 0) return;
    session.off('data', onData);
    onIdle();
  };
  session.on('data', onData);
}

/** AuthenticationOk, BackendKeyData and ReadyForQuery. */
function welcome(): Buffer {
  const key = Buffer.alloc(13);
  key.write('K');
  key.writeInt32BE(12, 1);
  key.writeInt32BE(1_000_000 + ++processes, 5);
  return Buffer.concat([
    Buffer.from('R\0\0\0\x08\0\0\0\0', 'latin1'),
    key,
    Buffer.from('Z\0\0\0\x05I', 'latin1'),
  ]);
}
