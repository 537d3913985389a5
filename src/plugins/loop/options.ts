// Corefile to options of loop, which has none of its own.

import type { Directive } from '../../corefile/directive.ts'

export interface LoopOptions {
  /** The first zone of the block: the probe asks below it. */
  readonly zone: string
}

export function parse(directive: Directive): LoopOptions {
  directive.once()
  while (directive.next()) {
    if (directive.nextArg() || directive.nextBlock()) throw directive.argErr()
  }
  return { zone: directive.blockZones[0] ?? '.' }
}
