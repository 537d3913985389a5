// A question while the rules are applied: what they have made of it so far.

import { ServerError } from '../../chain/errors.ts'
import type { Query } from '../../chain/query/query.ts'
import { type Edns, forEachOption, MAX_OPTIONS, makeOption } from '../../wire/edns.ts'
import { nameFromText, nameToText } from '../../wire/name.ts'

/** Limit of all EDNS options together, with their codes and lengths. */
const MOST_OPTION_BYTES = 16_384
/** UDP size in an OPT record that rules add, as in CoreDNS. */
export const ADDED_UDP_SIZE = 4096

/** An EDNS option. It stays the same object when rules change its data. */
export interface Option {
  readonly code: number
  data: Uint8Array
}

const FAILURE_CODE = 'REWRITE'

/** The error for a question that cannot be sent after a rule has changed it. */
export const failure = (message: string): ServerError => new ServerError(FAILURE_CODE, message)

export const isFailure = (error: unknown): boolean =>
  error instanceof ServerError && error.code === FAILURE_CODE

export class Draft {
  readonly query: Query
  type: number
  class: number
  #text: string | undefined
  #wire: Uint8Array | undefined
  #options: Option[] | undefined

  constructor(query: Query) {
    this.query = query
    this.type = query.qtype
    this.class = query.qclass
  }

  /** The name in lower-case presentation form. */
  get name(): string {
    return this.#text ?? this.query.question.name
  }

  /** The name in the letters that were received or that a rule has written. */
  get spelling(): string {
    return this.#text ?? nameToText(this.query.question.wire)
  }

  /** Sets the name. Throws a ServerError if the text is no name. */
  rename(text: string): void {
    const wire = nameFromText(text)
    if (wire === undefined) throw failure(`invalid name after rewrite: ${text}`)
    this.#text = text
    this.#wire = wire
  }

  /** The EDNS options, which rules change in place. If there is no OPT record, this adds one. */
  get options(): Option[] {
    if (this.#options !== undefined) return this.#options
    const { edns, bytes } = this.query
    this.#options = edns === undefined ? [] : optionsOf(bytes, edns)
    return this.#options
  }

  set options(options: Option[]) {
    this.#options = options
  }

  /** Whether name, type or class have changed. Then the reply must get the first question back. */
  get isOther(): boolean {
    const { qtype, qclass } = this.query
    return this.#wire !== undefined || this.type !== qtype || this.class !== qclass
  }

  /** Whether an OPT record is added. */
  get addsOpt(): boolean {
    return this.#options !== undefined && this.query.edns === undefined
  }

  /** The question for the rest of the chain. Throws a ServerError for too many options. */
  asked(): Query {
    if (!this.isOther && this.#options === undefined) return this.query
    return this.query.with({
      name: this.#wire,
      type: this.type,
      class: this.class,
      options: this.#options && joined(this.#options),
      addedUdpSize: ADDED_UDP_SIZE,
    })
  }
}

const optionsOf = (
  bytes: Uint8Array,
  place: Pick<Edns, 'optionsOffset' | 'optionsLength'>,
): Option[] => {
  const options: Option[] = []
  forEachOption(bytes, place, (code, data) => options.push({ code, data: data.slice() }))
  return options
}

/** The options in these bytes. */
export const optionsIn = (bytes: Uint8Array): Option[] =>
  optionsOf(bytes, { optionsOffset: 0, optionsLength: bytes.length })

/** The options in wire form. */
export const joined = (options: readonly Option[]): Uint8Array => {
  const bytes = Buffer.concat(options.map(({ code, data }) => makeOption(code, data)))
  if (bytes.length > MOST_OPTION_BYTES || options.length > MAX_OPTIONS)
    throw failure(`too many EDNS options after rewrite: ${options.length}, ${bytes.length} bytes`)
  return new Uint8Array(bytes)
}
