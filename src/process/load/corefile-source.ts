// Where the Corefile comes from: the -conf flag, ./Corefile, standard input, or the built-in one,
// as in CoreDNS's coremain/run.go.

import { dirname } from 'node:path'
import { isatty } from 'node:tty'
import { codeOf } from '../../base/files/errno.ts'
import { readTextFile, TEXT_FILE_BYTES } from '../../base/files/text-file.ts'
import { wait } from '../../base/time/timers.ts'
import { messageOf } from '../../chain/errors.ts'

export interface CorefileText {
  readonly text: string
  /** File name in errors. */
  readonly file: string
  readonly baseDir: string
  /** False for the built-in one, which SIGUSR1 cannot read again. */
  readonly isReloadable: boolean
}

/** The configuration without a Corefile, or with one that has no server block. */
export const defaultCorefile = (port: number): string => `.:${port} {\nwhoami\nlog\n}\n`

const STDIN_FILE = '/dev/stdin'
const DEFAULT_FILE = 'Corefile'

/** Whether `conf` names a file. */
const isNamed = (conf: string): boolean => conf !== '' && conf !== 'stdin'
const isPiped = (conf: string): boolean => conf === 'stdin' && !isatty(0)

/** Reads it now. Throws an Error in CoreDNS's words if the file named by `conf` cannot be read. */
export const readCorefile = async (conf: string, port: number): Promise<CorefileText> => {
  try {
    return await readGiven(conf)
  } catch (error) {
    if (isNamed(conf) || !isMissing(error)) throw error
    return { text: defaultCorefile(port), file: DEFAULT_FILE, baseDir: '.', isReloadable: false }
  }
}

/**
 * For a reload. Throws if no file is there, or no server block in it: what was served from a file
 * is not given up for the built-in text.
 */
export const rereadCorefile = (conf: string, pause: Pause): Promise<CorefileText> =>
  isPiped(conf) ? readGiven(conf) : onceWritten(() => readGiven(conf), pause)

const readGiven = async (conf: string): Promise<CorefileText> => {
  if (isPiped(conf)) {
    return {
      text: await readStdin(),
      file: STDIN_FILE,
      baseDir: dirname(STDIN_FILE),
      isReloadable: true,
    }
  }
  const file = isNamed(conf) ? conf : DEFAULT_FILE
  try {
    return { text: readTextFile(file), file, baseDir: dirname(file), isReloadable: true }
  } catch (error) {
    throw new Error(`loading Caddyfile via flag: ${messageOf(error)}`, { cause: error })
  }
}

/** Between two looks. */
type Pause = () => Promise<void>

/** Together a second. */
export const LOOKS = 50
export const LOOK_MS = 20

/** Nothing but comments. */
const isBlank = (text: string): boolean => /^(?:\s|#.*)*$/.test(text)

/**
 * Whoever writes a file in place empties it first, and may write its comments before its blocks;
 * some editors take it away for a moment. So neither is believed before it has lasted. Throws then.
 */
export const onceWritten = async (
  read: () => Promise<CorefileText>,
  pause: Pause = () => wait(LOOK_MS),
): Promise<CorefileText> => {
  for (let look = 1; look < LOOKS; look++) {
    try {
      const source = await read()
      if (!isBlank(source.text)) return source
    } catch (error) {
      if (!isMissing(error)) throw error
    }
    await pause()
  }
  const source = await read()
  if (isBlank(source.text)) throw new Error(`${source.file} has no server block`)
  return source
}

/** An error for a file that is not there, however it has been put since. */
const isMissing = (error: unknown): boolean =>
  error instanceof Error && (codeOf(error) === 'ENOENT' || isMissing(error.cause))

/** A second reading finds nothing left, as with CoreDNS. */
const readStdin = async (): Promise<string> => {
  const chunks: Buffer[] = []
  let total = 0
  for await (const chunk of process.stdin) {
    total += (chunk as Buffer).length
    if (total > TEXT_FILE_BYTES)
      throw new Error(
        `loading Caddyfile via flag: read ${STDIN_FILE}: larger than ${TEXT_FILE_BYTES} bytes`,
      )
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}
