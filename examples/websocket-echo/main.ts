/** A WebSocket echo on the engine: `node examples/websocket-echo/main.ts`, then open http://127.0.0.1:8081. */
import { formatSocketAddress, openPort, parseSocketAddress } from "../../src/engine/index.ts";
import { createHttpServer, defaultHttpLimits } from "../../src/http/http-limits.ts";
import { HttpService } from "../../src/http/http-service.ts";
import { plainResponse } from "../../src/http/plain-response.ts";
import {
  checkUpgrade,
  deflateSettings,
  originRule,
  WebSocketConnection,
  type WebSocketHandler,
} from "../../src/websocket/index.ts";

const page = `<!doctype html>
<meta charset="utf-8"><title>Echo</title>
<form><input autofocus placeholder="Say something"> <button>Send</button></form><ol></ol>
<script>
  const socket = new WebSocket("ws://" + location.host + "/echo");
  const note = (text) => document.querySelector("ol").append(
    Object.assign(document.createElement("li"), { textContent: text }));
  socket.onmessage = ({ data }) => note(data);
  socket.onclose = ({ code, reason }) => note("closed: " + code + " " + reason);
  document.forms[0].onsubmit = (event) => {
    event.preventDefault();
    socket.send(event.target[0].value);
    event.target.reset();
  };
</script>`;

const { port, why } = openPort();
const http = new HttpService({ port });
const connections = new Set<WebSocketConnection>();

const echo: WebSocketHandler = {
  onMessage: (connection, bytes, start, end, isText) =>
    void connection.sendMessage(bytes.subarray(start, end), isText),
  onDisconnected(connection, code, reason) {
    connections.delete(connection);
    console.log(`- ${formatSocketAddress(connection.session.remote)} ${code} ${reason}`);
  },
};

// Pages of this server alone may connect; what they send may be compressed.
const rules = {
  protocols: [],
  protocolRequired: false,
  allowsOrigin: originRule([]),
  deflate: deflateSettings(),
};

http.setUpgrade("/echo", (request, session, head) => {
  const answer = checkUpgrade(request, rules);
  if (!answer.ok) {
    session.sendBytes(plainResponse(answer.status, answer.reason, answer.headers));
    session.disconnect();
    return;
  }
  if (!session.sendBytes(answer.responseBytes)) return;
  session.completeHandshake();
  const options = { messageLimitBytes: 65_536, deflate: answer.deflate };
  connections.add(WebSocketConnection.accept(session, options, () => echo));
  console.log(`+ ${formatSocketAddress(session.remote)}`);
  if (head.byteLength > 0) session.deliver(head);
});

const server = createHttpServer(defaultHttpLimits, (request, response) => {
  const isPage = request.url === "/";
  response.writeHead(isPage ? 200 : 404, { "Content-Type": "text/html; charset=utf-8" });
  response.end(isPage ? page : "Not found");
});
const address = await http.listen(parseSocketAddress(process.argv[2] ?? "127.0.0.1:8081"), server);
console.log(`http://${formatSocketAddress(address)} with ${port.backend} (${why})`);

process.once("SIGINT", () => {
  for (const connection of connections) connection.close(1001, "the server stops");
  void http.close().then(() => port.close());
});
