// A folder with plugins from outside and a Corefile, and the program run from there with them.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Ran } from './program-copy.ts'
import { type Cleanup, WatchedProcess } from './server-process.ts'
import { ROOT } from './source-files.ts'

const CLI = join(ROOT, 'src/cli.ts')

export class PluginFolder {
  readonly folder = mkdtempSync(join(tmpdir(), 'shardns-plugins-'))
  /** What `--plugin` says, by plugin. */
  readonly #given = new Map<string, string>()

  /** Gone after the test. */
  constructor(t: Cleanup) {
    t.after(() => rmSync(this.folder, { recursive: true }))
  }

  path(file: string): string {
    return join(this.folder, file)
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(this.path(file)), { recursive: true })
    writeFileSync(this.path(file), text)
  }

  remove(file: string): void {
    rmSync(this.path(file))
  }

  /** The program is given the module as a plugin of that name; `more` stands behind it. */
  give(name: string, module: string, more = ''): void {
    this.#given.set(name, `${name}=${module}${more}`)
  }

  /** The same, with a module of that text. */
  plugin(name: string, text: string, file = `${name}.ts`, more = ''): void {
    this.write(file, text)
    this.give(name, `./${file}`, more)
  }

  /** The server. `file` is the Corefile's name, for one beside others. */
  start(t: Cleanup, corefile: string, { file = 'Corefile', shards = 1 } = {}): WatchedProcess {
    this.write(file, corefile)
    return this.#begin(t, ['-conf', file, '--workers', String(shards), ...this.#flags()])
  }

  /** A command line whose end is waited for elsewhere. */
  begin(t: Cleanup, corefile: string, file: string, ...args: string[]): WatchedProcess {
    this.write(file, corefile)
    return this.#begin(t, [...args, ...this.#flags(), file])
  }

  #begin(t: Cleanup, args: readonly string[]): WatchedProcess {
    return new WatchedProcess(t, process.execPath, [CLI, ...args], this.folder)
  }

  /** A command line that comes to an end. The Corefile is `Corefile` in its folder. */
  run(corefile: string, ...args: string[]): Ran {
    return this.runAfter('', corefile, ...args)
  }

  /** The same, with that JavaScript run before the program. */
  runAfter(code: string, corefile: string, ...args: string[]): Ran {
    this.write('Corefile', corefile)
    const before = code === '' ? [] : ['--import', `data:text/javascript,${code}`]
    const all = [...before, CLI, ...args, ...this.#flags()]
    const { status, stdout, stderr } = spawnSync(process.execPath, all, {
      cwd: this.folder,
      encoding: 'utf8',
      timeout: 60_000,
    })
    return { code: status, out: stdout, err: stderr }
  }

  #flags(): string[] {
    return [...this.#given.values()].flatMap(value => ['--plugin', value])
  }
}
