// Who is ready: the list that `ready` asks. One per generation.

import type { ReadinessList } from '../chain/control-scope.ts'

export class Readiness implements ReadinessList {
  readonly #providers: { readonly plugin: string; readonly isReady: () => boolean }[] = []

  add(plugin: string, isReady: () => boolean): void {
    this.#providers.push({ plugin, isReady })
  }

  notReady(): string[] {
    const names = this.#providers.filter(({ isReady }) => !isReady()).map(({ plugin }) => plugin)
    return [...new Set(names)].sort()
  }
}
