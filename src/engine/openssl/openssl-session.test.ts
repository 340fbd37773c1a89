import assert from "node:assert/strict";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { describe, it } from "node:test";
import { connect, type ConnectionOptions, DEFAULT_CIPHERS, type TLSSocket } from "node:tls";
import { Worker } from "node:worker_threads";
import { realClock } from "../../base/clock.ts";
import { SeededRandom } from "../../base/random.ts";
import { HeapArena } from "../memory/arena.ts";
import { CHUNK_BYTES, SendBufferPool } from "../memory/send-buffer-pool.ts";
import { GATHER_PIECES, SendQueue } from "../send-queue.ts";
import { makeCertificate } from "../tls/make-certificate.ts";
import { loadOpenssl } from "./openssl-calls.ts";
import { OpensslContext } from "./openssl-context.ts";
import { OpensslError } from "./openssl-error.ts";
import { OpensslSession } from "./openssl-session.ts";
import { findProtocol } from "./openssl-workshop.ts";

const DAY_MS = 86_400_000;
const nowMs = realClock.wallMs();
const pair = makeCertificate({
  names: ["localhost"],
  validFromMs: nowMs - DAY_MS,
  validToMs: nowMs + DAY_MS,
});

function whyNot(): string | false {
  try {
    loadOpenssl();
    return false;
  } catch (error) {
    return (error as Error).message;
  }
}

function makeContext(given: { key?: string; groups?: string; ciphers?: string } = {}): OpensslContext {
  return new OpensslContext({
    certificate: pair.certificate,
    key: pair.key,
    minVersion: "TLSv1.2",
    secureOptions: 0,
    sessionIdContext: "test",
    ticketSeconds: 300,
    ciphers: DEFAULT_CIPHERS,
    ...given,
  });
}

/** A session and a client of Node's, with what goes to the session kept until it is fed. */
class Pair {
  readonly client: TLSSocket;
  readonly session: OpensslSession;
  readonly pool: SendBufferPool;
  readonly received: Buffer[] = [];
  readonly heard: Buffer[] = [];
  outcome: unknown = "handshake";
  /** The client's error. */
  told: Error | undefined;
  #waiting: Buffer = Buffer.alloc(0);
  readonly #stream: Duplex;

  constructor(context: OpensslContext, options: ConnectionOptions = {}, arenaBytes = CHUNK_BYTES * 64) {
    this.pool = new SendBufferPool(new HeapArena(arenaBytes));
    this.session = new OpensslSession(context, this.pool, (chunk, start, end) => {
      this.#stream.push(Buffer.from(chunk.bytes.subarray(start, end)));
    });
    this.#stream = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        this.#waiting = Buffer.concat([this.#waiting, chunk]);
        done();
      },
    });
    this.client = connect({ socket: this.#stream, ca: pair.certificate, host: "localhost", ...options });
    this.client.on("data", (bytes: Buffer) => this.heard.push(bytes));
    this.client.on("error", (error) => {
      this.told = error;
    });
  }

  get waitingBytes(): number {
    return this.#waiting.byteLength;
  }

  /** Gives up to `limit` of the client's bytes to the session. */
  feed(limit = Number.POSITIVE_INFINITY): void {
    const bytes = this.#waiting.subarray(0, limit);
    this.#waiting = this.#waiting.subarray(bytes.byteLength);
    this.give(bytes);
  }

  give(bytes: Uint8Array): void {
    if (bytes.byteLength === 0 || this.outcome instanceof Error) return;
    const take = (lent: Uint8Array, byteCount: number): boolean => {
      this.received.push(Buffer.from(lent.subarray(0, byteCount)));
      return true;
    };
    if (this.outcome !== "handshake") {
      this.outcome = this.session.receive(bytes, 0, bytes.byteLength, take);
      return;
    }
    const result = this.session.handshake(bytes, 0, bytes.byteLength, take);
    if (typeof result === "object") this.outcome = result instanceof Error ? result : result.end;
  }

  async finishHandshake(): Promise<void> {
    while (this.outcome === "handshake") {
      await turn();
      this.feed();
    }
  }

  /** Sends `bytes` as pieces of `pieceBytes`. */
  send(bytes: Uint8Array, pieceBytes = CHUNK_BYTES): void {
    const queue = new SendQueue();
    const pool = new SendBufferPool(new HeapArena(CHUNK_BYTES * 64));
    for (let from = 0; from < bytes.byteLength; from += pieceBytes) {
      const piece = bytes.subarray(from, from + pieceBytes);
      const chunk = pool.open(piece.byteLength + 1); // a gap, so that pieces do not merge
      const at = chunk.writtenBytes;
      chunk.bytes.set(piece, at);
      pool.close(piece.byteLength + 1);
      queue.push(chunk, at, at + piece.byteLength);
    }
    while (!queue.isEmpty) {
      const sent = this.session.send(queue, GATHER_PIECES);
      assert.ok(typeof sent === "number" && sent > 0);
      queue.consume(sent);
    }
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function pattern(byteCount: number, salt: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: byteCount }, (_, index) => (index * 31 + salt) & 255));
}

