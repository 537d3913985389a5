// The stages of a block that see messages before they are sent (Stage.leaving), from the innermost
// to the outermost. Only for answers of the slow path.

import { faultOf, isA, messageOf, PluginFault, ServerError } from '../../chain/errors.ts'
import type { Query } from '../../chain/query/query.ts'
import { isChoosy, isConcerned, type Stage } from '../../chain/stage/handler.ts'
import type { Faults } from './faults.ts'

/** More would leave no room for records in a datagram of the usual size. */
const MOST_RESERVED_BYTES = 1024

interface Watching {
  readonly name: string
  readonly stage: Stage & Required<Pick<Stage, 'leaving'>>
  /** Bit of FastQuery for the result of `concerns`; 0 for none. */
  readonly bit: number
}

export class Leaving {
  readonly #watching: readonly Watching[]

  private constructor(watching: readonly Watching[]) {
    this.#watching = watching
  }

  /**
   * `stages` from the front of the chain; undefined if none has `leaving`. Throws a RangeError that
   * names the plugin if `reserves` is out of range.
   */
  static of(
    stages: readonly { readonly name: string; readonly stage: Stage; readonly bit: number }[],
  ): Leaving | undefined {
    const watching = stages.filter((one): one is Watching => one.stage.leaving !== undefined)
    for (const { name, stage } of watching) checkRoom(name, stage.reserves ?? 0)
    return watching.length === 0 ? undefined : new Leaving(watching.toReversed())
  }

  /** Bytes that the stages which the query concerns may add. Throws a PluginFault. */
  reservedFor(query: Query): number {
    let bytes = 0
    for (const one of this.#watching) if (isFor(query, one)) bytes += one.stage.reserves ?? 0
    return bytes
  }

  /**
   * The bytes to send in place of `bytes`. Throws a PluginFault. Throws a ServerError, after
   * logging it to `faults`, since *errors* does not see it. Throws a RangeError for a message that
   * is too long although each stage has kept to its `reserves`.
   */
  pass(query: Query, bytes: Uint8Array, faults: Pick<Faults, 'warn'>): Uint8Array {
    let leaving = bytes
    for (const one of this.#watching)
      if (isFor(query, one)) leaving = shown(one, query, leaving, faults)
    if (leaving.length > query.replyLimit)
      throw new RangeError(`a message of ${leaving.length} bytes leaves, over ${query.replyLimit}`)
    return leaving
  }
}

const isFor = (query: Query, { name, stage, bit }: Watching): boolean =>
  !isChoosy(stage) || isConcerned(name, stage, bit, query)

const shown = (
  { name, stage }: Watching,
  query: Query,
  bytes: Uint8Array,
  faults: Pick<Faults, 'warn'>,
): Uint8Array => {
  const { length } = bytes
  let leaving: unknown
  try {
    leaving = stage.leaving!(query, bytes)
  } catch (error) {
    if (isA(ServerError, error)) faults.warn(name, messageOf(error))
    throw faultOf(name, error)
  }
  if (!(leaving instanceof Uint8Array))
    throw new PluginFault(name, 'what leaving gives is no bytes')
  const { reserves = 0 } = stage
  if (leaving.length < length || leaving.length > length + reserves)
    throw new PluginFault(
      name,
      `leaving gives ${leaving.length} bytes for ${length}, and reserves ${reserves}`,
    )
  return leaving
}

const checkRoom = (name: string, bytes: number): void => {
  if (!Number.isInteger(bytes) || bytes < 0 || bytes > MOST_RESERVED_BYTES)
    throw new RangeError(
      `plugin/${name}: reserves ${bytes} bytes: must be 0 to ${MOST_RESERVED_BYTES}`,
    )
}
