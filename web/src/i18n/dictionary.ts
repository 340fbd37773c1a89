import type { en } from "./en.ts";

/** The same tree with every word replaceable: literals become string, functions keep what they take. */
type Translated<Source> = Source extends string
  ? string
  : Source extends (...parameters: infer Parameters) => string
    ? (...parameters: Parameters) => string
    : { readonly [Key in keyof Source]: Translated<Source[Key]> };

/** What a language has to have. A missing key, or one too many, does not compile. */
export type Dictionary = Translated<typeof en>;
