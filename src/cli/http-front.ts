import type { FastifyInstance } from "fastify";
import type { ControlEndpoint } from "../admin/control-endpoint.ts";
import type { Readiness } from "../admin/health-routes.ts";
import { buildHttpApp, type HttpAppParts, type HttpPlugin } from "../admin/http-app.ts";
import { WEBSOCKET_PATH } from "../admin/page-routes.ts";
import type { Logger } from "../base/logger.ts";
import { listenErrorOf } from "../chat/start-error.ts";
import {
  type CompletionPort,
  type SendBufferPool,
  type SocketAddress,
  type TlsServerOptions,
  TlsSettingsError,
} from "../engine/index.ts";
import { HttpService, type UpgradeHandler } from "../http/http-service.ts";
import type { PorticoConfig } from "./config-schema.ts";
import { httpOptions } from "./server-options.ts";

export interface HttpFrontOptions {
  readonly config: PorticoConfig;
  readonly port: CompletionPort;
  /** Shared with the chat server. */
  readonly sendBuffers: SendBufferPool;
  /** Where administration is, when it is not to be on the HTTP address. */
  readonly adminAddress: SocketAddress | undefined;
  /** Of both addresses; undefined: plain HTTP. */
  readonly tls: TlsServerOptions | undefined;
  readonly readiness: () => Readiness;
  readonly control: ControlEndpoint;
  readonly plugins: readonly HttpPlugin[];
  /** See `HttpAppOptions`. */
  readonly onAnswered: (route: string, status: number) => void;
  readonly log: Logger;
}

const WITHOUT_ADMIN: HttpAppParts = { pages: true, admin: false, health: true, metrics: false };
const ONLY_ADMIN: HttpAppParts = { pages: false, admin: true, health: true, metrics: true };
const EVERYTHING: HttpAppParts = { pages: true, admin: true, health: true, metrics: true };

/** All HTTP of `portico serve`: one service on the port, with one application, or two on two addresses. */
export class HttpFront {
  readonly service: HttpService;
  readonly #apps: FastifyInstance[] = [];
  #address: SocketAddress;
  #adminAddress: SocketAddress;

  private constructor({ config, port, sendBuffers, adminAddress, log }: HttpFrontOptions) {
    this.service = new HttpService({ ...httpOptions(config), port, sendBuffers, log });
    // Until there is a chat that takes them, those who come are told to come back.
    this.service.setUpgrade(WEBSOCKET_PATH, undefined);
    this.#address = config.http.address;
    this.#adminAddress = adminAddress ?? config.http.address;
  }

  /** Listens; rejects with StartError, having closed what it had opened. */
  static async open(options: HttpFrontOptions): Promise<HttpFront> {
    const front = new HttpFront(options);
    try {
      await front.#open(options);
    } catch (error) {
      await front.close();
      throw error;
    }
    return front;
  }

  /** With the port that the kernel chose. */
  get address(): SocketAddress {
    return this.#address;
  }

  /** The same as `address` when administration is not kept apart. */
  get adminAddress(): SocketAddress {
    return this.#adminAddress;
  }

  /** Who takes WebSockets; undefined: nobody now. */
  setWebSocket(onUpgrade: UpgradeHandler | undefined): void {
    this.service.setUpgrade(WEBSOCKET_PATH, onUpgrade);
  }

  /** Answers what is under way and closes every connection. */
  async close(): Promise<void> {
    await this.service.close();
    for (const app of this.#apps) await app.close();
  }

  async #open(options: HttpFrontOptions): Promise<void> {
    const { config, adminAddress, tls, readiness, control, plugins, onAnswered, log } = options;
    const common = { limits: this.service.limits, readiness, plugins, onAnswered, log };
    const parts = adminAddress === undefined ? EVERYTHING : WITHOUT_ADMIN;
    const app = await buildHttpApp({ ...common, parts, control });
    this.#apps.push(app);
    this.#address = await this.#listen(config.http.address, app, true, tls);
    if (adminAddress === undefined) {
      this.#adminAddress = this.#address;
      return;
    }
    const admin = await buildHttpApp({ ...common, parts: ONLY_ADMIN });
    this.#apps.push(admin);
    this.#adminAddress = await this.#listen(adminAddress, admin, false, tls);
  }

  async #listen(
    address: SocketAddress,
    { server }: FastifyInstance,
    takesUpgrades: boolean,
    tls: TlsServerOptions | undefined,
  ): Promise<SocketAddress> {
    try {
      return await this.service.listen(address, server, {
        takesUpgrades,
        ...(tls === undefined ? {} : { tls }),
      });
    } catch (error) {
      if (error instanceof TlsSettingsError) throw error;
      throw listenErrorOf(error, takesUpgrades ? "HTTP" : "administration", address);
    }
  }
}
