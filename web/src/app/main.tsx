import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ChatClient } from "../../../src/client/chat-client.ts";
import { WebSocketTransport, webSocketUrl } from "../../../src/client/websocket-transport.ts";
import { dictionaries } from "../i18n/dictionaries.ts";
import { ChatStore } from "../state/chat-store.ts";
import { AppView } from "../ui/app-view.tsx";
import { BrowserHost } from "./browser-host.ts";
import { PageFault } from "./page-fault.tsx";
import { followAddress } from "./page-history.ts";
import { storeView } from "./store-view.ts";

const host = new BrowserHost();
const transport = new WebSocketTransport({ url: webSocketUrl(location.href) });
const store = new ChatStore({
  host,
  makeClient: () => new ChatClient({ transport, environment: host.environment }),
});
// Before React needs them.
dictionaries[store.preferences.snapshot.language].prepare();
followAddress(store);
// Put aside, closed, or kept for "back": what is typed is written down.
window.addEventListener("pagehide", () => store.save());
store.start();

const root = document.querySelector("#root");
if (root === null) throw new Error("index.html has no place for the page");
createRoot(root).render(
  <StrictMode>
    <PageFault onFault={() => store.save()}>
      <AppView context={storeView(store)} languages={host.languages} />
    </PageFault>
  </StrictMode>,
);
