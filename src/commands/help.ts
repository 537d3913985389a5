// `shardns help`: what there is to run and to write into a Corefile. `shardns help PLUGIN`: the
// options of a plugin, from its table, and then its manual page, which is its README.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readTextFile } from '../base/text-file.ts'
import { messageOf } from '../chain/errors.ts'
import { nearest } from '../corefile/nearest.ts'
import type { OptionFacts } from '../corefile/option-rows.ts'
import { DIRECTIVES } from '../corefile/order.ts'
import { loadPlugin, PLUGIN_NAMES, unsupportedText } from '../plugins/index.ts'
import { packageFolder } from '../process/version.ts'
import { VERBS } from './about.ts'
import { rowsOf } from './columns.ts'
import { verbHelp } from './verb.ts'

export interface HelpWorld {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

const EXIT_FAILURE = 1
const EXIT_USAGE = 2

/** Empty where somebody has put together an image without the pages: the table is there still. */
export const manualPage = (name: string): string => {
  const path = join(packageFolder(), 'src', 'plugins', name, 'README.md')
  return existsSync(path) ? readTextFile(path) : ''
}

/** What the section Name of a README says of its plugin. */
export const summaryOf = (page: string): string =>
  /^## Name\n+\*\w+\* - (.+)$/m.exec(page)?.[1] ?? ''

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

const pluginHelp = async (name: string): Promise<string> => {
  const { options } = await loadPlugin(name)
  return `${name}:\n${optionsText(options?.facts ?? [])}\n${manualPage(name)}`
}

const overview = (): string => {
  const verbs = [...VERBS.values()].map(({ syntax, does }) => [`shardns ${syntax}`, does] as const)
  const plugins = PLUGIN_NAMES.toSorted().map(name => [name, summaryOf(manualPage(name))] as const)
  return `Commands:\n${rowsOf(verbs)}
Plugins, of which shardns help NAME tells more:\n${rowsOf(plugins)}`
}

/** Why there is no help on a word. */
const unknownName = (word: string): string => {
  if (DIRECTIVES.includes(word)) return `${unsupportedText(word)}\n`
  const meant = nearest(word, [...PLUGIN_NAMES, ...VERBS.keys()])
  return `no plugin is named '${word}'\n${meant === undefined ? '' : `did you mean '${meant}'?\n`}`
}

const showPlugin = async (name: string, world: HelpWorld): Promise<number> => {
  let text: string
  try {
    text = await pluginHelp(name)
  } catch (error) {
    world.err(`plugin/${name}: ${messageOf(error)}\n`)
    return EXIT_FAILURE
  }
  world.out(text)
  return 0
}

/** Prints the help on a plugin, or what there is help on; resolves to the exit code. */
export const help = async (names: readonly string[], world: HelpWorld): Promise<number> => {
  const [name, ...others] = names
  const flag = /^--?([^=]+)/.exec(others[0] ?? '')?.[1]
  if (flag !== undefined) {
    world.err(`flag provided but not defined: -${flag}\n`)
    return EXIT_USAGE
  }
  if (others.length > 0) {
    world.err(`extra command line arguments: [${others.join(' ')}]\n`)
    return EXIT_FAILURE
  }
  if (name === undefined || name === 'help') world.out(overview())
  else if (VERBS.has(name)) world.out(verbHelp(name))
  else if (PLUGIN_NAMES.includes(name)) return showPlugin(name, world)
  else {
    world.err(unknownName(name))
    return EXIT_FAILURE
  }
  return 0
}
