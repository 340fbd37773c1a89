import { assert } from "../../base/assert.ts";
import type { AcceptEvents, PortListener, PortTimer } from "../completion-port.ts";
import { offerAccepted } from "../offer-accepted.ts";
import type { OperationOwner } from "../kernel/operation-slots.ts";
import { Errno, PortError } from "../port-error.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { ListenOptions } from "../socket-options.ts";
import * as k from "./constants.ts";
import { OperationKind } from "./operation-kind.ts";
import type { UringCore } from "./uring-core.ts";
import { UringSocket } from "./uring-socket.ts";

/** How long accepting pauses after an error that would repeat at once. */
const ACCEPT_PAUSE_MS = 100;

/** accepting ⇄ paused; both → closing (the accept is being cancelled) → closingDescriptor → closed. */
type State = "accepting" | "paused" | "closing" | "closingDescriptor" | "closed";

/** A listening socket with one accept request that completes once per connection. */
export class UringListener implements PortListener, OperationOwner {
  readonly address: SocketAddress;
  readonly #core: UringCore;
  readonly #events: AcceptEvents;
  readonly #fd: number;
  readonly #slot: number;
  readonly #generation: number;
  readonly #closeMayBlock: boolean;
  #state: State = "accepting";
  /** The kernel has an accept request. */
  #isArmed = false;
  #pause: PortTimer | undefined;

  /** Binds and listens at once; throws PortError. */
  constructor(core: UringCore, address: SocketAddress, options: ListenOptions, events: AcceptEvents) {
    this.#core = core;
    this.#events = events;
    this.#closeMayBlock = (options.socket?.lingerSeconds ?? 0) > 0;
    this.#fd = core.socketCalls.listen(address, options);
    const bound = core.socketCalls.localAddress(this.#fd);
    if (bound === undefined) {
      core.socketCalls.close(this.#fd);
      throw new PortError("listen", Errno.EIO, "getsockname");
    }
    this.address = bound;
    this.#slot = core.slots.take(this);
    this.#generation = core.slots.generationOf(this.#slot);
    core.counters.outstandingOperations++;
    this.#arm();
    core.askForTurn();
  }

  #arm(): void {
    this.#isArmed = true;
    this.#core.ring.prepare(
      OperationKind.ACCEPT,
      this.#slot,
      this.#generation,
      k.IORING_OP_ACCEPT,
      0,
      this.#core.hasMultishotAccept ? k.IORING_ACCEPT_MULTISHOT : 0,
      this.#fd,
      0,
      0,
      0,
      k.SOCK_CLOEXEC,
    );
  }

  close(): void {
    if (this.#state !== "accepting" && this.#state !== "paused") return;
    this.#state = "closing";
    this.#pause?.cancel();
    if (this.#isArmed) {
      this.#core.ring.prepareCancel(OperationKind.CANCEL, OperationKind.ACCEPT, this.#slot, this.#generation);
    }
    this.#closeWhenQuiet();
    this.#core.askForTurn();
  }

  closeForPort(): void {
    this.close();
  }

  #closeWhenQuiet(): void {
    if (this.#state !== "closing" || this.#isArmed) return;
    this.#state = "closingDescriptor";
    this.#core.ring.prepare(
      OperationKind.CLOSE,
      this.#slot,
      this.#generation,
      k.IORING_OP_CLOSE,
      0,
      0,
      this.#fd,
      0,
      0,
      0,
      0,
    );
  }

  complete(kind: number, result: number, flags: number): void {
    if (kind === OperationKind.ACCEPT) {
      if ((flags & k.IORING_CQE_F_MORE) === 0) this.#isArmed = false;
      try {
        if (result >= 0) this.#onAccepted(result);
        else this.#onAcceptFailed(result);
      } finally {
        // Whatever happened, a listener that is open has an accept waiting or a pause running.
        if (this.#state === "accepting" && !this.#isArmed) this.#arm();
        this.#closeWhenQuiet();
      }
    } else {
      assert(kind === OperationKind.CLOSE, `a listener has no operation of kind ${kind}`);
      this.#state = "closed";
      this.#core.slots.giveBack(this.#slot);
      this.#core.counters.outstandingOperations--;
      this.#events.onListenerClosed();
    }
  }

  #onAccepted(fd: number): void {
    if (this.#state !== "accepting") {
      this.#core.socketCalls.close(fd);
      return;
    }
    const core = this.#core;
    core.counters.accepted++;
    const socket = new UringSocket(core, fd, this.#closeMayBlock);
    offerAccepted(this.#events, socket, core);
  }

  #onAcceptFailed(result: number): void {
    if (this.#state !== "accepting") return;
    switch (-result) {
      case Errno.EINTR:
      case Errno.EAGAIN:
        return;
      case Errno.EINVAL:
        if (this.#core.hasMultishotAccept) {
          this.#core.hasMultishotAccept = false; // One connection per request from here on.
          return;
        }
        break;
      case Errno.ECONNABORTED: // The peer gave up while it waited; the next one is waiting.
      case Errno.EPROTO:
      case Errno.EPERM: // A firewall's rule, about this one connection (accept(2)).
      case Errno.ENETDOWN:
      case Errno.ENETUNREACH:
      case Errno.EHOSTUNREACH:
      case Errno.ETIMEDOUT:
        this.#events.onAcceptFailed(result);
        return;
      default:
        // EMFILE, ENFILE, ENOBUFS, ENOMEM: would fail again at once, as might what is not foreseen.
        break;
    }
    this.#state = "paused";
    this.#pause = this.#core.startTimer(ACCEPT_PAUSE_MS, () => {
      this.#state = "accepting";
      this.#arm();
    });
    this.#events.onAcceptFailed(result);
  }
}
