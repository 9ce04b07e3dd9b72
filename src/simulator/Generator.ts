const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

const hash = (seed: string, salt: number): number => {
  let value = 0x811c9dc5 ^ salt
  for (let index = 0; index < seed.length; index++) value = Math.imul(value ^ seed.charCodeAt(index), 0x01000193)
  return value >>> 0
}

/** Every generated value of the simulator, from one seed (sfc32). */
export class Generator {
  readonly #seed: string
  #a = 0
  #b = 0
  #c = 0
  #counter = 1

  constructor(seed: string) {
    this.#seed = seed
    this.reset()
  }

  reset(): void {
    this.#a = hash(this.#seed, 1)
    this.#b = hash(this.#seed, 2)
    this.#c = hash(this.#seed, 3)
    this.#counter = 1
    for (let round = 0; round < 15; round++) this.#next()
  }

  #next(): number {
    const value = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + value) | 0
    return value >>> 0
  }

  /** An integer from 0 to below `limit`. */
  below(limit: number): number {
    return this.#next() % limit
  }

  #letters(count: number): string {
    let text = ""
    for (let index = 0; index < count; index++) text += alphabet.charAt(this.below(36))
    return text
  }

  #digits(count: number): string {
    let text = ""
    for (let index = 0; index < count; index++) text += this.below(10)
    return text
  }

  /** 19 characters, as Server Post gives them. */
  bric(): string {
    return `09L${this.#letters(16)}`
  }

  authCode(): string {
    return this.#digits(6)
  }

  /** AUTH_TRAN_IDENT. */
  networkId(): string {
    return this.#digits(15)
  }
}