describe("TLS by OpenSSL, called directly", { skip: whyNot() }, () => {
  it("talks with Node in both versions, in any lengths and pieces", async () => {
    const context = makeContext();
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      const both = new Pair(context, { maxVersion, servername: "localhost" });
      await both.finishHandshake();
      assert.equal(both.outcome, "more");
      assert.deepEqual(both.session.details, {
        protocol: maxVersion,
        cipher: both.client.getCipher().standardName,
        applicationProtocol: "",
        serverName: "localhost",
        isResumed: false,
      });
      let total = 0;
      for (const [byteCount, pieceBytes] of [
        [1, 1],
        [16_384, CHUNK_BYTES],
        [16_385, CHUNK_BYTES],
        [65_535, CHUNK_BYTES],
        [200_000, 50_000],
        [5000, 7],
      ] as const) {
        both.send(pattern(byteCount, total), pieceBytes);
        total += byteCount;
        while (both.heard.reduce((sum, bytes) => sum + bytes.byteLength, 0) < total) await turn();
        assert.ok(
          Buffer.concat(both.heard)
            .subarray(-byteCount)
            .equals(pattern(byteCount, total - byteCount)),
        );
        both.client.write(pattern(byteCount, byteCount));
      }
      while (both.received.reduce((sum, bytes) => sum + bytes.byteLength, 0) < total) {
        await turn();
        both.feed();
      }
      both.session.end();
      await once(both.client, "end");
      both.client.end();
      while ((both.outcome as unknown) !== "ended") {
        await turn();
        both.feed();
      }
      both.session.free();
      both.session.free();
    }
  });

  it("keeps sessions apart, however their bytes are cut and mixed", async () => {
    const random = new SeededRandom(11);
    const context = makeContext();
    const pairs = Array.from({ length: 8 }, () => new Pair(context));
    const wanted = pairs.map((_, index) => pattern(30_000, index));
    const isDone = (each: Pair, index: number): boolean =>
      each.received.reduce((sum, bytes) => sum + bytes.byteLength, 0) === wanted[index]?.byteLength;
    for (const [index, each] of pairs.entries()) {
      each.client.once("secureConnect", () => each.client.write(wanted[index] as Buffer));
    }
    while (!pairs.every(isDone)) {
      for (let count = 0; count < 40; count++) {
        const each = pairs[random.below(pairs.length)] as Pair;
        each.feed(1 + random.below(random.below(4) === 0 ? 5000 : 40));
      }
      await turn();
    }
    for (const [index, each] of pairs.entries()) {
      assert.ok(Buffer.concat(each.received).equals(wanted[index] as Buffer));
      each.session.free();
    }
  });

  it("tells what is not genuine with an alert, and nobody else is touched", async () => {
    const context = makeContext();
    const good = new Pair(context);
    const bad = new Pair(context);
    await good.finishHandshake();
    await bad.finishHandshake();
    good.client.write("before");
    await turn();
    good.feed(10); // The beginning of a record.
    bad.give(Buffer.concat([Buffer.from([23, 3, 3, 0, 50]), Buffer.alloc(50, 7), Buffer.alloc(500, 9)]));
    assert.ok(bad.outcome instanceof OpensslError);
    assert.match(bad.outcome.code, /^ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC$/);
    while (bad.told === undefined) await turn();
    assert.match(String(bad.told), /bad record mac/);
    good.feed();
    assert.equal(Buffer.concat(good.received).toString(), "before");
    const garbage = new Pair(context);
    garbage.give(Buffer.concat([Buffer.from([22, 3, 1, 0, 200]), Buffer.alloc(200, 0xa5)]));
    assert.ok(garbage.outcome instanceof OpensslError);
    good.send(Buffer.from("after"));
    while (good.heard.length === 0) await turn();
    for (const each of [good, bad, garbage]) each.session.free();
  });

  it("is not misled by what others left in OpenSSL's list of errors", async () => {
    const calls = loadOpenssl();
    const both = new Pair(makeContext());
    const leaveError = (): void => {
      const empty = Buffer.from("no certificate");
      const bio = calls.BIO_new_mem_buf(empty, empty.byteLength);
      assert.equal(calls.PEM_read_bio_X509(bio, 0, 0, 0), 0);
      calls.BIO_free(bio);
    };
    while (both.outcome === "handshake") {
      await turn();
      leaveError();
      both.feed(100);
    }
    both.client.write("hello");
    await turn();
    leaveError();
    both.feed();
    assert.equal(both.outcome, "more");
    assert.equal(Buffer.concat(both.received).toString(), "hello");
    assert.equal(calls.ERR_get_error(), 0);
    both.session.free();
  });

  it("throws where there is no room for what is to be sent, and others go on", async () => {
    const context = makeContext();
    const poor = new Pair(context, {}, CHUNK_BYTES);
    await turn();
    assert.throws(() => poor.feed(), { code: "ARENA_EXHAUSTED" });
    const rich = new Pair(context);
    await rich.finishHandshake();
    assert.equal(rich.outcome, "more");
    rich.send(Buffer.from("fine"));
    while (rich.heard.length === 0) await turn();
    assert.equal(String(rich.heard[0]), "fine");
    for (const each of [poor, rich]) each.session.free();
  });

  it("refuses a key that is another's, and groups that are none", () => {
    const other = makeCertificate({ names: ["x"], validFromMs: nowMs, validToMs: nowMs + DAY_MS });
    assert.throws(() => makeContext({ key: other.key }), { code: "ERR_SSL_KEY_VALUES_MISMATCH" });
    assert.throws(() => makeContext({ groups: "no-such-group" }), OpensslError);
  });

  it("speaks the versions alone that it has ciphers for", async () => {
    for (const [ciphers, version] of [
      ["TLS_AES_128_GCM_SHA256", "TLSv1.3"],
      ["ECDHE-ECDSA-AES128-GCM-SHA256", "TLSv1.2"],
    ] as const) {
      const both = new Pair(makeContext({ ciphers }));
      await both.finishHandshake();
      assert.equal(both.session.details.protocol, version);
      both.session.free();
    }
    assert.throws(() => makeContext({ ciphers: "no-such-cipher" }), { code: "ERR_SSL_NO_CIPHER_MATCH" });
  });

  it("works in worker threads, several at once and one after the other", async () => {
    const program = new URL("../../../test/support/tls-worker.ts", import.meta.url);
    for (let round = 0; round < 3; round++) {
      const workers = Array.from({ length: 3 }, () => new Worker(program, { workerData: pair }));
      const codes = await Promise.all(
        workers.map(async (worker) => (await once(worker, "exit"))[0] as number),
      );
      assert.deepEqual(codes, [0, 0, 0]);
    }
  });
});

describe("finding an application protocol", () => {
  const list = Buffer.from("\x02h2\x08http/1.1\x05other", "latin1");
  it("takes the server's first that the client offers", () => {
    assert.equal(findProtocol(list, ["http/1.1", "h2"]), 3);
    assert.equal(findProtocol(list, ["none", "h2"]), 0);
    assert.equal(findProtocol(list, ["http"]), -1);
    assert.equal(findProtocol(list, []), -1);
    assert.equal(findProtocol(list.subarray(0, 5), ["http/1.1"]), -1);
  });
});
