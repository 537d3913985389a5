// Where the Corefile comes from: the -conf flag, ./Corefile, standard input, or the built-in one (reference: corefile-core §1.8).

import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isatty } from 'node:tty'
import { defaultCorefile } from '../corefile/default.ts'
import { openErrorText } from '../corefile/loader.ts'

export interface CorefileText {
  readonly text: string
  /** What errors call it. */
  readonly file: string
  readonly baseDir: string
  /** False for the built-in one, which SIGUSR1 cannot read again. */
  readonly isReloadable: boolean
}

const STDIN_FILE = '/dev/stdin'
const DEFAULT_FILE = 'Corefile'

/** Reads it now. Throws an Error in CoreDNS's words if the file named by `conf` cannot be read. */
export const readCorefile = async (conf: string, port: number): Promise<CorefileText> => {
  if (conf === 'stdin' && !isatty(0)) {
    return { text: await readStdin(), file: STDIN_FILE, baseDir: dirname(STDIN_FILE), isReloadable: true }
  }
  const isNamed = conf !== '' && conf !== 'stdin'
  const file = isNamed ? conf : DEFAULT_FILE
  try {
    return { text: await readFile(file, 'utf8'), file, baseDir: dirname(file), isReloadable: true }
  } catch (error) {
    if (!isNamed && (error as NodeJS.ErrnoException).code === 'ENOENT') {
      return { text: defaultCorefile(port), file: DEFAULT_FILE, baseDir: '.', isReloadable: false }
    }
    throw new Error(`loading Caddyfile via flag: ${openErrorText(file, error)}`, { cause: error })
  }
}

/** A second reading finds nothing left, as with CoreDNS. */
const readStdin = async (): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
