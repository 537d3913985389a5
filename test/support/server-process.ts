// shardns as a process of its own, on ports of loopback that were free a moment ago, and the
// programs that tests ask it with.

import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quietPort } from './quiet-port.ts'
import { ROOT } from './source-files.ts'

const WAIT_MS = 10_000
const ATTEMPTS = 3

/** What a test context and node:test itself have in common. */
export interface Cleanup {
  after(run: () => void | Promise<void>): void
}

export interface StartOptions {
  /** Ports that the Corefile gets; default 1. */
  readonly ports?: number
  /** Default 1. */
  readonly workers?: number
  /** Further arguments of the command line. */
  readonly args?: readonly string[]
  /** What to put before the command: another network namespace. */
  readonly inside?: readonly string[]
}

/** A child process whose output is kept. */
export class WatchedProcess {
  readonly child: ChildProcess
  /** Resolves with the exit code, or null for a signal, once all output has come. */
  readonly exited: Promise<number | null>
  out = ''
  err = ''
  readonly #watchers = new Set<() => void>()
  #isOver = false

  /** `folder` is the working directory. */
  constructor(
    t: Cleanup,
    file: string,
    args: readonly string[],
    folder = ROOT,
    input: 'ignore' | 'pipe' = 'ignore',
  ) {
    this.child = spawn(file, args, { cwd: folder, stdio: [input, 'pipe', 'pipe'] })
    this.child.stdout
      ?.setEncoding('utf8')
      .on('data', (text: string) => this.#notify((this.out += text)))
    this.child.stderr
      ?.setEncoding('utf8')
      .on('data', (text: string) => this.#notify((this.err += text)))
    this.exited = once(this.child, 'close').then(([code]) => {
      this.#isOver = true
      this.#notify()
      return code as number | null
    })
    t.after(async () => {
      if (!this.#isOver) this.child.kill('SIGKILL')
      await this.exited
    })
  }

  get pid(): number {
    return this.child.pid ?? -1
  }

  /**
   * Resolves once `pattern` matches what was written to `stream` from `offset` on; rejects if the
   * process ends or 10 s go by before.
   */
  async seen(pattern: RegExp, stream: 'out' | 'err' = 'out', offset = 0): Promise<RegExpExecArray> {
    const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>()
    const fail = (why: string): void =>
      reject(new Error(`${why} before ${pattern}\nstdout:\n${this.out}\nstderr:\n${this.err}`))
    const look = (): void => {
      const match = pattern.exec(this[stream].slice(offset))
      if (match !== null) resolve(match)
      else if (this.#isOver) fail('the process ended')
    }
    const timer = setTimeout(() => fail(`${WAIT_MS} ms went by`), WAIT_MS)
    this.#watchers.add(look)
    look()
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#watchers.delete(look)
    }
  }

  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal)
    return this.exited
  }

  #notify(_?: string): void {
    for (const watcher of [...this.#watchers]) watcher()
  }
}

export class ServerProcess extends WatchedProcess {
  readonly ports: readonly number[]
  readonly corefile: string

  constructor(
    t: Cleanup,
    corefile: string,
    ports: readonly number[],
    { workers = 1, args = [], inside = [] }: StartOptions,
  ) {
    const command = [
      ...inside,
      process.execPath,
      'src/cli.ts',
      '-conf',
      corefile,
      '--workers',
      String(workers),
      ...args,
    ]
    super(t, command[0]!, command.slice(1))
    this.ports = ports
    this.corefile = corefile
  }

  get port(): number {
    return this.ports[0] ?? -1
  }

  write(text: string): void {
    writeFileSync(this.corefile, text)
  }
}

/** Starts the process and returns at once. */
export async function launchServer(
  t: Cleanup,
  corefile: (...ports: number[]) => string,
  options: StartOptions = {},
): Promise<ServerProcess> {
  const ports = await freePorts(options.ports ?? 1)
  const path = join(temporaryFolder(t), 'Corefile')
  writeFileSync(path, corefile(...ports))
  return new ServerProcess(t, path, ports, options)
}

/**
 * Starts the process and waits until it says that it serves. Takes other ports if one of them was
 * taken meanwhile.
 */
export async function startServer(
  t: Cleanup,
  corefile: (...ports: number[]) => string,
  options: StartOptions = {},
): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt++) {
    const server = await launchServer(t, corefile, options)
    try {
      await server.seen(/^shardns-.*\n.*\n/m)
      return server
    } catch (error) {
      if (attempt === ATTEMPTS || !server.err.includes('address already in use')) throw error
    }
  }
}

export function temporaryFolder(t: Cleanup): string {
  const folder = mkdtempSync(join(tmpdir(), 'shardns-process-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Ports that nothing on 127.0.0.1 has bound, neither UDP nor TCP; all different. */
export async function freePorts(count: number): Promise<number[]> {
  const held: HeldPort[] = []
  while (held.length < count) {
    const one = await holdPort()
    if (one !== undefined) held.push(one)
  }
  for (const { udp, tcp } of held) {
    udp.close()
    tcp.close()
    await Promise.all([once(udp, 'close'), once(tcp, 'close')])
  }
  return held.map(({ port }) => port)
}

interface HeldPort {
  readonly port: number
  readonly udp: UdpSocket
  readonly tcp: Server
}

/** Undefined if the choice is taken, or taken for UDP. */
async function holdPort(): Promise<HeldPort | undefined> {
  const tcp = createServer()
  const udp = createSocket('udp4')
  try {
    tcp.listen(quietPort(), '127.0.0.1')
    await once(tcp, 'listening')
    const { port } = tcp.address() as AddressInfo
    udp.bind(port, '127.0.0.1')
    await once(udp, 'listening')
    return { port, udp, tcp }
  } catch {
    udp.close()
    tcp.close()
    return undefined
  }
}

/** For the `skip` of a test: false, or the reason, if the program is not there. */
export const without = (name: string): false | string =>
  hasProgram(name) ? false : `${name} is not installed`

export const hasProgram = (name: string): boolean =>
  (
    spawnSync(name, ['-h'], { stdio: 'ignore', timeout: WAIT_MS }).error as
      | NodeJS.ErrnoException
      | undefined
  )?.code !== 'ENOENT'

export interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a program to its end, within 10 s, without blocking servers in this process. */
export const runProgram = (file: string, args: readonly string[], input = ''): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const child = execFile(
      file,
      args,
      { timeout: WAIT_MS, maxBuffer: 2 ** 24 },
      (error, out, err) => {
        if (error !== null && typeof error.code !== 'number') reject(error)
        else resolve({ code: Number(error?.code ?? 0), out, err })
      },
    )
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
