// What commands act on: parameters, so that tests see what is written and served.

import { readDescriptor, writeDescriptor } from '../base/files/descriptor.ts'
import { errnoText } from '../base/files/errno.ts'
import { TEXT_FILE_BYTES } from '../base/files/text-file.ts'
import type { ServeOptions } from '../process/serve-options.ts'

export interface CliWorld {
  /** Throws OutputError. */
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Runs the server until it ends; resolves to the process's exit code. */
  readonly serve: (options: ServeOptions) => Promise<number>
  /** Contents of standard input, for `check -`. Throws an Error of one sentence. */
  readonly stdin: () => string
}

export const processWorld: CliWorld = {
  out: text => writeStdout(text),
  err: text => writeStderr(text),
  // Loaded here only: the other commands start no part of it.
  serve: async options => (await import('../process/run.ts')).runServer(options),
  stdin: () => readStdin(),
}

export class OutputError extends Error {}

const writeStdout = (text: string): void => {
  try {
    writeDescriptor(1, text)
  } catch (error) {
    throw new OutputError(`write /dev/stdout: ${errnoText(error)}`, { cause: error })
  }
}

const writeStderr = (text: string): void => {
  try {
    writeDescriptor(2, text)
  } catch {
    // A full disk, say: there is nowhere left to tell of it, and the exit code still does.
  }
}

const readStdin = (): string => {
  try {
    return readDescriptor(0, TEXT_FILE_BYTES)
  } catch (error) {
    throw new Error(`read /dev/stdin: ${errnoText(error)}`, { cause: error })
  }
}
