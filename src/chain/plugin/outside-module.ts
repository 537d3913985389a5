// A plugin's module as every thread loads it: the bytes that main has read, even if the files have
// changed by the time a shard starts. The room src/outside makes it and loads it.

/** Plain data: shards get it, too. */
export interface OutsideModule {
  /** The plugin's name. */
  readonly name: string
  /** `file:` URL of the module, with the version. */
  readonly url: string
  /**
   * Made of the plugin's name and of all bytes that it loads; part of the URLs of all its files.
   */
  readonly version: string
  /** By URL without a version. */
  readonly files: ReadonlyMap<string, ModuleFile>
  /** Targets of the imports among them, by `importSpot` (outside/hooks.ts). */
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
