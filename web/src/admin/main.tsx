import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/primitives.css";
import "./styles/admin.css";
import "./styles/views.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { AdminApp } from "./admin-app.tsx";
import { PageStorage } from "./page-storage.ts";

const storage = new PageStorage(
  () => sessionStorage,
  () => localStorage,
);
const { theme } = storage;
if (theme !== undefined) document.documentElement.dataset.theme = theme;
const root = document.querySelector("#admin");
if (root === null) throw new Error("admin.html has no place for the page");
createRoot(root).render(
  <StrictMode>
    <AdminApp
      storage={storage}
      fetch={(url, init) => fetch(url, init)}
      browserLanguages={navigator.languages}
      nowMs={() => Date.now()}
    />
  </StrictMode>,
);
