import type { Dictionary } from "../../i18n/dictionary.ts";
import type { Notice } from "../../state/contract.ts";
import { failureText } from "../failure-text.ts";

/** A notice as a sentence. */
export function noticeText(notice: Notice, t: Dictionary): string {
  const { code, params, failure } = notice;
  const of = (name: string): string => String(params[name] ?? "");
  const words = t.notices;
  const because = of("detail") === "" ? "" : ` ${words.because(of("detail"))}`;
  switch (code) {
    case "failed":
      return `${failedWord(of("action"), t)} ${failure === undefined ? "" : failureText(failure, t)}`.trim();
    case "roomDeleted":
    case "roomLeft":
    case "messagesMissing":
    case "roomMadeAnew":
      return words[code](of("room"));
    case "roomKicked":
    case "roomBanned":
      return words[code](of("room")) + because;
    case "roomLost":
      return `${words.roomLost(of("room"))} ${failure === undefined ? "" : failureText(failure, t)}`.trim();
    case "invited":
      return words.invited(of("by"), of("room"));
    case "muted":
      return words.muted(of("by"), of("room")) + because;
    case "unmuted":
      return words.unmuted(of("room"));
    case "roleChanged":
      return words.roleChanged(of("room"), roleWord(of("role"), t));
    case "othersRevoked":
      return words.othersRevoked(Number(params["count"] ?? 0));
    case "serverWarning":
      return words.serverWarning(of("detail"));
    case "passwordChanged":
    case "displayNameChanged":
    case "copied":
      return words[code];
  }
}

function failedWord(action: string, { notices }: Dictionary): string {
  if (action === "edit") return notices.failedEdit;
  if (action === "delete") return notices.failedDelete;
  if (action === "react") return notices.failedReact;
  return action === "send" ? notices.failedSend : notices.failedOther;
}

function roleWord(role: string, t: Dictionary): string {
  if (role === "owner") return t.members.owner;
  if (role === "moderator") return t.members.moderator;
  return role === "member" ? t.members.member : t.members.none;
}
