// `version --json` and `plugins --json`: for programs. Names of fields stay as they are; others may
// come.

import { messageOf } from '../chain/errors.ts'
import { DIRECTIVES } from '../corefile/order.ts'
import { chooseEngine } from '../net/mmsg/support.ts'
import { BUILT_IN, type PluginSet } from '../plugins/plugin-set.ts'
import { COREDNS_VERSION, goPlatform, revision, shardnsVersion } from '../process/version.ts'
import { pluginLines, versionLines } from './about.ts'
import { GivenPluginError, givenPlugins, takePluginFlags } from './given-plugins.ts'
import { summary } from './help.ts'
import { runVerb, type VerbWorld } from './verb.ts'

const EXIT_FAILURE = 1
const EXIT_USAGE = 2

const versionFacts = (): object => {
  const { engine, reason } = chooseEngine('auto')
  return {
    name: 'shardns',
    version: shardnsVersion(),
    coredns: COREDNS_VERSION,
    revision: revision(),
    platform: goPlatform(),
    node: process.versions.node,
    engine,
    engineReason: reason,
  }
}

/** `position` is that among the plugins listed, from 1. */
const pluginFacts = async (name: string, index: number, plugins: PluginSet): Promise<object> => {
  const { options } = await plugins.load(name).catch((error: unknown) => {
    throw new Error(`plugin/${name}: ${messageOf(error)}`, { cause: error })
  })
  return {
    name,
    position: index + 1,
    summary: await summary(name, plugins),
    // The order list of the program holds CoreDNS's directives, and no others.
    coredns: DIRECTIVES.includes(name),
    builtIn: !plugins.isOutside(name),
    options: (options?.facts ?? []).map(({ place, addsUp, ...facts }) => ({
      name: facts.name,
      syntax: facts.syntax,
      kind: place,
      default: facts.default,
      range: facts.range,
      repeatable: addsUp,
      support: facts.support,
      summary: facts.does,
    })),
  }
}

/** In the order of the chain. */
const allPluginFacts = (plugins: PluginSet): Promise<object[]> =>
  Promise.all(plugins.names.map((name, index) => pluginFacts(name, index, plugins)))

const TEXTS = {
  version: { lines: versionLines, facts: versionFacts },
  plugins: { lines: ({ names }: PluginSet) => pluginLines(names), facts: allPluginFacts },
}

/** Resolves to the exit code. */
export const about = async (
  verb: keyof typeof TEXTS,
  args: readonly string[],
  world: VerbWorld,
): Promise<number> => {
  try {
    const { texts, rest } = takePluginFlags(args)
    const plugins = (await givenPlugins(texts)) ?? BUILT_IN
    return await runVerb(verb, rest, world, (flags, words) => {
      if (words.length === 0) return show(verb, flags.has('json'), plugins, world)
      world.err(`extra command line arguments: [${words.join(' ')}]\n`)
      return EXIT_FAILURE
    })
  } catch (error) {
    if (!(error instanceof GivenPluginError)) throw error
    world.err(`${error.message}\n`)
    return EXIT_USAGE
  }
}

const show = async (
  verb: keyof typeof TEXTS,
  isJson: boolean,
  plugins: PluginSet,
  world: VerbWorld,
): Promise<number> => {
  let text: string
  try {
    const { lines, facts } = TEXTS[verb]
    text = isJson ? `${JSON.stringify(await facts(plugins), null, 2)}\n` : await lines(plugins)
  } catch (error) {
    world.err(`${messageOf(error)}\n`)
    return EXIT_FAILURE
  }
  world.out(text)
  return 0
}
