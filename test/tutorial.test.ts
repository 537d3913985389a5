// docs/plugins.md, followed to the letter: in an empty folder, with the package as it is published.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { installPackage } from './support/checkout-copy.ts'
import { type CommandStep, patternOf, type Step, stepsOf } from './support/page-steps.ts'
import { freePorts, temporaryFolder, without } from './support/server-process.ts'
import { ROOT, readRepositoryFile } from './support/source-files.ts'

const STEPS = stepsOf(readRepositoryFile('docs/plugins.md'))
/** Ports of the page; others stand for them here. */
const PORTS = ['1053', '9153']
const INSTALL = 'npm install shardns'
/** Serves until it is ended. */
const SERVES = /^npx shardns (?!check|help|plugins|version|fmt)/
const LIMIT_MS = 30_000

const { NODE_TEST_CONTEXT: _, ...environment } = process.env
/** The Node that runs this is the one that the page's reader has. */
const env = {
  ...environment,
  PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
  NO_COLOR: '1',
}

/** The reader, with a folder and two terminals. */
class Reader {
  readonly #folder: string
  /** The folder where the package is installed already. */
  readonly #installed: string
  readonly #ports: ReadonlyMap<string, string>
  #server: ChildProcess | undefined

  constructor(t: TestContext, installed: string, ports: ReadonlyMap<string, string>) {
    this.#folder = join(temporaryFolder(t), 'greet')
    mkdirSync(this.#folder)
    this.#installed = installed
    this.#ports = ports
    t.after(() => this.end())
  }

  get folder(): string {
    return this.#folder
  }

  async follow(step: Step): Promise<void> {
    if (step.kind === 'file')
      writeFileSync(join(this.#folder, step.name), this.#withPorts(step.text))
    else if (step.command === INSTALL) this.#install()
    else if (SERVES.test(step.command)) await this.#serve(step)
    else this.#run(step)
  }

  #install(): void {
    renameSync(join(this.#installed, 'node_modules'), join(this.#folder, 'node_modules'))
  }

  #withPorts(text: string): string {
    let replaced = text
    for (const [theirs, ours] of this.#ports) replaced = replaced.replaceAll(theirs, ours)
    return replaced
  }

  #run({ command, prints }: CommandStep): void {
    const { stdout, stderr } = spawnSync('sh', ['-c', this.#withPorts(command)], {
      cwd: this.#folder,
      env,
      encoding: 'utf8',
      timeout: LIMIT_MS,
    })
    const shown = `$ ${command}\n${stdout}${stderr}`
    if (prints.length > 0)
      assert.match(
        `${stdout}${stderr}`,
        patternOf(prints.map(line => this.#withPorts(line))),
        shown,
      )
  }

  async #serve({ command, prints }: CommandStep): Promise<void> {
    await this.end()
    const server = spawn('sh', ['-c', `exec ${this.#withPorts(command)}`], {
      cwd: this.#folder,
      env,
      // A group of its own: npx does not pass signals on.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#server = server
    let printed = ''
    const pattern = patternOf(prints.map(line => this.#withPorts(line)))
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const look = (text: string): void => {
      printed += text
      if (pattern.test(printed)) resolve()
    }
    server.stdout.setEncoding('utf8').on('data', look)
    server.stderr.setEncoding('utf8').on('data', look)
    const fail = (): void => reject(new Error(`it does not serve: ${command}\n${printed}`))
    server.once('close', fail)
    const timer = setTimeout(fail, LIMIT_MS)
    try {
      await promise
    } finally {
      clearTimeout(timer)
      server.off('close', fail)
    }
  }

  async end(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server?.pid === undefined || server.exitCode !== null) return
    const closed = once(server, 'close')
    process.kill(-server.pid, 'SIGTERM')
    await closed
  }
}

test('docs/plugins.md: a reader who does what it says sees what it shows', {
  skip: without('npm') || without('dig') || without('curl'),
  timeout: 300_000,
}, async t => {
  const ports = (await freePorts(PORTS.length)).map(String)
  const { folder } = installPackage(t)
  const reader = new Reader(t, folder, new Map(PORTS.map((port, at) => [port, ports[at]!])))
  for (const step of STEPS)
    await t.test(step.kind === 'file' ? step.name : step.command, () => reader.follow(step))
  await reader.end()

  await t.test('what was written passes a strict compiler', () => {
    const types = join(reader.folder, 'node_modules', '@types')
    symlinkSync(join(ROOT, 'node_modules', '@types'), types)
    for (const [module, resolution] of [
      ['nodenext', 'nodenext'],
      ['preserve', 'bundler'],
    ]) {
      const compilerOptions = {
        module,
        moduleResolution: resolution,
        strict: true,
        noEmit: true,
        target: 'es2024',
        types: ['node'],
        skipLibCheck: false,
      }
      writeFileSync(join(reader.folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
      const { stdout } = spawnSync(
        join(ROOT, 'node_modules', '.bin', 'tsc'),
        ['-p', reader.folder],
        {
          encoding: 'utf8',
        },
      )
      assert.equal(stdout, '', `${module}, ${resolution}`)
    }
  })
})

test('docs/plugins.md has steps to follow', () => assert.ok(STEPS.length > 30))
