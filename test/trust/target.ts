// The server under attack: a child process, within limits, and what it must not do whatever comes.

import { readdirSync, readFileSync } from 'node:fs'
import { launchServer, type ServerProcess } from '../support/server-process.ts'
import { freshNode, limitMemory, type MemoryLimit, MIB, STOCK_BYTES } from './limits.ts'
import { hostsLines } from './names.ts'
import type { World } from './world.ts'

/**
 * Starts are waited for in portions of 10 s (ServerProcess.seen): a machine that is busy with other
 * things may take several.
 */
const START_PORTIONS = 6
const START_ATTEMPTS = 3
const LOOK_MS = 100

export interface TargetSetting {
  /** Port of the upstream on 127.0.0.1; without one, nothing is forwarded. */
  readonly upstream?: number
  /** Default 2. */
  readonly shards?: number
  readonly engine?: 'mmsg' | 'dgram'
  /** Default is the stock limit; Infinity for none. */
  readonly memoryBytes?: number
  /** `forward` without `max_concurrent`. */
  readonly isUnbounded?: boolean
  /** Further directives of the server block. */
  readonly directives?: readonly string[]
  /** Beside the campaign's own hosts. */
  readonly hostsFile?: string
  /** Block of the health directive. */
  readonly health?: string
  /** Listens at every address of its host, not at 127.0.0.1 alone. */
  readonly isOpen?: true
  /** Node's own file counts as the server's memory, as in a container (limits.ts: freshNode). */
  readonly hasFreshNode?: true
  /** What stands before the command: a shell that sets limits, say. */
  readonly inside?: readonly string[]
  readonly args?: readonly string[]
  /** Told the process id before it serves. */
  readonly launched?: (pid: number) => void
}

const blockOf = (
  setting: TargetSetting,
  [dns, metrics, health, ready]: readonly number[],
): string =>
  [
    `.:${dns} {`,
    setting.isOpen ? '' : 'bind 127.0.0.1',
    'errors',
    `prometheus 127.0.0.1:${metrics}`,
    `health 127.0.0.1:${health} ${setting.health ?? ''}`,
    `ready 127.0.0.1:${ready}`,
    ...(setting.directives ?? []),
    ...[`hosts ${setting.hostsFile ?? ''} {`, ...hostsLines(), 'fallthrough', '}'],
    // Long: what an attack does to the upstream is not to be taken for what it does to the server.
    'cache 3600',
    'loadbalance',
    ...(setting.upstream === undefined
      ? []
      : [
          `forward . 127.0.0.1:${setting.upstream} {`,
          setting.isUnbounded ? '' : 'max_concurrent 1000',
          '}',
        ]),
    '}',
    '',
  ].join('\n')

const DEATH = /^\[ERROR\] shard \d+ (?:died|does not)/gm
const PANIC = /^\[ERROR\] Recovered from panic/gm
const REFUSAL = /^\[ERROR\] .* has killed two shards: refused/gm

export class Target {
  readonly server: ServerProcess
  readonly #memory: MemoryLimit
  readonly #setting: TargetSetting
  #peakBytes = 0

  constructor(world: World, server: ServerProcess, memory: MemoryLimit, setting: TargetSetting) {
    this.server = server
    this.#memory = memory
    this.#setting = setting
    // Of a process that has been killed there is nothing left to read.
    const looking = setInterval(() => this.peakBytes, LOOK_MS)
    world.after(() => clearInterval(looking))
  }

  get port(): number {
    return this.server.ports[0]!
  }
  get metricsPort(): number {
    return this.server.ports[1]!
  }
  get healthPort(): number {
    return this.server.ports[2]!
  }
  get readyPort(): number {
    return this.server.ports[3]!
  }
  get isAlive(): boolean {
    return this.server.child.exitCode === null && this.server.child.signalCode === null
  }

  count(pattern: RegExp): number {
    return this.server.out.match(pattern)?.length ?? 0
  }
  get deaths(): number {
    return this.count(DEATH)
  }

