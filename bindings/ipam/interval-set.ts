/** A set of whole numbers, kept as its runs: `first` to `last`, ascending, never touching. So the next number that is not in
 *  it is found by one binary search, however large the numbers and however dense the set; an entry costs one run at most. */
export class IntervalSet {
  readonly #firsts: bigint[] = [];
  readonly #lasts: bigint[] = [];

  has(number: bigint): boolean {
    const at = this.#runBefore(number);
    return at >= 0 && number <= this.#lasts[at]!;
  }

  /** False when it was there. */
  add(number: bigint): boolean {
    const at = this.#runBefore(number);
    if (at >= 0 && number <= this.#lasts[at]!) return false;
    const joinsLower = at >= 0 && this.#lasts[at] === number - 1n;
    const joinsUpper = this.#firsts[at + 1] === number + 1n;
    if (joinsLower && joinsUpper) {
      this.#lasts.splice(at, 1);
      this.#firsts.splice(at + 1, 1);
    } else if (joinsLower) this.#lasts[at] = number;
    else if (joinsUpper) this.#firsts[at + 1] = number;
    else this.#insert(at + 1, number, number);
    return true;
  }

  /** False when it was not there. */
  delete(number: bigint): boolean {
    const at = this.#runBefore(number);
    if (at < 0 || number > this.#lasts[at]!) return false;
    const [first, last] = [this.#firsts[at]!, this.#lasts[at]!];
    this.#firsts.splice(at, 1);
    this.#lasts.splice(at, 1);
    if (number < last) this.#insert(at, number + 1n, last);
    if (first < number) this.#insert(at, first, number - 1n);
    return true;
  }

  /** The least number from `from` on that is not in it. */
  nextFree(from: bigint): bigint {
    const at = this.#runBefore(from);
    return at >= 0 && from <= this.#lasts[at]! ? this.#lasts[at]! + 1n : from;
  }

  /** How many of it lie from `first` to `last`. */
  count(first: bigint, last: bigint): bigint {
    let total = 0n;
    for (let at = Math.max(0, this.#runBefore(first)); at < this.#firsts.length && this.#firsts[at]! <= last; at++) {
      const from = this.#firsts[at]! > first ? this.#firsts[at]! : first;
      const to = this.#lasts[at]! < last ? this.#lasts[at]! : last;
      if (from <= to) total += to - from + 1n;
    }
    return total;
  }

  #insert(at: number, first: bigint, last: bigint): void {
    this.#firsts.splice(at, 0, first);
    this.#lasts.splice(at, 0, last);
  }

  /** The last run that begins at `number` or before; -1 without one. */
  #runBefore(number: bigint): number {
    let low = 0;
    let high = this.#firsts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#firsts[middle]! <= number) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
