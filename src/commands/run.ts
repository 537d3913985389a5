// The way into the command line. What probes and scripts ask (`-version`, `-plugins`) is answered
// here, for the price of a handful of files; all else is read by commander.

import { pluginLines, versionLines } from './about.ts'
import { isPluginFlag } from './given-plugins.ts'
import { type CliWorld, OutputError, processWorld } from './world.ts'

const EXIT_FAILURE = 1

/** Command lines of one word. With others beside them, these flags are commander's to read. */
const WORDS: ReadonlyMap<string | undefined, () => Promise<string>> = new Map([
  ['version', versionLines],
  ['-version', versionLines],
  ['--version', versionLines],
  ['-plugins', pluginLines],
  ['--plugins', pluginLines],
])

/** Of plugins. That of `check` alone, and of flags, is commander's. */
const isHelp = ([verb, word = '', ...others]: readonly string[]): boolean =>
  verb === 'help' &&
  (word !== 'check' || others.length > 0) &&
  (!word.startsWith('-') || isPluginFlag(word))

/** Runs one command line; resolves to the exit code. */
export const run = async (
  argv: readonly string[],
  world: CliWorld = processWorld,
): Promise<number> => {
  const lines = argv.length === 1 ? WORDS.get(argv[0]) : undefined
  try {
    if (isHelp(argv)) return await (await import('./help.ts')).help(argv.slice(1), world)
    if (lines === undefined) return await (await import('./command-line.ts')).runFlags(argv, world)
    world.out(await lines())
    return 0
  } catch (error) {
    if (!(error instanceof OutputError)) throw error
    world.err(`${error.message}\n`)
    return EXIT_FAILURE
  }
}
