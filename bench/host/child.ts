// A child process pinned to CPUs, whose last words on stderr are kept to say why it failed.

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { track } from './cleanup.ts'
import { pinned } from './pins.ts'

const KEPT_CHARACTERS = 4000
const GRACE_MS = 3000
const COMPLAINT = /\b(error|fatal|failed|cannot|not defined)\b/i

export interface ChildSettings {
  readonly cpus: readonly number[]
  readonly env?: Readonly<Record<string, string>>
  /** Puts the command, pinned to its CPUs, behind another that becomes it. */
  readonly inside?: (command: readonly string[]) => readonly string[]
  readonly cwd?: string
  /** File descriptor of its standard output; ignored (but for the last words) unless given. */
  readonly stdout?: number
}

/** What the caller's shell says of Node's compile cache is not for servers. */
const plain = (): NodeJS.ProcessEnv => {
  const { NODE_COMPILE_CACHE, NODE_DISABLE_COMPILE_CACHE, ...rest } = process.env
  return { ...rest, LC_ALL: 'C' }
}

export class Child {
  readonly process: ChildProcess
  /** Resolves with the exit code, or null for a signal. */
  readonly exited: Promise<number | null>
  /** The beginning and the end of what it said. */
  #first = ''
  #last = ''
  #isOver = false

  constructor(file: string, args: readonly string[], settings: ChildSettings) {
    const { cpus, env, cwd, stdout, inside = whole => whole } = settings
    const [command, ...rest] = inside(pinned(cpus, [file, ...args]))
    const stdio: StdioOptions = ['ignore', stdout ?? 'pipe', 'pipe']
    this.process = track(spawn(command ?? file, rest, { stdio, cwd, env: { ...plain(), ...env } }))
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#first = (this.#first + text).slice(0, KEPT_CHARACTERS)
        this.#last = (this.#last + text).slice(-KEPT_CHARACTERS)
      })
    }
    this.process.on('error', error => {
      this.#first += error.message
    })
    this.exited = once(this.process, 'close').then(
      ([code]) => this.#over(code as number | null),
      () => this.#over(1),
    )
  }

  get pid(): number {
    return this.process.pid ?? -1
  }
  get isOver(): boolean {
    return this.#isOver
  }
  /** The first line that speaks of an error, else the last that says anything. */
  get complaint(): string {
    const lines = `${this.#first}\n${this.#last}`.split('\n').map(line => line.trim())
    const words = lines.find(line => COMPLAINT.test(line)) ?? lines.findLast(line => line !== '')
    return words ?? 'no message'
  }

  async stop(): Promise<void> {
    this.process.kill('SIGTERM')
    const timer = setTimeout(() => this.process.kill('SIGKILL'), GRACE_MS)
    await this.exited
    clearTimeout(timer)
  }

  #over(code: number | null): number | null {
    this.#isOver = true
    return code
  }
}
