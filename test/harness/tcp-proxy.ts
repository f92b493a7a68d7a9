import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** An address that leads to one server now and to another later, as a name or a virtual IP does after a failover. */
export class TcpProxy {
  readonly #server = createServer((socket) => this.#relay(socket));
  readonly #sockets = new Set<Socket>();
  #target: URL;
  #accepted = 0;
  #watchers: (() => void)[] = [];

  private constructor(target: string) {
    this.#target = new URL(target);
  }

  static async to(target: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening');
    return proxy;
  }

  /** The target's address through it. */
  get url(): string {
    const url = new URL(this.#target);
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  /** From now on; what is open stays open. */
  leadTo(target: string): void {
    this.#target = new URL(target);
  }

  /** Until so many connections more have come. */
  async untilAccepted(more: number): Promise<void> {
    const wanted = this.#accepted + more;
    while (this.#accepted < wanted) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #relay(from: Socket): void {
    const to = connect(Number(this.#target.port), this.#target.hostname);
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      this.#sockets.add(one);
      one.pipe(other);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    this.#accepted += 1;
    for (const resolve of this.#watchers.splice(0)) resolve();
  }
}
