// `version --json` and `plugins --json`: for programs. Names of fields stay as they are; others may
// come.

import { messageOf } from '../chain/errors.ts'
import { DIRECTIVES } from '../corefile/order.ts'
import { chooseEngine } from '../net/mmsg/support.ts'
import { loadPlugin, PLUGIN_NAMES } from '../plugins/index.ts'
import { COREDNS_VERSION, goPlatform, revision, shardnsVersion } from '../process/version.ts'
import { pluginLines, versionLines } from './about.ts'
import { manualPage, summaryOf } from './help.ts'
import { runVerb, type VerbWorld } from './verb.ts'

const EXIT_FAILURE = 1

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
const pluginFacts = async (name: string, index: number): Promise<object> => {
  const { options } = await loadPlugin(name).catch((error: unknown) => {
    throw new Error(`plugin/${name}: ${messageOf(error)}`, { cause: error })
  })
  return {
    name,
    position: index + 1,
    summary: summaryOf(manualPage(name)),
    // The order list holds CoreDNS's directives, and no others.
    coredns: DIRECTIVES.includes(name),
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
const allPluginFacts = (): Promise<object[]> => Promise.all(PLUGIN_NAMES.map(pluginFacts))

const TEXTS = {
  version: { lines: versionLines, facts: versionFacts },
  plugins: { lines: pluginLines, facts: allPluginFacts },
}

/** Resolves to the exit code. */
export const about = (
  verb: keyof typeof TEXTS,
  args: readonly string[],
  world: VerbWorld,
): Promise<number> =>
  runVerb(verb, args, world, async (flags, words) => {
    if (words.length > 0) {
      world.err(`extra command line arguments: [${words.join(' ')}]\n`)
      return EXIT_FAILURE
    }
    let text: string
    try {
      const { lines, facts } = TEXTS[verb]
      text = flags.has('json') ? `${JSON.stringify(await facts(), null, 2)}\n` : await lines()
    } catch (error) {
      world.err(`${messageOf(error)}\n`)
      return EXIT_FAILURE
    }
    world.out(text)
    return 0
  })
