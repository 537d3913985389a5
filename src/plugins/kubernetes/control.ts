// The main half of `kubernetes`. This version reads the configuration only; it refuses to start rather than answer wrongly.

import { CorefileError } from '../../corefile/diagnostic.ts'
import { NOT_SERVED } from './options.ts'

export const control = (): undefined => {
  throw new CorefileError(NOT_SERVED, { code: 'unsupported' })
}
