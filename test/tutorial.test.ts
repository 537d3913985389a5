// docs/plugins.md, followed to the letter: in an empty folder, with the package as it is published.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { messageOf } from '../src/chain/errors.ts'
import { installPackage } from './support/checkout-copy.ts'
import { isThorough } from './support/effort.ts'
import { NEWER, otherNode } from './support/other-nodes.ts'
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
/** As in a terminal of somebody who has that Node. */
const environmentOf = (node: string): NodeJS.ProcessEnv => ({
  ...environment,
  PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
  NO_COLOR: '1',
  // Node 22 asks a terminal whether it is one.
  NODE_OPTIONS: '--test-reporter=spec',
})

/** The reader, with a folder and two terminals. */
class Reader {
  readonly #folder: string
  /** The folder where the package is installed already. */
  readonly #installed: string
  readonly #ports: ReadonlyMap<string, string>
  readonly #env: NodeJS.ProcessEnv
  #server: ChildProcess | undefined

  constructor(
    t: TestContext,
    { node, installed, ports }: { node: string; installed: string; ports: readonly string[] },
  ) {
    this.#folder = join(temporaryFolder(t), 'greet')
    mkdirSync(this.#folder)
    this.#installed = installed
    this.#ports = new Map(PORTS.map((port, index) => [port, ports[index]!]))
    this.#env = environmentOf(node)
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
      env: this.#env,
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
      env: this.#env,
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

const follow = async (t: TestContext, node: string): Promise<void> => {
  const { folder: installed } = installPackage(t)
  const ports = (await freePorts(PORTS.length)).map(String)
  const reader = new Reader(t, { node, installed, ports })
  for (const step of STEPS)
    await t.test(step.kind === 'file' ? step.name : step.command, () => reader.follow(step))
  await reader.end()
  await t.test('what was written passes a strict compiler', () => compile(reader.folder))
}

const compile = (folder: string): void => {
  symlinkSync(join(ROOT, 'node_modules/@types'), join(folder, 'node_modules/@types'))
  for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['preserve', 'bundler'],
  ] as const) {
    const strict = { strict: true, noUncheckedIndexedAccess: true, skipLibCheck: false }
    const target = { target: 'es2024', types: ['node'], noEmit: true }
    const compilerOptions = { module, moduleResolution, ...strict, ...target }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
    const tsc = join(ROOT, 'node_modules/.bin/tsc')
    const { stdout } = spawnSync(tsc, ['-p', folder], { encoding: 'utf8' })
    assert.equal(stdout, '', moduleResolution)
  }
}

const OWN = process.versions.node
/** Each takes some twenty seconds. */
const OTHERS = isThorough ? NEWER : NEWER.slice(-1)
const skip = without('npm') || without('dig') || without('curl')

describe('docs/plugins.md: who does what it says sees what it shows', { skip }, () => {
  for (const version of [OWN, ...OTHERS])
    test(`on Node ${version}`, { timeout: 300_000 }, async t => {
      let node = process.execPath
      try {
        if (version !== OWN) node = await otherNode(version)
      } catch (error) {
        t.skip(`Node ${version} cannot be fetched: ${messageOf(error)}`)
        return
      }
      await follow(t, node)
    })
})

test('docs/plugins.md has steps to follow', () => assert.ok(STEPS.length > 30))
