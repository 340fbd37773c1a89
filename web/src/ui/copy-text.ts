/**
 * Puts a text on the clipboard; false when the browser does not let us. Over plain HTTP from another
 * machine there is no `navigator.clipboard`: then the old way, over a field that is selected.
 */
export async function copyText(text: string): Promise<boolean> {
  try {
    // oxlint-disable-next-line typescript/no-unnecessary-condition -- undefined outside of secure contexts
    if (navigator.clipboard !== undefined) {
      await navigator.clipboard.writeText(text);
      return true;
    }
  } catch {
    // Refused: the old way may still be allowed.
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  const focused = document.activeElement;
  document.body.append(field);
  field.select();
  // oxlint-disable-next-line typescript/no-deprecated -- the only way there is without a secure context
  const isCopied = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return isCopied;
}
