// A plugin's module as every thread loads it: the bytes that main has read, whatever stands on the
// disk by the time that a shard is begun. plugins/outside makes it and loads it.

/** Plain data: shards get it, too. */
export interface OutsideModule {
  /** The plugin's name. */
  readonly name: string
  /** `file:` URL of the module, with the version. */
  readonly url: string
  /** Of the plugin and of all bytes that it loads; stands in the URLs of all its files. */
  readonly version: string
  /** By URL without a version. */
  readonly files: ReadonlyMap<string, ModuleFile>
  /** Where the imports among them lead, by `importSpot` (plugins/outside/hooks.ts). */
  readonly links: ReadonlyMap<string, ModuleLink>
}

/** As Node's loader gives it. */
export interface ModuleFile {
  readonly format: string
  readonly source: string | Uint8Array
}

/** `url` is without a version. */
export interface ModuleLink {
  readonly url: string
  readonly format: string | undefined
}
