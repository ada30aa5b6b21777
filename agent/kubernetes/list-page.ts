/**
 * One page of a Kubernetes list, read object by object out of its raw bytes.
 *
 * Why not JSON.parse of the page: its tree takes several times the bytes of the page, half of them `managedFields` that
 * nobody reads, and it rounds integers beyond 2^53 without a word. This walks the bytes once, finds where each item
 * begins and ends, leaves `metadata.managedFields` out, and puts integers that a JavaScript number can't hold into quotes,
 * digit for digit. Each item is then parsed on its own and may be forgotten before the next.
 */

export interface ListPage {
  kind: string;
  apiVersion: string;
  resourceVersion: string | undefined;
  /** Token of the next page, or undefined on the last one. */
  continueToken: string | undefined;
  remainingItems: number | undefined;
  /** How many items the page has. */
  length: number;
  /** Parses the items one after the other. */
  items(): Generator<unknown>;
}

/** The bytes are not one JSON object with a list in `items`: a proxy's page, or a broken connection. */
export class MalformedPage extends Error {}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
const MANAGED_FIELDS = Buffer.from('"managedFields"');

/** What to leave out (a key with its value and comma) or to put in quotes, by offset. */
interface Cut {
  from: number;
  to: number;
  quote: boolean;
}
interface Item {
  from: number;
  to: number;
  cuts: Cut[];
}

/** @throws MalformedPage */
export function readListPage(bytes: Buffer): ListPage {
  const scanner = new Scanner(bytes);
  const top: Record<string, unknown> = {};
  let items: Item[] | null = null;
  scanner.space();
  scanner.expect(OPEN_BRACE);
  for (let isFirst = true; ; isFirst = false) {
    scanner.space();
    if (scanner.take(CLOSE_BRACE)) break;
    if (!isFirst) {
      scanner.expect(COMMA);
      scanner.space();
    }
    const key = scanner.key();
    if (key === "items") items = scanner.items();
    else top[key] = scanner.value();
  }
  scanner.space();
  if (scanner.at !== bytes.length) throw new MalformedPage("there is more after the list");
  if (items === null) throw new MalformedPage("the answer has no items");

  const metadata = (top.metadata ?? {}) as {
    resourceVersion?: unknown;
    continue?: unknown;
    remainingItemCount?: unknown;
  };
  const found = items;
  return {
    kind: String(top.kind ?? ""),
    apiVersion: String(top.apiVersion ?? ""),
    resourceVersion: nonEmpty(metadata.resourceVersion),
    continueToken: nonEmpty(metadata.continue),
    remainingItems: typeof metadata.remainingItemCount === "number" ? metadata.remainingItemCount : undefined,
    length: found.length,
    *items() {
      for (const item of found) yield parseItem(bytes, item);
    },
  };
}

/** The value of JSON text with the same care for large integers, for answers that are not lists. */
export function parseExact(bytes: Buffer): unknown {
  const scanner = new Scanner(bytes);
  scanner.space();
  const value = scanner.value();
  scanner.space();
  if (scanner.at !== bytes.length) throw new MalformedPage("there is more after the value");
  return value;
}

