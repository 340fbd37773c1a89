import { Component, type ReactElement, type ReactNode } from "react";
import { Button } from "../ui/primitives/button.tsx";

/** The dictionary may be what has failed: these words stand alone. */
const WORDS = {
  en: {
    text: "This page has stopped because of a mistake in it. What you wrote is kept.",
    reload: "Load it again",
  },
  ko: { text: "페이지에 오류가 생겨 멈췄습니다. 쓰던 글은 남아 있습니다.", reload: "다시 불러오기" },
} as const;

interface PageFaultProps {
  readonly children: ReactNode;
  /** Drafts are written down before the page is left. */
  readonly onFault: () => void;
}

/** Says so when a view has thrown, instead of an empty page. React tells the console what it was. */
export class PageFault extends Component<PageFaultProps, { readonly hasFailed: boolean }> {
  override readonly state = { hasFailed: false };

  static getDerivedStateFromError(): { readonly hasFailed: boolean } {
    return { hasFailed: true };
  }

  override componentDidCatch(): void {
    this.props.onFault();
  }

  override render(): ReactNode {
    return this.state.hasFailed ? <Fault /> : this.props.children;
  }
}

function Fault(): ReactElement {
  const words = WORDS[document.documentElement.lang === "ko" ? "ko" : "en"];
  return (
    <main className="empty-state" role="alert">
      <p>{words.text}</p>
      <Button onClick={() => location.reload()}>{words.reload}</Button>
    </main>
  );
}
