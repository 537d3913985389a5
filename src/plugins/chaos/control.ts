// chaos on the main thread: the version that is told.

import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import type { ChaosOptions } from './options.ts'

export const control = ({ version }: ChaosOptions, scope: ControlScope): string =>
  version ?? scope.process.version
