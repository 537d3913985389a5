// The stages of a block that see the messages which leave (Stage.leaving), from the innermost to
// the outermost. Only what the slow path answers comes here.

import { isChoosy, type Stage } from '../../chain/handler.ts'
import type { Query } from '../../chain/query.ts'

/** More would leave no room for records in a datagram of the usual size. */
const MOST_RESERVED_BYTES = 1024

interface Watching {
  readonly name: string
  readonly stage: Stage & Required<Pick<Stage, 'leaving'>>
  /** Of those that FastQuery keeps for what `concerns` says; 0 for none. */
  readonly bit: number
}

export class Leaving {
  readonly #watching: readonly Watching[]

  private constructor(watching: readonly Watching[]) {
    this.#watching = watching
  }

  /**
   * `stages` from the front of the chain; undefined if none of them looks. Throws a RangeError that
   * names the plugin for room that nobody can have.
   */
  static of(
    stages: readonly { readonly name: string; readonly stage: Stage; readonly bit: number }[],
  ): Leaving | undefined {
    const watching = stages.filter((one): one is Watching => one.stage.leaving !== undefined)
    for (const { name, stage } of watching) checkRoom(name, stage.reserves ?? 0)
    return watching.length === 0 ? undefined : new Leaving(watching.toReversed())
  }

  /** Bytes that the stages which the query concerns may add. */
  reservedFor(query: Query): number {
    let bytes = 0
    for (const one of this.#watching) if (isFor(query, one)) bytes += one.stage.reserves ?? 0
    return bytes
  }

  /**
   * What is sent for `bytes`. Throws what a stage throws, and a RangeError for what is too long.
   */
  pass(query: Query, bytes: Uint8Array): Uint8Array {
    let leaving = bytes
    for (const one of this.#watching)
      if (isFor(query, one)) leaving = one.stage.leaving!(query, leaving)
    if (leaving.length > query.replyLimit)
      throw new RangeError(`a message of ${leaving.length} bytes leaves, over ${query.replyLimit}`)
    return leaving
  }
}

const isFor = (query: Query, { stage, bit }: Watching): boolean =>
  !isChoosy(stage) || query.isFor(stage, bit)

const checkRoom = (name: string, bytes: number): void => {
  if (!Number.isInteger(bytes) || bytes < 0 || bytes > MOST_RESERVED_BYTES)
    throw new RangeError(
      `plugin/${name}: reserves ${bytes} bytes: must be 0 to ${MOST_RESERVED_BYTES}`,
    )
}