function nonEmpty(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Where an item is put together without what is cut; grows to the largest item. */
let scratch = Buffer.allocUnsafe(64 * 1024);

function parseItem(bytes: Buffer, item: Item): unknown {
  let text: string;
  if (item.cuts.length === 0) text = bytes.toString("utf8", item.from, item.to);
  else {
    const most = item.to - item.from + item.cuts.length * 2;
    if (scratch.length < most) scratch = Buffer.allocUnsafe(most * 2);
    let length = 0;
    let at = item.from;
    for (const cut of item.cuts) {
      length += bytes.copy(scratch, length, at, cut.from);
      if (cut.quote) {
        scratch[length++] = QUOTE;
        length += bytes.copy(scratch, length, cut.from, cut.to);
        scratch[length++] = QUOTE;
      }
      at = cut.to;
    }
    length += bytes.copy(scratch, length, at, item.to);
    text = scratch.toString("utf8", 0, length);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MalformedPage("an item of the list is not JSON", { cause });
  }
}

class Scanner {
  at = 0;
  constructor(private readonly bytes: Buffer) {}

  space(): void {
    const { bytes } = this;
    while (this.at < bytes.length) {
      const byte = bytes[this.at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.at++;
    }
  }

  take(byte: number): boolean {
    if (this.bytes[this.at] !== byte) return false;
    this.at++;
    return true;
  }

  expect(byte: number): void {
    if (!this.take(byte)) throw new MalformedPage(`expected "${String.fromCharCode(byte)}" at byte ${this.at}`);
  }

  key(): string {
    const from = this.at;
    this.string();
    const key: unknown = JSON.parse(this.bytes.toString("utf8", from, this.at));
    this.space();
    this.expect(COLON);
    this.space();
    return String(key);
  }

  value(): unknown {
    const from = this.at;
    const cuts: Cut[] = [];
    this.skip(cuts, false);
    return parseItem(this.bytes, { from, to: this.at, cuts });
  }

  items(): Item[] {
    const items: Item[] = [];
    if (this.bytes.toString("latin1", this.at, this.at + 4) === "null") {
      this.at += 4;
      return items;
    }
    this.expect(OPEN_BRACKET);
    for (;;) {
      this.space();
      if (this.take(CLOSE_BRACKET)) return items;
      if (items.length > 0) {
        this.expect(COMMA);
        this.space();
      }
      const item: Item = { from: this.at, to: 0, cuts: [] };
      this.skip(item.cuts, true);
      item.to = this.at;
      items.push(item);
    }
  }

  /** Moves behind a string; the first byte is its quote. */
  private string(): void {
    const { bytes } = this;
    this.expect(QUOTE);
    for (let i = this.at; i < bytes.length; i++) {
      const byte = bytes[i];
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) {
        this.at = i + 1;
        return;
      }
    }
    throw new MalformedPage("a string does not end");
  }

  /** Moves behind any value; notes what to cut on the way. JSON.parse judges the rest of the grammar later. */
  private skip(cuts: Cut[], dropsManagedFields: boolean): void {
    const { bytes } = this;
    let depth = 0;
    for (;;) {
      if (this.at >= bytes.length) throw new MalformedPage("the answer breaks off");
      const byte = bytes[this.at] ?? 0;
      if (byte === QUOTE) {
        if (dropsManagedFields && depth === 2 && this.isManagedFields()) this.cutManagedFields(cuts);
        else this.string();
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        depth++;
        this.at++;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        if (depth === 0) return;
        depth--;
        this.at++;
      } else if ((byte >= 0x30 && byte <= 0x39) || byte === 0x2d) {
        this.number(cuts);
      } else if (byte === COMMA || byte === COLON) {
        if (depth === 0) return;
        this.at++;
        continue;
      } else this.at++;
      if (depth === 0) {
        const last = bytes[this.at - 1] ?? 0;
        const next = bytes[this.at];
        // A literal (true, false, null) ends where no letter follows; everything else ended just now.
        const isInsideLiteral = last >= 0x61 && last <= 0x7a && next !== undefined && next >= 0x61 && next <= 0x7a;
        if (!isInsideLiteral) return;
      }
    }
  }

  private number(cuts: Cut[]): void {
    const { bytes } = this;
    const from = this.at;
    let isInteger = true;
    this.at++;
    for (; this.at < bytes.length; this.at++) {
      const byte = bytes[this.at] ?? 0;
      if (byte >= 0x30 && byte <= 0x39) continue;
      if (byte !== 0x2e && byte !== 0x65 && byte !== 0x45 && byte !== 0x2b && byte !== 0x2d) break;
      isInteger = false;
    }
    if (!isInteger || this.at - from < 16) return;
    const digits = bytes.toString("latin1", from, this.at);
    if (String(Number(digits)) !== digits) cuts.push({ from, to: this.at, quote: true });
  }

  private isManagedFields(): boolean {
    // The second byte decides nearly always.
    return (
      this.bytes[this.at + 1] === 0x6d &&
      this.bytes.subarray(this.at, this.at + MANAGED_FIELDS.length).equals(MANAGED_FIELDS)
    );
  }

  /** Depth 2 of an item is inside `metadata` (or spec, where a key of this name would be no field of Kubernetes' own). */
  private cutManagedFields(cuts: Cut[]): void {
    const { bytes } = this;
    let from = this.at;
    this.at += MANAGED_FIELDS.length;
    this.space();
    if (bytes[this.at] !== COLON) return;
    this.at++;
    this.space();
    if (bytes[this.at] !== OPEN_BRACKET) return;
    this.skip([], false);
    // The comma before it goes too, or the one after it if it was the first key.
    let before = from - 1;
    while (isSpace(bytes[before])) before--;
    if (bytes[before] === COMMA) from = before;
    else {
      let after = this.at;
      while (isSpace(bytes[after])) after++;
      if (bytes[after] === COMMA) this.at = after + 1;
    }
    cuts.push({ from, to: this.at, quote: false });
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
