import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeAccountStore } from "../../../test/support/fake-account-store.ts";
import { CountingHasher } from "../../../test/support/gate-world.ts";
import { HandPort, HandSocket } from "../../../test/support/hand-port.ts";
import { ErrorCode, PacketType } from "../../protocol/codes.ts";
import { decodeServerPacket } from "../../protocol/packet-decoder.ts";
import { encodePacketBytes } from "../../protocol/packet-encoder.ts";
import { readPacketSize } from "../../protocol/packet-framer.ts";
import type { ClientPacketType, PacketInit } from "../../protocol/packets.ts";
import { InProcessBus } from "../bus/in-process-bus.ts";
import type { HubLink } from "../bus/bus.ts";
import type { Command } from "../hub/command.ts";
import { GateSettingsError, type GateSettingsInput } from "./gate-settings.ts";
import { Gate } from "./gate.ts";

/** A gate on a port and a bus that are moved by hand. */
class Scene {
  readonly port = new HandPort();
  readonly store = new FakeAccountStore();
  readonly commands: Command[] = [];
  readonly hub: HubLink;
  readonly gate: Gate;

  constructor(settings: GateSettingsInput = {}) {
    const bus = new InProcessBus((task) => this.port.atTurnEnd(task));
    this.hub = bus.attachHub((commands) => void this.commands.push(...commands));
    const { port, store } = this;
    this.gate = new Gate({ port, bus, store, hasher: new CountingHasher(), settings, epoch: "boot" });
    this.port.turn();
  }

  connect(): HandSocket {
    const socket = new HandSocket();
    this.port.turn(() => void this.gate.service.adopt(socket, true));
    return socket;
  }

  send<Type extends ClientPacketType>(socket: HandSocket, type: Type, body: PacketInit<Type>): void {
    this.port.turn(() => socket.receive(encodePacketBytes(type, body)));
  }

  /** What the gate has sent to a connection, all of it. */
  read(socket: HandSocket) {
    while (socket.isSending) this.port.turn(() => socket.completeSend());
    const packets = [];
    for (let at = 0; at < socket.sent.length; at += readPacketSize(socket.sent, at)) {
      packets.push(decodeServerPacket(socket.sent, at, at + readPacketSize(socket.sent, at)));
    }
    return packets;
  }
}

const register = { requestId: 1, name: "mina", password: "correct horse" };

describe("Gate", () => {
  it("tells the hub that it starts anew", () => {
    const scene = new Scene();
    assert.deepEqual(scene.commands, [{ type: "gateReset", gateId: 1 }]);
  });

  it("ends the sessions of an address that is banned, and says so to Hello's readers in a lockdown", () => {
    const scene = new Scene();
    const socket = scene.connect();
    const untilMs = scene.port.clock.wallMs() + 5000;
    const ban = { cidr: "127.0.0.0/8", untilMs, reason: "spam" };
    scene.port.turn(() => scene.hub.broadcast({ type: "serverRules", lockdown: 0, addressBans: [ban] }));
    const last = scene.read(socket).at(-1);
    assert.ok(last?.type === PacketType.DISCONNECT);
    assert.equal(last.body.reason, "your address is banned: spam");
    assert.equal(last.body.retryAfterMs, 5000);
    assert.equal(scene.gate.counters.disconnects.BANNED, 1);
    scene.port.turn(() => scene.hub.broadcast({ type: "serverRules", lockdown: 1, addressBans: [] }));
    const [hello] = scene.read(scene.connect());
    assert.ok(hello?.type === PacketType.HELLO);
    assert.equal(hello.body.registrationOpen, false);
  });

  it("leaves the others alone", () => {
    const scene = new Scene();
    const socket = scene.connect();
    const ban = { cidr: "192.0.2.0/24", untilMs: Number.MAX_SAFE_INTEGER, reason: "" };
    scene.port.turn(() => scene.hub.broadcast({ type: "serverRules", lockdown: 0, addressBans: [ban] }));
    assert.deepEqual(
      scene.read(socket).map(({ type }) => type),
      [PacketType.HELLO],
    );
  });

  it("goes over to other settings for what comes next", () => {
    const scene = new Scene({ login: { registration: true } });
    const before = scene.connect();
    const needRestart = scene.gate.reload({
      login: { registration: false },
      limits: { textBytes: 100, connections: 3 },
      rates: { packetsPerSecond: 1, packetsBurst: 1 },
      timeouts: { pingMs: 5000 },
    });
    assert.deepEqual(needRestart, ["limits.connections"]);
    const [hello] = scene.read(scene.connect());
    assert.ok(hello?.type === PacketType.HELLO);
    assert.equal(hello.body.registrationOpen, false);
    assert.equal(hello.body.textLimitBytes, 100);
    assert.equal(hello.body.pingIntervalMs, 5000);
    scene.send(before, PacketType.REGISTER_REQUEST, register);
    scene.send(before, PacketType.REGISTER_REQUEST, register);
    const codes = scene
      .read(before)
      .flatMap((packet) => (packet.type === PacketType.REGISTER_RESPONSE ? [packet.body.code] : []));
    assert.deepEqual(codes, [ErrorCode.REGISTRATION_CLOSED, ErrorCode.RATE_LIMITED]);
  });

  it("keeps what it had when the new settings cannot be", () => {
    const scene = new Scene();
    const { settings } = scene.gate;
    for (const input of [
      { login: { jwt: { secret: "short" } } },
      { filter: { words: ["two words"] } },
      { rates: { packetsPerSecond: -1 } },
    ]) {
      assert.throws(() => scene.gate.reload(input), GateSettingsError);
      assert.equal(scene.gate.settings, settings);
    }
  });

  it("pings as the new settings say", () => {
    const scene = new Scene({ timeouts: { pingMs: 60_000, handshakeMs: 0 } });
    scene.gate.reload({ timeouts: { pingMs: 1000, pongMs: 1000, handshakeMs: 0 } });
    const socket = scene.connect();
    scene.read(socket);
    scene.port.advance(1500);
    assert.equal(scene.read(socket).at(-1)?.type, PacketType.PING);
    scene.port.advance(1500);
    const last = scene.read(socket).at(-1);
    assert.ok(
      last?.type === PacketType.DISCONNECT && scene.gate.counters.disconnects.HEARTBEAT_TIMEOUT === 1,
    );
  });
});
