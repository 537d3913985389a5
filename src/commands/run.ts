// The way into the command line. What probes and scripts ask (`-version`, `-plugins`) is answered
// here, for the price of a handful of files; all else is read by commander.

import { pluginLines, versionLines } from './about.ts'
import { isPluginFlag } from './given-plugins.ts'
import { type CliWorld, OutputError, processWorld } from './world.ts'

const EXIT_FAILURE = 1

/** Command lines of one word. With others beside them, these flags are commander's to read. */
const WORDS: ReadonlyMap<string | undefined, () => Promise<string>> = new Map([
  ['plugins', pluginLines],
  ['version', versionLines],
  ['-version', versionLines],
  ['--version', versionLines],
  ['-plugins', pluginLines],
  ['--plugins', pluginLines],
])

type RunVerb = (args: readonly string[], world: CliWorld) => Promise<number>

/** Whose flags are read without commander. */
const RUNNERS: ReadonlyMap<string | undefined, RunVerb> = new Map<string, RunVerb>([
  ['completion', async (args, world) => (await import('./completion.ts')).completion(args, world)],
  ['fmt', async (args, world) => (await import('./format.ts')).format(args, world)],
  ['help', async (args, world) => (await import('./help.ts')).help(args, world)],
  [
    'plugins',
    async (args, world) => (await import('./about-json.ts')).about('plugins', args, world),
  ],
  [
    'version',
    async (args, world) => (await import('./about-json.ts')).about('version', args, world),
  ],
])

/** What there are flags of the server for, unless these flags are beside it. */
const OWN_FLAG = /^--?(?:json|help|h)(?:=|$)/

/** `version` and `plugins` are flags, too; help on what commander reads is commander's. */
const isForCommander = ([verb = '', ...args]: readonly string[]): boolean => {
  if (verb === 'version' || verb === 'plugins') return !args.some(arg => OWN_FLAG.test(arg))
  if (verb !== 'help') return false
  const [word = '', ...others] = args
  if (word.startsWith('-')) return !isPluginFlag(word)
  return ['check', 'serve'].includes(word) && others.length === 0
}

/** Runs one command line; resolves to the exit code. */
export const run = async (
  argv: readonly string[],
  world: CliWorld = processWorld,
): Promise<number> => {
  const lines = argv.length === 1 ? WORDS.get(argv[0]) : undefined
  try {
    if (lines !== undefined) {
      world.out(await lines())
      return 0
    }
    const runner = RUNNERS.get(argv[0])
    if (runner !== undefined && !isForCommander(argv)) return await runner(argv.slice(1), world)
    return await (await import('./command-line.ts')).runFlags(argv, world)
  } catch (error) {
    if (!(error instanceof OutputError)) throw error
    world.err(`${error.message}\n`)
    return EXIT_FAILURE
  }
}
