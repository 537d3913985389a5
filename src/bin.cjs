#!/usr/bin/env node
// The command `shardns`, in the package and in a checkout. Started by whichever Node the machine
// has, it must be understood by an old one, to say what is wrong in place of a SyntaxError: plain
// JavaScript that Node 12 reads.
//
// A Node that is new enough goes on in this process. An old one, or one that strips no types,
// starts the `node` package that lies beside: in a checkout always, in an installation if it was
// asked for.

'use strict'

// Before anything else, and until there is a server (process/run.ts): by default SIGUSR1 opens
// Node's debugger, and the others end the process. Windows knows none of them.
if (process.platform !== 'win32')
  for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGHUP']) process.on(signal, () => {})

const { existsSync } = require('fs')
const { dirname, join } = require('path')
const { pathToFileURL } = require('url')
const { engines } = require('../package.json')

const SOURCE = join(__dirname, 'cli.ts')
const BUILT = join(__dirname, '../dist/src/cli.js')
/** Of this file's child: the parent holds the other end of a channel. */
const IS_CHILD = 'SHARDNS_IS_CHILD'
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2']

/** The package has the sources as well, to be read. */
const isCheckout = existsSync(join(__dirname, '../tsconfig.json'))
/** In a checkout it has to strip types, without a flag. */
const needed = isCheckout ? '22.18' : /\d+\.\d+/.exec(engines.node)[0]

const isNewEnough = version => {
  const [major, minor] = version.split('.').map(Number)
  const [leastMajor, leastMinor] = needed.split('.').map(Number)
  return major > leastMajor || (major === leastMajor && minor >= leastMinor)
}

/** The program of the package `node`, or undefined. */
const nodeBeside = () => {
  try {
    const path = require.resolve('node/package.json')
    const { bin, version } = require(path)
    const program = join(dirname(path), bin.node)
    return isNewEnough(version) && existsSync(program) ? program : undefined
  } catch {
    return undefined
  }
}

const quoted = word => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`)

const refuse = () => {
  const args = process.argv.slice(2).map(word => ` ${quoted(word)}`)
  const way = isCheckout
    ? 'npm ci installs one here'
    : `npx -y -p node@26 -p shardns shardns${args.join('')}`
  process.stderr.write(
    `shardns needs Node.js ${needed} or newer, and this is ${process.version}: ${way}\n`,
  )
  process.exitCode = 1
}

/** Ends as the other Node ends, which is passed all signals, and ends when we are killed. */
const runOn = node => {
  const args = [__filename].concat(process.argv.slice(2))
  const windows = process.platform === 'win32'
  if (process.execve !== undefined && !windows) process.execve(node, [node].concat(args))
  // Not for those who go on in this process: to load these takes 5 ms.
  const { spawn } = require('child_process')
  const { isatty } = require('tty')
  const child = spawn(node, args, {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: Object.assign({}, process.env, { [IS_CHILD]: '1' }),
  })
  // A terminal sends its interrupt to both.
  const isTold = signal => (signal === 'SIGINT' || signal === 'SIGQUIT') && [0, 1, 2].some(isatty)
  for (const signal of windows ? [] : SIGNALS)
    process.on(signal, () => isTold(signal) || child.kill(signal))
  child.on('error', refuse)
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

/** Ends the server when the process that started it is no more, in whatever way that ended. */
const endWithParent = () => {
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
  }, 250)
  // Nothing is kept running by it.
  watch.unref()
}

/**
 * Whether npm waits in the terminal for our end: it is killed, and so are we. `npx` starts us
 * behind a shell, which ends by a signal and passes none on; `npm start` passes on some. Other
 * scripts of npm may well start a server that is to outlive them.
 */
const isWaitedFor =
  process.env.npm_lifecycle_event === 'npx' ||
  (isCheckout && process.env.npm_lifecycle_event === 'start')

if (process.env[IS_CHILD] !== undefined) {
  delete process.env[IS_CHILD]
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  // Nothing is kept running by it.
  process.channel.unref()
} else if (isWaitedFor && process.platform !== 'win32') endWithParent()

const isReady =
  isNewEnough(process.versions.node) && (!isCheckout || Boolean(process.features.typescript))
const other = isReady ? undefined : nodeBeside()
if (isReady)
  import(pathToFileURL(isCheckout ? SOURCE : BUILT).href).catch(error => {
    if (Object(error).code !== 'EMFILE') throw error
    process.stderr.write('too few file descriptors to load the program (ulimit -n)\n')
    process.exit(1)
  })
else if (other === undefined) refuse()
else runOn(other)
