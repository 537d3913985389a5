// Where the Corefile comes from: the -conf flag, ./Corefile, standard input, or the built-in one,
// as in CoreDNS's coremain/run.go.

import { dirname } from 'node:path'
import { isatty } from 'node:tty'
import { codeOf } from '../../base/errno.ts'
import { readTextFile, TEXT_FILE_BYTES } from '../../base/text-file.ts'
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

/** Reads it now. Throws an Error in CoreDNS's words if the file named by `conf` cannot be read. */
export const readCorefile = async (conf: string, port: number): Promise<CorefileText> => {
  if (conf === 'stdin' && !isatty(0)) {
    return {
      text: await readStdin(),
      file: STDIN_FILE,
      baseDir: dirname(STDIN_FILE),
      isReloadable: true,
    }
  }
  const isNamed = conf !== '' && conf !== 'stdin'
  const file = isNamed ? conf : DEFAULT_FILE
  try {
    return { text: readTextFile(file), file, baseDir: dirname(file), isReloadable: true }
  } catch (error) {
    if (!isNamed && codeOf((error as Error).cause) === 'ENOENT') {
      return { text: defaultCorefile(port), file: DEFAULT_FILE, baseDir: '.', isReloadable: false }
    }
    throw new Error(`loading Caddyfile via flag: ${messageOf(error)}`, { cause: error })
  }
}

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
