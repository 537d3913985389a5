// The engines that this Node and this machine have.

import type { EngineName } from '../../src/net/engine.ts'
import { chooseEngine } from '../../src/net/mmsg/support.ts'

export const enginesHere = (): readonly EngineName[] =>
  chooseEngine('auto').engine === 'mmsg' ? ['mmsg', 'dgram'] : ['dgram']
