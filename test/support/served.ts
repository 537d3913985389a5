// A server as a child process of a test: its output by lines, its faults, its signals and its end.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { ServeOptions } from '../../src/process/serve-options.ts'
import { OPTIONS_VARIABLE, type Told } from '../fakes/faulty-server.ts'
import { type How, KILL_LABEL_VARIABLE } from '../fakes/faulty-worker.ts'
import type { Cleanup } from './server-process.ts'
import { ROOT } from './source-files.ts'

const LINE_LIMIT_MS = 30_000

export interface Served {
  /** Standard output and standard error so far. */
  readonly lines: readonly string[]
  /**
   * The `count`th line that matches, as soon as it is there; rejects after 30 s or at the process's
   * end.
   */
  line(pattern: RegExp, count?: number): Promise<string>
  count(pattern: RegExp): number
  fault(shard: number, how: How): void
  /** The system refuses it the next so many threads. */
  refuseThreads(count: number): void
  signal(name: NodeJS.Signals): void
  writeCorefile(text: string): void
  /** Deletes the folder that it runs in, with the Corefile. */
  loseFolder(): void
  /** The exit code. */
  readonly ended: Promise<number | null>
  stop(): Promise<void>
}

export interface ServedSetting {
  readonly options?: Partial<ServeOptions>
  /**
   * A question whose name starts with this label kills the shard that handles it; with `hang-`
   * before it, the shard hangs.
   */
  readonly killLabel?: string
}

/**
 * Starts a server on a Corefile, with two shards unless `options` say otherwise. Stopped when the
 * test ends.
 */
export function startServed(
  t: Cleanup,
  corefile: string,
  { options, killLabel = '' }: ServedSetting = {},
): Served {
  const folder = mkdtempSync(join(tmpdir(), 'shardns-served-'))
  const conf = join(folder, 'Corefile')
  const writeCorefile = (text: string): void => writeFileSync(conf, text)
  writeCorefile(corefile)
  const told: Partial<ServeOptions> = { conf, workers: 2, ...options }
  const child = spawn(process.execPath, [join(ROOT, 'test/fakes/faulty-server.ts')], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...process.env,
      [OPTIONS_VARIABLE]: JSON.stringify(told),
      [KILL_LABEL_VARIABLE]: killLabel,
    },
  })
  const lines: string[] = []
  const waiting = new Set<() => void>()
  const wake = (): void => {
    for (const look of waiting) look()
  }
  let isOver = false
  for (const stream of [child.stdout!, child.stderr!]) {
    createInterface(stream).on('line', text => {
      lines.push(text)
      wake()
    })
  }
  const ended = once(child, 'close').then(([code]) => {
    isOver = true
    wake()
    return code as number | null
  })
  const count = (pattern: RegExp): number => lines.filter(text => pattern.test(text)).length
  const line = (pattern: RegExp, nth = 1): Promise<string> => {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const fail = (why: string): void =>
      reject(new Error(`${why} before line ${nth} of ${pattern}:\n${lines.join('\n')}`))
    const timer = setTimeout(() => fail(`${LINE_LIMIT_MS} ms passed`), LINE_LIMIT_MS)
    const look = (): void => {
      const found = lines.filter(text => pattern.test(text))[nth - 1]
      if (found !== undefined) resolve(found)
      else if (isOver) fail('the process ended')
    }
    waiting.add(look)
    look()
    return promise.finally(() => {
      clearTimeout(timer)
      waiting.delete(look)
    })
  }
  const tell = (told: Told): void => void child.send(told)
  const loseFolder = (): void => rmSync(folder, { recursive: true, force: true })
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    loseFolder()
  }
  t.after(stop)
  return {
    lines,
    line,
    count,
    fault: (shard, how) => tell({ shard, how }),
    refuseThreads: count => tell({ refuseThreads: count }),
    signal: name => void child.kill(name),
    writeCorefile,
    loseFolder,
    ended,
    stop,
  }
}

/** Starts one and waits until it has said that it runs. */
export async function served(
  t: Cleanup,
  corefile: string,
  setting: ServedSetting = {},
): Promise<Served> {
  const server = startServed(t, corefile, setting)
  await server.line(/^shardns-/)
  return server
}
