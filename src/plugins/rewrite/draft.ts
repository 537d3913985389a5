// A question on its way through the rules: what they have made of it so far.

import { ServerError } from '../../chain/errors.ts'
import type { Query } from '../../chain/query.ts'
import { type Edns, forEachOption, MAX_OPTIONS, makeOption } from '../../wire/edns.ts'
import { nameFromText, nameToText } from '../../wire/name.ts'

/** Of all EDNS options together, with their codes and lengths. */
const MOST_OPTION_BYTES = 16_384
/** Of an OPT record that rules add; CoreDNS's. */
export const ADDED_UDP_SIZE = 4096

/** An EDNS option; one object as long as its place among the others. */
export interface Option {
  readonly code: number
  data: Uint8Array
}

const FAILURE_CODE = 'REWRITE'

/** Nothing can be sent of what a rule has made. */
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

  /** In lower-case presentation form. */
  get name(): string {
    return this.#text ?? this.query.question.name
  }

  /** As received, or as a rule has made it. */
  get spelling(): string {
    return this.#text ?? nameToText(this.query.question.wire)
  }

  /** Throws a ServerError for what is no name. */
  rename(text: string): void {
    const wire = nameFromText(text)
    if (wire === undefined) throw failure(`invalid name after rewrite: ${text}`)
    this.#text = text
    this.#wire = wire
  }

  /** The EDNS options, to be changed in place: an OPT record is added if there is none. */
  get options(): Option[] {
    if (this.#options !== undefined) return this.#options
    const { edns, bytes } = this.query
    this.#options = edns === undefined ? [] : optionsOf(bytes, edns)
    return this.#options
  }

  set options(options: Option[]) {
    this.#options = options
  }

  /** Whether name, type or class is another one: the reply has to come back under the first. */
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

/** The options that stand in these bytes, one behind the other. */
export const optionsIn = (bytes: Uint8Array): Option[] =>
  optionsOf(bytes, { optionsOffset: 0, optionsLength: bytes.length })

/** In wire form, one behind the other. */
export const joined = (options: readonly Option[]): Uint8Array => {
  const bytes = Buffer.concat(options.map(({ code, data }) => makeOption(code, data)))
  if (bytes.length > MOST_OPTION_BYTES || options.length > MAX_OPTIONS)
    throw failure(`too many EDNS options after rewrite: ${options.length}, ${bytes.length} bytes`)
  return new Uint8Array(bytes)
}
