// The thread in which a module from outside is first loaded, and nothing else: it is ended
// afterwards, whatever the module has begun. Tells main what was read, or what is wrong.

import { type MessagePort, workerData } from 'node:worker_threads'
import { EndlessError } from '../base/time/patience.ts'
import { messageOf } from '../chain/errors.ts'
import type { ModuleFile, ModuleLink } from '../chain/plugin/outside-module.ts'
import { hookModules, importSpot, isOwnFile } from './hooks.ts'
import { checkedDefinition } from './load-definition.ts'
import { moduleFault } from './module-fault.ts'
import { type Loaded, registerHooks } from './sync-hooks.ts'

/** What the thread is told, as its workerData. */
export interface TrialTask {
  /** `file:` URL. */
  readonly module: string
  /** Where it says the outcome: the module may use the one that it finds in worker_threads. */
  readonly port: MessagePort
}

/** What it says, once. */
export type TrialOutcome =
  | {
      readonly kind: 'loaded'
      /** The module's own URL, which may be another one than it was asked for by. */
      readonly url: string
      readonly files: ReadonlyMap<string, ModuleFile>
      readonly links: ReadonlyMap<string, ModuleLink>
    }
  | { readonly kind: 'failed'; readonly text: string }

const { module, port } = workerData as TrialTask
const files = new Map<string, ModuleFile>()
const links = new Map<string, ModuleLink>()
let url = module

const say = (outcome: TrialOutcome): void => port.postMessage(outcome)

const trace = (): void => {
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context)
      if (specifier === module) url = found.url
      else if (context.parentURL !== undefined && isOwnFile(found.url, url))
        links.set(importSpot(context.parentURL, specifier), {
          url: found.url,
          format: found.format ?? undefined,
        })
      return found
    },
    load(file, context, next) {
      const read = next(file, context)
      const { format, source } = read
      if (typeof format === 'string' && source !== undefined && source !== null)
        if (isOwnFile(file, url)) files.set(file, { format, source: copyOf(format, source) })
      return read
    },
  })
}

/** What crosses to other threads, in memory of its own. `require` takes text alone. */
const copyOf = (format: string, source: NonNullable<Loaded['source']>): ModuleFile['source'] => {
  if (typeof source === 'string') return source
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source)
  return format.startsWith('commonjs') ? new TextDecoder().decode(bytes) : bytes.slice()
}

const load = async (): Promise<TrialOutcome> => {
  let exported: Record<string, unknown>
  try {
    hookModules()
    trace()
    exported = await import(module)
  } catch (error) {
    return { kind: 'failed', text: moduleFault(url, error, files) }
  }
  try {
    checkedDefinition(url, exported)
  } catch (error) {
    return { kind: 'failed', text: messageOf(error) }
  }
  // Only then does Node say which promises have failed that nobody waits for.
  await new Promise(resolve => setImmediate(resolve))
  return { kind: 'loaded', url, files, links }
}

// The module waits, and nothing is left that could end that.
process.on('beforeExit', () =>
  say({ kind: 'failed', text: moduleFault(url, new EndlessError(), files) }),
)
void load().then(say)
