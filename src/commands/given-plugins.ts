// The flag `--plugin NAME=MODULE[,before=NAME]`, which serving, check, help and -plugins take, each
// any number of times. Nothing of it is loaded where it is not given.

import { workingFolder } from '../base/files/working-folder.ts'
import { messageOf } from '../chain/errors.ts'
import type { PluginSet } from '../plugins/plugin-set.ts'

export const PLUGIN_FLAG = '--plugin <name=module[,before=name]>'

/** Of the flag's values; the message is a sentence. */
export class GivenPluginError extends Error {}

/** Undefined without values. Throws GivenPluginError. */
export const givenPlugins = async (texts: readonly string[]): Promise<PluginSet | undefined> => {
  if (texts.length === 0) return undefined
  const [{ readPluginFlag }, { PluginSet }] = await Promise.all([
    import('../outside/plugin-flag.ts'),
    import('../plugins/plugin-set.ts'),
  ])
  try {
    return new PluginSet(texts.map(text => readPluginFlag(text, workingFolder)))
  } catch (error) {
    throw new GivenPluginError(messageOf(error), { cause: error })
  }
}

const FLAG = /^--?plugin(?:=(.*))?$/s

/** Whether a command line goes on with such a flag. */
export const isPluginFlag = (argument: string): boolean => FLAG.test(argument)

/** The values, and the command line without them. Throws GivenPluginError. */
export const takePluginFlags = (
  argv: readonly string[],
): { readonly texts: readonly string[]; readonly rest: readonly string[] } => {
  const texts: string[] = []
  const rest: string[] = []
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? ''
    const flag = FLAG.exec(argument)
    if (flag === null) rest.push(argument)
    else {
      const text = flag[1] ?? argv[++index]
      if (text === undefined) throw new GivenPluginError('flag needs an argument: -plugin')
      texts.push(text)
    }
  }
  return { texts, rest }
}
