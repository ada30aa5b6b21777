/**
 * Equal values kept once: replicas share labels, owners and templates, and a cluster has few distinct ones among many objects.
 *
 * What comes back may be shared by many objects and must never be changed. Meant to live as long as a decoding does.
 */
export class Interner {
  private readonly objects = new Map<string, object>();
  private readonly texts = new Map<string, string>();

  /** The first value that came with the same JSON. */
  object<T extends object>(value: T): T {
    const json = JSON.stringify(value);
    const known = this.objects.get(json);
    if (known !== undefined) return known as T;
    this.objects.set(json, value);
    return value;
  }

  text(value: string): string {
    const known = this.texts.get(value);
    if (known !== undefined) return known;
    this.texts.set(value, value);
    return value;
  }

  clear(): void {
    this.objects.clear();
    this.texts.clear();
  }
}
