import type {
  Account,
  NewAccount,
  Store,
  StoreRequestName,
  StoreRequests,
  UserSanction,
} from "../../src/chat/store/store.ts";

type Request<Name extends StoreRequestName> = StoreRequests[Name]["request"];
type Result<Name extends StoreRequestName> = StoreRequests[Name]["result"];

const NO_SANCTION: UserSanction = { mutedUntilMs: 0, bannedUntilMs: 0, reason: "" };

/** Accounts, tokens and invitations in memory: as much of a store as a gate uses. */
export class FakeAccountStore implements Pick<Store, "ask"> {
  readonly accounts = new Map<number, Account & { readonly externalId: string | undefined }>();
  readonly tokens = new Map<string, Request<"createToken"> & { readonly id: number }>();
  readonly invitations = new Set<string>();
  readonly sanctions = new Map<number, UserSanction>();
  /** Rejected with by the next request. */
  failure: Error | undefined;
  #lastId = 0;

  readonly #answers: { readonly [Name in StoreRequestName]?: (request: Request<Name>) => Result<Name> } = {
    createAccount: (request) => this.#createAccount(request),
    findAccount: ({ nameKey }) => this.#find((account) => account.nameKey === nameKey),
    findAccountById: ({ id }) => this.accounts.get(id),
    findExternalAccount: ({ externalId }) => this.#find((account) => account.externalId === externalId),
    createToken: (request) => {
      const id = ++this.#lastId;
      this.tokens.set(request.hash, { ...request, id });
      return id;
    },
    useToken: ({ hash, nowMs }) => {
      const token = this.tokens.get(hash);
      const account = this.accounts.get(token?.userId ?? 0);
      if (token === undefined || account === undefined || token.expiresMs <= nowMs) return undefined;
      return { tokenId: token.id, expiresMs: token.expiresMs, account };
    },
    revokeTokens: ({ userId, tokenId }) => {
      const gone = [...this.tokens].filter(([, token]) => token.userId === userId && token.id === tokenId);
      for (const [hash] of gone) this.tokens.delete(hash);
      return gone.map(([, { id }]) => id);
    },
    findUserSanction: ({ userId }) => this.sanctions.get(userId) ?? NO_SANCTION,
  };

  async ask<Name extends StoreRequestName>(name: Name, request: Request<Name>): Promise<Result<Name>> {
    await Promise.resolve();
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
    const answer = this.#answers[name];
    if (answer === undefined) throw new Error(`this store has no ${name}`);
    return answer(request);
  }

  /** An account that is there from the start. */
  add(name: string, password: string, change: Partial<Account> = {}): Account {
    const made = this.#createAccount({ name, nameKey: name, passwordHash: `hash of ${password}`, nowMs: 0 });
    if (!made.created) throw new Error(made.why);
    const account = { ...this.#get(made.id), ...change };
    this.accounts.set(made.id, account);
    return account;
  }

  #get(id: number) {
    const account = this.accounts.get(id);
    if (account === undefined) throw new Error(`there is no account ${id}`);
    return account;
  }

  #find(test: (account: Account & { readonly externalId: string | undefined }) => boolean) {
    return [...this.accounts.values()].find(test);
  }

  #createAccount(request: NewAccount): Result<"createAccount"> {
    const { name, nameKey, passwordHash, externalId, invitationHash, isAdmin = false } = request;
    if (
      this.#find(
        (account) =>
          account.nameKey === nameKey || (externalId !== undefined && account.externalId === externalId),
      )
    ) {
      return { created: false, why: "NAME_TAKEN" };
    }
    if (invitationHash !== undefined && !this.invitations.delete(invitationHash)) {
      return { created: false, why: "INVITATION_INVALID" };
    }
    const id = ++this.#lastId;
    const fields = {
      name,
      nameKey,
      passwordHash,
      externalId,
      isAdmin,
      displayName: "",
      createdMs: request.nowMs,
    };
    this.accounts.set(id, { id, ...fields, ...NO_SANCTION });
    return { created: true, id };
  }
}
