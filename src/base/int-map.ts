// A map from whole numbers to values for what comes and goes with every query. V8's Map leaves its
// old tables behind with all that was in them, each pointing to the next: once one has grown old,
// all later ones, and what they hold, survive until a full collection. Here a deleted value is
// forgotten at once. Open addressing with linear probing; what follows a deleted entry moves up.

const FIRST_CAPACITY = 64

export class IntMap<V> {
  #keys = new Float64Array(FIRST_CAPACITY)
  #values: (V | undefined)[] = new Array<V | undefined>(FIRST_CAPACITY).fill(undefined)
  #size = 0

  get size(): number {
    return this.#size
  }

  get(key: number): V | undefined {
    return this.#values[this.#placeOf(key)]
  }

  has(key: number): boolean {
    return this.get(key) !== undefined
  }

  set(key: number, value: V): void {
    const place = this.#placeOf(key)
    if (this.#values[place] === undefined) {
      this.#size++
      this.#keys[place] = key
    }
    this.#values[place] = value
    if (this.#size * 2 > this.#keys.length) this.#grow()
  }

  /** False if there was none. */
  delete(key: number): boolean {
    const keys = this.#keys
    const values = this.#values
    const mask = keys.length - 1
    let hole = this.#placeOf(key)
    if (values[hole] === undefined) return false
    this.#size--
    for (let place = (hole + 1) & mask; values[place] !== undefined; place = (place + 1) & mask) {
      // An entry may fill the hole unless its own place lies behind the hole.
      const distance = (place - (hash(keys[place]!) & mask)) & mask
      if (distance < ((place - hole) & mask)) continue
      keys[hole] = keys[place]!
      values[hole] = values[place]
      hole = place
    }
    values[hole] = undefined
    return true
  }

  /** Values as they are now, in no order. */
  values(): V[] {
    return this.#values.filter(value => value !== undefined)
  }

  /** The place of the key, or the empty one where it would be. */
  #placeOf(key: number): number {
    const keys = this.#keys
    const values = this.#values
    const mask = keys.length - 1
    let place = hash(key) & mask
    while (values[place] !== undefined && keys[place] !== key) place = (place + 1) & mask
    return place
  }

  #grow(): void {
    const keys = this.#keys
    const values = this.#values
    this.#keys = new Float64Array(keys.length * 2)
    this.#values = new Array<V | undefined>(keys.length * 2).fill(undefined)
    this.#size = 0
    for (const [place, value] of values.entries())
      if (value !== undefined) this.set(keys[place]!, value)
  }
}

/** Of up to 53 bits; both halves count. */
const hash = (key: number): number => {
  const mixed = Math.imul((key | 0) ^ Math.imul((key / 0x1_0000_0000) | 0, 0x85ebca6b), 0x9e3779b1)
  return mixed ^ (mixed >>> 16)
}
