import type { Server } from "node:http";
import type { TestContext } from "node:test";
import {
  type BackendChoice,
  type CompletionPort,
  formatSocketAddress,
  openPort,
  type SocketAddress,
  socketAddress,
} from "../../src/engine/index.ts";
import { HttpService, type HttpServiceOptions } from "../../src/http/http-service.ts";

export interface TestHttp {
  readonly service: HttpService;
  readonly port: CompletionPort;
  readonly address: SocketAddress;
  /** "http://127.0.0.1:4711" */
  readonly url: string;
}

export interface TestHttpOptions extends Partial<Omit<HttpServiceOptions, "port">> {
  readonly backend?: BackendChoice;
  readonly host?: string;
}

/** An HttpService on a port of its own that serves `server`; both are closed when the test ends. */
export async function openTestHttp(
  test: TestContext,
  server: Server,
  { backend = "auto", host = "127.0.0.1", ...options }: TestHttpOptions = {},
): Promise<TestHttp> {
  const { port } = openPort({ backend });
  const service = new HttpService({ ...options, port });
  test.after(async () => {
    await service.close();
    await port.close();
  });
  const address = await service.listen(socketAddress(host, 0), server);
  return { service, port, address, url: `http://${formatSocketAddress(address)}` };
}
