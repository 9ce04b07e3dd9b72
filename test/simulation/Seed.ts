const hash = (text: string, salt: number): number => {
  let value = 0x811c9dc5 ^ salt
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  return value >>> 0
}

/** Random numbers of which the same seed gives the same ones everywhere (sfc32). */
export class Seed {
  readonly #name: string
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(name: string) {
    this.#name = name
    this.#a = hash(name, 1)
    this.#b = hash(name, 2)
    this.#c = hash(name, 3)
    for (let round = 0; round < 15; round++) this.next32()
  }

  /** Numbers of its own for one part of the whole, however many the others use. */
  fork(part: string): Seed {
    return new Seed(`${this.#name}/${part}`)
  }

  next32(): number {
    const value = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + value
    return value >>> 0
  }

  /** At least 0 and less than 1. */
  next(): number {
    return this.next32() / 0x1_0000_0000
  }

  /** A whole number from the first to the last, both of them included. */
  between(first: number, last: number): number {
    return first + Math.floor(this.next() * (last - first + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<A>(from: readonly [A, ...ReadonlyArray<A>]): A {
    return from[this.between(0, from.length - 1)] ?? from[0]
  }

  bytes(size: number): Uint8Array {
    const made = new Uint8Array(size)
    for (let index = 0; index < size; index++) made[index] = this.next32() & 0xff
    return made
  }
}
