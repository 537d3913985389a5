// What a caller has handed over that does not fit, with its place: `answers[0].data.port`.

import { given } from '../base/text/given.ts'
import { didYouMean } from '../corefile/diagnostics/nearest.ts'

/** Becomes a TypeError for the caller, once the whole place is known. */
export class Misfit extends Error {
  /** From what was handed over: `.data.port`, '' for the whole. */
  readonly place: string

  constructor(place: string, message: string) {
    super(message)
    this.place = place
  }

  /** The same, further inside. */
  within(place: string): Misfit {
    return new Misfit(place + this.place, this.message)
  }
}

/** The TypeError for what `read` finds: `answer: answers[0].ttl: …`. Other errors stay. */
export const asTypeError = <T>(what: string, read: () => T): T => {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof Misfit)) throw error
    const place = error.place.replace(/^\./, '')
    throw new TypeError(`${what}: ${place === '' ? '' : `${place}: `}${error.message}`)
  }
}

/** That it is an object with fields of these names, and no others. */
export const checkFields = (value: unknown, place: string, known: ReadonlySet<string>): void => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Misfit(place, `${given(value)} is no object`)
  for (const name of Object.keys(value)) {
    if (known.has(name)) continue
    const hint = didYouMean(name, [...known])
    throw new Misfit(`${place}.${name}`, `there is no such field${hint ? `: ${hint}` : ''}`)
  }
}
