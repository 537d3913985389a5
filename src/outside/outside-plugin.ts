// A plugin from outside over the life of a server: loaded when a Corefile uses it, and anew once
// some byte of what it loads has changed.

import { readFileSync, realpathSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { LOAD_PATIENCE_MS, type Patience, SLOW_MS } from '../base/time/patience.ts'
import type { OutsideModule } from '../chain/plugin/outside-module.ts'
import type { AnyPlugin } from '../chain/plugin/plugin.ts'
import { pluginOf } from './adapt.ts'
import type { GivenPlugin } from './given-plugin.ts'
import { withoutVersion } from './hooks.ts'
import { loadDefinition } from './load-definition.ts'
import { tryModule } from './trial.ts'

export interface LoadCare {
  /** Told if it takes long. */
  readonly tellSlow?: (() => void) | undefined
  /** Its reason ends the load. */
  readonly signal?: AbortSignal | undefined
  /** What a shard has, for JavaScript's heap: the trial has as much. */
  readonly heapBytes?: number | undefined
}

export class OutsidePlugin {
  readonly #given: GivenPlugin
  #plugin: AnyPlugin | undefined
  /** Node keeps a module that has failed: the next attempt has another version. */
  #attempt = 0

  constructor(given: GivenPlugin) {
    this.#given = given
  }

  /** Throws a sentence. */
  async load({ tellSlow, signal, heapBytes }: LoadCare = {}): Promise<AnyPlugin> {
    const plugin = this.#plugin
    if (plugin?.outside !== undefined && this.#isUnchanged(plugin.outside)) return plugin
    const patience: Patience = {
      mostMs: LOAD_PATIENCE_MS,
      slow: tellSlow && { afterMs: SLOW_MS, tell: tellSlow },
      signal,
    }
    const { name, module: url } = this.#given
    const module = await tryModule({ name, url, attempt: this.#attempt }, { patience, heapBytes })
    if (plugin !== undefined && module.version === plugin.outside?.version) return plugin
    try {
      return (this.#plugin = pluginOf(await loadDefinition(module, patience), module))
    } catch (error) {
      this.renew()
      throw error
    }
  }

  /** What was loaded has failed, here or in a shard: it is loaded anew, whatever its bytes. */
  renew(): void {
    this.#plugin = undefined
    this.#attempt++
  }

  /** Whether the files that it has loaded, of its own, are as they were. */
  #isUnchanged({ url, files }: OutsideModule): boolean {
    try {
      const path = realpathSync(fileURLToPath(this.#given.module))
      if (pathToFileURL(path).href !== withoutVersion(url)) return false
      for (const [file, { source }] of files)
        if (!readFileSync(fileURLToPath(file)).equals(bytesOf(source))) return false
      return true
    } catch {
      // What has happened to it is found in the trial.
      return false
    }
  }
}

const bytesOf = (source: string | Uint8Array): Uint8Array =>
  typeof source === 'string' ? Buffer.from(source) : source