  /** Peak of what is resident and no file's, as far as it was looked at. */
  get peakBytes(): number {
    this.#peakBytes = Math.max(this.#peakBytes, this.residentBytes)
    return this.#peakBytes
  }

  /** What is resident now and no file's. */
  get residentBytes(): number {
    const kib = [...this.#read('status').matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm)].reduce(
      (sum, [, text]) => sum + Number(text),
      0,
    )
    return kib * 1024
  }

  /** CPU time of the process, user and system. */
  get cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.server.pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  }

  /** 0 once it has ended. */
  get descriptors(): number {
    return this.isAlive ? readdirSync(`/proc/${this.server.pid}/fd`).length : 0
  }

  #read(file: 'status' | 'stat'): string {
    try {
      return readFileSync(`/proc/${this.server.pid}/${file}`, 'utf8')
    } catch {
      // It has ended.
      return ''
    }
  }

  /** The peak, and under which limit. */
  get memoryText(): string {
    return `memory ${Math.round(this.peakBytes / MIB)} MiB at most (${this.#memory.how})`
  }

  /** What of the files that it has read counts as its memory. */
  get filesText(): string {
    const bytes = this.#memory.fileBytes()
    return bytes === undefined
      ? "Node's file does not count as memory"
      : `${Math.round(bytes / MIB)} MiB of files count as memory`
  }

  /** Sum of a counter or gauge over its labels. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.metricsPort}/metrics`)).text()
    return text
      .split('\n')
      .filter(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
  }

  /** Writes the Corefile anew, with these directives. */
  write(directives: readonly string[]): void {
    this.server.write(blockOf({ ...this.#setting, directives }, this.server.ports))
  }

  /**
   * Whatever came, it is the same process with the same shards, within its memory, and nothing was
   * thrown.
   */
  faults(): string[] {
    const faults: string[] = []
    const died = this.deaths
    if (this.#memory.kills() > 0) faults.push('killed: out of memory')
    else if (!this.isAlive) faults.push(`ended: ${this.server.out.trimEnd().split('\n').at(-1)}`)
    if (died > 0) faults.push(`${died} lines of shards that died or did not respond`)
    if (this.count(PANIC) > 0) faults.push(`${this.count(PANIC)} panics`)
    if (this.count(REFUSAL) > 0) faults.push(`${this.count(REFUSAL)} names refused`)
    if (this.peakBytes > this.#memory.mostBytes)
      faults.push(`peak of ${Math.round(this.peakBytes / MIB)} MiB`)
    return faults
  }
}

/** Starts one and waits until it serves. Ends with the row. */
export const startTarget = async (world: World, setting: TargetSetting = {}): Promise<Target> => {
  const memory = limitMemory(world, setting.memoryBytes ?? STOCK_BYTES)
  const engine = setting.engine === undefined ? [] : ['--engine', setting.engine]
  const options = {
    ports: 4,
    workers: setting.shards ?? 2,
    args: [...engine, ...(setting.args ?? [])],
    inside: [
      ...memory.inside,
      ...(setting.inside ?? []),
      ...(setting.hasFreshNode ? freshNode(world) : []),
    ],
  }
  for (let attempt = 1; ; attempt++) {
    const server = await launchServer(world, (...ports) => blockOf(setting, ports), options)
    setting.launched?.(server.pid)
    try {
      await serves(server)
      return new Target(world, server, memory, setting)
    } catch (error) {
      if (memory.kills() > 0)
        throw new Error(`killed while it started: out of memory (${memory.how})`, { cause: error })
      if (attempt === START_ATTEMPTS || !server.err.includes('address already in use')) throw error
    }
  }
}

const serves = async (server: ServerProcess): Promise<void> => {
  for (let portion = 1; ; portion++) {
    try {
      await server.seen(/^shardns-.*\n.*\n/m)
      return
    } catch (error) {
      if (
        portion === START_PORTIONS ||
        server.child.exitCode !== null ||
        server.child.signalCode !== null
      )
        throw error
    }
  }
}
