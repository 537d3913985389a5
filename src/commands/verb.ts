// Verbs that commander does not read: their flags are switches, in Go's style as the server's, and
// may stand behind files as well as before them.

import { VERBS } from './about.ts'
import { rowsOf } from './columns.ts'
import { type GoFlag, GoFlagError, readGoFlags } from './go-flags.ts'

export interface VerbWorld {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** Runs the verb with the names of the flags that are set, and its other words. */
export type VerbBody = (
  flags: ReadonlySet<string>,
  words: readonly string[],
) => Promise<number> | number

const EXIT_USAGE = 2

/** How a verb is called, what it does, and its flags. */
export const verbHelp = (verb: string): string => {
  const { syntax = verb, does = '', note, flags = [] } = VERBS.get(verb) ?? {}
  const rows = flags.map(({ name, short, does: sets }) => {
    const names = short === undefined ? `--${name}` : `-${short}, --${name}`
    return [names, sets] as const
  })
  const usage = `Usage: shardns ${syntax}${rows.length > 0 ? ' [flags]' : ''}\n\n${does}\n${note === undefined ? '' : `${note}\n`}`
  return rows.length === 0 ? usage : `${usage}\nFlags:\n${rowsOf(rows)}`
}

const knownFlags = (verb: string): Map<string, GoFlag> => {
  const known = new Map<string, GoFlag>()
  for (const name of ['help', 'h']) known.set(name, { name: 'help', isBoolean: true })
  for (const { name, short } of VERBS.get(verb)?.flags ?? []) {
    known.set(name, { name, isBoolean: true })
    if (short !== undefined) known.set(short, { name, isBoolean: true })
  }
  return known
}

/** `-` alone is no flag: it is standard input. */
const isFlag = (argument: string): boolean => argument.length > 1 && argument.startsWith('-')

/** Throws GoFlagError. Behind `--` there are no flags. */
const readArguments = (verb: string, args: readonly string[]) => {
  const end = args.includes('--') ? args.indexOf('--') : args.length
  const before = args.slice(0, end)
  const { flags } = readGoFlags(before.filter(isFlag), knownFlags(verb))
  return {
    flags: new Set(flags.map(flag => flag.slice('--'.length))),
    words: [...before.filter(argument => !isFlag(argument)), ...args.slice(end + 1)],
  }
}

/** Resolves to the exit code. A wrong flag is said last, below the usage. */
export const runVerb = async (
  verb: string,
  args: readonly string[],
  world: VerbWorld,
  body: VerbBody,
): Promise<number> => {
  try {
    const { flags, words } = readArguments(verb, args)
    if (!flags.has('help')) return await body(flags, words)
    world.out(verbHelp(verb))
    return 0
  } catch (error) {
    if (!(error instanceof GoFlagError)) throw error
    world.err(`${verbHelp(verb)}\n${error.message}\n`)
    return EXIT_USAGE
  }
}
