import { nameKey } from "../../../src/protocol/names.ts";
import type { PlaceKey } from "./contract.ts";
import type { Place, PlaceIdentity } from "./place.ts";

/** All places of the signed-in user. A key stays a place's own, whatever id or name the room gets. */
export class PlaceBook {
  readonly #places = new Map<PlaceKey, Place>();
  readonly #make: (identity: PlaceIdentity) => Place;

  constructor(make: (identity: PlaceIdentity) => Place) {
    this.#make = make;
  }

  get all(): readonly Place[] {
    return [...this.#places.values()];
  }

  get rooms(): readonly Place[] {
    return this.all.filter(({ kind }) => kind === "room");
  }

  get conversations(): readonly Place[] {
    return this.all.filter(({ kind }) => kind === "direct");
  }

  find(key: PlaceKey | undefined): Place | undefined {
    return key === undefined ? undefined : this.#places.get(key);
  }

  byRoomId(roomId: number): Place | undefined {
    if (roomId === 0) return undefined;
    for (const place of this.#places.values()) if (place.roomId === roomId) return place;
    return undefined;
  }

  roomNamed(name: string): Place | undefined {
    const key = nameKey(name);
    return this.rooms.find((place) => nameKey(place.name) === key);
  }

  conversationWith(peer: string): Place | undefined {
    return this.#places.get(directKey(peer));
  }

  /** The room with this id, made when there is none. */
  room(roomId: number, name: string): Place {
    const known = this.byRoomId(roomId);
    if (known?.kind === "room") return known;
    return this.#add({ key: `r${roomId}`, kind: "room", roomId, name });
  }

  /** The conversation with a user, made when there is none. */
  conversation(peer: string, roomId = 0): Place {
    const known = this.byRoomId(roomId) ?? this.conversationWith(peer);
    if (known?.kind !== "direct")
      return this.#add({ key: directKey(peer), kind: "direct", roomId, name: peer });
    if (roomId > 0) known.roomId = roomId;
    return known;
  }

  remove(place: Place): void {
    this.#places.delete(place.key);
    place.parts.typing.clear();
    place.parts.timeline.release();
  }

  #add(identity: PlaceIdentity): Place {
    const place = this.#make(identity);
    this.#places.set(place.key, place);
    return place;
  }
}

function directKey(peer: string): PlaceKey {
  return `d:${nameKey(peer)}`;
}
