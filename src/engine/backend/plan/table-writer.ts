/** Words of tables, and which of them are references that still need the address of what they count from. */
export class TableWriter {
  words: Int32Array<ArrayBuffer>;
  doubles: Float64Array<ArrayBuffer>;
  readonly tableRefs: number[] = [];
  readonly arenaRefs: number[] = [];
  #length = 0;

  constructor(capacity: number) {
    this.words = new Int32Array(capacity + (capacity % 2));
    this.doubles = new Float64Array(this.words.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** First word of `count` fresh words, all 0. */
  take(count: number): number {
    const first = this.#length;
    this.#length += count;
    if (this.#length > this.words.length) this.#grow();
    return first;
  }

  /** First word of `count` fresh doubles. */
  takeDoubles(count: number): number {
    if (this.#length % 2 !== 0) this.#length++;
    return this.take(2 * count);
  }

  /** Makes `word` refer to another word of the table. */
  referTable(word: number, target: number): void {
    this.words[word] = 4 * target;
    this.tableRefs.push(word);
  }

  /** Makes `word` refer to a byte of the arena; a negative offset leaves it absent. */
  referArena(word: number, offset: number): void {
    if (offset < 0) return;
    this.words[word] = offset;
    this.arenaRefs.push(word);
  }

  #grow(): void {
    const words = new Int32Array(2 * (this.#length + (this.#length % 2)));
    words.set(this.words);
    this.words = words;
    this.doubles = new Float64Array(words.buffer);
  }
}
