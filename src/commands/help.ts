// `shardns help`: what there is to run and to write into a Corefile. `shardns help PLUGIN`: the
// options of a plugin, from its table, and then its manual page, which is its README.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readTextFile } from '../base/files/text-file.ts'
import { packageFolder } from '../base/program.ts'
import { messageOf } from '../chain/errors.ts'
import { nearest } from '../corefile/diagnostics/nearest.ts'
import type { OptionFacts } from '../corefile/options/option-rows.ts'
import { unsupportedText } from '../plugins/index.ts'
import { BUILT_IN, type PluginSet } from '../plugins/plugin-set.ts'
import { VERBS } from './about.ts'
import { rowsOf, WIDTH, wrapped } from './columns.ts'
import { GivenPluginError, givenPlugins, takePluginFlags } from './given-plugins.ts'
import { verbHelp } from './verb.ts'

export interface HelpWorld {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

const EXIT_FAILURE = 1
const EXIT_USAGE = 2

/** Empty where somebody has put together an image without the pages: the table is there still. */
const manualPage = (name: string): string => {
  const path = join(packageFolder(), 'src', 'plugins', name, 'README.md')
  return existsSync(path) ? readTextFile(path) : ''
}

/** What the section Name of a README says of its plugin. */
const summaryOf = (page: string): string => /^## Name\n+\*\w+\* - (.+)$/m.exec(page)?.[1] ?? ''

const textOf = ({ does, range, addsUp, support, ...facts }: OptionFacts): string => {
  const remarks = [
    range,
    addsUp ? 'may be repeated' : '',
    facts.default === '' ? '' : `default: ${facts.default}`,
    support === 'refused' ? 'not supported yet' : '',
  ].filter(Boolean)
  return remarks.length === 0 ? does : `${does} (${remarks.join('; ')})`
}

/** A line for each argument and option. */
export const optionsText = (facts: readonly OptionFacts[]): string =>
  facts.length === 0 ? 'no options\n' : rowsOf(facts.map(one => [one.syntax, textOf(one)]))

const pluginHelp = async (name: string, plugins: PluginSet): Promise<string> => {
  const { options, outside, description = '' } = await plugins.load(name)
  const table = `${name}:\n${optionsText(options?.facts ?? [])}`
  if (outside === undefined) return `${table}\n${manualPage(name)}`
  return description === '' ? table : `${table}\n${wrapped(description, WIDTH).join('\n')}\n`
}

/** What it is for; of a plugin from outside, which may not be there, why it cannot be told. */
export const summary = async (name: string, plugins: PluginSet): Promise<string> => {
  if (!plugins.isOutside(name)) return summaryOf(manualPage(name))
  try {
    return (await plugins.load(name)).description ?? ''
  } catch (error) {
    return messageOf(error)
  }
}

const overview = async (set: PluginSet): Promise<string> => {
  const verbs = [...VERBS.values()].map(({ syntax, does }) => [`shardns ${syntax}`, does] as const)
  const names = set.names.toSorted()
  const plugins = await Promise.all(
    names.map(async name => [name, await summary(name, set)] as const),
  )
  return `Commands:\n${rowsOf(verbs)}
Plugins, of which shardns help NAME tells more:\n${rowsOf(plugins)}`
}

/** Why there is no help on a word. */
const unknownName = (word: string, { order, names }: PluginSet): string => {
  if (order.includes(word)) return `${unsupportedText(word)}\n`
  const meant = nearest(word, [...names, ...VERBS.keys()])
  return `no plugin or command is named '${word}'\n${meant === undefined ? '' : `did you mean '${meant}'?\n`}`
}

const showPlugin = async (name: string, plugins: PluginSet, world: HelpWorld): Promise<number> => {
  let text: string
  try {
    text = await pluginHelp(name, plugins)
  } catch (error) {
    world.err(`plugin/${name}: ${messageOf(error)}\n`)
    return EXIT_FAILURE
  }
  world.out(text)
  return 0
}

/**
 * Prints the help on a plugin, or what there is help on; resolves to the exit code. `argv` is what
 * stands behind `help`.
 */
export const help = async (argv: readonly string[], world: HelpWorld): Promise<number> => {
  try {
    const { texts, rest } = takePluginFlags(argv)
    return await helpOn(rest, (await givenPlugins(texts)) ?? BUILT_IN, world)
  } catch (error) {
    if (!(error instanceof GivenPluginError)) throw error
    world.err(`${error.message}\n`)
    return EXIT_USAGE
  }
}

const helpOn = async (
  [name, ...others]: readonly string[],
  plugins: PluginSet,
  world: HelpWorld,
): Promise<number> => {
  const flag = /^--?([^=]+)/.exec(others[0] ?? '')?.[1]
  if (flag !== undefined) {
    world.err(`flag provided but not defined: -${flag}\n`)
    return EXIT_USAGE
  }
  if (others.length > 0) {
    world.err(`extra command line arguments: [${others.join(' ')}]\n`)
    return EXIT_FAILURE
  }
  if (name === undefined || name === 'help') world.out(await overview(plugins))
  else if (VERBS.has(name)) world.out(verbHelp(name))
  else if (plugins.names.includes(name)) return showPlugin(name, plugins, world)
  else {
    world.err(unknownName(name, plugins))
    return EXIT_FAILURE
  }
  return 0
}
