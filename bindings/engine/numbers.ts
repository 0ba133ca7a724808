/** Hands out indices from `first` to `end` - 1, lowest free one first. */
export class Numbers {
  private readonly used = new Set<number>();
  private readonly first: number;
  private readonly end: number;

  constructor(first: number, end: number) {
    this.first = first;
    this.end = end;
  }

  /** A free number, taken; null when there is none. */
  take(): number | null {
    for (let number = this.first; number < this.end; number++) {
      if (this.used.has(number)) continue;
      this.used.add(number);
      return number;
    }
    return null;
  }

  /** Takes a number that somebody has already. */
  reserve(number: number): void {
    this.used.add(number);
  }

  free(number: number): void {
    this.used.delete(number);
  }
}
