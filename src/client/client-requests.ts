import type { RequestPacketType } from "../protocol/packets.ts";
import type { RequestOptions } from "./promise-with-signal.ts";
import type { RequestFields, ResponseBody } from "./server-link.ts";

/**
 * What the areas of a ChatClient are built on. A request goes out on the connection there is: it does
 * not wait for one (OFFLINE), is not sent again (CONNECTION_LOST), and is not repeated when refused
 * (ChatError with the server's code, and `retryAfterMs`).
 */
export abstract class ClientRequests {
  /**
   * One request. `take` runs in the turn of the response, before anything that the server said after it,
   * and even when the caller has given up: what happened, happened.
   */
  protected abstract ask<Type extends RequestPacketType, Result>(
    type: Type,
    fields: RequestFields<Type>,
    options: RequestOptions,
    take: (response: ResponseBody<Type>) => Result,
  ): Promise<Result>;
}
