// The main half: reads the weight file, again every reload interval, and writes the weights for the
// shards.

import { codeOf } from '../../base/files/errno.ts'
import { readTextFile } from '../../base/files/text-file.ts'
import { LONGEST_TIMER_MS } from '../../base/time/timers.ts'
import { messageOf } from '../../chain/errors.ts'
import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import type { InspectScope } from '../../chain/plugin/inspect-scope.ts'
import { underRoot } from '../../corefile/options/values.ts'
import { formatDuration } from '../../corefile/words/duration.ts'
import type { Logger } from '../../log/logger.ts'
import type { LoadbalanceOptions, WeightFileOptions } from './options.ts'
import { makeBoard, writeBoard } from './weight-board.ts'
import { parseWeights } from './weight-table.ts'

export interface LoadbalanceShared {
  /** Undefined without `weighted`. */
  readonly board: SharedArrayBuffer | undefined
}

const FILE_BYTES_MAX = 1 << 20

/** The file is missing or may not be read: it may come later. */
class WeightFileOpenError extends Error {
  constructor(cause: unknown) {
    super('weight file open error', { cause })
  }
}

export const control = async (
  { weighted }: LoadbalanceOptions,
  scope: ControlScope,
): Promise<LoadbalanceShared> => {
  if (weighted === undefined) return { board: undefined }
  const watch = new WeightFile(underRoot(weighted.file, scope.settings.root), scope.log)
  await atFirst(() => watch.update(), weighted, scope.log)
  if (weighted.reloadMs > 0) startWatch(watch, weighted.reloadMs, scope)
  return { board: watch.board }
}

export const inspect = async (
  { weighted }: LoadbalanceOptions,
  { settings, log }: InspectScope,
): Promise<void> => {
  if (weighted === undefined) return
  const path = underRoot(weighted.file, settings.root)
  await atFirst(async () => parseWeights(await readText(path), path), weighted, log)
}

/** The file must exist at start only if it is not checked again. */
const atFirst = async (
  look: () => Promise<unknown>,
  { reloadMs }: WeightFileOptions,
  log: Logger,
): Promise<void> => {
  try {
    await look()
  } catch (error) {
    if (!(error instanceof WeightFileOpenError) || reloadMs === 0) throw error
    log.warning(
      `Failed to open weight file:${error.message}. Will try again in ${formatDuration(reloadMs)}`,
    )
  }
}

const startWatch = (watch: WeightFile, reloadMs: number, scope: ControlScope): void => {
  let timer: NodeJS.Timeout | undefined
  let isReading = false
  const look = async (): Promise<void> => {
    if (isReading) return
    isReading = true
    try {
      await watch.update()
    } catch (error) {
      // The weights read last stay in force.
      scope.log.error(messageOf(error))
    } finally {
      isReading = false
    }
  }
  scope.onStart(() => {
    timer = setInterval(look, Math.min(reloadMs, LONGEST_TIMER_MS)).unref()
  })
  scope.onRetire(() => clearInterval(timer))
}

class WeightFile {
  readonly board = makeBoard()
  readonly #path: string
  readonly #log: Logger
  #text: string | undefined

  constructor(path: string, log: Logger) {
    this.#path = path
    this.#log = log
  }

  /**
   * Reads the file, and if it has changed writes its weights to the board. Throws for a file that
   * cannot be read or understood.
   */
  async update(): Promise<void> {
    const text = await readText(this.#path)
    if (text === this.#text) return
    // Remembered before it is understood: a bad file is complained about once, not at every look.
    this.#text = text
    writeBoard(this.board, parseWeights(text, this.#path))
    this.#log.info(`Successfully reloaded weight file ${this.#path}`)
  }
}

const readText = async (path: string): Promise<string> => {
  const { size } = await process
    .getBuiltinModule('node:fs/promises')
    .stat(path)
    .catch((error: unknown) => {
      throw new WeightFileOpenError(error)
    })
  if (size > FILE_BYTES_MAX)
    throw new Error(`weight file ${path} is larger than ${FILE_BYTES_MAX} bytes`)
  try {
    return readTextFile(path)
  } catch (error) {
    if (codeOf((error as Error).cause) === 'EISDIR')
      throw new Error(`weight file ${path} is a directory`, { cause: error })
    throw new WeightFileOpenError(error)
  }
}
